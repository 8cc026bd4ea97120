// BroadcastTo: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  Integers wanted;
  if (!x.node().has_input(1)) {
    const auto& attribute = *x.node().options<fb::BroadcastTo>().shape();
    wanted.assign(attribute.begin(), attribute.end());
    for (int32_t dim : wanted) {
      if (dim >= 0) continue;
      return x.node().fail(Code::InvalidModel, "its shape has a dimension of %d", dim);
    }
  } else if (!x.integers(1, &wanted)) {
    return x.node().fail(Code::Unsupported,
                         "its shape '%s' depends on values that are known only in a run",
                         x.node().input(1).name);
  }
  if (wanted.size() > static_cast<size_t>(kMaxRank)) {
    return x.node().fail(Code::InvalidModel, "has %zu dimensions, more than %d", wanted.size(),
                         kMaxRank);
  }
  const Shape shape(wanted.data(), wanted.size());
  Shape out;
  if (!broadcast(x.dims(), in, shape, &out)) {
    return x.node().fail(Code::InvalidModel, "cannot broadcast %s to %s", x.text(in).c_str(),
                         x.text(shape).c_str());
  }
  x.out(0, out);
  // One number, repeated: lists as long as a shape.
  Integers elements;
  constexpr int32_t kMost = 64;
  if (out.rank() == 1 && is_number(out[0]) && out[0] <= kMost && x.integers(0, &elements)) {
    if (elements.size() == 1) elements.resize(static_cast<size_t>(out[0]), elements[0]);
    if (elements.size() == static_cast<size_t>(out[0])) x.out_integers(0, std::move(elements));
  }
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::BroadcastTo;
  row.signatures = "movable, [index] -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kBroadcastToSpec;
const OpSpec kBroadcastToSpec = row();

}  // namespace qrt::rt
