// TensorScatter: rows of the data along an axis are replaced by others. A cache of keys or values
// grows by it: over its input, only the new rows are written.
#include <cstring>

#include "src/ops/indices.h"
#include "src/ops/scatter.h"
#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

// The data as [items * outer, size, row], the updates as [items * outer, count, row].
struct State : OpState {
  size_t data_bytes = 0, row = 0;  // bytes
  int64_t items = 1, outer = 1, size = 0, count = 0;
};

class TensorScatterKernel final : public OpKernel {
 public:
  const char* name() const override { return "tensor_scatter"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape &data = node.shape_in(context.shapes, 0),
                &updates = node.shape_in(context.shapes, 1);
    int axis;
    (void)resolve_axis(node.options<fb::TensorScatter>().axis(), data.rank(), &axis);
    State& state = context.make<State>();
    const size_t element = dtype_bytes(node.input(0).type);
    state.data_bytes = static_cast<size_t>(data.elements()) * element;
    state.row = static_cast<size_t>(data.elements(axis + 1, data.rank())) * element;
    state.items = axis > 0 ? data[0] : 1;
    state.outer = axis > 0 ? data.elements(1, axis) : 1;
    state.size = data[axis];
    state.count = updates[axis];
    return {};
  }

  void run(const RunContext& ctx) const override {
    if (!ctx.node.has_input(2)) {
      const int64_t zero = 0;
      scatter(ctx, &zero, 1);
      return;
    }
    const int64_t places = ctx.shape_in(2).elements();
    with_index_type(ctx.node.input(2),
                    [&](auto zero) { scatter(ctx, ctx.in<decltype(zero)>(2), places); });
  }

  bool may_overwrite(const Node&, const Shapes&, size_t input) const override { return input == 0; }

 private:
  template <class Index>
  static void scatter(const RunContext& ctx, const Index* begins, int64_t places) {
    const State& state = ctx.planned<State>();
    const bool circular = ctx.node.options<fb::TensorScatter>().circular();
    for (int64_t i = 0; i < places; ++i) {
      const int64_t begin = begins[i];
      if (begin >= 0 && (circular || begin <= state.size - state.count)) continue;
      ctx.fail(ctx.node.fail(Code::InvalidArgument,
                             "'%s' has %lld places; %lld more do not fit behind the first %lld",
                             ctx.node.input(0).name, static_cast<long long>(state.size),
                             static_cast<long long>(state.count), static_cast<long long>(begin)));
      return;
    }
    copy_data(ctx, state.data_bytes);
    if (state.count == 0 || state.row == 0) return;
    const uint8_t* from = ctx.in<uint8_t>(1);
    uint8_t* to = ctx.out<uint8_t>();
    const uint64_t cost = static_cast<uint64_t>(state.count) * state.row / 8 + 1;
    ctx.pool.parallel_for(
        static_cast<size_t>(state.items * state.outer), cost,
        [&](size_t first, size_t last, size_t) {
          for (size_t o = first; o < last; ++o) {
            const int64_t item = static_cast<int64_t>(o) / state.outer;
            const int64_t begin = int64_t{begins[places > 1 ? item : 0]} % state.size;
            const int64_t straight = std::min(state.count, state.size - begin);
            const uint8_t* rows = from + o * static_cast<size_t>(state.count) * state.row;
            uint8_t* all = to + o * static_cast<size_t>(state.size) * state.row;
            const size_t bytes = static_cast<size_t>(straight) * state.row;
            std::memcpy(all + static_cast<size_t>(begin) * state.row, rows, bytes);
            std::memcpy(all, rows + bytes, static_cast<size_t>(state.count - straight) * state.row);
          }
        });
  }
};

}  // namespace

const OpDef kTensorScatterOp = {choose_only<TensorScatterKernel>};

}  // namespace qrt::rt
