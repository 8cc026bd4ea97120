// The specification of gemm_s16.
#include "kernels/gemm_s16/loops.h"

namespace qrt::kernels {
namespace {

constexpr GemmS16Kernel make_row() {
  GemmS16Kernel row{};
  row.name = "s16_gemm__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.throughput = 4;
  row.add_rows = add_rows;
  row.add_rows_s16 = add_rows_s16;
  row.add_channels = add_channels;
  row.requantize = requantize;
  row.requantize_twice = requantize_twice;
  row.requantize_real = requantize_real;
  return row;
}

}  // namespace

extern const GemmS16Kernel kGemmS16Scalar;
const GemmS16Kernel kGemmS16Scalar = make_row();

}  // namespace qrt::kernels
