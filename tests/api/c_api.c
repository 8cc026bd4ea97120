/* The C API used from C99, on the shared library: everything a program would do with a model, and
 * every refusal. usage: c_api MODEL.qrt, the quantized digit classifier. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qrt/qrt.h"

static int failures = 0;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

#define CHECK_OK(call)                                                   \
  do {                                                                   \
    if ((call) != QRT_OK) {                                              \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, error.message); \
      exit(1);                                                           \
    }                                                                    \
  } while (0)

enum { kPixels = 28 * 28 };

static void check_refusals(const char* path) {
  qrt_error error = QRT_ERROR_INIT;
  qrt_model* model = NULL;
  static const char text[32] = "this is no model at all";
  CHECK(qrt_model_load_file("no/such/file.qrt", NULL, &model, &error) == QRT_IO_ERROR);
  CHECK(error.status == QRT_IO_ERROR && strstr(error.message, "no/such/file.qrt") != NULL);
  CHECK(qrt_model_load_buffer(text, sizeof text, NULL, &model, &error) == QRT_INVALID_MODEL);
  CHECK(qrt_model_load_buffer(NULL, 0, NULL, &model, NULL) == QRT_INVALID_ARGUMENT);
  CHECK(qrt_model_load_file(NULL, NULL, &model, &error) == QRT_INVALID_ARGUMENT);
  CHECK(qrt_model_load_fd(-1, 0, 0, NULL, &model, &error) == QRT_IO_ERROR);
  CHECK(model == NULL);

  CHECK_OK(qrt_model_load_file(path, NULL, &model, &error));
  CHECK(error.status == QRT_OK && error.message[0] == '\0');
  qrt_program* program = NULL;
  qrt_program_options options;
  memset(&options, 0, sizeof options);
  CHECK(qrt_program_create(model, &options, &program, &error) == QRT_INVALID_ARGUMENT);
  options.struct_size = sizeof options;
  options.isa = "abacus";
  CHECK(qrt_program_create(model, &options, &program, &error) == QRT_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "abacus") != NULL);
  CHECK_OK(qrt_program_create(model, NULL, &program, &error));

  qrt_session_options limits;
  memset(&limits, 0, sizeof limits);
  limits.struct_size = sizeof limits;
  limits.max_arena_bytes = 1024;
  qrt_session* session = NULL;
  CHECK(qrt_session_create(program, &limits, &session, &error) == QRT_OUT_OF_MEMORY);
  CHECK(session == NULL);
  CHECK(qrt_session_run(NULL, &error) == QRT_INVALID_ARGUMENT);
  qrt_program_free(program);
  qrt_model_free(model);
  qrt_session_free(NULL);
}

/* Structures of callers that were compiled with another version of the header: a shorter one ends
 * where an older version did, a longer one has fields that this library has never heard of. */
static void check_other_versions(const char* path) {
  qrt_error error = QRT_ERROR_INIT;
  qrt_model* model = NULL;
  CHECK_OK(qrt_model_load_file(path, NULL, &model, &error));

  struct {
    qrt_program_options known;
    uint64_t unknown;
  } newer;
  memset(&newer, 0, sizeof newer);
  newer.known.struct_size = sizeof newer;
  qrt_program* program = NULL;
  CHECK_OK(qrt_program_create(model, &newer.known, &program, &error));
  qrt_program_free(program);
  newer.unknown = 1;
  program = NULL;
  CHECK(qrt_program_create(model, &newer.known, &program, &error) == QRT_INVALID_ARGUMENT);
  CHECK(program == NULL && strstr(error.message, "program options") != NULL);

  /* An older caller's memory ends behind `isa`: what lies there is not looked at. */
  qrt_program_options older;
  memset(&older, 0xFF, sizeof older);
  older.struct_size = offsetof(qrt_program_options, entry);
  older.isa = "scalar";
  CHECK_OK(qrt_program_create(model, &older, &program, &error));
  CHECK(strcmp(qrt_program_isa(program), "scalar") == 0);
  qrt_program_free(program);

  /* What the library fills: no byte behind struct_size changes, newer fields are zero. */
  qrt_tensor_info info;
  for (size_t size = sizeof(size_t); size <= sizeof info; size += 4) {
    memset(&info, 0xA5, sizeof info);
    info.struct_size = size;
    CHECK_OK(qrt_model_input_info(model, 0, 0, &info, &error));
    CHECK(info.struct_size == size);
    for (size_t i = size; i < sizeof info; ++i) CHECK(((unsigned char*)&info)[i] == 0xA5);
  }
  struct {
    qrt_tensor_info known;
    unsigned char unknown[24], beyond[8];
  } larger;
  memset(&larger, 0xA5, sizeof larger);
  larger.known.struct_size = sizeof larger.known + sizeof larger.unknown;
  CHECK_OK(qrt_model_input_info(model, 0, 0, &larger.known, &error));
  CHECK(larger.known.rank == 4 && larger.known.reserved == 0);
  for (size_t i = 0; i < sizeof larger.unknown; ++i) CHECK(larger.unknown[i] == 0);
  for (size_t i = 0; i < sizeof larger.beyond; ++i) CHECK(larger.beyond[i] == 0xA5);
  memset(&info, 0, sizeof info);
  CHECK(qrt_model_input_info(model, 0, 0, &info, &error) == QRT_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "struct_size") != NULL);

  /* An error with room for a short message only, for the status only, and whose size nobody set. */
  for (size_t size = 0; size <= sizeof error; ++size) {
    qrt_error small;
    memset(&small, 0xA5, sizeof small);
    small.struct_size = size;
    qrt_model* none = NULL;
    CHECK(qrt_model_load_file("no/such/file.qrt", NULL, &none, &small) == QRT_IO_ERROR);
    CHECK(small.struct_size == size);
    for (size_t i = size > sizeof size ? size : sizeof size; i < sizeof small; ++i) {
      CHECK(((unsigned char*)&small)[i] == 0xA5);
    }
    if (size > offsetof(qrt_error, message)) {
      CHECK(small.status == QRT_IO_ERROR);
      CHECK(memchr(small.message, '\0', size - offsetof(qrt_error, message)) != NULL);
    }
  }
  qrt_model_free(model);
}

