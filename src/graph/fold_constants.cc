// Operators whose inputs are all constant are run once, here, by the very kernels that would run
// them later, so that folding cannot change a result.
#include <algorithm>
#include <cstring>

#include "src/graph/passes.h"
#include "src/graph/writer.h"
#include "src/runtime/session.h"

namespace qrt::graph {
namespace {

using rt::Status;

// A folded constant is stored in the file. One may be as large as this or as its inputs turned from
// bytes into floats, whichever is more; what grows beyond stays computed.
constexpr size_t kMaxFoldedBytes = size_t{16} << 20;
// All together: as much as every constant of the model a few times over, and this.
constexpr size_t kBudget = size_t{256} << 20;

bool foldable(const Graph& graph, const Node& node) {
  const rt::OpSpec* spec = rt::find_spec(node.type());
  if (node.inputs.empty() || spec == nullptr || spec->has_effects) return false;
  for (int input : node.inputs) {
    if (input != kAbsent && !graph.value(input).constant()) return false;
  }
  for (int output : node.outputs) {
    for (int graph_output : graph.outputs) {
      if (output == graph_output) return false;
    }
  }
  return true;
}

// The node alone, its inputs constants, its outputs the graph's.
Graph isolate(const Graph& graph, const Node& node) {
  Graph alone;
  Node copy = node;
  for (int& input : copy.inputs) {
    if (input != kAbsent) input = alone.add_value(graph.value(input));
  }
  for (int& output : copy.outputs) {
    output = alone.add_value(graph.value(output));
    alone.outputs.push_back(output);
  }
  alone.nodes.push_back(std::move(copy));
  return alone;
}

size_t constant_bytes(const Graph& graph, const Node& node) {
  size_t bytes = 0;
  for (int input : node.inputs) {
    if (input != kAbsent) bytes += graph.value(input).data->size();
  }
  return bytes;
}

// Runs the node and stores its results in the graph's values; false if libqrt cannot run it, in
// which case the finished model will say why.
bool fold(Graph& graph, const Node& node, size_t* budget) {
  const size_t limit =
      std::min(*budget, std::max(kMaxFoldedBytes, 4 * constant_bytes(graph, node)));
  auto file = serialize(isolate(graph, node));
  if (!file.ok()) return false;
  rt::AlignedBuffer bytes = rt::allocate_aligned(file->size());
  if (bytes == nullptr) return false;
  std::memcpy(bytes.get(), file->data(), file->size());
  auto model = rt::Model::from_buffer(bytes.get(), file->size());
  if (!model.ok()) return false;
  rt::ProgramOptions options;
  options.isa = "scalar";
  auto program = rt::Program::build(*model, options);
  if (!program.ok()) return false;
  rt::SessionOptions session_options;
  session_options.max_arena_bytes = limit;
  auto session = rt::Session::create(*program, session_options);
  if (!session.ok()) return false;
  if (!(*session)->run().ok()) return false;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Value& value = graph.value(node.outputs[i]);
    const auto* data = static_cast<const uint8_t*>((*session)->output_data(i));
    const rt::Shape& shape = (*session)->output_shape(i);
    value.shape.assign(shape.begin(), shape.end());
    value.data = std::make_shared<const Bytes>(data, data + (*session)->output_bytes(i));
    *budget -= std::min(*budget, (*session)->output_bytes(i));
  }
  return true;
}

}  // namespace

Status fold_constants(Graph& graph) {
  size_t budget = kBudget;
  for (const Value& value : graph.values) {
    if (value.constant()) budget += 4 * value.data->size();
  }
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    if (!foldable(graph, node) || !fold(graph, node, &budget)) kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  return {};
}

}  // namespace qrt::graph
