// GatherNd: slices of the data, each named by a tuple of k indices.
// data [batch, D1..Dk, inner], indices [batch, n, k] -> [batch, n, inner]
#include <cstring>

#include "src/ops/indices.h"
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

struct Sizes : OpState {
  int tuple = 0;                       // indices that name a slice
  int32_t dims[kMaxRank] = {};         // that they count in
  int64_t tuples = 0;                  // of a batch
  size_t slices = 0, slice_bytes = 0;  // of the output
};

template <class Index>
void gather(const RunContext& ctx) {
  const Sizes& sizes = ctx.planned<Sizes>();
  const int tuple = sizes.tuple;
  const int64_t tuples = sizes.tuples;
  const size_t slices = sizes.slices, bytes = sizes.slice_bytes;
  const uint8_t* data = ctx.in<uint8_t>(0);
  const Index* indices = ctx.in<Index>(1);
  uint8_t* out = ctx.out<uint8_t>();
  ctx.pool.parallel_for(slices, bytes, [&](size_t begin, size_t end, size_t) {
    for (size_t slice = begin; slice < end; ++slice) {
      int64_t from = static_cast<int64_t>(slice) / tuples;
      for (int k = 0; k < tuple; ++k) {
        const int64_t dim = sizes.dims[k];
        const int64_t index = indices[static_cast<int64_t>(slice) * tuple + k];
        from = from * dim + clamp_index(index, dim);
      }
      std::memcpy(out + slice * bytes, data + static_cast<size_t>(from) * bytes, bytes);
    }
  });
}

class GatherNdKernel : public OpKernel {
 public:
  const char* name() const override { return "gather_nd"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& data = node.shape_in(context.shapes, 0);
    const Shape& indices = node.shape_in(context.shapes, 1);
    const int batch = node.options<fb::GatherNd>().batch_dims();
    Sizes& sizes = context.make<Sizes>();
    sizes.tuple = indices.last();
    for (int k = 0; k < sizes.tuple; ++k) sizes.dims[k] = data[batch + k];
    sizes.tuples = indices.elements(batch, indices.rank() - 1);
    sizes.slices = static_cast<size_t>(indices.elements(0, indices.rank() - 1));
    sizes.slice_bytes = static_cast<size_t>(data.elements(batch + sizes.tuple, data.rank())) *
                        dtype_bytes(node.input(0).type);
    return {};
  }

  void run(const RunContext& ctx) const override {
    with_index_type(ctx.node.input(1), [&](auto zero) { gather<decltype(zero)>(ctx); });
  }
};

}  // namespace

const OpDef kGatherNdOp = {choose_only<GatherNdKernel>};

}  // namespace qrt::rt
