// One walk through the graph in execution order. It knows for every f32 value whether it is a
// Dequantize of integers; where an operator reads such values and what it writes is quantized
// again, the operator takes over the integers on both sides. Dequantize moves behind operators
// that only move elements, so that they work on bytes and the next operator still sees integers.
#include <algorithm>
#include <cmath>
#include <optional>

#include "src/graph/alone.h"
#include "src/graph/node_spec.h"
#include "src/graph/passes.h"
#include "src/graph/qdq_affine.h"
#include "src/graph/qdq_constants.h"
#include "src/graph/qdq_tail.h"
#include "src/graph/quantized_values.h"
#include "src/runtime/program.h"

namespace qrt::graph {
namespace {

size_t at(int i) { return static_cast<size_t>(i); }

class FuseQdq {
 public:
  explicit FuseQdq(Graph& graph)
      : graph_(graph), tails_(graph), absorbed_(graph.nodes.size(), false) {}

  void run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (absorbed_[n]) continue;
      Node node = std::move(graph_.nodes[n]);
      for (int& v : node.inputs) v = resolve(v);
      visit(std::move(node));
    }
    graph_.nodes = std::move(done_);
    drop_unread();
  }

 private:
  // ---- Values

  int resolve(int v) const {
    while (v != kAbsent && at(v) < stands_for_.size() && stands_for_[at(v)] >= 0) {
      v = stands_for_[at(v)];
    }
    return v;
  }
  // Readers of `v` that are still to come read `other`.
  void replace(int v, int other) {
    if (stands_for_.size() <= at(v)) stands_for_.resize(at(v) + 1, -1);
    stands_for_[at(v)] = other;
  }
  bool output(int v) const { return tails_.is_output(v); }

  // The integers that an f32 value was dequantized from; kAbsent if it was not.
  int source(int v) const {
    return v != kAbsent && at(v) < sources_.size() ? sources_[at(v)] : kAbsent;
  }
  void set_source(int v, int integers) {
    if (sources_.size() <= at(v)) sources_.resize(at(v) + 1, kAbsent);
    sources_[at(v)] = integers;
  }
  // The same, if kernels can compute with them.
  int codes(int v) const {
    const int integers = source(v);
    return integers != kAbsent && computable(graph_.value(integers)) ? integers : kAbsent;
  }

  // ---- Nodes

  void add(Node node) { done_.push_back(std::move(node)); }
  void add_quantize(int from, int to) {
    add(Graph::make_node(graph_.value(to).name, fb::QuantizeT(), {from}, {to}));
  }
  void add_dequantize(int from, int to) {
    add(Graph::make_node(graph_.value(to).name, fb::DequantizeT(), {from}, {to}));
    set_source(to, from);
  }
  // A value of the shape of `v`, quantized as `like` is.
  int add_codes(int v, const char* suffix, int like) {
    Value value = graph_.value(v);
    value.name += suffix;
    value.type = graph_.value(like).type;
    value.quantization = graph_.value(like).quantization;
    return graph_.add_value(std::move(value));
  }

  void visit(Node node) {
    switch (node.type()) {
      case fb::OpOptions::Dequantize:
        set_source(node.outputs[0], node.inputs[0]);
        add(std::move(node));
        return;
      case fb::OpOptions::Quantize:
        visit_quantize(std::move(node));
        return;
      default:
        break;
    }
    const QuantizedAs kind = quantized_as(graph_, node);
    bool fused = false;
    switch (kind) {
      case QuantizedAs::Weighted:
        fused = fuse_weighted(node);
        break;
      case QuantizedAs::Computes:
        fused = fuse_compute(node);
        break;
      case QuantizedAs::Joins:
        fused = fuse_join(node);
        break;
      case QuantizedAs::Moves:
        fused = fuse_move(node);
        break;
      case QuantizedAs::Finds:
        if (const int integers = codes(node.inputs[0]); integers != kAbsent) {
          node.inputs[0] = integers;
        }
        break;
      case QuantizedAs::Float:
        break;
    }
    if (!fused) add(std::move(node));
  }

  // Quantizing what was just dequantized: nothing at all, or one Quantize.
  void visit_quantize(Node node) {
    const int input = node.inputs[0], result = node.outputs[0];
    if (quantize_constant(input, result)) return;
    if (const int integers = codes(input); integers != kAbsent) {
      if (same_quantization(graph_.value(integers), graph_.value(result)) && !output(result)) {
        replace(result, integers);
        return;
      }
      node.inputs[0] = integers;
    }
    add(std::move(node));
  }

