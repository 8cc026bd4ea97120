#include "src/graph/reader.h"

#include <map>

namespace qrt::graph {
namespace {

Quantization read_quantization(const fb::QuantizationT& from) {
  Quantization to;
  to.scales = from.scales;
  to.zero_points = from.zero_points;
  to.axis = from.axis;
  to.block = from.block;
  return to;
}

// Constants that share their bytes in the file share them in the graph.
class Constants {
 public:
  explicit Constants(const rt::Model& model) : model_(model) {}

  std::shared_ptr<const Bytes> read(uint64_t offset, uint64_t bytes) {
    std::shared_ptr<const Bytes>& data = read_[{offset, bytes}];
    if (data == nullptr) {
      const uint8_t* begin = model_.weights().data() + offset;
      data = std::make_shared<const Bytes>(begin, begin + bytes);
    }
    return data;
  }

 private:
  const rt::Model& model_;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<const Bytes>> read_;
};

}  // namespace

Graph read_model(const rt::Model& model) {
  std::unique_ptr<fb::SubgraphT> subgraph(model.main().UnPack());
  Constants constants(model);
  Graph graph;
  graph.name = subgraph->name;
  for (const auto& tensor : subgraph->tensors) {
    Value value;
    value.name = tensor->name;
    value.type = tensor->type;
    value.shape = tensor->shape;
    value.variable = tensor->is_variable;
    if (tensor->quantization != nullptr) {
      value.quantization = read_quantization(*tensor->quantization);
    }
    if (tensor->is_constant || tensor->data_bytes > 0) {
      value.data = constants.read(tensor->data_offset, tensor->data_bytes);
    }
    graph.add_value(std::move(value));
  }
  for (auto& op : subgraph->operators) {
    Node node;
    node.name = op->name;
    node.options = std::move(op->options);
    node.inputs.assign(op->inputs.begin(), op->inputs.end());
    node.outputs.assign(op->outputs.begin(), op->outputs.end());
    graph.nodes.push_back(std::move(node));
  }
  graph.inputs.assign(subgraph->inputs.begin(), subgraph->inputs.end());
  graph.outputs.assign(subgraph->outputs.begin(), subgraph->outputs.end());
  if (const auto* metadata = model.root().metadata()) {
    for (const fb::KeyValue* entry : *metadata) {
      graph.metadata.emplace_back(entry->key()->str(), entry->value()->str());
    }
  }
  return graph;
}

}  // namespace qrt::graph
