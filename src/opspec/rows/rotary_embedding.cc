// RotaryEmbedding: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// Input `operand` is as wide as input 0 and broadcasts to it.
Status check_operand(Inference& x, size_t operand) {
  const Shape &in = x.in(0), &given = x.in(operand);
  bool fits =
      given.rank() >= 1 && given.rank() <= in.rank() && !x.dims().differ(given.last(), in.last());
  for (int i = 2; fits && i <= given.rank(); ++i) {
    const int32_t own = given[given.rank() - i];
    fits = own == 1 || !x.dims().differ(own, in[in.rank() - i]);
  }
  if (fits) return {};
  return x.node().fail(Code::InvalidModel, "its %s %s do not fit its input %s",
                       operand == 1 ? "cosines" : "sines", x.text_in(operand).c_str(),
                       x.text_in(0).c_str());
}

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  if (in.rank() < 1 || (is_number(in.last()) && in.last() % 2 != 0)) {
    return x.node().fail(Code::InvalidModel, "turns pairs of elements, not %s",
                         x.text_in(0).c_str());
  }
  QRT_RETURN_IF_ERROR(check_operand(x, 1));
  QRT_RETURN_IF_ERROR(check_operand(x, 2));
  return infer_same_shape(x);
}

bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  return axis + 1 < node.shape_in(shapes, input).rank();
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::RotaryEmbedding;
  row.signatures = "f32, f32, f32 -> f32";
  row.infer = infer;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kRotaryEmbeddingSpec;
const OpSpec kRotaryEmbeddingSpec = row();

}  // namespace qrt::rt
