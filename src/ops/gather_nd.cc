// GatherNd: slices of the data, each named by a tuple of k indices.
// data [batch, D1..Dk, inner], indices [batch, n, k] -> [batch, n, inner]
#include <cstring>

#include "src/ops/indices.h"
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

template <class Index>
void gather(const RunContext& ctx) {
  const Shape& shape = ctx.shape_in(0);
  const Shape& indices_shape = ctx.shape_in(1);
  const int batch = ctx.node.options<fb::GatherNd>().batch_dims();
  const int tuple = indices_shape.last();
  const auto bytes = static_cast<size_t>(shape.elements(batch + tuple, shape.rank())) *
                     dtype_bytes(ctx.node.input(0).type);
  const int64_t tuples = indices_shape.elements(batch, indices_shape.rank() - 1);  // of a batch
  const auto slices = static_cast<size_t>(indices_shape.elements(0, indices_shape.rank() - 1));
  const uint8_t* data = ctx.in<uint8_t>(0);
  const Index* indices = ctx.in<Index>(1);
  uint8_t* out = ctx.out<uint8_t>();
  ctx.pool.parallel_for(slices, bytes, [&](size_t begin, size_t end, size_t) {
    for (size_t slice = begin; slice < end; ++slice) {
      int64_t from = static_cast<int64_t>(slice) / tuples;
      for (int k = 0; k < tuple; ++k) {
        const int64_t dim = shape[batch + k];
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

  void run(const RunContext& ctx) const override {
    if (ctx.node.input(1).type == DType::S32) {
      gather<int32_t>(ctx);
    } else {
      gather<int64_t>(ctx);
    }
  }
};

}  // namespace

const OpDef kGatherNdOp = {choose_only<GatherNdKernel>};

}  // namespace qrt::rt
