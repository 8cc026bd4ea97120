// Select: a where the condition holds, else b; the three broadcast as in numpy.
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

// Operands: condition, a, b, output.
using SelectLoop = StridedLoop<4>;

struct State : OpState {
  SelectLoop loop;        // without its lines
  SelectLoop::Axis line;  // the innermost axis
  int64_t lines = 1;
  bool dense = false;
};

template <class T>
void select(const RunContext& ctx, const State& state) {
  const SelectLoop& loop = state.loop;
  const SelectLoop::Axis& line = state.line;
  const auto [condition_step, a_step, b_step, out_step] = line.strides;
  const bool dense = state.dense;
  const uint8_t* conditions = ctx.in<uint8_t>(0);
  const T* a_data = ctx.in<T>(1);
  const T* b_data = ctx.in<T>(2);
  T* out_data = ctx.out<T>();
  const int64_t lines = state.lines;
  // One dimension is cut into blocks, more are cut between lines.
  const int64_t blocks = lines == 1 ? line.size : lines;
  const int64_t length = lines == 1 ? 1 : line.size;
  ctx.pool.parallel_for(
      static_cast<size_t>(blocks), static_cast<size_t>(length) * sizeof(T),
      [&, cs = condition_step, as = a_step, bs = b_step, os = out_step](size_t begin, size_t end,
                                                                        size_t) {
        const auto first = static_cast<int64_t>(begin), last = static_cast<int64_t>(end);
        const int64_t skip = lines == 1 ? first : 0;
        const int64_t count = lines == 1 ? last - first : line.size;
        loop.walk(lines == 1 ? 0 : first, lines == 1 ? 1 : last, [&](const auto& offsets) {
          const uint8_t* condition = conditions + offsets[0] + skip * cs;
          const T* a = a_data + offsets[1] + skip * as;
          const T* b = b_data + offsets[2] + skip * bs;
          T* out = out_data + offsets[3] + skip * os;
          if (dense) {
            for (int64_t i = 0; i < count; ++i) out[i] = condition[i] != 0 ? a[i] : b[i];
          } else {
            for (int64_t i = 0; i < count; ++i) {
              out[i * os] = condition[i * cs] != 0 ? a[i * as] : b[i * bs];
            }
          }
        });
      });
}

class SelectKernel : public OpKernel {
 public:
  const char* name() const override { return "select"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& out = node.shape_out(context.shapes, 0);
    int64_t strides[4][kMaxRank];
    for (size_t i = 0; i < 3; ++i) {
      broadcast_strides(node.shape_in(context.shapes, i), out, strides[i]);
    }
    dense_strides(out, strides[3]);
    State& state = context.make<State>();
    for (int i = 0; i < out.rank(); ++i) {
      state.loop.add(out[i], {strides[0][i], strides[1][i], strides[2][i], strides[3][i]});
    }
    state.line = state.loop.take(state.loop.rank() - 1);
    state.lines = state.loop.count();
    state.dense = state.line.strides == SelectLoop::Strides{1, 1, 1, 1};
    return {};
  }

  void run(const RunContext& ctx) const override {
    const State& state = ctx.planned<State>();
    switch (dtype_bytes(ctx.node.output(0).type)) {
      case 1:
        return select<uint8_t>(ctx, state);
      case 2:
        return select<uint16_t>(ctx, state);
      case 4:
        return select<uint32_t>(ctx, state);
      default:
        return select<uint64_t>(ctx, state);
    }
  }

  // An element is read just before its place is written, unless it is broadcast.
  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return input > 0 &&
           node.shape_in(shapes, input).elements() == node.shape_out(shapes, 0).elements();
  }
};

}  // namespace

const OpDef kSelectOp = {choose_only<SelectKernel>};

}  // namespace qrt::rt
