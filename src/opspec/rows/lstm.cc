// Lstm: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  if (node.input_index(4) == node.input_index(5)) {
    return node.fail(Code::InvalidModel, "its two states must be variables, not one");
  }
  if (!same_quantization(node.input(4).quantization, node.output(0).quantization)) {
    return node.fail(Code::Unsupported, "its output and hidden state differ in quantization");
  }
  const auto& options = node.options<fb::Lstm>();
  if (!(options.cell_clip() >= 0) || !std::isfinite(options.cell_clip()) ||
      !(options.hidden_scale() >= 0) || !std::isfinite(options.hidden_scale())) {
    return node.fail(Code::InvalidModel, "has a negative clip or scale");
  }
  return {};
}

Status infer(Inference& x) {
  const Node& node = x.node();
  const bool time_major = node.options<fb::Lstm>().time_major();
  const Shape& in = x.in(0);
  const Shape &w = x.in(1), &r = x.in(2), &h = x.in(4), &c = x.in(5);
  const bool ranks = in.rank() == 3 && w.rank() == 2 && r.rank() == 2 && h.rank() == 2;
  if (!ranks || x.dims().differ(w[1], in[2]) || w[0] % 4 != 0 || r[0] != w[0] || r[1] != w[0] / 4 ||
      node.input(3).shape.elements() != w[0] || x.dims().differ(h[0], in[time_major ? 1 : 0]) ||
      h[1] != r[1] || c != h || w[1] > kMaxProducts || r[1] > kMaxProducts) {
    return node.fail(Code::InvalidModel,
                     "its shapes do not fit: input %s, weights %s and %s, state %s",
                     x.text(in).c_str(), w.str().c_str(), r.str().c_str(), x.text(h).c_str());
  }
  x.out(0, {in[0], in[1], r[1]});
  return {};
}

// Each step multiplies the input by its weights and the last output by the recurrent ones.
uint64_t macs(const Node& node, const Shapes& shapes) {
  const auto steps = static_cast<uint64_t>(node.shape_in(shapes, 0).elements(0, 2));
  return steps *
         static_cast<uint64_t>(node.input(1).shape.elements() + node.input(2).shape.elements());
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Lstm;
  row.signatures =
      "f32, const f32, const f32, const f32, state f32, state f32 -> f32; "
      "q8, const w8, const w8, const bias, state q8, state q16 -> q8";
  row.check = check;
  row.infer = infer;
  row.has_effects = true;
  row.updates = 1u << 4 | 1u << 5;
  row.macs = macs;
  return row;
}

}  // namespace

extern const OpSpec kLstmSpec;
const OpSpec kLstmSpec = row();

}  // namespace qrt::rt
