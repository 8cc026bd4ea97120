// The specification of binary_s8.
#include "kernels/binary_s8.h"

namespace qrt::kernels {
namespace {

void add(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b, size_t b_step,
         size_t n, int8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const float x = static_cast<float>(a[i * a_step] - args.a_zero_point) * args.a_multiplier;
    const float y = static_cast<float>(b[i * b_step] - args.b_zero_point) * args.b_multiplier;
    out[i] = static_cast<int8_t>(quantize_steps(x + y, args.out));
  }
}

void mul(const BinaryS8Args& args, const int8_t* a, size_t a_step, const int8_t* b, size_t b_step,
         size_t n, int8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const int32_t product =
        (a[i * a_step] - args.a_zero_point) * (b[i * b_step] - args.b_zero_point);
    out[i] = static_cast<int8_t>(requantize(product, args.a_multiplier, args.out));
  }
}

constexpr BinaryS8Kernel make_row() {
  BinaryS8Kernel row{};
  row.name = "qs8_binary__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.add = add;
  row.mul = mul;
  return row;
}

}  // namespace

extern const BinaryS8Kernel kBinaryS8Scalar;
const BinaryS8Kernel kBinaryS8Scalar = make_row();

}  // namespace qrt::kernels
