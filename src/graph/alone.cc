#include "src/graph/alone.h"

#include <cstring>
#include <utility>

#include "src/graph/writer.h"

namespace qrt::graph {
namespace {

Graph isolate(const Graph& graph, const Node& node) {
  Graph alone;
  Node copy = node;
  for (int& input : copy.inputs) {
    if (input == kAbsent) continue;
    input = alone.add_value(graph.value(input));
    if (!alone.value(input).constant() && !alone.value(input).variable) {
      alone.inputs.push_back(input);
    }
  }
  for (int& output : copy.outputs) {
    output = alone.add_value(graph.value(output));
    alone.outputs.push_back(output);
  }
  alone.nodes.push_back(std::move(copy));
  return alone;
}

}  // namespace

rt::Result<LoadedModel> load_alone(const Graph& graph, const Node& node) {
  QRT_ASSIGN_OR_RETURN(const Bytes file, serialize(isolate(graph, node)));
  LoadedModel loaded;
  loaded.bytes = rt::allocate_aligned(file.size());
  if (loaded.bytes == nullptr) return rt::Status(rt::Code::OutOfMemory, "not enough memory");
  std::memcpy(loaded.bytes.get(), file.data(), file.size());
  QRT_ASSIGN_OR_RETURN(loaded.model, rt::Model::from_buffer(loaded.bytes.get(), file.size()));
  return rt::Result<LoadedModel>(std::move(loaded));
}

}  // namespace qrt::graph
