// Elementwise operators of two inputs: the loop over broadcast shapes, and the kinds of kernels.
#pragma once

#include <algorithm>

#include "src/ops/strided.h"

namespace qrt::rt {

// How to walk two inputs that broadcast to one output: runs of `run` elements in which each input
// advances by its step (0 or 1, not both 0), repeated over the outer axes.
struct BroadcastPlan {
  StridedLoop<2> outer;  // offsets of a and b
  int64_t run = 1;
  size_t a_step = 1, b_step = 1;
  // The runs are short, and one input goes on over `lines` of them while the other starts again
  // with each: a value per channel of a feature map, say. `outer` is then without these lines.
  enum { kNone, kA, kB } repeated = kNone;
  int64_t lines = 1;
};
BroadcastPlan plan_broadcast(const Shape& a, const Shape& b, const Shape& out);

// Elements of a line in which an input that is repeated is laid out.
inline constexpr int64_t kRepeatElements = 1024;

// What a kernel plans that runs by run_broadcast.
struct BroadcastState : OpState {
  BroadcastPlan plan;
  int64_t block = 1, blocks = 1;  // of lines that are computed at once
  int64_t outer = 1;              // positions of plan.outer
  bool one_run = false;
};
Status plan_binary(const Node& node, PlanContext& context);

// Calls body(a, a_step, b, b_step, n, out_offset) for runs that together are the output, shared out
// among the threads. An input that is repeated is laid out some times in a row, so that a run can
// be of some length.
template <class T, class Body>
void run_broadcast(const RunContext& context, const Body& body) {
  const auto& state = context.planned<BroadcastState>();
  const BroadcastPlan& plan = state.plan;
  const int64_t block = state.block, blocks = state.blocks;
  const T *a = context.in<T>(0), *b = context.in<T>(1);
  if (state.one_run) {
    context.pool.parallel_for(static_cast<size_t>(plan.run), 2 * sizeof(T),
                              [&](size_t begin, size_t end, size_t) {
                                body(a + begin * plan.a_step, plan.a_step, b + begin * plan.b_step,
                                     plan.b_step, end - begin, begin);
                              });
    return;
  }
  context.pool.parallel_for(
      static_cast<size_t>(state.outer * blocks), size_product(block, plan.run, 2 * sizeof(T)),
      [&](size_t begin, size_t end, size_t) {
        T repeats[kRepeatElements];
        auto item = static_cast<int64_t>(begin);
        const auto last = static_cast<int64_t>(end);
        plan.outer.walk(item / blocks, ceil_div(last, blocks), [&](const auto& offsets) {
          const T *from_a = a + offsets[0], *from_b = b + offsets[1];
          const int64_t position = item / blocks;
          const int64_t out = position * plan.lines * plan.run;
          if (plan.repeated == BroadcastPlan::kNone) {
            body(from_a, plan.a_step, from_b, plan.b_step, static_cast<size_t>(plan.run),
                 static_cast<size_t>(out));
            ++item;
            return;
          }
          const T* once = plan.repeated == BroadcastPlan::kA ? from_a : from_b;
          for (int64_t i = 0; i < block; ++i) std::copy_n(once, plan.run, repeats + i * plan.run);
          for (; item < std::min(last, (position + 1) * blocks); ++item) {
            const int64_t line = item % blocks * block, first = line * plan.run;
            const int64_t n = std::min(block, plan.lines - line) * plan.run;
            body(plan.repeated == BroadcastPlan::kA ? repeats : from_a + first, size_t{1},
                 plan.repeated == BroadcastPlan::kB ? repeats : from_b + first, size_t{1},
                 static_cast<size_t>(n), static_cast<size_t>(out + first));
          }
        });
      });
}

// out[i] = f(a, b) over one run, in loops that compilers turn into vectors: out may be a or b, but
// an element depends on those of its own place alone.
template <class T, class Out, class F>
void loop(const T* a, size_t a_step, const T* b, size_t b_step, size_t n, Out* out, const F& f) {
  if (a_step == 0) {
    const T x = *a;
#pragma GCC ivdep
    for (size_t i = 0; i < n; ++i) out[i] = f(x, b[i]);
  } else if (b_step == 0) {
    const T y = *b;
#pragma GCC ivdep
    for (size_t i = 0; i < n; ++i) out[i] = f(a[i], y);
  } else {
#pragma GCC ivdep
    for (size_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
  }
}

// The function of two real numbers, as quantized values: Div, Min, Max, SquaredDifference, and
// those that jump, which are computed as float_table.h says.
int32_t quantized_binary(fb::BinaryKind kind, int32_t x, const Quantization& a, int32_t y,
                         const Quantization& b, const Quantization& to, int32_t min, int32_t max);

Choice choose_binary_s8(const Node& node, const ChooseContext& context);
Choice choose_binary_s16(const Node& node, const ChooseContext& context);
Choice choose_binary_plain(const Node& node);

}  // namespace qrt::rt
