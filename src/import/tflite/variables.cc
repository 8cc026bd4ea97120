#include "src/import/tflite/variables.h"

#include "src/graph/passes.h"
#include "src/graph/quantized_values.h"

namespace qrt::import::tflite {
namespace {

std::string held_by(const Value& value) {
  std::string text = rt::dtype_name(value.type);
  if (!value.quantization.empty()) text += " with a scale";
  return text + " of " + rt::Shape(value.shape.data(), value.shape.size()).str();
}

Status check_alike(const std::string& name, const Value& variable, const Value& value) {
  if (variable.shape == value.shape && graph::same_quantization(variable, value)) return {};
  const bool only_scales = variable.shape == value.shape && variable.type == value.type;
  return error(Code::Unsupported, "variable '%s' holds %s and then %s%s", shortened(name).c_str(),
               held_by(variable).c_str(), held_by(value).c_str(),
               only_scales ? ", quantized otherwise" : "");
}

Status arity(const tfl::Operator& op, unsigned inputs, unsigned outputs) {
  const unsigned in = op.inputs() == nullptr ? 0 : op.inputs()->size();
  const unsigned out = op.outputs() == nullptr ? 0 : op.outputs()->size();
  if (in == inputs && out == outputs) return {};
  return error(Code::InvalidModel, "has %u inputs and %u outputs, needs %u and %u", in, out, inputs,
               outputs);
}

}  // namespace

Status Variables::declare(const tfl::Operator& op) {
  QRT_RETURN_IF_ERROR(arity(op, 0, 1));
  const auto* options = op.options_as<tfl::VarHandleOptions>();
  if (options == nullptr || options->shared_name() == nullptr) {
    return Status(Code::InvalidModel, "has no name of a variable");
  }
  std::string name = options->shared_name()->str();
  if (options->container() != nullptr && options->container()->size() != 0) {
    name = options->container()->str() + "/" + name;
  }
  QRT_RETURN_IF_ERROR(budget_.take(2 * name.size()));
  handles_[op.outputs()->Get(0)] = std::move(name);
  return {};
}

Status Variables::find(const tfl::Operator& op, int like, int* variable) {
  const auto handle = handles_.find(op.inputs()->Get(0));
  if (handle == handles_.end()) {
    return Status(Code::Unsupported, "its variable is not given by a VAR_HANDLE");
  }
  const std::string& name = handle->second;
  const auto known = variables_.find(name);
  if (known != variables_.end()) {
    *variable = known->second;
    return check_alike(name, graph_.value(*variable), graph_.value(like));
  }
  Value value;
  value.name = name;
  value.type = graph_.value(like).type;
  value.shape = graph_.value(like).shape;
  value.quantization = graph_.value(like).quantization;
  value.variable = true;
  const int next = static_cast<int>(resources_.ids.size());
  value.variable_id = resources_.ids.insert({name, next}).first->second;
  *variable = variables_[name] = graph_.add_value(std::move(value));
  return {};
}

Status Variables::read(const tfl::Operator& op, int result) {
  QRT_RETURN_IF_ERROR(arity(op, 1, 1));
  int variable;
  QRT_RETURN_IF_ERROR(find(op, result, &variable));
  std::string name = graph_.value(result).name;
  graph_.add_node(std::move(name), fb::ReadVariableT(), {variable}, {result});
  return {};
}

Status Variables::assign(const tfl::Operator& op, int assigned) {
  QRT_RETURN_IF_ERROR(arity(op, 2, 0));
  int variable;
  QRT_RETURN_IF_ERROR(find(op, assigned, &variable));
  std::string name = graph_.value(variable).name;
  graph_.add_node(std::move(name), fb::AssignVariableT(), {variable, assigned}, {});
  return {};
}

Status evaluate_initial_values(graph::Graph graph, std::map<std::string, Value>* initial) {
  QRT_RETURN_IF_ERROR(graph::fold_constants(graph));
  for (const graph::Node& node : graph.nodes) {
    const bool constant =
        node.type() == fb::OpOptions::AssignVariable && graph.value(node.inputs[1]).constant();
    if (!constant) {
      return error(Code::Unsupported,
                   "it does more at the start than assign constants to variables: %s '%s'",
                   graph::node_kind(node).c_str(), shortened(node.name).c_str());
    }
    // Of several, the last.
    (*initial)[graph.value(node.inputs[0]).name] = graph.value(node.inputs[1]);
  }
  return {};
}

Status start_variables(const Resources& resources, graph::Graph* graph) {
  for (Value& value : graph->values) {
    if (!value.variable || value.variable_id < 0) continue;
    const auto start = resources.initial.find(value.name);
    if (start == resources.initial.end()) continue;
    QRT_RETURN_IF_ERROR(check_alike(value.name, start->second, value));
    value.data = start->second.data;
  }
  return {};
}

}  // namespace qrt::import::tflite
