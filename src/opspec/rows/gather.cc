// Gather: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// Sizes picked out of a shape.
void infer_integers(Inference& x) {
  Integers data, indices, picked;
  if (x.in(0).rank() != 1 || x.in(1).rank() > 1) return;
  if (!x.integers(0, &data) || !x.integers(1, &indices)) return;
  const auto size = static_cast<int32_t>(data.size());
  for (int32_t index : indices) {
    if (!is_number(index) || index < -size || index >= size) return;
    picked.push_back(data[static_cast<size_t>(index < 0 ? index + size : index)]);
  }
  x.out_integers(0, std::move(picked));
}

Status infer(Inference& x) {
  const Shape &data = x.in(0), &indices = x.in(1);
  const auto& options = x.node().options<fb::Gather>();
  const int batch = options.batch_dims();
  int axis;
  QRT_RETURN_IF_ERROR(require_axis(x, options.axis(), data.rank(), &axis));
  if (batch < 0 || batch > axis || batch > indices.rank()) {
    return x.node().fail(Code::InvalidModel, "has %d batch dimensions, axis %d and indices %s",
                         batch, axis, x.text(indices).c_str());
  }
  if (data.rank() + indices.rank() - batch - 1 > kMaxRank) {
    return x.node().fail(Code::InvalidModel, "gives more than %d dimensions", kMaxRank);
  }
  for (int i = 0; i < batch; ++i) {
    if (x.dims().differ(data[i], indices[i])) {
      return x.node().fail(Code::InvalidModel, "batches of %s and %s differ", x.text(data).c_str(),
                           x.text(indices).c_str());
    }
  }
  Shape out;
  for (int i = 0; i < axis; ++i) out.push_back(data[i]);
  for (int i = batch; i < indices.rank(); ++i) out.push_back(indices[i]);
  for (int i = axis + 1; i < data.rank(); ++i) out.push_back(data[i]);
  QRT_RETURN_IF_ERROR(check_constant_indices(x.node(), [&](int64_t) { return data[axis]; }));
  infer_integers(x);
  x.out(0, out);
  return {};
}

// Of the indices any; of the data those that indices do not count in.
bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  const auto& options = node.options<fb::Gather>();
  int counted_in;
  (void)resolve_axis(options.axis(), node.shape_in(shapes, 0).rank(), &counted_in);
  return input == 1 || axis != counted_in;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Gather;
  row.signatures = "movable, index -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kGatherSpec;
const OpSpec kGatherSpec = row();

}  // namespace qrt::rt
