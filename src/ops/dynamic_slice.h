// A part of an array that begins where the model computes.
#pragma once

#include <algorithm>

#include "src/ops/strided.h"

namespace qrt::rt {

struct MovingPart : OpState {
  CopyPlan copy;  // of the part, from or to element 0 of the array
  int rank = 0;
  int64_t strides[kMaxRank] = {};  // of the array, in elements
  int64_t room[kMaxRank] = {};     // the last place where the part may begin
  int64_t element = 1;             // bytes

  void describe(const Shape& array, const Shape& part, size_t element_bytes, bool into) {
    int64_t dense[kMaxRank];
    dense_strides(array, strides);
    dense_strides(part, dense);
    rank = array.rank();
    element = static_cast<int64_t>(element_bytes);
    CopyLoop loop;
    for (int i = 0; i < rank; ++i) {
      room[i] = int64_t{array[i]} - part[i];
      if (into) {
        loop.add(part[i], {dense[i], strides[i]});
      } else {
        loop.add(part[i], {strides[i], dense[i]});
      }
    }
    copy = CopyPlan(loop, element_bytes);
  }

  // Bytes from the array's beginning to the part's.
  template <class Index>
  int64_t offset(const Index* begins) const {
    int64_t at = 0;
    for (int i = 0; i < rank; ++i) {
      at += std::clamp<int64_t>(begins[i], 0, room[i]) * strides[i];
    }
    return at * element;
  }
  // By the indices in this input.
  int64_t offset(const RunContext& ctx, size_t input) const {
    return ctx.node.input(input).type == DType::S32 ? offset(ctx.in<int32_t>(input))
                                                    : offset(ctx.in<int64_t>(input));
  }
};

}  // namespace qrt::rt
