// GatherNd: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape &data = x.in(0), &indices = x.in(1);
  const int batch = x.node().options<fb::GatherNd>().batch_dims();
  if (batch < 0 || batch >= indices.rank() || batch > data.rank()) {
    return x.node().fail(Code::InvalidModel, "has %d batch dimensions for %s and indices %s", batch,
                         x.text(data).c_str(), x.text(indices).c_str());
  }
  const int tuple = indices.last();
  if (!is_number(tuple)) {
    return x.node().fail(Code::Unsupported, "its indices have an open number of coordinates");
  }
  if (tuple > data.rank() - batch) {
    return x.node().fail(Code::InvalidModel,
                         "its indices have %d coordinates, the data %d dimensions", tuple,
                         data.rank() - batch);
  }
  if (indices.rank() - 1 + data.rank() - batch - tuple > kMaxRank) {
    return x.node().fail(Code::InvalidModel, "gives more than %d dimensions", kMaxRank);
  }
  Shape out;
  for (int i = 0; i < indices.rank() - 1; ++i) {
    if (i < batch && x.dims().differ(data[i], indices[i])) {
      return x.node().fail(Code::InvalidModel, "batches of %s and %s differ", x.text(data).c_str(),
                           x.text(indices).c_str());
    }
    out.push_back(indices[i]);
  }
  for (int i = batch + tuple; i < data.rank(); ++i) out.push_back(data[i]);
  QRT_RETURN_IF_ERROR(check_constant_indices(
      x.node(), [&](int64_t e) { return data[batch + static_cast<int>(e % tuple)]; }));
  x.out(0, out);
  return {};
}

// Of the indices any but the coordinates of one; of the data the batches.
bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  if (input == 1) return axis + 1 < node.shape_in(shapes, 1).rank();
  return axis < node.options<fb::GatherNd>().batch_dims();
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::GatherNd;
  row.signatures = "movable, index -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kGatherNdSpec;
const OpSpec kGatherNdSpec = row();

}  // namespace qrt::rt
