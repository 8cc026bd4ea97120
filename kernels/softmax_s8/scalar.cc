// The specification of softmax_s8.
#include "kernels/softmax_s8.h"

namespace qrt::kernels {
namespace {

void run(const SoftmaxS8Args& args, const int8_t* in, size_t rows, int8_t* out) {
  for (size_t r = 0; r < rows; ++r, in += args.n, out += args.n) {
    int32_t max = in[0];
    for (size_t i = 1; i < args.n; ++i) max = in[i] > max ? in[i] : max;
    uint64_t sum = 0;
    for (size_t i = 0; i < args.n; ++i) sum += args.exponentials[max - in[i]];
    const float multiplier = static_cast<float>(args.inverse_out_scale / static_cast<double>(sum));
    for (size_t i = 0; i < args.n; ++i) {
      const float steps = static_cast<float>(args.exponentials[max - in[i]]) * multiplier;
      out[i] = static_cast<int8_t>(quantize_steps(steps, args.out));
    }
  }
}

constexpr SoftmaxS8Kernel make_row() {
  SoftmaxS8Kernel row{};
  row.name = "qs8_softmax__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.run = run;
  return row;
}

}  // namespace

extern const SoftmaxS8Kernel kSoftmaxS8Scalar;
const SoftmaxS8Kernel kSoftmaxS8Scalar = make_row();

}  // namespace qrt::kernels
