// Loops over arrays of up to 16 axes that are read and written with strides, and the copy made of
// them: what Transpose, Slice, Tile and their like have in common. Nothing here allocates.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "src/ops/common.h"

namespace qrt::rt {

// An index space in which each of N operands has a stride, in elements, along each axis. Axes of
// one element vanish and axes that continue each other merge as they are added.
template <int N>
class StridedLoop {
 public:
  static constexpr int kMaxAxes = 2 * kMaxRank;
  using Strides = std::array<int64_t, N>;
  struct Axis {
    int64_t size = 1;
    Strides strides = {};
  };

  // From the outermost axis inwards; at most kMaxAxes.
  void add(int64_t size, const Strides& strides) {
    if (size == 1) return;
    if (rank_ > 0 && continues(axes_[rank_ - 1].strides, size, strides)) {
      axes_[rank_ - 1].size *= size;
      axes_[rank_ - 1].strides = strides;
    } else {
      axes_[rank_++] = {size, strides};
    }
  }

  int rank() const { return rank_; }
  const Axis& axis(int i) const { return axes_[i]; }

  // Removes and returns an axis; one of one element if the loop has none such.
  Axis take(int i) {
    if (i < 0) return {};
    const Axis taken = axes_[i];
    for (int k = i; k + 1 < rank_; ++k) axes_[k] = axes_[k + 1];
    --rank_;
    return taken;
  }

  int64_t count() const {
    int64_t product = 1;
    for (int i = 0; i < rank_; ++i) product *= axes_[i].size;
    return product;
  }

  // Calls body(offsets) for the positions [begin, end) of count(), in order.
  template <class Body>
  void walk(int64_t begin, int64_t end, const Body& body) const {
    std::array<int64_t, kMaxAxes> index = {};
    Strides offsets = {};
    int64_t rest = begin;
    for (int i = rank_ - 1; i >= 0; --i) {
      index[i] = rest % axes_[i].size;
      rest /= axes_[i].size;
      for (int n = 0; n < N; ++n) offsets[n] += index[i] * axes_[i].strides[n];
    }
    for (int64_t position = begin; position < end; ++position) {
      body(offsets);
      for (int i = rank_ - 1; i >= 0; --i) {
        for (int n = 0; n < N; ++n) offsets[n] += axes_[i].strides[n];
        if (++index[i] < axes_[i].size) break;
        for (int n = 0; n < N; ++n) offsets[n] -= axes_[i].strides[n] * axes_[i].size;
        index[i] = 0;
      }
    }
  }

 private:
  static bool continues(const Strides& outer, int64_t size, const Strides& inner) {
    for (int n = 0; n < N; ++n) {
      if (outer[n] != inner[n] * size) return false;
    }
    return true;
  }

  int rank_ = 0;
  std::array<Axis, kMaxAxes> axes_;
};

// A copy of elements: operand 0 is where they come from, 1 where they go.
using CopyLoop = StridedLoop<2>;

// The two innermost axes of a copy; strides in elements.
struct CopyPlane {
  int64_t rows, columns;
  int64_t from_row, from_column;
  int64_t to_row, to_column;
};

// How to carry out a copy: made once for a set of shapes.
class CopyPlan {
 public:
  CopyPlan() = default;  // of one byte
  // Element sizes of 1, 2, 4 and 8 bytes.
  CopyPlan(const CopyLoop& loop, size_t element_bytes);
  // `from` and `to` do not overlap, or are equal and the loop leaves everything where it is.
  void run(const uint8_t* from, uint8_t* to, ThreadPool& pool) const;

 private:
  template <class T>
  void choose_plane();

  CopyLoop outer_;
  CopyPlane plane_ = {1, 1, 0, 0, 0, 0};
  void (*kernel_)(const CopyPlane&, const uint8_t* from, uint8_t* to) = nullptr;
  int64_t element_ = 1;
  // Threads share the outer axes and, of the plane, blocks of its rows or of its columns.
  bool by_rows_ = true;
  int64_t side_ = 1, block_ = 1, blocks_ = 1, line_bytes_ = 1;
};

// What Concat and Split plan: copies of pieces that lie one after the other in the rows of one
// array.
struct Pieces : OpState {
  struct Piece {
    CopyPlan copy;
    size_t at;  // its first byte in the array of all
  };
  std::vector<Piece> all;

  size_t bytes() const override { return all.capacity() * sizeof all[0]; }
  // `rows` rows of `run` elements; `strides` from one row to the next.
  void add(int64_t rows, const CopyLoop::Strides& strides, int64_t run, size_t element_bytes,
           size_t* at) {
    CopyLoop loop;
    loop.add(rows, strides);
    loop.add(run, {1, 1});
    all.push_back({CopyPlan(loop, element_bytes), *at});
    *at += static_cast<size_t>(run) * element_bytes;
  }
};

// Whether the loop copies one array onto another of the same layout.
bool is_plain_copy(const CopyLoop& loop);

// Strides of a dense array, in elements.
void dense_strides(const Shape& shape, int64_t* strides);

// Output 0 as a strided view of input 0.
struct Move {
  CopyLoop loop;
  int64_t first = 0;  // element of the input with which the output begins
};
// The kernel of an operator that is one Move. `describe` must be right for every shape that the
// operator's infer accepts. `name` is a literal.
std::unique_ptr<OpKernel> make_move_kernel(const char* name,
                                           Move (*describe)(const Node&, const Shapes&));

}  // namespace qrt::rt