  // Weights that are stored as floats.
  bool quantize_constant(int input, int result) {
    const Value& from = graph_.value(input);
    const Value& to = graph_.value(result);
    if (!from.constant() || from.type != DType::F32 || output(result)) return false;
    if (to.type != DType::S8 && to.type != DType::U8 && to.type != DType::S16) return false;
    const std::vector<float> elements(from.as<float>(), from.as<float>() + from.elements());
    Bytes bytes = quantize_elements(elements, from.shape, to.quantization, to.type);
    graph_.value(result).data = std::make_shared<const Bytes>(std::move(bytes));
    return true;
  }

  // ---- What follows an operator

  // Adds the operator, writing quantized values, with its clamp; the nodes of the tail are done
  // with it.
  void finish(Node node, const Tail& tail) {
    const int result = tail.outputs[0];
    std::optional<Interval> after;
    if (tail.clip) {
      const Interval range = range_of(graph_.value(result));
      const bool cuts = tail.clip->min > range.min || tail.clip->max < range.max;
      if (std::unique_ptr<fb::ClampT>* clamp = clamp_of(node)) {
        const Interval both = then(interval_of(*clamp), *tail.clip);
        *clamp = make_clamp(both.min, both.max);
      } else if (cuts) {
        after = tail.clip;
      }
    }
    const int own = node.outputs[0];
    const int moved = tail.moves.empty() ? result : add_codes(own, "/q", result);
    const int written = after ? add_codes(own, "/unclamped", result) : moved;
    const std::string name = node.name;
    node.outputs[0] = written;
    add(std::move(node));
    if (after) {
      fb::UnaryT clip;
      clip.kind = fb::UnaryKind::Clip;
      clip.clamp = make_clamp(after->min, after->max);
      add(Graph::make_node(name, std::move(clip), {written}, {moved}));
    }
    add_moves(tail, moved);
    for (size_t k = 1; k < tail.outputs.size(); ++k) {
      if (output(tail.outputs[k])) {
        add_quantize(result, tail.outputs[k]);
      } else {
        replace(tail.outputs[k], result);
      }
    }
    for (size_t n : tail.others) absorbed_[n] = true;
  }

  // The operators that move the result, working on quantized values from `value` on.
  void add_moves(const Tail& tail, int value) {
    for (size_t n : tail.moves) {
      Node node = std::move(graph_.nodes[n]);
      absorbed_[n] = true;
      const bool last = n == tail.moves.back();
      const int result = last ? tail.outputs[0] : add_codes(node.outputs[0], "/q", tail.outputs[0]);
      node.inputs[0] = value;
      node.outputs[0] = result;
      add(std::move(node));
      value = result;
    }
  }

  // ---- Kinds of operators

  bool fuse_weighted(Node& node) {
    const int input = codes(node.inputs[0]);
    const int weights = source(node.inputs[1]);
    if (input == kAbsent || weights == kAbsent) return false;
    const Value& w = graph_.value(weights);
    const bool integers = w.type == DType::S8 || w.type == DType::U8 || w.type == DType::S4;
    if (!w.constant() || !integers || !quantized_per_output(w)) return false;
    std::vector<double> bias;
    std::string bias_name;
    if (node.inputs.size() > 2 && node.inputs[2] != kAbsent) {
      const int given = node.inputs[2];
      const int held = source(given) != kAbsent ? source(given) : given;
      const auto elements = real_elements(graph_.value(held));
      if (!elements || elements->size() != static_cast<size_t>(w.shape[0])) return false;
      bias = *elements;
      bias_name = graph_.value(held).name;
    }
    const auto tail = tails_.find(node.outputs[0]);
    if (!tail) return false;
    const IntegerWeights made = make_integer_weights(graph_, input, weights, bias, bias_name);
    std::vector<int> inputs = {input, made.weights};
    if (made.bias != kAbsent) inputs.push_back(made.bias);
    if (!runs_on(node, inputs, *tail)) return false;
    node.inputs = std::move(inputs);
    finish(std::move(node), *tail);
    return true;
  }

  // Whether the operator has a form on these integers, with a result as its tail wants it. What is
  // of eight bits throughout has, by its row.
  bool runs_on(const Node& node, const std::vector<int>& inputs, const Tail& tail) const {
    const int result = tail.outputs[0];
    bool wide = !eight_bit(graph_.value(result));
    for (int v : inputs) wide = wide || graph_.value(v).type == DType::S16;
    if (!wide) return true;
    Node candidate = node;
    candidate.inputs = inputs;
    candidate.outputs[0] = result;
    const auto alone = load_alone(graph_, candidate);
    return alone.ok() && rt::Program::build(alone->model).ok();
  }

