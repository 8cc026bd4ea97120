// The specification of lut.
#include "kernels/lut.h"

namespace qrt::kernels {
namespace {

void run(const uint8_t* table, const uint8_t* in, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = table[in[i]];
}

void add(uint8_t addend, const uint8_t* in, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(in[i] + addend);
}

constexpr LutKernel make_row() {
  LutKernel row{};
  row.name = "x8_lut__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.run = run;
  row.add = add;
  return row;
}

}  // namespace

extern const LutKernel kLutScalar;
const LutKernel kLutScalar = make_row();

}  // namespace qrt::kernels
