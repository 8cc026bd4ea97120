#include "src/graph/reader.h"

#include <map>

#include "src/graph/subgraphs.h"
#include "src/model/dtype.h"

namespace qrt::graph {
namespace {

Quantization read_quantization(const fb::QuantizationT& from) {
  Quantization to;
  to.scales = from.scales;
  for (const uint16_t bits : from.scales_f16) {
    to.scales.push_back(static_cast<float>(rt::Half::of_bits(bits)));
  }
  to.zero_points = from.zero_points;
  to.zero_points.insert(to.zero_points.end(), from.zero_points_s8.begin(),
                        from.zero_points_s8.end());
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

void read_graph(const fb::Subgraph& source, Constants& constants, Graph* graph) {
  const std::unique_ptr<fb::SubgraphT> subgraph(source.UnPack());
  graph->name = subgraph->name;
  graph->entry = subgraph->is_entry;
  for (const auto& tensor : subgraph->tensors) {
    Value value;
    value.name = tensor->name;
    value.type = rt::dtype_of(tensor->type);
    value.shape = tensor->shape;
    value.dim_names = tensor->dim_names;
    value.variable = tensor->is_variable;
    value.variable_id = tensor->variable_id;
    if (tensor->quantization != nullptr) {
      value.quantization = read_quantization(*tensor->quantization);
    }
    if (tensor->is_constant || tensor->data_bytes > 0) {
      value.data = constants.read(tensor->data_offset, tensor->data_bytes);
    }
    graph->add_value(std::move(value));
  }
  for (auto& op : subgraph->operators) {
    Node node;
    node.name = op->name;
    node.options = std::move(op->options);
    node.inputs.assign(op->inputs.begin(), op->inputs.end());
    node.outputs.assign(op->outputs.begin(), op->outputs.end());
    graph->nodes.push_back(std::move(node));
  }
  graph->inputs.assign(subgraph->inputs.begin(), subgraph->inputs.end());
  graph->outputs.assign(subgraph->outputs.begin(), subgraph->outputs.end());
}

}  // namespace

Graph read_model(const rt::Model& model) {
  Constants constants(model);
  Graph main;
  const auto& subgraphs = *model.root().subgraphs();
  main.subgraphs.resize(subgraphs.size() - 1);
  for (unsigned g = 0; g < subgraphs.size(); ++g) {
    read_graph(*subgraphs.Get(g), constants, &graph_at(main, static_cast<int32_t>(g)));
  }
  if (const auto* metadata = model.root().metadata()) {
    for (const fb::KeyValue* entry : *metadata) {
      main.metadata.emplace_back(entry->key()->str(), entry->value()->str());
    }
  }
  return main;
}

}  // namespace qrt::graph
