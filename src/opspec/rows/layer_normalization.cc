// LayerNormalization: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const float epsilon = node.options<fb::LayerNormalization>().epsilon();
  if (std::isfinite(epsilon) && epsilon >= 0) return {};
  return node.fail(Code::InvalidModel, "has an epsilon of %g", static_cast<double>(epsilon));
}

// Input `operand` has the shape of one group of elements.
Status check_operand(Inference& x, size_t operand, int axis) {
  if (!x.node().has_input(operand)) return {};
  const Shape &in = x.in(0), &given = x.in(operand);
  bool fits = given.rank() == in.rank() - axis;
  for (int i = 0; fits && i < given.rank(); ++i) fits = !x.dims().differ(given[i], in[axis + i]);
  if (fits) return {};
  return x.node().fail(Code::InvalidModel, "its %s %s does not fit its input %s from axis %d on",
                       operand == 1 ? "scale" : "bias", x.text_in(operand).c_str(),
                       x.text_in(0).c_str(), axis);
}

Status infer(Inference& x) {
  int axis;
  QRT_RETURN_IF_ERROR(
      require_axis(x, x.node().options<fb::LayerNormalization>().axis(), x.in(0).rank(), &axis));
  QRT_RETURN_IF_ERROR(check_operand(x, 1, axis));
  QRT_RETURN_IF_ERROR(check_operand(x, 2, axis));
  return infer_same_shape(x);
}

bool keeps_places(const Node& node, const Shapes& shapes, size_t, int axis) {
  int first;
  const int rank = node.shape_in(shapes, 0).rank();
  (void)resolve_axis(node.options<fb::LayerNormalization>().axis(), rank, &first);
  return axis < first;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::LayerNormalization;
  row.signatures = "f32, [f32], [f32] -> f32";
  row.check = check;
  row.infer = infer;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kLayerNormalizationSpec;
const OpSpec kLayerNormalizationSpec = row();

}  // namespace qrt::rt
