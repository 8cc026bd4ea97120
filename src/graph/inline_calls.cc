// Puts the nodes of another graph in the place of a Call, so that every pass and kernel choice sees
// through it. An If whose condition is a constant is a Call of one of its graphs.
#include <algorithm>
#include <utility>

#include "src/graph/passes.h"
#include "src/graph/quantized_values.h"
#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

using rt::Code;
using rt::Status;

// A graph that is called in many places grows the model each time; beyond this, calls stay.
constexpr size_t kMostNodes = size_t{1} << 16;

size_t at(int i) { return static_cast<size_t>(i); }

class Inliner {
 public:
  explicit Inliner(Graph& main) : main_(main), states_(at(graph_count(main)), State::Untouched) {
    for (int32_t g = 0; g < graph_count(main_); ++g) {
      nodes_ += graph_at(main_, g).nodes.size();
      for (const Value& value : graph_at(main_, g).values) {
        next_variable_ = std::max(next_variable_, value.variable_id + 1);
      }
    }
  }

  Status run() {
    for (int32_t g = 0; g < graph_count(main_); ++g) QRT_RETURN_IF_ERROR(run(g));
    return {};
  }

 private:
  enum class State : uint8_t { Untouched, Busy, Done };

  Status run(int32_t number) {
    if (number < 0 || number >= graph_count(main_)) {
      return rt::error(Code::InvalidModel, "subgraph %d does not exist", number);
    }
    State& state = states_[at(number)];
    if (state == State::Done) return {};
    if (state == State::Busy) {
      return rt::error(Code::InvalidModel, "subgraph '%s' calls itself, or others that do",
                       graph_at(main_, number).name.c_str());
    }
    if (++depth_ > kDeepest) {
      return rt::error(Code::Unsupported, "subgraphs are nested more than %d deep", kDeepest);
    }
    state = State::Busy;
    Graph& graph = graph_at(main_, number);
    std::vector<Node> old = std::move(graph.nodes);
    graph.nodes.clear();
    for (Node& node : old) {
      for (const int32_t* called : called_by(node)) QRT_RETURN_IF_ERROR(run(*called));
      const int32_t called = called_for_sure(graph, node);
      if (called < 0 || !put_in_place(graph, node, called)) graph.nodes.push_back(std::move(node));
    }
    states_[at(number)] = State::Done;
    --depth_;
    return {};
  }

  // The graph that a node runs in any case, or -1.
  static int32_t called_for_sure(const Graph& graph, const Node& node) {
    if (node.type() == fb::OpOptions::Call) return node.options.AsCall()->subgraph;
    if (node.type() != fb::OpOptions::If || node.inputs.empty()) return -1;
    const Value& condition = graph.value(node.inputs[0]);
    if (!condition.constant() || condition.data->size() != 1) return -1;
    const auto& options = *node.options.AsIf();
    return (*condition.data)[0] != 0 ? options.then_subgraph : options.else_subgraph;
  }

  static bool same_kind(const Value& a, const Value& b) { return same_quantization(a, b); }

  // False if caller and called do not agree, which verification will say better.
  static bool fits(const Graph& graph, const std::vector<int>& arguments, const Node& node,
                   const Graph& called) {
    if (arguments.size() != called.inputs.size() || node.outputs.size() != called.outputs.size()) {
      return false;
    }
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (arguments[i] == kAbsent || graph.value(arguments[i]).variable ||
          !same_kind(graph.value(arguments[i]), called.value(called.inputs[i]))) {
        return false;
      }
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (!same_kind(graph.value(node.outputs[i]), called.value(called.outputs[i]))) return false;
    }
    return true;
  }

  // The variable that stands for one of the called graph's. However often that is run, it is one.
  int variable_in(Graph& graph, Value& variable) {
    if (variable.variable_id < 0) variable.variable_id = next_variable_++;
    for (size_t v = 0; v < graph.values.size(); ++v) {
      if (graph.values[v].variable && graph.values[v].variable_id == variable.variable_id) {
        return static_cast<int>(v);
      }
    }
    return graph.add_value(variable);
  }

  bool put_in_place(Graph& graph, const Node& node, int32_t number) {
    Graph& called = graph_at(main_, number);
    const auto first = node.inputs.begin() + (node.type() == fb::OpOptions::If ? 1 : 0);
    const std::vector<int> arguments(first, node.inputs.end());
    if (!fits(graph, arguments, node, called)) return false;
    nodes_ += called.nodes.size() + node.outputs.size();
    if (nodes_ > kMostNodes) return false;

    std::vector<int> values(called.values.size(), kAbsent);
    for (size_t i = 0; i < arguments.size(); ++i) values[at(called.inputs[i])] = arguments[i];
    const std::vector<int> producers = called.producers();
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      // What a node of it computes is computed as the caller's value, whose name stays.
      int& value = values[at(called.outputs[i])];
      if (value == kAbsent && producers[at(called.outputs[i])] >= 0) value = node.outputs[i];
    }
    const auto translate = [&](std::vector<int>& indices) {
      for (int& index : indices) {
        if (index == kAbsent) continue;
        int& value = values[at(index)];
        if (value == kAbsent) {
          Value& source = called.value(index);
          value = source.variable ? variable_in(graph, source) : graph.add_value(source);
        }
        index = value;
      }
    };
    for (Node copy : called.nodes) {
      translate(copy.inputs);
      translate(copy.outputs);
      graph.nodes.push_back(std::move(copy));
    }
    std::vector<int> results = called.outputs;
    translate(results);
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i] != node.outputs[i]) add_copy(graph, results[i], node.outputs[i]);
    }
    return true;
  }

  static void add_copy(Graph& graph, int from, int to) {
    const std::string name = graph.value(to).name;
    if (graph.value(from).variable) {
      graph.add_node(name, fb::ReadVariableT(), {from}, {to});
      return;
    }
    fb::ReshapeT same;
    const size_t rank = graph.value(from).shape.size();
    same.shape.assign(rank, 1);
    same.keep_mask = (1u << rank) - 1;
    graph.add_node(name, std::move(same), {from}, {to});
  }

  static constexpr int kDeepest = 32;

  Graph& main_;
  std::vector<State> states_;
  size_t nodes_ = 0;
  int next_variable_ = 0;
  int depth_ = 0;
};

}  // namespace

Status inline_calls(Graph& main) { return Inliner(main).run(); }

}  // namespace qrt::graph
