// The specification of reduce_s8.
#include "kernels/reduce_s8.h"

namespace qrt::kernels {
namespace {

int8_t larger(int8_t a, int8_t b, int8_t flip) { return (a ^ flip) > (b ^ flip) ? a : b; }

void add_columns(const int8_t* in, size_t rows, size_t columns, int32_t* sums) {
  for (size_t r = 0; r < rows; ++r, in += columns) {
    for (size_t c = 0; c < columns; ++c) sums[c] += in[c];
  }
}

void add_rows(const int8_t* in, size_t rows, size_t columns, int32_t* sums) {
  for (size_t r = 0; r < rows; ++r, in += columns) {
    int32_t sum = 0;
    for (size_t c = 0; c < columns; ++c) sum += in[c];
    sums[r] += sum;
  }
}

void max_columns(const int8_t* in, size_t rows, size_t columns, int8_t flip, int8_t* best) {
  for (size_t r = 0; r < rows; ++r, in += columns) {
    for (size_t c = 0; c < columns; ++c) best[c] = larger(best[c], in[c], flip);
  }
}

void max_rows(const int8_t* in, size_t rows, size_t columns, int8_t flip, int8_t* best) {
  for (size_t r = 0; r < rows; ++r, in += columns) {
    for (size_t c = 0; c < columns; ++c) best[r] = larger(best[r], in[c], flip);
  }
}

void requantize_sums(const int32_t* sums, size_t n, int32_t offset, float multiplier,
                     Output out_range, int8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t acc = static_cast<uint32_t>(sums[i]) - static_cast<uint32_t>(offset);
    out[i] = static_cast<int8_t>(requantize(static_cast<int32_t>(acc), multiplier, out_range));
  }
}

constexpr ReduceS8Kernel make_row() {
  ReduceS8Kernel row{};
  row.name = "qs8_reduce__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.add_columns = add_columns;
  row.add_rows = add_rows;
  row.max_columns = max_columns;
  row.max_rows = max_rows;
  row.requantize = requantize_sums;
  return row;
}

}  // namespace

extern const ReduceS8Kernel kReduceS8Scalar;
const ReduceS8Kernel kReduceS8Scalar = make_row();

}  // namespace qrt::kernels
