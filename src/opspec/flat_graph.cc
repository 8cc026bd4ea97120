#include "src/opspec/flat_graph.h"

#include <algorithm>

#include "src/model/calls.h"
#include "src/opspec/signature.h"

namespace qrt::rt {
namespace {

using Numbers = std::vector<int32_t>;

constexpr int kDeepest = 32;
// Tensors of all places of subgraphs, shared ones counted wherever they occur.
constexpr size_t kMostNumbers = size_t{1} << 22;

size_t at(int32_t i) { return static_cast<size_t>(i); }

class Flattener {
 public:
  Flattener(const Model& model, FlatGraph& flat) : model_(model), flat_(flat) {}

  Status run(unsigned subgraph) {
    const fb::Subgraph& source = graph(subgraph);
    Numbers numbers(source.tensors()->size(), -1);
    const Numbers* placed;
    QRT_RETURN_IF_ERROR(place(subgraph, std::move(numbers), 0, &placed));
    flat_.inputs = numbers_of(*source.inputs(), *placed);
    flat_.outputs = numbers_of(*source.outputs(), *placed);
    return {};
  }

 private:
  const fb::Subgraph& graph(int64_t index) const {
    return *model_.root().subgraphs()->Get(static_cast<unsigned>(index));
  }

  static Numbers numbers_of(const flatbuffers::Vector<int32_t>& tensors, const Numbers& numbers) {
    Numbers result;
    for (int32_t t : tensors) result.push_back(numbers[at(t)]);
    return result;
  }

  int new_tensor(const Tensor& tensor) {
    flat_.tensors.push_back(tensor);
    renames_.push_back(-1);
    return static_cast<int>(flat_.tensors.size()) - 1;
  }

  // Where a tensor's variable is, if this is one that stands elsewhere, too.
  int* shared_variable(unsigned subgraph, unsigned t, const fb::Tensor& tensor) {
    if (!tensor.is_variable()) return nullptr;
    // One without a number belongs to its subgraph, wherever that is run.
    const auto key = tensor.variable_id() >= 0
                         ? std::make_pair(int64_t{-1}, int64_t{tensor.variable_id()})
                         : std::make_pair(int64_t{subgraph}, int64_t{t});
    return &variables_.insert({key, -1}).first->second;
  }

  // Puts the steps of a subgraph here. `numbers`: -1 for tensors that nothing stands for yet.
  Status place(unsigned subgraph, Numbers numbers, int depth, const Numbers** placed) {
    const fb::Subgraph& source = graph(subgraph);
    if (depth > kDeepest) {
      return error(Code::Unsupported, "subgraphs are nested more than %d deep", kDeepest);
    }
    for (unsigned t = 0; t < source.tensors()->size(); ++t) {
      if (numbers[t] >= 0) continue;
      const fb::Tensor& tensor = *source.tensors()->Get(t);
      int* variable = shared_variable(subgraph, t, tensor);
      if (variable != nullptr && *variable >= 0) {
        numbers[t] = *variable;
        continue;
      }
      numbers[t] = new_tensor(decode_tensor(tensor, model_.weights()));
      if (variable != nullptr) *variable = numbers[t];
    }
    placed_tensors_ += source.tensors()->size();
    if (flat_.tensors.size() > kMostFlatTensors || placed_tensors_ > kMostNumbers) {
      return error(Code::Unsupported, "with all that it calls, the model has more than %zu tensors",
                   kMostFlatTensors);
    }
    flat_.numbers.push_back(std::make_unique<Numbers>(std::move(numbers)));
    const Numbers& own = *flat_.numbers.back();
    for (const fb::Operator* op : *source.operators()) {
      QRT_RETURN_IF_ERROR(place_operator(*op, own, depth));
      if (flat_.steps.size() > kMostSteps || ++operators_ > kMostSteps) {
        return error(Code::Unsupported,
                     "with all that it calls, the model has more than %zu operators", kMostSteps);
      }
    }
    *placed = &own;
    return {};
  }

  Status place_operator(const fb::Operator& op, const Numbers& numbers, int depth) {
    const bool control = calls_of(op).count > 0;
    std::vector<Node>& list = control ? flat_.controls : flat_.nodes;
    const Node node(static_cast<int>(list.size()), &op, numbers.data(), &flat_.tensors);
    const OpSpec* spec = find_spec(node.type());
    if (spec == nullptr) {
      return node.fail(Code::Unsupported, "this build of libqrt lacks the operator");
    }
    list.push_back(node);
    if (!control) {
      flat_.specs.push_back(spec);
      add_step({Step::Kind::Run, node.index()});
      // Whatever is wrong with such a node is said when it is checked.
      if (spec->alias && node.has_input(0) && node.outputs() > 0) {
        renames_[at(node.output_index(0))] = root(node.input_index(0));
      }
      return {};
    }
    QRT_RETURN_IF_ERROR(check_signature(node, signatures_of(*spec, node.raw_options())));
    switch (node.type()) {
      case fb::OpOptions::If:
        return place_if(node, depth + 1);
      case fb::OpOptions::While:
        return place_while(node, depth + 1);
      default:
        return place_call(node, depth + 1);
    }
  }

