// CumSum: sums of what stands up to each element of an axis, or from it on.
#include <type_traits>

#include "src/ops/common.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {
namespace {

// The input as [outer, size, inner], added along `size`.
struct State : OpState {
  int64_t outer = 0, size = 0, inner = 0;
};

// Integers wrap around.
template <class T>
T sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

template <class T>
void add_up(const RunContext& ctx) {
  const State& state = ctx.planned<State>();
  const auto& options = ctx.node.options<fb::CumSum>();
  const bool exclusive = options.exclusive();
  const int64_t size = state.size, inner = state.inner;
  const int64_t step = options.reverse() ? -inner : inner;
  const int64_t first = options.reverse() ? (size - 1) * inner : 0;
  ctx.pool.parallel_for(static_cast<size_t>(state.outer * inner),
                        static_cast<uint64_t>(size) * 2 * sizeof(T),
                        [&](size_t begin, size_t end, size_t) {
                          for (size_t i = begin; i < end; ++i) {
                            const auto line = static_cast<int64_t>(i);
                            int64_t at = line / inner * size * inner + line % inner + first;
                            T total = 0;
                            for (int64_t n = 0; n < size; ++n, at += step) {
                              const T after = sum(total, ctx.in<T>(0)[at]);
                              ctx.out<T>()[at] = exclusive ? total : after;
                              total = after;
                            }
                          }
                        });
}

class CumSumKernel : public OpKernel {
 public:
  const char* name() const override { return "cum_sum"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& in = node.shape_in(context.shapes, 0);
    int axis;
    (void)resolve_axis(node.options<fb::CumSum>().axis(), in.rank(), &axis);
    State& state = context.make<State>();
    state.outer = in.elements(0, axis);
    state.size = in[axis];
    state.inner = in.elements(axis + 1, in.rank());
    return {};
  }

  void run(const RunContext& ctx) const override {
    switch (ctx.node.input(0).type) {
      case DType::S32:
        return add_up<int32_t>(ctx);
      case DType::S64:
        return add_up<int64_t>(ctx);
      case DType::F64:
        return add_up<double>(ctx);
      default:
        return add_up<float>(ctx);
    }
  }

  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
};

}  // namespace

const OpDef kCumSumOp = {choose_only<CumSumKernel>};

}  // namespace qrt::rt
