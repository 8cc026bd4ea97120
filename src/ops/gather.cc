// Gather: slices of the data's axis, in the order in which the indices name them.
// data [batch, outer, D, inner], indices [batch, n] -> [batch, outer, n, inner]
#include <cstring>

#include "src/ops/indices.h"
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

struct Sizes : OpState {
  int64_t outer = 0, dim = 0, indices = 0;  // of one batch
  size_t slices = 0, slice_bytes = 0;       // of the output
};

// kBytes: of a slice, known so that the compiler copies it inline; 0: any.
template <class Index, size_t kBytes>
void gather(const RunContext& ctx, const Sizes& sizes) {
  const uint8_t* data = ctx.in<uint8_t>(0);
  const Index* indices = ctx.in<Index>(1);
  uint8_t* out = ctx.out<uint8_t>();
  const size_t bytes = kBytes != 0 ? kBytes : sizes.slice_bytes;
  // Copies, for bytes that are written could alias the plan.
  const int64_t outer = sizes.outer, dim = sizes.dim, n = sizes.indices;
  ctx.pool.parallel_for(sizes.slices, bytes, [&](size_t begin, size_t end, size_t) {
    int64_t row = static_cast<int64_t>(begin) / n;  // of [batch, outer]
    int64_t i = static_cast<int64_t>(begin) % n;
    for (size_t slice = begin; slice < end; ++slice) {
      const int64_t index = indices[row / outer * n + i];
      const auto from = static_cast<size_t>(row * dim + clamp_index(index, dim));
      std::memcpy(out + slice * bytes, data + from * bytes, kBytes != 0 ? kBytes : bytes);
      if (++i == n) {
        i = 0;
        ++row;
      }
    }
  });
}

template <class Index>
void gather(const RunContext& ctx, const Sizes& sizes) {
  switch (sizes.slice_bytes) {
    case 1:
      return gather<Index, 1>(ctx, sizes);
    case 2:
      return gather<Index, 2>(ctx, sizes);
    case 4:
      return gather<Index, 4>(ctx, sizes);
    case 8:
      return gather<Index, 8>(ctx, sizes);
    default:
      return gather<Index, 0>(ctx, sizes);
  }
}

class GatherKernel : public OpKernel {
 public:
  const char* name() const override { return "gather"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& data = node.shape_in(context.shapes, 0);
    const Shape& indices = node.shape_in(context.shapes, 1);
    const int batch = node.options<fb::Gather>().batch_dims();
    int axis;
    (void)resolve_axis(node.options<fb::Gather>().axis(), data.rank(), &axis);
    Sizes& sizes = context.make<Sizes>();
    sizes.outer = data.elements(batch, axis);
    sizes.dim = data[axis];
    sizes.indices = indices.elements(batch, indices.rank());
    sizes.slices = static_cast<size_t>(data.elements(0, axis) * sizes.indices);
    sizes.slice_bytes =
        static_cast<size_t>(data.elements(axis + 1, data.rank())) * dtype_bytes(node.input(0).type);
    return {};
  }

  void run(const RunContext& ctx) const override {
    const Sizes& sizes = ctx.planned<Sizes>();
    with_index_type(ctx.node.input(1), [&](auto zero) { gather<decltype(zero)>(ctx, sizes); });
  }
};

}  // namespace

const OpDef kGatherOp = {choose_only<GatherKernel>};

}  // namespace qrt::rt
