#include "src/quantize/quantizer.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "src/graph/node_spec.h"
#include "src/graph/reader.h"
#include "src/graph/writer.h"
#include "src/quantize/calibrate.h"
#include "src/quantize/column_rounding.h"
#include "src/quantize/equalize.h"
#include "src/quantize/reference.h"
#include "src/quantize/rewrite.h"
#include "src/quantize/weights.h"
#include "src/runtime/program.h"

namespace qrt::quantize {
namespace {

using graph::Graph;
using graph::Node;
using graph::QuantizedAs;

// The name, or the name and a number, if others have it.
std::string apart(const std::string& name, std::set<std::string>* taken) {
  std::string unique = name;
  for (int i = 2; !taken->insert(unique).second; ++i) unique = name + "#" + std::to_string(i);
  return unique;
}

// Every node and every value gets a name that no other has, for statistics, recipes and comparisons
// go by names. Inputs and outputs keep theirs.
void name_apart(Graph* graph) {
  std::set<std::string> nodes, values;
  for (Node& node : graph->nodes) {
    node.name = apart(node.name.empty() ? graph::node_kind(node) : node.name, &nodes);
  }
  std::set<int> border(graph->inputs.begin(), graph->inputs.end());
  border.insert(graph->outputs.begin(), graph->outputs.end());
  for (int v : border) values.insert(graph->value(v).name);
  for (size_t v = 0; v < graph->values.size(); ++v) {
    if (border.count(static_cast<int>(v)) != 0) continue;
    std::string& name = graph->values[v].name;
    name = apart(name.empty() ? "value" : name, &values);
  }
}

rt::Result<Prepared> load(const Graph& graph) {
  Prepared prepared;
  QRT_ASSIGN_OR_RETURN(const graph::Bytes file, graph::serialize(graph));
  QRT_ASSIGN_OR_RETURN(prepared.model, own_model(file));
  prepared.graph = graph::read_model(*prepared.model);
  return rt::Result<Prepared>(std::move(prepared));
}

bool computes_in_floats(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return has_float_weights(graph, node) ||
           (node.type() == fb::OpOptions::MatMul && !node.inputs.empty() &&
            graph.value(node.inputs[0]).type == rt::DType::F32);
  });
}

// Multiply-accumulates of each node of the main graph.
std::vector<uint64_t> macs_of(const Prepared& prepared) {
  std::vector<uint64_t> macs(prepared.graph.nodes.size(), 0);
  const auto program = rt::Program::build(prepared.model);
  if (!program.ok() || !(*program)->default_shapes().ok()) return macs;
  const rt::Shapes& shapes = *(*program)->default_shapes();
  for (size_t n = 0; n < macs.size() && n < (*program)->nodes().size(); ++n) {
    const rt::OpSpec& spec = (*program)->spec(n);
    if (spec.macs != nullptr) macs[n] = spec.macs((*program)->nodes()[n], shapes);
  }
  return macs;
}

}  // namespace

rt::Result<Prepared> prepare(const rt::Model& model) {
  Graph graph = graph::read_model(model);
  if (!computes_in_floats(graph)) {
    const bool inside = std::any_of(graph.subgraphs.begin(), graph.subgraphs.end(),
                                    [](const Graph& g) { return computes_in_floats(g); });
    return rt::error(rt::Code::InvalidArgument,
                     inside ? "there is nothing to quantize: all operators with float weights are "
                              "in branches or loops, which stay float"
                            : "there is nothing to quantize: no operator has float weights; the "
                              "model may be quantized already");
  }
  name_apart(&graph);
  return load(graph);
}

rt::Result<Statistics> calibrate(const Prepared& prepared, const SampleSource& samples,
                                 size_t threads, const Progress& progress) {
  CalibrateOptions options;
  options.threads = threads;
  options.by_channel = wanted_by_channel(prepared.graph);
  options.progress = progress;
  return calibrate(prepared.model, samples, options);
}

rt::Result<Prepared> equalized(const Prepared& prepared, const Statistics& statistics,
                               size_t* pairs) {
  Graph graph = prepared.graph;
  *pairs = equalize(statistics, &graph);
  return load(graph);
}

rt::Result<Quantized> quantize(const Prepared& prepared, const Statistics& statistics,
                               const Wishes& wishes) {
  Quantized result;
  result.plan = make_plan(prepared.graph, statistics, wishes);
  const std::vector<uint64_t> macs = macs_of(prepared);
  Graph graph = prepared.graph;
  std::map<size_t, IntegerCodes> codes;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const NodePlan& plan = result.plan.nodes[n];
    OperatorResult facts = {node.name, graph::node_kind(node), plan.scheme, plan.reason, macs[n],
                            0};
    const bool weighted = has_float_weights(graph, node);
    if (weighted && plan.scheme != Scheme::Float) {
      const FloatWeights weights = float_weights(graph, node);
      const auto source =
          static_cast<size_t>(result.plan.source[static_cast<size_t>(node.inputs[0])]);
      const ValuePlan& input = result.plan.values[source];
      const float input_scale = input.quantized ? input.quantization.scales[0] : 1.0f;
      constexpr int kBlock = 32;
      const int bits = plan.scheme == Scheme::W4 ? 4 : 8;
      IntegerCodes rounded =
          plan.scheme == Scheme::DynamicW4
              ? round_blocks(weights, kBlock)
              : round_weights(weights, bits,
                              weight_scales(weights, bits, wishes.per_tensor, input_scale));
      const auto gram = statistics.grams.find(n);
      if (wishes.round_columns == Switch::On && gram != statistics.grams.end()) {
        round_columns(weights, gram->second, &rounded);
      }
      if (wishes.correct_bias == Switch::On) {
        const ChannelStatistics& seen =
            statistics.values[static_cast<size_t>(node.inputs[0])].channels;
        const std::vector<double> error = mean_error(weights, rounded, seen);
        const ValuePlan& output = result.plan.values[static_cast<size_t>(node.outputs[0])];
        for (double e : error) {
          const double unit =
              output.quantized ? static_cast<double>(output.quantization.scales[0]) : 1;
          facts.largest_correction = std::max(facts.largest_correction, std::fabs(e) / unit);
        }
        correct_bias(error, &rounded);
      }
      codes.emplace(n, std::move(rounded));
    }
    result.operators.push_back(std::move(facts));
  }
  QRT_RETURN_IF_ERROR(rewrite(result.plan, codes, &graph));
  QRT_ASSIGN_OR_RETURN(result.file, graph::serialize(graph));
  return rt::Result<Quantized>(std::move(result));
}

}  // namespace qrt::quantize