  size_t add_step(const Step& step) {
    flat_.steps.push_back(step);
    return flat_.steps.size() - 1;
  }
  void copy(const Node& node, int from, int to, bool first) {
    if (from != to) add_step({Step::Kind::Copy, node.index(), from, to, 0, first});
  }

  static Numbers inputs_of(const Node& node, size_t first) {
    Numbers inputs;
    for (size_t i = first; i < node.inputs(); ++i) inputs.push_back(node.input_index(i));
    return inputs;
  }
  static Numbers outputs_of(const Node& node) {
    Numbers outputs;
    for (size_t i = 0; i < node.outputs(); ++i) outputs.push_back(node.output_index(i));
    return outputs;
  }

  bool same_kind(int a, const fb::Tensor& declared) const {
    const Tensor b = decode_tensor(declared, model_.weights());
    const Tensor& tensor = flat_.tensors[at(a)];
    return tensor.type == b.type && same_quantization(tensor.quantization, b.quantization);
  }

  // That a subgraph takes `inputs` and gives as many outputs as `outputs`, of their types.
  Status check_ports(const Node& node, int32_t subgraph, const Numbers& inputs,
                     const Numbers& outputs) {
    const fb::Subgraph& source = graph(subgraph);
    if (inputs.size() != source.inputs()->size() || outputs.size() != source.outputs()->size()) {
      return node.fail(Code::InvalidModel,
                       "subgraph %d has %u inputs and %u outputs, is given %zu and should give %zu",
                       subgraph, source.inputs()->size(), source.outputs()->size(), inputs.size(),
                       outputs.size());
    }
    const auto declared = [&](const flatbuffers::Vector<int32_t>& ports, size_t i) -> auto& {
      const int32_t t = ports.Get(static_cast<unsigned>(i));
      return *source.tensors()->Get(static_cast<unsigned>(t));
    };
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Tensor& tensor = flat_.tensors[at(inputs[i])];
      if (tensor.variable) {
        return node.fail(Code::InvalidModel,
                         "gives variable '%s' to subgraph %d, which must be read first",
                         tensor.name, subgraph);
      }
      const fb::Tensor& port = declared(*source.inputs(), i);
      if (!same_kind(inputs[i], port)) {
        return node.fail(Code::InvalidModel,
                         "gives '%s' to input %zu of subgraph %d, which has another type or "
                         "quantization",
                         tensor.name, i, subgraph);
      }
      flat_.passed.push_back(
          {node.index(), inputs[i], Shape(port.shape()->data(), port.shape()->size())});
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (same_kind(outputs[i], declared(*source.outputs(), i))) continue;
      return node.fail(Code::InvalidModel,
                       "output %zu of subgraph %d and '%s' differ in type or quantization", i,
                       subgraph, flat_.tensors[at(outputs[i])].name);
    }
    return {};
  }

  // Runs a subgraph on the tensors `inputs`. A result that an operator of it computes may be
  // computed in the place of one of `into`. Gives the results' tensors.
  Status place_on(unsigned subgraph, const Numbers& inputs, const Numbers& into, int depth,
                  Numbers* results) {
    const fb::Subgraph& source = graph(subgraph);
    Numbers numbers(source.tensors()->size(), -1);
    for (unsigned i = 0; i < source.inputs()->size(); ++i) {
      numbers[at(source.inputs()->Get(i))] = inputs[i];
    }
    for (unsigned i = 0; i < into.size(); ++i) {
      const int32_t t = source.outputs()->Get(i);
      const fb::Tensor& tensor = *source.tensors()->Get(static_cast<unsigned>(t));
      if (tensor.is_constant() || tensor.is_variable() || numbers[at(t)] >= 0) continue;
      numbers[at(t)] = into[i];
    }
    const Numbers* placed;
    QRT_RETURN_IF_ERROR(place(subgraph, std::move(numbers), depth, &placed));
    *results = numbers_of(*source.outputs(), *placed);
    return {};
  }

  Status place_call(const Node& node, int depth) {
    const auto subgraph = static_cast<unsigned>(node.options<fb::Call>().subgraph());
    const Numbers inputs = inputs_of(node, 0), outputs = outputs_of(node);
    QRT_RETURN_IF_ERROR(check_ports(node, static_cast<int32_t>(subgraph), inputs, outputs));
    Numbers results;
    QRT_RETURN_IF_ERROR(place_on(subgraph, inputs, outputs, depth, &results));
    for (size_t i = 0; i < outputs.size(); ++i) copy(node, results[i], outputs[i], true);
    return {};
  }

