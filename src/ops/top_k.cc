// TopK: the largest (or smallest) elements of an axis, in order, and where they stood.
#include <algorithm>
#include <numeric>

#include "src/ops/indices.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {
namespace {

// The input as [outer, size, inner], of which k along `size` are taken.
struct State : OpState {
  int64_t outer = 0, inner = 0;
  int32_t size = 0, k = 0;
};

// NaN is larger than all numbers.
template <class T>
bool larger(T a, T b) {
  return a > b || (a != a && b == b);
}

template <class T, class Index>
void take(const RunContext& ctx) {
  const State& state = ctx.planned<State>();
  const bool smallest = ctx.node.options<fb::TopK>().smallest();
  const int64_t inner = state.inner;
  const int32_t size = state.size, k = state.k;
  const auto search = [&](int64_t line, int32_t* order) {
    const int64_t plane = line / inner, column = line % inner;
    const T* in = ctx.in<T>(0) + plane * size * inner + column;
    std::iota(order, order + size, 0);
    std::partial_sort(order, order + k, order + size, [&](int32_t i, int32_t j) {
      const T a = in[i * inner], b = in[j * inner];
      if (larger(a, b)) return !smallest;
      if (larger(b, a)) return smallest;
      return i < j;
    });
    T* values = ctx.out<T>(0) + plane * k * inner + column;
    Index* indices = ctx.out<Index>(1) + plane * k * inner + column;
    for (int32_t i = 0; i < k; ++i) {
      values[i * inner] = in[order[i] * inner];
      indices[i * inner] = order[i];
    }
  };
  ctx.pool.parallel_for(static_cast<size_t>(state.outer * inner), static_cast<uint64_t>(size) * 32,
                        [&](size_t begin, size_t end, size_t range) {
                          auto* order = reinterpret_cast<int32_t*>(ctx.scratch) +
                                        range * static_cast<size_t>(size);
                          for (size_t line = begin; line < end; ++line) {
                            search(static_cast<int64_t>(line), order);
                          }
                        });
}

template <class T>
void take(const RunContext& ctx) {
  with_index_type(ctx.node.output(1), [&](auto zero) { take<T, decltype(zero)>(ctx); });
}

class TopKKernel : public OpKernel {
 public:
  const char* name() const override { return "top_k"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& in = node.shape_in(context.shapes, 0);
    int axis;
    (void)resolve_axis(node.options<fb::TopK>().axis(), in.rank(), &axis);
    State& state = context.make<State>();
    state.outer = in.elements(0, axis);
    state.inner = in.elements(axis + 1, in.rank());
    state.size = in[axis];
    state.k = node.shape_out(context.shapes, 0)[axis];
    context.scratch_bytes =
        size_product(context.max_ranges, static_cast<uint64_t>(state.size), sizeof(int32_t));
    return {};
  }

  void run(const RunContext& ctx) const override {
    if (ctx.node.has_input(1)) {
      // Where only a run knows k, there is room for all elements, and all are put in order.
      int64_t k = 0;
      with_index_type(ctx.node.input(1), [&](auto zero) { k = *ctx.in<decltype(zero)>(1); });
      const int32_t size = ctx.planned<State>().size;
      if (k < 0 || k > size) {
        return ctx.fail(ctx.node.fail(Code::InvalidArgument,
                                      "is to take %lld elements of an axis of %d",
                                      static_cast<long long>(k), size));
      }
      ctx.tell_count(k);
    }
    switch (ctx.node.input(0).type) {
      case DType::S8:
        return take<int8_t>(ctx);
      case DType::U8:
        return take<uint8_t>(ctx);
      case DType::S16:
        return take<int16_t>(ctx);
      case DType::S32:
        return take<int32_t>(ctx);
      case DType::S64:
        return take<int64_t>(ctx);
      default:
        return take<float>(ctx);
    }
  }
};

}  // namespace

const OpDef kTopKOp = {choose_only<TopKKernel>};

}  // namespace qrt::rt
