// Operators on integers, which quantizers write instead of DequantizeLinear and QuantizeLinear, as
// what they compute: floats between the two. (ONNX's Operators.md; ONNX Runtime's
// ContribOperators.md)
#include <iterator>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/rewrite.h"

namespace qrt::import::onnx_import {
namespace {

// Inputs are (x, scale, zero point) `tensors` times from `first` on, then the output's scale and
// zero point.
struct Form {
  const char* op;
  const char* on_floats;
  int first, tensors;
};
constexpr Form kForms[] = {
    {"QLinearAdd", "Add", 0, 2},
    {"QLinearMul", "Mul", 0, 2},
    {"QLinearMatMul", "MatMul", 0, 2},
    {"QLinearSigmoid", "Sigmoid", 0, 1},
    {"QLinearLeakyRelu", "LeakyRelu", 0, 1},
    {"QLinearSoftmax", "Softmax", 0, 1},
    {"QLinearAveragePool", "AveragePool", 0, 1},
    {"QLinearGlobalAveragePool", "GlobalAveragePool", 0, 1},
    {"QLinearReduceMean", "ReduceMean", 0, 1},
    {"QLinearWhere", "Where", 1, 2},
};

class IntegerNodes {
 public:
  // Those of its rules that are no simple forms.
  static constexpr const char* kOthers[] = {"QLinearConv", "QGemm", "QLinearConcat", "FastGelu",
                                            "DynamicQuantizeLinear"};

  IntegerNodes(::onnx::GraphProto& graph, int64_t opset, Builder& builder)
      : rewriter_(graph, builder), opset_(opset) {}

  void rewrite(::onnx::NodeProto& node) {
    if (node.op_type() == "QLinearConv") return convolution(node);
    if (node.op_type() == "QGemm") return gemm(node);
    if (node.op_type() == "QLinearConcat") return concat(node);
    if (node.op_type() == "FastGelu") return fast_gelu(node);
    for (const Form& form : kForms) {
      if (node.op_type() == form.op) return split(node, form);
    }
  }

  // x -> integers of u8, their scale and zero point, which follow from the range of x and 0.
  void dynamic_quantize(::onnx::NodeProto& node) {
    if (node.input_size() != 1 || node.output_size() != 3 || node.output(0).empty()) return;
    const std::string x = node.input(0), name = node.output(0);
    const std::string zero = rewriter_.add_floats(name + "/zero", {}, {0.0f});
    const auto made = [&](const char* op, const std::vector<std::string>& inputs) {
      return rewriter_.add_node(op, name, inputs).output(0);
    };
    const auto extreme = [&](const char* of_all, const char* of_two) {
      auto& all = rewriter_.add_node(of_all, name, {x});
      set_attribute(all, "keepdims", int64_t{0});
      return made(of_two, {all.output(0), zero});
    };
    const auto named = [&](::onnx::NodeProto& last, int k) {
      if (!node.output(k).empty()) last.set_output(0, node.output(k));
      return last.output(0);
    };
    const std::string low = extreme("ReduceMin", "Min"), high = extreme("ReduceMax", "Max");
    const std::string range = made("Sub", {high, low});
    const std::string steps = rewriter_.add_floats(name + "/steps", {}, {255.0f});
    const std::string one = rewriter_.add_floats(name + "/one", {}, {1.0f});
    // Any scale is right where all is 0.
    const std::string empty = made("Equal", {range, zero}), step = made("Div", {range, steps});
    const std::string scale = named(rewriter_.add_node("Where", name, {empty, one, step}), 1);
    const std::string below = made("Sub", {zero, low});
    const std::string rounded = made("Round", {made("Div", {below, scale})});
    const std::string within = made("Clip", {rounded, zero, steps});
    auto& cast = rewriter_.add_node("Cast", name, {within});
    set_attribute(cast, "to", int64_t{::onnx::TensorProto::UINT8});
    const std::string zero_point = named(cast, 2);
    node.set_op_type("QuantizeLinear");
    node.add_input(scale);
    node.add_input(zero_point);
    node.mutable_output()->DeleteSubrange(1, 2);
  }

 private:
  static bool has(const ::onnx::NodeProto& node, int i) {
    return i < node.input_size() && !node.input(i).empty();
  }

  // The node that turns inputs i to i + 2, a tensor with its scale and zero point, into floats.
  std::string dequantized(const ::onnx::NodeProto& node, int i, int64_t axis) {
    std::vector<std::string> inputs = {node.input(i), node.input(i + 1)};
    if (has(node, i + 2)) inputs.push_back(node.input(i + 2));
    auto& added = rewriter_.add_node("DequantizeLinear", node.output(0), inputs);
    set_attribute(added, "axis", axis);
    return added.output(0);
  }

  // A bias in steps of the products of two scales; false if they are known only at run time.
  bool dequantized_bias(const ::onnx::NodeProto& node, int bias, int x_scale, int w_scale,
                        float factor, std::string* output) {
    std::vector<int64_t> x_dims, w_dims;
    std::vector<float> x, w;
    if (!rewriter_.floats_of(node.input(x_scale), &x_dims, &x) || x.size() != 1) return false;
    if (!rewriter_.floats_of(node.input(w_scale), &w_dims, &w)) return false;
    for (float& scale : w) scale *= x[0] * factor;
    const std::string scales = rewriter_.add_floats(node.output(0) + "/bias_scale", w_dims, w);
    auto& added =
        rewriter_.add_node("DequantizeLinear", node.output(0), {node.input(bias), scales});
    set_attribute(added, "axis", 0);
    *output = added.output(0);
    return true;
  }

