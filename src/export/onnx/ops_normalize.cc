// Normalizations, by the operators that opset 14 has.
#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

void export_layer_normalization(Call& c) {
  const auto& options = *c.node.options.AsLayerNormalization();
  const auto rank = static_cast<int64_t>(c.t.rank(c.in(0)));
  std::vector<int64_t> axes;
  for (int64_t i = options.axis < 0 ? options.axis + rank : options.axis; i < rank; ++i) {
    axes.push_back(i);
  }
  const std::string name = c.wanted();
  const Attributes over = {{"axes", axes}, {"keepdims", int64_t{1}}};
  const std::string x = c.t.plain_numbers(c.in(0));
  std::string centred = x;
  if (!options.root_mean_square) {
    const std::string mean = c.m.node("ReduceMean", {x}, name + "/mean", over);
    centred = c.m.node("Sub", {x, mean}, name + "/centred");
  }
  const std::string squares = c.m.node("Mul", {centred, centred}, name + "/squares");
  const std::string variance = c.m.node("ReduceMean", {squares}, name + "/variance", over);
  const std::string epsilon = c.m.scalar(name + "/epsilon", options.epsilon);
  const std::string positive = c.m.node("Add", {variance, epsilon}, name + "/positive");
  const std::string deviation = c.m.node("Sqrt", {positive}, name + "/deviation");
  const bool last = !c.has(1) && !c.has(2);
  std::string y = c.m.node("Div", {centred, deviation}, last ? name : name + "/normalized");
  if (c.has(1)) {
    y = c.m.node("Mul", {y, c.t.plain_numbers(c.in(1))}, c.has(2) ? name + "/scaled" : name);
  }
  if (c.has(2)) y = c.m.node("Add", {y, c.t.plain_numbers(c.in(2))}, name);
  c.give_numbers(graph::plain_order(static_cast<size_t>(rank)), y);
}

constexpr Row kRows[] = {
    {fb::OpOptions::LayerNormalization, export_layer_normalization},
};

}  // namespace

rt::Span<const Row> normalize_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
