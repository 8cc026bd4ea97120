#include "src/quantize/rewrite.h"

#include <cstring>

#include "src/graph/node_spec.h"
#include "src/graph/passes.h"

namespace qrt::quantize {
namespace {

using graph::Graph;
using graph::kAbsent;
using graph::Node;
using graph::QuantizedAs;
using rt::DType;

size_t at(int i) { return static_cast<size_t>(i); }

class Rewriter {
 public:
  Rewriter(const Plan& plan, const std::map<size_t, IntegerCodes>& codes, Graph* graph)
      : plan_(plan), codes_(codes), graph_(*graph), producers_(graph->producers()) {}

  void run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (int v : graph_.inputs) {
      if (quantized(v)) quantize_for_readers(v);
    }
    for (size_t n = 0; n < nodes.size(); ++n) {
      Node& node = nodes[n];
      const bool integers = integer(n);
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (integers && node.inputs[i] != kAbsent) node.inputs[i] = operand(n, node, i);
      }
      if (codes_.count(n) != 0) set_weights(codes_.at(n), !integers, &node);
      std::vector<int> results;
      for (int& v : node.outputs) {
        const bool own = plan_.source[at(v)] == v;
        if (!own || !quantized(v)) continue;
        results.push_back(v);
        if (integers) v = before(v);
      }
      graph_.nodes.push_back(std::move(node));
      for (int v : results) {
        if (integers) {
          quantize(before(v), v, plan_.values[at(v)]);
        } else {
          quantize_for_readers(v);
        }
      }
    }
  }

 private:
  bool integer(size_t n) const { return is_static(plan_.nodes[n].scheme); }
  bool quantized(int v) const {
    return at(v) < plan_.values.size() && plan_.values[at(v)].quantized;
  }
  DType type_of(size_t n) const {
    return plan_.nodes[n].scheme == Scheme::S16 ? DType::S16 : DType::S8;
  }

  // What an integer operator writes of `v`, before that is quantized.
  int before(int v) {
    const auto found = before_.find(v);
    if (found != before_.end()) return found->second;
    graph::Value value = graph_.value(v);
    value.name += "/float";
    return before_[v] = graph_.add_value(std::move(value));
  }

  // from -> integers -> to.
  void pair(int from, int to, DType type, const graph::Quantization& quantization) {
    const std::string name = graph_.value(to).name;
    const int codes = graph_.add_tensor(name, type, graph_.value(from).shape, quantization);
    graph_.add_node(name, fb::QuantizeT(), {from}, {codes});
    graph_.add_node(name, fb::DequantizeT(), {codes}, {to});
  }
  void quantize(int from, int to, const ValuePlan& plan) {
    pair(from, to, plan.type, plan.quantization);
  }

  // A float result, an input or a constant: only integer operators read it through the pair.
  int quantize_for_readers(int v) {
    const auto found = for_readers_.find(v);
    if (found != for_readers_.end()) return found->second;
    graph::Value value = graph_.value(v);
    value.data = nullptr;
    value.variable = false;
    const int through = graph_.add_value(std::move(value));
    quantize(v, through, plan_.values[at(v)]);
    return for_readers_[v] = through;
  }

  // What operator n reads in the place of input i.
  int operand(size_t n, const Node& node, size_t i) {
    const int v = node.inputs[i];
    const graph::InputRange range = graph::quantized_inputs(node);
    const QuantizedAs form = graph::quantized_as(graph_, node);
    const bool first_only = form == QuantizedAs::Weighted || form == QuantizedAs::Moves;
    if (i < range.first || (first_only && i > range.first)) return v;
    if (at(v) >= plan_.source.size() || graph_.value(v).type != DType::F32) return v;
    const int source = plan_.source[at(v)];
    if (!quantized(source)) return v;
    int read = v;
    if (source == v && is_from_float(v)) read = quantize_for_readers(v);
    const ValuePlan& held = plan_.values[at(source)];
    if (held.type == type_of(n) || form == QuantizedAs::Moves) return read;
    return converted(read, type_of(n), held);
  }
  // Made by a float operator, an input, or a constant.
  bool is_from_float(int v) const {
    const int n = producers_[at(v)];
    return n < 0 || !integer(at(n));
  }

  // The same numbers for a reader that computes with integers of another type.
  int converted(int v, DType type, const ValuePlan& held) {
    const auto found = converted_.find({v, type});
    if (found != converted_.end()) return found->second;
    const int to = graph_.add_value(graph_.value(v));
    graph_.value(to).name += type == DType::S16 ? "/s16" : "/s8";
    pair(v, to, type, quantization_for(held.range, type));
    return converted_[{v, type}] = to;
  }

  void set_weights(const IntegerCodes& codes, bool dynamic, Node* node) {
    const graph::Value floats = graph_.value(node->inputs[1]);
    int weights = add_codes(floats, codes);
    if (!dynamic) {
      const int through = graph_.add_tensor(floats.name, DType::F32, floats.shape);
      graph_.add_node(floats.name, fb::DequantizeT(), {weights}, {through});
      weights = through;
    }
    node->inputs[1] = weights;
    if (codes.bias.empty()) return;
    std::string name = node->name + "/bias";
    if (node->inputs.size() > 2 && node->inputs[2] != kAbsent) {
      name = graph_.value(node->inputs[2]).name;
    }
    node->inputs.resize(3, kAbsent);
    node->inputs[2] =
        graph_.add_constant(name, {static_cast<int32_t>(codes.bias.size())}, codes.bias);
  }

  int add_codes(const graph::Value& floats, const IntegerCodes& codes) {
    graph::Quantization q;
    q.scales = codes.scales;
    q.zero_points = codes.zero_points;
    if (codes.block > 0) {
      q.axis = static_cast<int>(floats.shape.size()) - 1;
      q.block = codes.block;
    } else if (q.scales.size() > 1) {
      q.axis = 0;
    }
    if (codes.bits == 8) return graph_.add_constant(floats.name, floats.shape, codes.codes, q);
    // Two a byte, the lower half first.
    graph::Bytes bytes((codes.codes.size() + 1) / 2, 0);
    for (size_t i = 0; i < codes.codes.size(); ++i) {
      const auto nibble = static_cast<unsigned>(codes.codes[i]) & 15u;
      bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] | nibble << (i % 2 * 4));
    }
    return graph_.add_constant_bytes(floats.name, DType::S4, floats.shape, std::move(bytes), q);
  }

  const Plan& plan_;
  const std::map<size_t, IntegerCodes>& codes_;
  Graph& graph_;
  const std::vector<int> producers_;
  std::map<int, int> before_, for_readers_;
  std::map<std::pair<int, DType>, int> converted_;
};

}  // namespace

rt::Status rewrite(const Plan& plan, const std::map<size_t, IntegerCodes>& codes, Graph* graph) {
  Rewriter(plan, codes, graph).run();
  return graph::optimize(*graph);
}

}  // namespace qrt::quantize
