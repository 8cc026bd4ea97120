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

}  // namespace

extern const LutKernel kLutScalar;
const LutKernel kLutScalar = {"x8_lut__scalar", QRT_ISA_SCALAR, run, add};

}  // namespace qrt::kernels
