// The dimensions of a tensor, held inline so that shapes can be copied without allocating.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/span.h"

namespace qrt::rt {

inline constexpr int kMaxRank = 8;
// No tensor may be larger, constant or not; a session's working memory has its own, lower limit.
inline constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 40;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int32_t> dims) : Shape(dims.begin(), dims.size()) {}
  explicit Shape(Span<const int32_t> dims) : Shape(dims.data(), dims.size()) {}
  Shape(const int32_t* dims, size_t rank) : rank_(static_cast<int>(rank)) {
    for (int i = 0; i < rank_; ++i) dims_[i] = dims[i];
  }
  // rank at most kMaxRank; every dimension starts at 1.
  static Shape ones(int rank) {
    Shape shape;
    shape.rank_ = rank;
    for (int i = 0; i < rank; ++i) shape.dims_[i] = 1;
    return shape;
  }

  int rank() const { return rank_; }
  int32_t operator[](int i) const { return dims_[i]; }
  int32_t& operator[](int i) { return dims_[i]; }
  int32_t last() const { return rank_ == 0 ? 1 : dims_[rank_ - 1]; }
  const int32_t* begin() const { return dims_; }
  const int32_t* end() const { return dims_ + rank_; }

  // Appends a dimension; rank must be below kMaxRank.
  void push_back(int32_t dim) { dims_[rank_++] = dim; }

  // Product of the dimensions from axis `first` up to, not including, axis `last`.
  // Correct for the shapes a verified model holds, whose products are known to fit.
  int64_t elements(int first, int last) const {
    int64_t product = 1;
    for (int i = first; i < last; ++i) product *= dims_[i];
    return product;
  }
  int64_t elements() const { return elements(0, rank_); }

  bool operator==(const Shape& other) const {
    if (rank_ != other.rank_) return false;
    for (int i = 0; i < rank_; ++i) {
      if (dims_[i] != other.dims_[i]) return false;
    }
    return true;
  }
  bool operator!=(const Shape& other) const { return !(*this == other); }

  // "1x224x224x3"; "scalar" for rank 0; "?" for a dimension that is not known.
  std::string str() const;

 private:
  int rank_ = 0;
  int32_t dims_[kMaxRank] = {};
};

// Every dimension at least 0 and the byte size within `limit`: writes it and returns true.
[[nodiscard]] bool checked_bytes(const Shape& shape, size_t element_bits, uint64_t limit,
                                 uint64_t* bytes);

}  // namespace qrt::rt
