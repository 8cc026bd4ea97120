// NumPy's .npy files: the subset that tensors need (versions 1 to 3, C order, little-endian numbers
// of the model's types). Written here because a reader of hostile
// headers is shorter than the care that a library for all of NumPy needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/dtype.h"
#include "src/base/status.h"

namespace qrt::cli {

struct NpyArray {
  rt::DType type = rt::DType::F32;
  std::vector<int64_t> shape;  // empty: a scalar
  std::vector<uint8_t> data;   // the elements, in C order

  std::string shape_str() const;  // "1x224x224x3"
};

// A file that is in memory (or mapped) as it lies there; nothing is copied.
struct NpyView {
  rt::DType type = rt::DType::F32;
  std::vector<int64_t> shape;  // empty: a scalar
  const uint8_t* data = nullptr;
  size_t bytes = 0;
  bool swapped = false;  // elements are big-endian: copy() turns them

  std::string shape_str() const;
  // A part, as this machine reads it: whole elements.
  std::vector<uint8_t> copy(size_t from_byte, size_t count_bytes) const;
};

bool is_npy(const uint8_t* data, size_t bytes);

rt::Result<NpyView> view_npy(const uint8_t* data, size_t bytes);

rt::Result<NpyArray> parse_npy(const uint8_t* data, size_t bytes);

// A whole file, version 1.0. The type is one that .npy has: not S4, not BF16.
std::vector<uint8_t> format_npy(rt::DType type, const std::vector<int64_t>& shape, const void* data,
                                size_t bytes);

}  // namespace qrt::cli
