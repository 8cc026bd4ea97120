// Reads some rows of a feature map column by column, padding in place. Everything here has internal
// linkage: files are compiled with different flags.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/features.h"

namespace qrt::kernels {
namespace {

// [in_h][in_w][channels], to be seen with padding around it.
struct FeatureMap {
  const int8_t* in;
  size_t in_h, in_w, channels, pad_top, pad_left;
};

// Every `step`th row or column from `first` on, counted from the edge of the padding.
struct Every {
  size_t first, step;
};

// What lies outside the feature map is read from `padding`.
template <size_t kRows>
class ColumnReader {
 public:
  ColumnReader(const FeatureMap& map, size_t c0, Every rows, Every columns, const int8_t* padding)
      : padding_(padding), x_(columns.first - map.pad_left), in_w_(map.in_w), step_(columns.step) {
    const size_t channels = map.channels;
    for (size_t i = 0; i < kRows; ++i) {
      const size_t row = rows.first + i * rows.step - map.pad_top;
      const bool inside = row < map.in_h;  // size_t wraps around: so is what lies above
      rows_[i] = reinterpret_cast<uintptr_t>(padding);
      if (inside) {
        rows_[i] = reinterpret_cast<uintptr_t>(map.in) + (row * map.in_w + x_) * channels + c0;
      }
      steps_[i] = inside ? columns.step * channels : 0;
    }
  }

  // Calls use(rows), kRows addresses of the channels of the next column.
  template <class Use>
  QRT_INLINE void next(Use use) {
    const int8_t* rows[kRows];
    if (__builtin_expect(x_ < in_w_, 1)) {
      for (size_t i = 0; i < kRows; ++i) rows[i] = reinterpret_cast<const int8_t*>(rows_[i]);
      use(rows);
    } else {
      for (size_t i = 0; i < kRows; ++i) rows[i] = padding_;
      use(rows);
    }
    for (size_t i = 0; i < kRows; ++i) rows_[i] += steps_[i];
    x_ += step_;
  }

 private:
  uintptr_t rows_[kRows];  // addresses: before the first column they may lie before the feature map
  size_t steps_[kRows];    // 0 for a row outside the feature map
  const int8_t* padding_;
  size_t x_, in_w_, step_;
};

}  // namespace
}  // namespace qrt::kernels
