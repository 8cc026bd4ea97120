// GatherElements: for each index, the element of the data at its place, but for one axis.
#include "src/ops/indices.h"
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

struct State : OpState {
  ElementPlaces places;
};

template <class T, class Index>
void gather(const RunContext& ctx) {
  const ElementPlaces& places = ctx.planned<State>().places;
  const T* data = ctx.in<T>(0);
  const Index* indices = ctx.in<Index>(1);
  T* out = ctx.out<T>();
  ctx.pool.parallel_for(
      static_cast<size_t>(places.loop.count()), 16, [&](size_t begin, size_t end, size_t) {
        places.walk<Index>(indices, static_cast<int64_t>(begin), static_cast<int64_t>(end),
                           [&](int64_t i, int64_t at) { out[i] = data[at]; });
      });
}

template <class T>
void gather(const RunContext& ctx) {
  with_index_type(ctx.node.input(1), [&](auto zero) { gather<T, decltype(zero)>(ctx); });
}

class GatherElementsKernel : public OpKernel {
 public:
  const char* name() const override { return "gather_elements"; }

  Status plan(const Node& node, PlanContext& context) const override {
    context.make<State>().places =
        ElementPlaces(node.shape_in(context.shapes, 0), node.shape_in(context.shapes, 1),
                      node.options<fb::GatherElements>().axis());
    return {};
  }

  void run(const RunContext& ctx) const override {
    switch (dtype_bytes(ctx.node.input(0).type)) {
      case 1:
        return gather<uint8_t>(ctx);
      case 2:
        return gather<uint16_t>(ctx);
      case 4:
        return gather<uint32_t>(ctx);
      default:
        return gather<uint64_t>(ctx);
    }
  }
};

}  // namespace

const OpDef kGatherElementsOp = {choose_only<GatherElementsKernel>};

}  // namespace qrt::rt
