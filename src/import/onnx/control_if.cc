#include "src/base/dtype.h"
#include "src/graph/subgraphs.h"
#include "src/import/onnx/control.h"
#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

// The value of an output that is either of two.
int either_output(const ControlScope& scope, const std::string& name, const graph::Value& yes,
                  const graph::Value& no) {
  graph::Value both = yes;
  bool differ = yes.type != no.type || yes.shape.size() != no.shape.size();
  for (size_t i = 0; !differ && i < both.shape.size(); ++i) {
    if (both.shape[i] == no.shape[i]) continue;
    differ = both.shape[i] >= 0 && no.shape[i] >= 0;
    both.shape[i] = -1;
  }
  if (differ) {
    unsupported("its branches give %s of %s and %s of %s", rt::dtype_name(yes.type),
                rt::Shape(yes.shape.data(), yes.shape.size()).str().c_str(),
                rt::dtype_name(no.type), rt::Shape(no.shape.data(), no.shape.size()).str().c_str());
  }
  return scope.value_like(name, both);
}

}  // namespace

// One whose condition is known runs one branch, always: then it is a Call, which is inlined.
bool import_if(const ::onnx::NodeProto& node, ControlScope& scope) {
  Builder& builder = scope.builder;
  if (node.input_size() != 1 || node.input(0).empty()) {
    invalid("%d inputs, needs 1", node.input_size());
  }
  const TensorPtr condition = scope.tensors.at(node.input(0));
  std::vector<Captured> captured;
  if (condition == nullptr || !scope.find_captured(node, &captured)) return false;
  if (condition->type != DType::Bool) invalid("its condition is no bool");
  const graph::Value* known = builder.constant_value(*condition);
  if (known != nullptr && known->data->size() != 1) invalid("its condition is not one bool");
  // A size that decides it is open: the axis is dropped, and a run fails where it cannot be.
  const bool squeezes = known == nullptr && is_conditional_squeeze(node) &&
                        builder.integers(condition->forms.front().value) != nullptr;
  const bool runs_one = known != nullptr || squeezes;
  const bool always = squeezes || (known != nullptr && (*known->data)[0] != 0);

  const auto import_branch = [&](const char* attribute) {
    return adopt(scope.import_graph(branch_of(node, attribute), attribute, captured),
                 &builder.graph);
  };
  int32_t yes = -1, no = -1;
  if (!runs_one || always) yes = import_branch("then_branch");
  if (!always) no = import_branch("else_branch");
  const int32_t first = yes >= 0 ? yes : no, other = no >= 0 ? no : yes;
  const auto output_of = [&](int32_t number, int k) -> const graph::Value& {
    const graph::Graph& branch = graph::graph_at(builder.graph, number);
    return branch.value(branch.outputs[static_cast<size_t>(k)]);
  };

  std::vector<int> inputs, outputs;
  for (const Captured& one : captured) {
    if (!one.constant) inputs.push_back(builder.plain(*one.tensor));
  }
  for (int k = 0; k < node.output_size(); ++k) {
    const std::string& name = node.output(k);
    outputs.push_back(either_output(scope, name, output_of(first, k), output_of(other, k)));
    scope.tensors[name] = scope.tensor_of(name, outputs.back());
  }
  const std::string& name = node.name().empty() ? node.output(0) : node.name();
  if (runs_one) {
    fb::CallT call;
    call.subgraph = first;
    builder.node_as_declared(name, std::move(call), std::move(inputs), std::move(outputs));
    return true;
  }
  fb::IfT choice;
  choice.then_subgraph = yes;
  choice.else_subgraph = no;
  inputs.insert(inputs.begin(), builder.plain(*condition));
  builder.node_as_declared(name, std::move(choice), std::move(inputs), std::move(outputs));
  return true;
}

}  // namespace qrt::import::onnx_import
