#include "src/quantize/plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/graph/node_spec.h"

namespace qrt::quantize {
namespace {

using graph::Graph;
using graph::kAbsent;
using graph::Node;
using graph::QuantizedAs;
using graph::Value;
using rt::DType;

size_t at(int i) { return static_cast<size_t>(i); }

bool is_float(const Value& value) { return value.type == DType::F32; }

// Integers of one range span the other with at least this share of their levels.
constexpr double kAlike = 1.0 / 16;

bool alike(const Range& a, const Range& joined) {
  return a.high - a.low >= kAlike * (joined.high - joined.low);
}

// Functions whose values crowd where eight bits are too coarse.
bool loses_much(const Node& node) {
  if (const fb::UnaryT* unary = node.options.AsUnary()) {
    switch (unary->kind) {
      case fb::UnaryKind::Clip:
      case fb::UnaryKind::Logistic:
      case fb::UnaryKind::Tanh:
      case fb::UnaryKind::Neg:
      case fb::UnaryKind::Abs:
      case fb::UnaryKind::HardSwish:
      case fb::UnaryKind::Elu:
      case fb::UnaryKind::LeakyRelu:
      case fb::UnaryKind::Gelu:
      case fb::UnaryKind::GeluTanh:
      case fb::UnaryKind::HardSigmoid:
      case fb::UnaryKind::Softplus:
      case fb::UnaryKind::Silu:
      case fb::UnaryKind::Mish:
      case fb::UnaryKind::Selu:
      case fb::UnaryKind::Celu:
      case fb::UnaryKind::Softsign:
      case fb::UnaryKind::ThresholdedRelu:
      case fb::UnaryKind::Shrink:
        return false;
      default:
        return true;
    }
  }
  if (const fb::BinaryT* binary = node.options.AsBinary()) {
    switch (binary->kind) {
      case fb::BinaryKind::Add:
      case fb::BinaryKind::Sub:
      case fb::BinaryKind::Mul:
      case fb::BinaryKind::Min:
      case fb::BinaryKind::Max:
        return false;
      default:
        return true;
    }
  }
  return false;
}

// Functions whose results have known ends.
std::optional<Range> fixed_range(const Node& node) {
  if (node.type() == fb::OpOptions::Softmax && !node.options.AsSoftmax()->log) return Range{0, 1};
  const fb::UnaryT* unary = node.options.AsUnary();
  if (unary == nullptr) return std::nullopt;
  if (unary->kind == fb::UnaryKind::Logistic) return Range{0, 1};
  if (unary->kind == fb::UnaryKind::Tanh) return Range{-1, 1};
  return std::nullopt;
}

// Those of TensorFlow Lite: the ends themselves are not reached.
graph::Quantization fixed_quantization(const Range& range, DType type) {
  if (type == DType::S16) return {{1.0f / 32768}, {}};
  if (range.low == 0) return {{1.0f / 256}, {-128}};
  return {{1.0f / 128}, {}};
}

class Planner {
 public:
  Planner(const Graph& graph, const Statistics& statistics, const Wishes& wishes)
      : graph_(graph), statistics_(statistics), wishes_(wishes), producers_(graph.producers()) {
    plan_.nodes.resize(graph.nodes.size());
    plan_.values.resize(graph.values.size());
    plan_.source.resize(graph.values.size());
    std::iota(plan_.source.begin(), plan_.source.end(), 0);
    readers_.resize(graph.values.size());
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      for (int v : graph.nodes[n].inputs) {
        if (v != kAbsent) readers_[at(v)].push_back(n);
      }
    }
    is_output_.resize(graph.values.size(), false);
    for (int v : graph.outputs) is_output_[at(v)] = true;
  }

