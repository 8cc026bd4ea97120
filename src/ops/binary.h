// Elementwise operators of two inputs: the loop over broadcast shapes, and the kinds of kernels.
#pragma once

#include "src/ops/common.h"

namespace qrt::rt {

// How to walk two inputs that broadcast to one output: runs of `run` elements in which each input
// advances by its step (0 or 1), repeated over the outer axes.
struct BroadcastPlan {
  size_t run = 1, a_step = 0, b_step = 0;
  int outer_rank = 0;
  size_t outer_dims[kMaxRank] = {};
  size_t a_strides[kMaxRank] = {}, b_strides[kMaxRank] = {};
  size_t runs() const {
    size_t count = 1;
    for (int i = 0; i < outer_rank; ++i) count *= outer_dims[i];
    return count;
  }
};
BroadcastPlan plan_broadcast(const Shape& a, const Shape& b, const Shape& out);

// Calls body(a_offset, b_offset, out_offset) for runs [begin, end), offsets in elements.
template <class Body>
void for_each_run(const BroadcastPlan& plan, size_t begin, size_t end, const Body& body) {
  for (size_t r = begin; r < end; ++r) {
    size_t rest = r, a = 0, b = 0;
    for (int i = plan.outer_rank - 1; i >= 0; --i) {
      const size_t index = rest % plan.outer_dims[i];
      rest /= plan.outer_dims[i];
      a += index * plan.a_strides[i];
      b += index * plan.b_strides[i];
    }
    body(a, b, r * plan.run);
  }
}

Status prepare_binary_s8(const Node& node, const BuildContext& context,
                         std::unique_ptr<OpKernel>* kernel);
Status prepare_binary_plain(const Node& node, std::unique_ptr<OpKernel>* kernel);

}  // namespace qrt::rt
