/* The C API used from C99, on the shared library: everything a program would do with a model, and
 * every refusal. usage: c_api MODEL.qrt, the quantized digit classifier. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qrt/qrt.h"

static int failures = 0;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);   \
      ++failures;                                                               \
    }                                                                           \
  } while (0)

#define CHECK_OK(call)                                                          \
  do {                                                                          \
    if ((call) != QRT_OK) {                                                     \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, error.message);        \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

static void check_refusals(const char* path) {
  qrt_error error;
  qrt_model* model = NULL;
  static const char text[32] = "this is no model at all";
  CHECK(qrt_model_load_file("no/such/file.qrt", &model, &error) == QRT_IO_ERROR);
  CHECK(strstr(error.message, "no/such/file.qrt") != NULL);
  CHECK(qrt_model_load_buffer(text, sizeof text, &model, &error) == QRT_INVALID_MODEL);
  CHECK(qrt_model_load_buffer(NULL, 0, &model, NULL) == QRT_INVALID_ARGUMENT);
  CHECK(qrt_model_load_file(NULL, &model, &error) == QRT_INVALID_ARGUMENT);
  CHECK(model == NULL);

  CHECK_OK(qrt_model_load_file(path, &model, &error));
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

static void check_running(const char* path) {
  qrt_error error;
  qrt_model* model = NULL;
  qrt_program* program = NULL;
  qrt_session* session = NULL;
  CHECK_OK(qrt_model_load_file(path, &model, &error));
  CHECK_OK(qrt_program_create(model, NULL, &program, &error));
  CHECK_OK(qrt_session_create(program, NULL, &session, &error));
  /* The session keeps alive what it needs. */
  qrt_program_free(program);
  qrt_model_free(model);

  CHECK(qrt_session_input_count(session) == 1 && qrt_session_output_count(session) == 1);
  qrt_tensor_info in, out;
  CHECK_OK(qrt_session_input_info(session, 0, &in, &error));
  CHECK_OK(qrt_session_output_info(session, 0, &out, &error));
  CHECK(qrt_session_input_info(session, 1, &in, &error) == QRT_INVALID_ARGUMENT);
  CHECK_OK(qrt_session_input_info(session, 0, &in, &error));
  CHECK(in.type == QRT_F32 && in.rank == 4 && in.bytes == 28 * 28 * sizeof(float));
  CHECK(out.rank == 2 && out.dims[1] == 10);

  float picture[28 * 28], digits[10], again[10];
  for (int i = 0; i < 28 * 28; ++i) picture[i] = (float)(i % 29) / 29.0f;
  CHECK(qrt_session_set_input_f32(session, 0, picture, 5, &error) == QRT_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "784") != NULL);
  CHECK_OK(qrt_session_set_input_f32(session, 0, picture, 28 * 28, &error));
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
  CHECK_OK(qrt_session_run(session, &error));
  CHECK(memcmp(digits, qrt_session_output_data(session, 0), sizeof digits) == 0);

  qrt_memory_info memory;
  memset(&memory, 0, sizeof memory);
  memory.struct_size = sizeof memory;
  CHECK_OK(qrt_session_memory(session, &memory, &error));
  CHECK(memory.arena_bytes > 0 && memory.weight_bytes > 50000 && memory.packed_bytes > 50000);
  qrt_session_reset_state(session);
  qrt_session_free(session);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: c_api MODEL.qrt\n");
    return 2;
  }
  CHECK(strlen(qrt_version()) >= 5);
  check_refusals(argv[1]);
  check_running(argv[1]);
  printf("%d failures\n", failures);
  return failures != 0;
}
