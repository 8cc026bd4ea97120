#include "src/import/onnx/branch.h"

#include <utility>

#include "src/graph/subgraphs.h"
#include "src/import/onnx/errors.h"
#include "src/onnx/element_type.h"

namespace qrt::import::onnx_import {
namespace {

using ::onnx::TensorProto;

int32_t type_in_branch(DType type) {
  const int32_t number = onnx_format::onnx_type(type);
  if (number == 0) unsupported("elements of type %s in a branch", rt::dtype_name(type));
  return number;
}

void add_constant(const Captured& captured, Builder& builder, ::onnx::GraphProto* graph) {
  const graph::Value& value = *builder.constant_value(*captured.tensor);
  builder.charge(value.data->size());
  TensorProto* tensor = graph->add_initializer();
  tensor->set_name(captured.name);
  tensor->set_data_type(type_in_branch(value.type));
  for (const Dim& dim : captured.tensor->shape) tensor->add_dims(dim.symbol());
  tensor->set_raw_data(value.data->data(), value.data->size());
}

void add_input(const Captured& captured, Builder& builder, ::onnx::GraphProto* graph) {
  ::onnx::ValueInfoProto* input = graph->add_input();
  input->set_name(captured.name);
  auto* type = input->mutable_type()->mutable_tensor_type();
  type->set_elem_type(type_in_branch(captured.tensor->type));
  type->mutable_shape();
  for (const Dim& dim : captured.tensor->shape) {
    auto* to = type->mutable_shape()->add_dim();
    if (!dim.open()) {
      to->set_dim_value(dim.symbol());
    } else if (const std::string text = builder.dims().text(dim.symbol()); text != "?") {
      to->set_dim_param(text);
    }
  }
}

}  // namespace

const ::onnx::GraphProto& branch_of(const ::onnx::NodeProto& node, const char* attribute) {
  for (const auto& one : node.attribute()) {
    if (one.name() != attribute) continue;
    if (!one.has_g()) invalid("attribute '%s' is no graph", attribute);
    if (one.g().input_size() > 0) invalid("its %s has inputs", attribute);
    if (one.g().output_size() != node.output_size()) {
      invalid("its %s has %d outputs, it has %d", attribute, one.g().output_size(),
              node.output_size());
    }
    return one.g();
  }
  invalid("has no %s", attribute);
}

bool is_conditional_squeeze(const ::onnx::NodeProto& node) {
  // The branch's only node besides constants, if it is of this operator and gives the output.
  const auto only = [&](const char* branch, const char* op) -> const ::onnx::NodeProto* {
    const ::onnx::GraphProto& graph = branch_of(node, branch);
    const ::onnx::NodeProto* found = nullptr;
    for (const auto& one : graph.node()) {
      if (one.op_type() == "Constant") continue;
      if (found != nullptr || one.op_type() != op || one.input_size() == 0) return nullptr;
      found = &one;
    }
    const bool gives = found != nullptr && found->output_size() == 1 && graph.output_size() == 1 &&
                       found->output(0) == graph.output(0).name();
    return gives ? found : nullptr;
  };
  const ::onnx::NodeProto* drops = only("then_branch", "Squeeze");
  const ::onnx::NodeProto* passes = only("else_branch", "Identity");
  return drops != nullptr && passes != nullptr && drops->input(0) == passes->input(0);
}

::onnx::ModelProto branch_model(const ::onnx::ModelProto& outer, const ::onnx::GraphProto& branch,
                                const std::vector<Captured>& captured, Builder& builder) {
  builder.charge(branch.ByteSizeLong());
  ::onnx::ModelProto model;
  *model.mutable_opset_import() = outer.opset_import();
  *model.mutable_graph() = branch;
  for (const Captured& one : captured) {
    if (one.constant) {
      add_constant(one, builder, model.mutable_graph());
    } else {
      add_input(one, builder, model.mutable_graph());
    }
  }
  return model;
}

int32_t adopt(graph::Graph graph, graph::Graph* into) {
  const auto base = static_cast<int32_t>(into->subgraphs.size()) + 1;
  for (int32_t g = 0; g < graph::graph_count(graph); ++g) {
    for (graph::Node& node : graph::graph_at(graph, g).nodes) {
      for (int32_t* called : graph::called_by(node)) *called += base;
    }
  }
  std::vector<graph::Graph> inner = std::move(graph.subgraphs);
  graph.subgraphs.clear();
  graph.metadata.clear();
  into->subgraphs.push_back(std::move(graph));
  for (graph::Graph& one : inner) into->subgraphs.push_back(std::move(one));
  return base;
}

}  // namespace qrt::import::onnx_import