static void check_running(const char* path) {
  qrt_error error = QRT_ERROR_INIT;
  qrt_model* model = NULL;
  qrt_program* program = NULL;
  qrt_session* session = NULL;
  CHECK_OK(qrt_model_load_file(path, NULL, &model, &error));
  CHECK(qrt_model_entry_count(model) == 1 && qrt_model_input_count(model, 0) == 1);
  CHECK(strcmp(qrt_model_find_metadata(model, "source_format"), "onnx") == 0);
  CHECK_OK(qrt_program_create(model, NULL, &program, &error));
  CHECK_OK(qrt_session_create(program, NULL, &session, &error));
  /* The session keeps alive what it needs. */
  qrt_program_free(program);
  qrt_model_free(model);

  CHECK(qrt_session_input_count(session) == 1 && qrt_session_output_count(session) == 1);
  CHECK(qrt_session_threads(session) == 1);
  qrt_tensor_info in, out;
  in.struct_size = out.struct_size = sizeof in;
  CHECK_OK(qrt_session_input_info(session, 0, &in, &error));
  CHECK_OK(qrt_session_output_info(session, 0, &out, &error));
  CHECK(qrt_session_input_info(session, 1, &in, &error) == QRT_INVALID_ARGUMENT);
  CHECK(in.type == QRT_F32 && in.rank == 4 && in.bytes == kPixels * sizeof(float));
  CHECK(in.scale_count == 0 && in.axis == -1 && in.bound == QRT_NOT_BOUND);
  CHECK(out.rank == 2 && out.dims[1] == 10);
  CHECK(qrt_session_find_input(session, in.name) == 0);
  CHECK(qrt_session_find_output(session, "no such output") == -1);

  float picture[kPixels], digits[10], again[10];
  for (int i = 0; i < kPixels; ++i) picture[i] = (float)(i % 29) / 29.0f;
  CHECK(qrt_session_set_input_f32(session, 0, picture, 5, &error) == QRT_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "784") != NULL);
  CHECK_OK(qrt_session_set_input_f32(session, 0, picture, kPixels, &error));
  CHECK_OK(qrt_session_run(session, &error));
  CHECK_OK(qrt_session_get_output_f32(session, 0, digits, 10, &error));
  float sum = 0;
  for (int i = 0; i < 10; ++i) sum += digits[i];
  CHECK(fabsf(sum - 1.0f) < 0.05f);

  /* Inputs are as they were, so a second run gives the same. */
  CHECK_OK(qrt_session_run(session, &error));
  CHECK_OK(qrt_session_get_output(session, 0, again, sizeof again, &error));
  CHECK(memcmp(digits, again, sizeof again) == 0);
  CHECK(memcmp(qrt_session_input_data(session, 0), picture, sizeof picture) == 0);
  CHECK(qrt_session_output_data(session, 7) == NULL);

  const int32_t rank3[3] = {28, 28, 1}, zero[4] = {1, 1, 0, 28};
  CHECK(qrt_session_resize_input(session, 0, rank3, 3, &error) == QRT_INVALID_ARGUMENT);
  CHECK(qrt_session_resize_input(session, 0, zero, 4, &error) == QRT_INVALID_ARGUMENT);
  const qrt_input_shape missing = {5, 1, {1}};
  CHECK(qrt_session_resize_inputs(session, &missing, 1, &error) == QRT_INVALID_ARGUMENT);
  CHECK_OK(qrt_session_run(session, &error));
  CHECK(memcmp(digits, qrt_session_output_data(session, 0), sizeof digits) == 0);

  /* In memory of our own. */
  memset(again, 0, sizeof again);
  CHECK_OK(qrt_session_bind_input(session, 0, picture, sizeof picture, &error));
  CHECK_OK(qrt_session_bind_output(session, 0, again, sizeof again, &error));
  CHECK_OK(qrt_session_run(session, &error));
  CHECK(memcmp(digits, again, sizeof again) == 0);
  CHECK_OK(qrt_session_bind_input(session, 0, NULL, 0, &error));
  qrt_session_cancel(session);
  CHECK_OK(qrt_session_run(session, &error));

  qrt_memory_info memory;
  memset(&memory, 0, sizeof memory);
  memory.struct_size = sizeof memory;
  CHECK_OK(qrt_session_memory(session, &memory, &error));
  CHECK(memory.arena_bytes > 0 && memory.weight_bytes > 50000 && memory.packed_bytes > 50000);
  CHECK(qrt_session_state_bytes(session) == 0);
  qrt_session_reset_state(session);

  qrt_op_info op;
  op.struct_size = sizeof op;
  CHECK(qrt_session_op_count(session) > 3);
  CHECK_OK(qrt_session_op_info(session, 0, &op, &error));
  CHECK(op.kind != NULL && op.kernel != NULL && op.runs == 0);
  qrt_session_free(session);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: c_api MODEL.qrt\n");
    return 2;
  }
  CHECK(strlen(qrt_version()) >= 5);
  check_refusals(argv[1]);
  check_other_versions(argv[1]);
  check_running(argv[1]);
  printf("%d failures\n", failures);
  return failures != 0;
}
