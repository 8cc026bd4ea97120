#include "src/graph/evaluate.h"

#include <algorithm>
#include <utility>

#include "src/graph/alone.h"
#include "src/runtime/session.h"

namespace qrt::graph {
namespace {

constexpr size_t kLeastLimit = size_t{16} << 20;

}  // namespace

bool is_constant(const Graph& graph, const Node& node) {
  const rt::OpSpec* spec = rt::find_spec(node.type());
  if (node.inputs.empty() || spec == nullptr || spec->has_effects) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](int input) { return input == kAbsent || graph.value(input).constant(); });
}

size_t evaluation_limit(const Graph& graph, const Node& node) {
  size_t bytes = 0;
  for (int input : node.inputs) {
    if (input != kAbsent) bytes += graph.value(input).data->size();
  }
  return std::max(kLeastLimit, 4 * bytes);
}

rt::Result<std::vector<Value>> evaluate(const Graph& graph, const Node& node, size_t max_bytes) {
  QRT_ASSIGN_OR_RETURN(const LoadedModel alone, load_alone(graph, node));
  rt::ProgramOptions options;
  options.isa = "scalar";
  QRT_ASSIGN_OR_RETURN(auto program, rt::Program::build(alone.model, options));
  rt::SessionOptions session_options;
  session_options.max_arena_bytes = max_bytes;
  QRT_ASSIGN_OR_RETURN(const auto session, rt::Session::create(program, session_options));
  QRT_RETURN_IF_ERROR(session->run());
  std::vector<Value> results;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Value value = graph.value(node.outputs[i]);
    const auto* data = static_cast<const uint8_t*>(session->output_data(i));
    const rt::Shape& shape = session->output_shape(i);
    value.shape.assign(shape.begin(), shape.end());
    value.data = std::make_shared<const Bytes>(data, data + session->output_bytes(i));
    results.push_back(std::move(value));
  }
  return results;
}

}  // namespace qrt::graph
