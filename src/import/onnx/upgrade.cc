// Nodes of operator sets 7 to 10 in the forms of 11 (ONNX's Changelog.md has both).
#include <algorithm>
#include <map>
#include <string>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/rewrite.h"

namespace qrt::import::onnx_import {
namespace {

class Upgrade {
 public:
  Upgrade(::onnx::GraphProto& graph, int64_t opset, Builder& builder)
      : rewriter_(graph, builder), upgraded_(builder.graph.record.upgraded), opset_(opset) {}

  void rewrite(::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (op == "Slice" && opset_ < 10) {
      slice(node);
    } else if (op == "Pad") {
      pad(node);
    } else if (op == "Upsample" && opset_ < 9) {
      upsample(node);
    } else if (op == "Resize") {
      resize(node);
    }
  }

 private:
  // An attribute of integers as the next input.
  void integers_to_input(::onnx::NodeProto& node, const char* name) {
    const auto* attribute = find_attribute(node, name);
    if (attribute == nullptr) {
      node.add_input("");
      return;
    }
    const std::vector<int64_t> values(attribute->ints().begin(), attribute->ints().end());
    node.add_input(rewriter_.add_integers(node.output(0) + "/" + name, values));
    remove_attribute(node, name);
  }

  void slice(::onnx::NodeProto& node) {
    if (node.input_size() != 1) return;
    record(node);
    for (const char* name : {"starts", "ends", "axes"}) integers_to_input(node, name);
  }

  void pad(::onnx::NodeProto& node) {
    if (node.input_size() != 1) return;
    record(node);
    integers_to_input(node, "pads");
    const auto* value = find_attribute(node, "value");
    if (value == nullptr) return;
    node.add_input(rewriter_.add_floats(node.output(0) + "/value", {}, {value->f()}));
    remove_attribute(node, "value");
  }

  void upsample(::onnx::NodeProto& node) {
    const auto* scales = find_attribute(node, "scales");
    if (node.input_size() != 1 || scales == nullptr) return;
    record(node);
    node.add_input(rewriter_.add_floats(node.output(0) + "/scales", {scales->floats_size()},
                                        {scales->floats().begin(), scales->floats().end()}));
    remove_attribute(node, "scales");
  }

  // Coordinates are divided by the scale. ONNX did not say how the nearest neighbour is found; ONNX
  // Runtime rounds down where it enlarges, and up where it reduces.
  void resize(::onnx::NodeProto& node) {
    if (node.input_size() != 2) return;
    record(node);
    const std::string scales = node.input(1);
    std::vector<int64_t> dims;
    std::vector<float> factors;
    const bool known = rewriter_.floats_of(scales, &dims, &factors);
    const auto reduces = [](float factor) { return factor < 1.0f; };
    const bool up = known && std::any_of(factors.begin(), factors.end(), reduces);
    node.set_input(1, "");
    node.add_input(scales);
    set_attribute(node, "coordinate_transformation_mode", "asymmetric");
    set_attribute(node, "nearest_mode", up ? "ceil" : "floor");
  }

  void record(const ::onnx::NodeProto& node) {
    ++upgraded_[node.op_type() + " of operator set " + std::to_string(opset_)];
  }

  NodeRewriter rewriter_;
  std::map<std::string, int>& upgraded_;
  const int64_t opset_;
};

}  // namespace

void upgrade_nodes(::onnx::GraphProto& graph, int64_t opset, Builder& builder) {
  if (opset >= 11) return;
  Upgrade upgrade(graph, opset, builder);
  for (auto& node : *graph.mutable_node()) {
    if (is_standard(node.domain()) && node.output_size() > 0) upgrade.rewrite(node);
  }
}

}  // namespace qrt::import::onnx_import
