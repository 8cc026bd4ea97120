#include "src/graph/subgraphs.h"

#include <utility>

namespace qrt::graph {

std::vector<int32_t*> called_by(Node& node) {
  switch (node.type()) {
    case fb::OpOptions::Call:
      return {&node.options.AsCall()->subgraph};
    case fb::OpOptions::If:
      return {&node.options.AsIf()->then_subgraph, &node.options.AsIf()->else_subgraph};
    case fb::OpOptions::While:
      return {&node.options.AsWhile()->condition_subgraph, &node.options.AsWhile()->body_subgraph};
    default:
      return {};
  }
}

bool runs_graphs(const Node& node) {
  return node.type() == fb::OpOptions::Call || node.type() == fb::OpOptions::If ||
         node.type() == fb::OpOptions::While;
}

void drop_unreachable(Graph& main) {
  const auto count = static_cast<size_t>(graph_count(main));
  std::vector<bool> reached(count, false);
  std::vector<int32_t> open = {0};
  for (size_t i = 0; i < main.subgraphs.size(); ++i) {
    if (main.subgraphs[i].entry) open.push_back(static_cast<int32_t>(i) + 1);
  }
  while (!open.empty()) {
    const int32_t number = open.back();
    open.pop_back();
    if (number < 0 || static_cast<size_t>(number) >= count) continue;  // for verification to find
    if (reached[static_cast<size_t>(number)]) continue;
    reached[static_cast<size_t>(number)] = true;
    for (Node& node : graph_at(main, number).nodes) {
      for (const int32_t* called : called_by(node)) open.push_back(*called);
    }
  }
  std::vector<int32_t> numbers(count, 0);
  std::vector<Graph> kept;
  for (size_t i = 1; i < count; ++i) {
    if (!reached[i]) continue;
    kept.push_back(std::move(main.subgraphs[i - 1]));
    numbers[i] = static_cast<int32_t>(kept.size());
  }
  main.subgraphs = std::move(kept);
  for (int32_t g = 0; g < graph_count(main); ++g) {
    for (Node& node : graph_at(main, g).nodes) {
      for (int32_t* called : called_by(node)) {
        if (*called >= 0 && static_cast<size_t>(*called) < count) {
          *called = numbers[static_cast<size_t>(*called)];
        }
      }
    }
  }
}

std::vector<std::string> entry_names(const Graph& main) {
  std::vector<std::string> names = {main.name};
  for (const Graph& graph : main.subgraphs) {
    if (graph.entry) names.push_back(graph.name);
  }
  return names;
}

rt::Status keep_entry(Graph& main, const std::string& name) {
  int32_t number = -1;
  for (int32_t g = graph_count(main) - 1; g >= 0; --g) {
    const Graph& graph = graph_at(main, g);
    if ((g == 0 || graph.entry) && graph.name == name) number = g;
  }
  if (number < 0) {
    std::string all;
    for (const std::string& one : entry_names(main)) all += (all.empty() ? "'" : ", '") + one + "'";
    return rt::error(rt::Code::InvalidArgument, "the model has no entry '%s'; it has %s",
                     name.c_str(), all.c_str());
  }
  for (Graph& graph : main.subgraphs) graph.entry = false;
  if (number > 0) {
    // They change places, the main graph's possessions stay.
    Graph& chosen = graph_at(main, number);
    std::swap(main.name, chosen.name);
    std::swap(main.values, chosen.values);
    std::swap(main.nodes, chosen.nodes);
    std::swap(main.inputs, chosen.inputs);
    std::swap(main.outputs, chosen.outputs);
    for (int32_t g = 0; g < graph_count(main); ++g) {
      for (Node& node : graph_at(main, g).nodes) {
        for (int32_t* called : called_by(node)) {
          if (*called == 0 || *called == number) *called = number - *called;
        }
      }
    }
  }
  drop_unreachable(main);
  return {};
}

}  // namespace qrt::graph
