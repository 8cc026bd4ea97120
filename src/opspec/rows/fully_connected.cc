// FullyConnected: see schema/qrt.fbs.
#include <cfloat>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// What kernels ask of blocks, and that no sum of them is infinite: a zero times it were no number.
Status check_blocks(const Node& node) {
  const Tensor& weights = node.input(1);
  const Quantization& q = weights.quantization;
  const int32_t depth = weights.shape[1];
  if (q.block % 16 != 0 && q.block < depth) {
    return node.fail(Code::Unsupported, "its weights '%s' are in blocks of %d, no multiple of 16",
                     weights.name, q.block);
  }
  // Activations less than 128 in size, weights less their zero point of 15 at most.
  const double most = 128.0 * 15.0 * depth;
  for (size_t i = 0; i < q.count(); ++i) {
    if (most * static_cast<double>(q.scale(i)) <= static_cast<double>(FLT_MAX)) continue;
    return node.fail(Code::InvalidModel,
                     "its weights '%s' have a scale of %g, by which a sum of %d may be infinite",
                     weights.name, static_cast<double>(q.scale(i)), depth);
  }
  return {};
}

Status check(const Node& node) {
  if (node.input(1).shape.rank() != 2) {
    return node.fail(Code::InvalidModel, "its weights %s do not fit its input, %s",
                     node.input(1).shape.str().c_str(), node.input(0).shape.str().c_str());
  }
  QRT_RETURN_IF_ERROR(check_clamp(node, node.options<fb::FullyConnected>().clamp()));
  QRT_RETURN_IF_ERROR(check_weights(node));
  const bool blocks = node.input(1).type == DType::S4 && node.input(0).type == DType::F32;
  return blocks ? check_blocks(node) : Status();
}

Status infer(Inference& x) {
  const Shape &in = x.in(0), &weights = x.node().input(1).shape;
  if (in.rank() < 1 || x.dims().differ(weights[1], in.last())) {
    return x.node().fail(Code::InvalidModel, "its weights %s do not fit its input, %s",
                         weights.str().c_str(), x.text(in).c_str());
  }
  Shape out = in;
  out[out.rank() - 1] = weights[0];
  x.out(0, out);
  return {};
}

uint64_t macs(const Node& node, const Shapes& shapes) {
  return static_cast<uint64_t>(node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(node.input(1).shape[1]);
}

constexpr OpSpec row() {
  OpSpec row = weighted_row(fb::OpOptions::FullyConnected);
  row.signatures =
      "f32, const f32, [const f32] -> f32; f32, const w8/w4/b4, [const f32] -> f32; "
      "q8, const w8/w4, [const bias] -> q8; q16, const w8/w4, [const bias/s64] -> q16";
  row.check = check;
  row.infer = infer;
  row.macs = macs;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kFullyConnectedSpec;
const OpSpec kFullyConnectedSpec = row();

}  // namespace qrt::rt