  Status place_if(const Node& node, int depth) {
    const auto& options = node.options<fb::If>();
    const Numbers inputs = inputs_of(node, 1), outputs = outputs_of(node);
    const size_t branch = add_step({Step::Kind::Branch, node.index(), node.input_index(0)});
    size_t jump = 0;
    for (const int32_t subgraph : {options.then_subgraph(), options.else_subgraph()}) {
      const bool first = jump == 0;
      QRT_RETURN_IF_ERROR(check_ports(node, subgraph, inputs, outputs));
      Numbers results;
      QRT_RETURN_IF_ERROR(place_on(static_cast<unsigned>(subgraph), inputs, {}, depth, &results));
      for (size_t i = 0; i < outputs.size(); ++i) copy(node, results[i], outputs[i], first);
      if (!first) continue;
      jump = add_step({Step::Kind::Jump, node.index()});
      flat_.steps[branch].target = flat_.steps.size();
    }
    flat_.steps[jump].target = flat_.steps.size();
    return {};
  }

  Status place_while(const Node& node, int depth) {
    const auto& options = node.options<fb::While>();
    const Numbers state = outputs_of(node);
    QRT_RETURN_IF_ERROR(check_ports(node, options.body_subgraph(), inputs_of(node, 0), state));
    for (size_t i = 0; i < state.size(); ++i) copy(node, node.input_index(i), state[i], true);
    const size_t begin = flat_.steps.size();
    QRT_RETURN_IF_ERROR(check_condition(node, options.condition_subgraph(), state.size()));
    Numbers condition, results;
    QRT_RETURN_IF_ERROR(place_on(static_cast<unsigned>(options.condition_subgraph()), state, {},
                                 depth, &condition));
    const size_t branch = add_step({Step::Kind::Branch, node.index(), condition[0]});
    QRT_RETURN_IF_ERROR(
        place_on(static_cast<unsigned>(options.body_subgraph()), state, {}, depth, &results));
    // What is another part of the state under whatever name must be taken away before that part
    // changes.
    for (size_t i = 0; i < state.size(); ++i) {
      const int from = root(results[i]);
      const bool in_state = std::find(state.begin(), state.end(), from) != state.end();
      if (results[i] == state[i] || !in_state) continue;
      const int aside = new_tensor(flat_.tensors[at(state[i])]);
      copy(node, results[i], aside, true);
      results[i] = aside;
    }
    for (size_t i = 0; i < state.size(); ++i) copy(node, results[i], state[i], false);
    const size_t jump = add_step({Step::Kind::Jump, node.index()});
    flat_.steps[jump].target = begin;
    flat_.steps[branch].target = flat_.steps.size();
    flat_.loops.emplace_back(begin, flat_.steps.size());
    return {};
  }

  Status check_condition(const Node& node, int32_t subgraph, size_t inputs) {
    const fb::Subgraph& source = graph(subgraph);
    if (source.outputs()->size() != 1) {
      return node.fail(Code::InvalidModel, "its condition, subgraph %d, has %u outputs, not 1",
                       subgraph, source.outputs()->size());
    }
    const auto output = static_cast<unsigned>(source.outputs()->Get(0));
    if (source.tensors()->Get(output)->type() != fb::DType::Bool) {
      return node.fail(Code::InvalidModel, "its condition, subgraph %d, gives no bool", subgraph);
    }
    Numbers state = outputs_of(node);
    if (source.inputs()->size() != inputs) {
      return node.fail(Code::InvalidModel, "its condition, subgraph %d, has %u inputs, not %zu",
                       subgraph, source.inputs()->size(), inputs);
    }
    for (unsigned i = 0; i < inputs; ++i) {
      const auto t = static_cast<unsigned>(source.inputs()->Get(i));
      if (same_kind(state[i], *source.tensors()->Get(t))) continue;
      return node.fail(Code::InvalidModel,
                       "input %u of its condition, subgraph %d, has another type or quantization",
                       i, subgraph);
    }
    return {};
  }

  // What a tensor is renamed from (Reshape).
  int root(int tensor) const { return renames_[at(tensor)] >= 0 ? renames_[at(tensor)] : tensor; }

  const Model& model_;
  FlatGraph& flat_;
  std::map<std::pair<int64_t, int64_t>, int> variables_;
  std::vector<int32_t> renames_;  // by tensor
  size_t operators_ = 0, placed_tensors_ = 0;
};

}  // namespace

Status flatten(const Model& model, unsigned subgraph, FlatGraph* graph) {
  return Flattener(model, *graph).run(subgraph);
}

}  // namespace qrt::rt
