#include "src/import/runnable.h"

#include <algorithm>

#include "src/graph/alone.h"
#include "src/graph/reader.h"
#include "src/graph/subgraphs.h"

namespace qrt::import {
namespace {

using graph::DType;
using graph::Graph;
using graph::kAbsent;
using graph::Node;
using rt::Status;

Status try_alone(const Graph& graph, const Node& node) {
  QRT_ASSIGN_OR_RETURN(const graph::LoadedModel alone, graph::load_alone(graph, node));
  return rt::Program::build(alone.model).status();
}

// Without the operator's name, which messages give in front of a reason.
std::string reason_of(const std::string& message) {
  const size_t end = message.find("): ");
  return end == std::string::npos ? message : message.substr(end + 3);
}

// What users should hear first: that it is the type they chose.
const char* narrow_type(const Graph& graph, const Node& node) {
  for (const std::vector<int>& values : {node.inputs, node.outputs}) {
    for (int v : values) {
      if (v == kAbsent) continue;
      const graph::Value& value = graph.value(v);
      if (value.type == DType::S4) return "4-bit integers (s4) are not supported here: ";
      if (value.type == DType::S16 && !value.quantization.empty()) {
        return "16-bit activations (s16) are not supported here: ";
      }
    }
  }
  return "";
}

}  // namespace

void add_refusals(const Graph& graph, bool narrow_only, Problems* problems) {
  for (const Graph& subgraph : graph.subgraphs) add_refusals(subgraph, narrow_only, problems);
  // Weights that a refused node should have made: who reads them is not to blame.
  std::vector<bool> missing(graph.values.size(), false);
  const auto any = [](const std::vector<int>& values, const auto& what) {
    return std::any_of(values.begin(), values.end(),
                       [&](int v) { return v != kAbsent && what(v); });
  };
  for (const Node& node : graph.nodes) {
    // Those that run other graphs refuse nothing of their own.
    if (graph::runs_graphs(node)) continue;
    if (any(node.inputs, [&](int v) { return missing[static_cast<size_t>(v)]; })) continue;
    const char* narrow = narrow_type(graph, node);
    if (narrow_only && *narrow == '\0') continue;
    const Status status = try_alone(graph, node);
    if (status.code() != rt::Code::Unsupported) continue;
    problems->add(graph::node_kind(node), narrow + reason_of(status.message()),
                  "'" + node.name + "'");
    if (any(node.inputs, [&](int v) { return !graph.value(v).constant(); })) continue;
    for (int v : node.outputs) missing[static_cast<size_t>(v)] = true;
  }
}

rt::Result<std::shared_ptr<const rt::Program>> build_program(std::shared_ptr<const rt::Model> model,
                                                             const rt::ProgramOptions& options) {
  auto program = rt::Program::build(model, options);
  if (program.status().code() != rt::Code::Unsupported) return program;
  Problems problems;
  add_refusals(graph::read_model(*model), false, &problems);
  // It may be no single operator's fault.
  if (problems.empty()) return program;
  return problems.status("run").within(model->name());
}

}  // namespace qrt::import