  // The node becomes `op` of `inputs`, and a QuantizeLinear gives what it gave.
  void become(::onnx::NodeProto& node, const std::string& op,
              const std::vector<std::string>& inputs, std::string scale, std::string zero_point) {
    node.set_op_type(op);
    node.clear_domain();
    node.clear_input();
    for (const std::string& input : inputs) node.add_input(input);
    const std::string result = node.output(0), inner = result + "/rewritten/float";
    rewriter_.add_node("QuantizeLinear", result, {inner, scale, zero_point}).set_output(0, result);
    node.set_output(0, inner);
  }

  void split(::onnx::NodeProto& node, const Form& form) {
    const int end = form.first + 3 * form.tensors;
    if (node.input_size() != end + 2 || !has(node, end) || !has(node, end + 1)) return;
    for (int i = 0; i < end; ++i) {
      // Zero points may be missing.
      if (!has(node, i) && (i - form.first) % 3 != 2) return;
    }
    if (const auto* last = find_attribute(node, "channels_last"); last != nullptr) {
      if (last->i() != 0) return;
      remove_attribute(node, "channels_last");
    }
    // Which of its two meanings Softmax has; it must be the model's.
    if (const auto* meant = find_attribute(node, "opset"); meant != nullptr) {
      if ((meant->i() < 13) != (opset_ < 13)) return;
      remove_attribute(node, "opset");
    }
    std::vector<std::string> inputs(node.input().begin(), node.input().begin() + form.first);
    // Only the second operand of a product may have several scales: one a column.
    for (int t = 0; t < form.tensors; ++t) {
      inputs.push_back(dequantized(node, form.first + 3 * t, -1));
    }
    become(node, form.on_floats, inputs, node.input(end), node.input(end + 1));
  }

  // x, scale, zero point, weights, scales, zero points, y's scale, zero point, [bias].
  void convolution(::onnx::NodeProto& node) {
    if (node.input_size() < 8) return;
    for (int i = 0; i < 8; ++i) {
      if (!has(node, i)) return;
    }
    std::string bias;
    if (has(node, 8) && !dequantized_bias(node, 8, 1, 4, 1.0f, &bias)) return;
    std::vector<std::string> inputs = {dequantized(node, 0, 1), dequantized(node, 3, 0)};
    if (!bias.empty()) inputs.push_back(bias);
    become(node, "Conv", inputs, node.input(6), node.input(7));
  }

  // a, scale, zero point, b, scales, zero points, [c], [y's scale, zero point].
  void gemm(::onnx::NodeProto& node) {
    if (node.input_size() != 9 || !has(node, 7) || !has(node, 8)) return;
    for (int i = 0; i < 6; ++i) {
      if (!has(node, i)) return;
    }
    const auto* alpha = find_attribute(node, "alpha");
    const auto* transposed = find_attribute(node, "transB");
    const float factor = alpha != nullptr ? alpha->f() : 1.0f;
    std::string bias;
    if (has(node, 6) && !dequantized_bias(node, 6, 1, 4, factor, &bias)) return;
    const bool rows = transposed != nullptr && transposed->i() != 0;
    std::vector<std::string> inputs = {dequantized(node, 0, 1), dequantized(node, 3, rows ? 0 : 1)};
    if (!bias.empty()) inputs.push_back(bias);
    become(node, "Gemm", inputs, node.input(7), node.input(8));
  }

  // y's scale, zero point, then (x, scale, zero point) as often as there are.
  void concat(::onnx::NodeProto& node) {
    if (node.input_size() < 5 || (node.input_size() - 2) % 3 != 0) return;
    for (const std::string& input : node.input()) {
      if (input.empty()) return;
    }
    std::vector<std::string> inputs;
    for (int i = 2; i < node.input_size(); i += 3) inputs.push_back(dequantized(node, i, 1));
    become(node, "Concat", inputs, node.input(0), node.input(1));
  }

  // x, [bias].
  void fast_gelu(::onnx::NodeProto& node) {
    if (has(node, 1)) {
      const auto& sum = rewriter_.add_node("Add", node.output(0), {node.input(0), node.input(1)});
      node.set_input(0, sum.output(0));
    }
    if (node.input_size() > 1) node.mutable_input()->DeleteSubrange(1, node.input_size() - 1);
    node.set_op_type("Gelu");
    node.clear_domain();
    set_attribute(node, "approximate", "tanh");
  }

  NodeRewriter rewriter_;
  const int64_t opset_;
};

}  // namespace

void split_integer_nodes(::onnx::GraphProto& graph, int64_t opset, Builder& builder) {
  IntegerNodes nodes(graph, opset, builder);
  const int count = graph.node_size();
  for (int n = 0; n < count; ++n) {
    auto& node = *graph.mutable_node(n);
    const bool known = is_standard(node.domain()) || node.domain() == kRuntimeDomain;
    if (!known) continue;
    if (node.op_type() == "DynamicQuantizeLinear") nodes.dynamic_quantize(node);
    if (node.output_size() == 1 && !node.output(0).empty()) nodes.rewrite(node);
  }
}

std::vector<std::string> rewritten_operators() {
  std::vector<std::string> names = {"Upsample"};
  const auto add = [&](const std::string& op) {
    // ONNX has these itself.
    const bool own = op == "QLinearConv" || op == "QLinearMatMul" || op == "DynamicQuantizeLinear";
    names.push_back(own ? op : kRuntimeDomain + ("." + op));
  };
  for (const auto& form : kForms) add(form.op);
  for (const char* op : IntegerNodes::kOthers) add(op);
  return names;
}

}  // namespace qrt::import::onnx_import
