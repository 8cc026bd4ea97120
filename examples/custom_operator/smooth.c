/* Runs a model with an operator that libqrt does not know: the app computes it.
 *
 *   qrt convert smooth.onnx smooth.qrt --custom example.RunningMedian
 *   smooth smooth.qrt
 */
#include <qrt/qrt.h>
#include <stdio.h>
#include <string.h>

#define MAX_WIDTH 15

/* The median of `count` numbers, at most MAX_WIDTH. */
static float median_of(const float* numbers, int count) {
  float sorted[MAX_WIDTH];
  for (int i = 0; i < count; ++i) {
    int at = i;
    for (; at > 0 && sorted[at - 1] > numbers[i]; --at) sorted[at] = sorted[at - 1];
    sorted[at] = numbers[i];
  }
  return sorted[count / 2];
}

static qrt_status input_info(const qrt_custom_node* node, qrt_tensor_info* info) {
  memset(info, 0, sizeof *info);
  info->struct_size = sizeof *info;
  return qrt_custom_input_info(node, 0, info);
}

static int width_of(const qrt_custom_node* node) {
  int64_t width = 0;
  if (!qrt_custom_attribute_int(node, "width", &width)) return 0;
  return width % 2 == 1 && width >= 1 && width <= MAX_WIDTH ? (int)width : 0;
}

/* As many numbers come out as go in. */
static qrt_status median_shape(void* user_data, qrt_custom_node* node) {
  (void)user_data;
  qrt_tensor_info signal;
  if (input_info(node, &signal) != QRT_OK || signal.type != QRT_F32 || signal.rank != 2) {
    return qrt_custom_fail(node, "takes one signal of f32 [batch, length]");
  }
  if (width_of(node) == 0) return qrt_custom_fail(node, "needs an odd width from 1 to 15");
  return qrt_custom_set_output_shape(node, 0, signal.dims, signal.rank);
}

static qrt_status median_run(void* user_data, qrt_custom_node* node) {
  (void)user_data;
  qrt_tensor_info signal;
  if (input_info(node, &signal) != QRT_OK) return QRT_INVALID_ARGUMENT;
  const int width = width_of(node), length = signal.dims[1];
  const float* in = (const float*)qrt_custom_input_data(node, 0);
  float* out = (float*)qrt_custom_output_data(node, 0);
  for (int row = 0; row < signal.dims[0]; ++row) {
    for (int i = 0; i < length; ++i) {
      int first = i - width / 2, last = i + width / 2;
      if (first < 0) first = 0;
      if (last > length - 1) last = length - 1;
      out[row * length + i] = median_of(in + row * length + first, last - first + 1);
    }
  }
  return QRT_OK;
}

static int fail(const qrt_error* error) {
  fprintf(stderr, "smooth: %s\n", error->message);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: smooth MODEL.qrt\n");
    return 2;
  }
  qrt_error error = QRT_ERROR_INIT;
  qrt_model* model = NULL;
  qrt_program* program = NULL;
  qrt_session* session = NULL;

  qrt_custom_operator median;
  memset(&median, 0, sizeof median);
  median.struct_size = sizeof median;
  median.name = "example.RunningMedian";
  median.shape = median_shape;
  median.run = median_run;
  qrt_program_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.custom_operators = &median;
  options.custom_operator_count = 1;

  static const float signal[16] = {0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 1};
  static const unsigned char expected[16] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1};
  int status = 1;
  if (qrt_model_load_file(argv[1], NULL, &model, &error) != QRT_OK ||
      qrt_program_create(model, &options, &program, &error) != QRT_OK ||
      qrt_session_create(program, NULL, &session, &error) != QRT_OK ||
      qrt_session_set_input_f32(session, 0, signal, 16, &error) != QRT_OK ||
      qrt_session_run(session, &error) != QRT_OK) {
    status = fail(&error);
  } else {
    const unsigned char* high = (const unsigned char*)qrt_session_output_data(session, 1);
    printf("signal ");
    for (int i = 0; i < 16; ++i) putchar(signal[i] > 0.5f ? '#' : '.');
    printf("\nsmooth ");
    for (int i = 0; i < 16; ++i) putchar(high[i] ? '#' : '.');
    putchar('\n');
    status = memcmp(high, expected, sizeof expected) != 0;
  }
  qrt_session_free(session);
  qrt_program_free(program);
  qrt_model_free(model);
  return status;
}