  bool fuse_compute(Node& node) {
    std::vector<int> inputs;
    bool any = false;
    for (int v : node.inputs) {
      inputs.push_back(codes(v));
      any = any || inputs.back() != kAbsent;
    }
    const auto tail = any ? tails_.find(node.outputs[0]) : std::nullopt;
    if (!tail) return false;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kAbsent && !is_number(node, i)) return false;
    }
    const DType type = graph_.value(tail->outputs[0]).type;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kAbsent) inputs[i] = quantize_number(graph_, node.inputs[i], type);
    }
    if (!runs_on(node, inputs, *tail)) return false;
    node.inputs = std::move(inputs);
    finish(std::move(node), *tail);
    return true;
  }

  // A single constant of a Binary: training does not quantize those, and s8 can hold one exactly.
  bool is_number(const Node& node, size_t i) const {
    if (node.type() != fb::OpOptions::Binary || node.inputs[i] == kAbsent) return false;
    const Value& value = graph_.value(node.inputs[i]);
    if (!value.constant() || value.type != DType::F32 || value.elements() != 1) return false;
    const float number = *value.as<float>();
    const fb::BinaryKind kind = node.options.AsBinary()->kind;
    // Almost exact is not enough for an exponent.
    if (kind == fb::BinaryKind::Pow || (kind == fb::BinaryKind::Div && number == 0)) return false;
    return std::isfinite(number);
  }

  bool fuse_join(Node& node) {
    const InputRange range = quantized_inputs(node);
    std::vector<int> integers;
    for (size_t i = range.first; i < range.last; ++i) {
      integers.push_back(codes(node.inputs[i]));
      if (integers.back() == kAbsent) return false;
    }
    if (integers.empty()) return false;
    const auto tail = tails_.find(node.outputs[0]);
    if (!tail) return move_join(node, range, integers);
    const int result = tail->outputs[0];
    if (!runs_on(node, std::vector<int>(integers.size(), result), *tail)) return false;
    for (size_t i = range.first; i < range.last; ++i) {
      int& input = integers[i - range.first];
      if (!same_quantization(graph_.value(input), graph_.value(result))) {
        const int requantized = add_codes(input, "/requantized", result);
        graph_.value(requantized).data = nullptr;
        add_quantize(input, requantized);
        input = requantized;
      }
      node.inputs[i] = input;
    }
    if (fb::PadT* pad = node.options.AsPad()) {
      const Interval held = range_of(graph_.value(result));
      pad->value = std::min(std::max(pad->value, held.min), held.max);
    }
    finish(std::move(node), *tail);
    return true;
  }

  // Inputs of one quantization are only moved.
  bool move_join(Node& node, InputRange range, const std::vector<int>& integers) {
    if (node.type() != fb::OpOptions::Concat && node.type() != fb::OpOptions::Select) return false;
    for (int input : integers) {
      if (!same_quantization(graph_.value(input), graph_.value(integers[0]))) return false;
    }
    std::copy(integers.begin(), integers.end(),
              node.inputs.begin() + static_cast<std::ptrdiff_t>(range.first));
    write_codes(std::move(node), integers[0]);
    return true;
  }

  bool fuse_move(Node& node) {
    const int input = codes(node.inputs[0]);
    if (input == kAbsent) return false;
    node.inputs[0] = input;
    write_codes(std::move(node), input);
    return true;
  }

  // Adds an operator whose outputs are quantized as `like` is, and dequantizes those behind it.
  // What quantizes or dequantizes them again then finds them.
  void write_codes(Node node, int like) {
    const std::vector<int> results = node.outputs;
    for (int& v : node.outputs) v = add_codes(v, "/q", like);
    const std::vector<int> made = node.outputs;
    add(std::move(node));
    for (size_t k = 0; k < results.size(); ++k) add_dequantize(made[k], results[k]);
  }

  // Drops conversions whose results nobody reads any more.
  void drop_unread() {
    for (int& v : graph_.outputs) v = resolve(v);
    std::vector<bool> read(graph_.values.size(), false);
    for (int v : graph_.outputs) read[at(v)] = true;
    std::vector<Node> kept;
    for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
      const bool converts =
          node->type() == fb::OpOptions::Dequantize || node->type() == fb::OpOptions::Quantize;
      if (converts && !read[at(node->outputs[0])]) continue;
      for (int v : node->inputs) {
        if (v != kAbsent) read[at(v)] = true;
      }
      kept.push_back(std::move(*node));
    }
    std::reverse(kept.begin(), kept.end());
    graph_.nodes = std::move(kept);
  }

  Graph& graph_;
  TailFinder tails_;
  std::vector<Node> done_;
  std::vector<bool> absorbed_;   // by node: already part of another
  std::vector<int> stands_for_;  // by value: what later readers read; -1: itself
  std::vector<int> sources_;     // by value
};

}  // namespace

rt::Status fuse_qdq(Graph& graph) {
  fold_affine(graph);
  FuseQdq(graph).run();
  return {};
}

}  // namespace qrt::graph