  Plan make() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) plan_.nodes[n] = wish_for(n);
    keep_last_functions_float();
    // Each makes more operators float, for which the others may then have reasons, too.
    for (bool changed = true; changed;) {
      find_sources();
      changed = keep_lonely_float() || keep_unlike_joins_float();
    }
    group();
    quantize_values();
    return std::move(plan_);
  }

 private:
  // ---- Operators

  NodePlan wish_for(size_t n) const {
    const Node& node = graph_.nodes[n];
    const QuantizedAs form = graph::quantized_as(graph_, node);
    if (!numbers(node)) return {Scheme::Float, ""};
    Scheme scheme = wishes_.scheme;
    bool named = false;
    const std::string kind = graph::node_kind(node);
    for (const Override& wish : wishes_.overrides) {
      if (!matches(wish.pattern, node.name) && !matches(wish.pattern, kind)) continue;
      scheme = wish.scheme;
      named = true;
    }
    if (scheme == Scheme::Float) return {Scheme::Float, ""};
    if (form == QuantizedAs::Float || form == QuantizedAs::Finds) {
      return {Scheme::Float, form == QuantizedAs::Finds ? "" : "has no integer form"};
    }
    if (form == QuantizedAs::Weighted && !has_float_weights(graph_, node)) {
      return {Scheme::Float, "its weights are no constant of floats"};
    }
    if (scheme == Scheme::Dynamic || scheme == Scheme::DynamicW4) {
      if (form == QuantizedAs::Weighted && takes_dynamic(node, scheme)) return {scheme, ""};
      return {Scheme::Float, form == QuantizedAs::Weighted ? "has no dynamic form" : ""};
    }
    if (!named && loses_much(node)) return {Scheme::Float, "would lose too much in integers"};
    if (scheme == Scheme::S16 && !takes_s16(node)) return {Scheme::Float, "has no form in s16"};
    if (!seen(node)) return {Scheme::Float, "did not run on any sample"};
    // Without weights, it is s8.
    if (scheme == Scheme::W4 && form != QuantizedAs::Weighted) scheme = Scheme::S8;
    return {scheme, ""};
  }

  // Whether all that it computes with are floats.
  bool numbers(const Node& node) const {
    const graph::InputRange range = graph::quantized_inputs(node);
    if (node.outputs.empty() || range.first >= node.inputs.size()) return false;
    const int first = node.inputs[range.first];
    return first != kAbsent && is_float(graph_.value(first)) &&
           is_float(graph_.value(node.outputs[0]));
  }

  bool takes_dynamic(const Node& node, Scheme scheme) const {
    if (node.type() == fb::OpOptions::FullyConnected) return true;
    const fb::Conv2DT* conv = node.options.AsConv2D();
    return scheme == Scheme::Dynamic && conv != nullptr && conv->groups == 1;
  }

  bool takes_s16(const Node& node) const {
    switch (node.type()) {
      case fb::OpOptions::Resize:
        return node.options.AsResize()->mode == fb::ResizeMode::Nearest;
      default:
        return true;
    }
  }

  bool seen(const Node& node) const {
    for (int v : node.outputs) {
      if (!statistics_.values[at(v)].seen()) return false;
    }
    return true;
  }

  bool integer(size_t n) const { return is_static(plan_.nodes[n].scheme); }
  QuantizedAs form(size_t n) const { return graph::quantized_as(graph_, graph_.nodes[n]); }
  bool moves(size_t n) const { return integer(n) && form(n) == QuantizedAs::Moves; }

  // What turns scores into a float output: nothing is gained in integers.
  void keep_last_functions_float() {
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      if (!integer(n)) continue;
      const bool function = fixed_range(graph_.nodes[n]).has_value();
      const bool last = std::all_of(graph_.nodes[n].outputs.begin(), graph_.nodes[n].outputs.end(),
                                    [&](int v) { return ends_float(v); });
      if (last && function) plan_.nodes[n] = {Scheme::Float, "makes the output, which is float"};
    }
  }

  // Whether all that reads the value is float, or moves it to an output.
  bool ends_float(int v) const {
    for (size_t n : readers_[at(v)]) {
      if (!integer(n)) continue;
      if (form(n) != QuantizedAs::Moves) return false;
      for (int moved : graph_.nodes[n].outputs) {
        if (!ends_float(moved)) return false;
      }
    }
    return true;
  }

  void find_sources() {
    std::iota(plan_.source.begin(), plan_.source.end(), 0);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!moves(n)) continue;
      for (int v : graph_.nodes[n].outputs) plan_.source[at(v)] = source(graph_.nodes[n].inputs[0]);
    }
  }
  int source(int v) const { return plan_.source[at(v)]; }

  // Values that an integer operator reads or writes as numbers.
  std::vector<int> values_of(size_t n) const {
    const Node& node = graph_.nodes[n];
    const graph::InputRange range = graph::quantized_inputs(node);
    std::vector<int> values;
    const bool weighted = form(n) == QuantizedAs::Weighted;
    const bool first_only = weighted || form(n) == QuantizedAs::Moves;
    for (size_t i = range.first; i < (first_only ? range.first + 1 : range.last); ++i) {
      const int v = node.inputs[i];
      if (v != kAbsent && is_float(graph_.value(v))) values.push_back(v);
    }
    for (int v : node.outputs) values.push_back(v);
    return values;
  }

  // Operators that are connected through integers; those that have no product among them become
  // float.
  bool keep_lonely_float() {
    std::vector<size_t> root(graph_.values.size());
    std::iota(root.begin(), root.end(), size_t{0});
    const auto find = [&](int v) {
      size_t i = at(v);
      while (root[i] != i) i = root[i] = root[root[i]];
      return i;
    };
    std::vector<bool> multiplies(graph_.values.size(), false);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!integer(n)) continue;
      const std::vector<int> values = values_of(n);
      for (int v : values) {
        if (!graph_.value(v).constant()) root[find(v)] = find(values.back());
      }
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!integer(n)) continue;
      if (form(n) == QuantizedAs::Weighted || graph_.nodes[n].type() == fb::OpOptions::MatMul) {
        multiplies[find(graph_.nodes[n].outputs[0])] = true;
      }
    }
    bool changed = false;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!integer(n) || multiplies[find(graph_.nodes[n].outputs[0])]) continue;
      plan_.nodes[n] = {Scheme::Float, form(n) == QuantizedAs::Moves ? "" : "no product is near"};
      changed = true;
    }
    return changed;
  }

  // ---- Ranges

  Observer observer() const { return wishes_.observer.value_or(Observer::MinMax); }

  Range range_of(int v) const {
    const Value& value = graph_.value(v);
    if (value.constant()) {
      Range range;
      for (uint64_t i = 0; i < value.elements(); ++i) {
        const auto x = static_cast<double>(value.as<float>()[i]);
        range = join(range, {std::min(x, 0.0), std::max(x, 0.0)});
      }
      return range;
    }
    if (producers_[at(v)] >= 0) {
      if (const auto fixed = fixed_range(graph_.nodes[at(producers_[at(v)])])) return *fixed;
    }
    const ValueStatistics& seen = statistics_.values[at(v)];
    if (!seen.seen()) return {};
    const bool wide = plan_type(v) == DType::S16;
    return choose_range(seen, wide ? Observer::MinMax : observer(), wide ? 65535 : 256);
  }

  bool fixed(int v) const {
    const int n = producers_[at(v)];
    return n >= 0 && integer(at(n)) && fixed_range(graph_.nodes[at(n)]).has_value();
  }

  // What a value is stored as: what its maker writes, or its first integer reader reads.
  DType plan_type(int v) const {
    const auto type_of = [&](size_t n) {
      return plan_.nodes[n].scheme == Scheme::S16 ? DType::S16 : DType::S8;
    };
    const int n = producers_[at(v)];
    if (n >= 0 && integer(at(n))) return type_of(at(n));
    for (size_t reader : readers_[at(v)]) {
      if (integer(reader)) return type_of(reader);
    }
    return DType::S8;
  }

  // ---- Values that share a quantization

  // Of a node that joins: what its inputs and its output hold.
  std::vector<int> joined(size_t n) const {
    std::vector<int> members;
    for (int v : values_of(n)) members.push_back(source(v));
    return members;
  }

  bool unlike(size_t n) const {
    const Node& node = graph_.nodes[n];
    Range all;
    std::vector<Range> parts;
    for (int v : joined(n)) {
      if (v == node.outputs[0]) continue;
      parts.push_back(range_of(v));
      all = join(all, parts.back());
    }
    return std::any_of(parts.begin(), parts.end(), [&](const Range& r) { return !alike(r, all); });
  }

  // Whether an operator that computes in integers reads what this one gives.
  bool integers_follow(size_t n) const {
    for (int v : graph_.nodes[n].outputs) {
      for (size_t reader : readers_[at(v)]) {
        if (!integer(reader)) continue;
        if (form(reader) != QuantizedAs::Moves || integers_follow(reader)) return true;
      }
    }
    return false;
  }

  bool keep_unlike_joins_float() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!integer(n) || form(n) != QuantizedAs::Joins || !unlike(n)) continue;
      if (integers_follow(n)) continue;
      plan_.nodes[n] = {Scheme::Float, "joins ranges that are not alike"};
      return true;
    }
    return false;
  }

  void group() {
    group_.resize(graph_.values.size());
    std::iota(group_.begin(), group_.end(), 0);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!integer(n) || form(n) != QuantizedAs::Joins) continue;
      const std::vector<int> members = joined(n);
      const DType type = plan_type(graph_.nodes[n].outputs[0]);
      const bool one = std::all_of(members.begin(), members.end(), [&](int v) {
        return !fixed(v) && !graph_.value(v).constant() && plan_type(v) == type;
      });
      if (unlike(n)) {
        plan_.remarks.push_back("'" + graph_.nodes[n].name +
                                "' joins ranges that are not alike; the narrow ones lose levels");
        continue;
      }
      if (!one) continue;
      for (int v : members) group_[at(find_group(v))] = find_group(members.back());
    }
  }
  int find_group(int v) const {
    while (group_[at(v)] != v) v = group_[at(v)];
    return v;
  }

  void quantize_values() {
    std::vector<bool> needed(graph_.values.size(), false);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!integer(n)) continue;
      for (int v : values_of(n)) needed[at(source(v))] = true;
    }
    std::vector<Range> ranges(graph_.values.size());
    for (size_t v = 0; v < needed.size(); ++v) {
      if (!needed[v]) continue;
      const auto g = at(find_group(static_cast<int>(v)));
      ranges[g] = join(ranges[g], range_of(static_cast<int>(v)));
    }
    for (size_t v = 0; v < needed.size(); ++v) {
      if (!needed[v]) continue;
      ValuePlan& value = plan_.values[v];
      const int index = static_cast<int>(v);
      value.quantized = true;
      value.type = plan_type(index);
      value.range = ranges[at(find_group(index))];
      if (fixed(index)) {
        value.quantization = fixed_quantization(value.range, value.type);
        value.how = "fixed";
      } else {
        value.quantization = quantization_for(value.range, value.type);
        value.how = graph_.value(index).constant()
                        ? "constant"
                        : observer_name(value.type == DType::S16 ? Observer::MinMax : observer());
      }
    }
  }

  const Graph& graph_;
  const Statistics& statistics_;
  const Wishes& wishes_;
  const std::vector<int> producers_;
  std::vector<std::vector<size_t>> readers_;
  std::vector<bool> is_output_;
  std::vector<int> group_;
  Plan plan_;
};

}  // namespace

bool has_float_weights(const Graph& graph, const Node& node) {
  if (graph::quantized_as(graph, node) != QuantizedAs::Weighted || node.inputs.size() < 2) {
    return false;
  }
  const auto constant = [&](int v) {
    return graph.value(v).constant() && is_float(graph.value(v));
  };
  if (!is_float(graph.value(node.inputs[0])) || !constant(node.inputs[1])) return false;
  return node.inputs.size() < 3 || node.inputs[2] == kAbsent || constant(node.inputs[2]);
}

std::vector<bool> wanted_by_channel(const Graph& graph) {
  std::vector<bool> wanted(graph.values.size(), false);
  for (const Node& node : graph.nodes) {
    if (!has_float_weights(graph, node)) continue;
    wanted[at(node.inputs[0])] = true;
    wanted[at(node.outputs[0])] = true;
  }
  return wanted;
}

Plan make_plan(const Graph& graph, const Statistics& statistics, const Wishes& wishes) {
  return Planner(graph, statistics, wishes).make();
}

}  // namespace qrt::quantize
