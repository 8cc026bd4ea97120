// The specification of arg_x8.
#include "kernels/arg_x8.h"

namespace qrt::kernels {
namespace {

void run(const uint8_t* in, size_t rows, size_t n, uint8_t flip, int32_t* out) {
  for (size_t r = 0; r < rows; ++r, in += n) {
    auto best = static_cast<int8_t>(in[0] ^ flip);
    size_t where = 0;
    for (size_t i = 1; i < n; ++i) {
      const auto x = static_cast<int8_t>(in[i] ^ flip);
      where = x > best ? i : where;
      best = x > best ? x : best;
    }
    out[r] = static_cast<int32_t>(where);
  }
}

constexpr ArgX8Kernel make_row() {
  ArgX8Kernel row{};
  row.name = "x8_arg__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.run = run;
  return row;
}

}  // namespace

extern const ArgX8Kernel kArgX8Scalar;
const ArgX8Kernel kArgX8Scalar = make_row();

}  // namespace qrt::kernels
