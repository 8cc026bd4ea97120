// GatherNd: slices of the data, each named by a tuple of k indices.
// data [batch, D1..Dk, inner], indices [batch, n, k] -> [batch, n, inner]
#include <cstring>

#include "src/ops/indices.h"
#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(2, 2, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  QRT_RETURN_IF_ERROR(check_index_type(node, 1));
  const Shape& data = node.shape_in(shapes, 0);
  const Shape& indices = node.shape_in(shapes, 1);
  const int batch = node.options<fb::GatherNd>().batch_dims();
  if (batch < 0 || batch >= indices.rank() || batch > data.rank()) {
    return node.fail(Code::InvalidModel, "has %d batch dimensions for %s and indices %s", batch,
                     data.str().c_str(), indices.str().c_str());
  }
  const int tuple = indices.last();
  if (tuple > data.rank() - batch) {
    return node.fail(Code::InvalidModel, "its indices have %d coordinates, the data %d dimensions",
                     tuple, data.rank() - batch);
  }
  if (indices.rank() - 1 + data.rank() - batch - tuple > kMaxRank) {
    return node.fail(Code::InvalidModel, "gives more than %d dimensions", kMaxRank);
  }
  Shape out;
  for (int i = 0; i < indices.rank() - 1; ++i) {
    if (i < batch && data[i] != indices[i]) {
      return node.fail(Code::InvalidModel, "batches of %s and %s differ", data.str().c_str(),
                       indices.str().c_str());
    }
    out.push_back(indices[i]);
  }
  for (int i = batch + tuple; i < data.rank(); ++i) out.push_back(data[i]);
  QRT_RETURN_IF_ERROR(check_constant_indices(
      node, 1, [&](int64_t e) { return data[batch + static_cast<int>(e % tuple)]; }));
  set_output(node, shapes, 0, out);
  return {};
}

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

Status prepare(const Node&, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  *kernel = std::make_unique<GatherNdKernel>();
  return {};
}

}  // namespace

const OpDef kGatherNdOp = {fb::OpOptions::GatherNd, infer, prepare, false};

}  // namespace qrt::rt
