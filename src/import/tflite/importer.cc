// Reads a .tflite file operator by operator into a graph, and collects what it cannot read.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/import/import.h"
#include "src/import/problems.h"
#include "src/import/runnable.h"
#include "src/import/tflite/op_table.h"
#include "src/import/tflite/variables.h"

namespace qrt::import {
namespace tflite {
namespace {

// What the subgraphs of a file have in common.
struct Shared {
  explicit Shared(const File& file) : budget(file.bytes()), reader(file.model(), budget) {}

  Budget budget;
  ValueReader reader;
  bool in_call_once = false;
};

// Of one subgraph.
class Importer {
 public:
  Importer(const File& file, Shared& shared)
      : file_(file),
        shared_(shared),
        budget_(shared.budget),
        reader_(shared.reader),
        variables_(file_, graph_, budget_),
        values_(file.tensor_count(), kUnread) {}

  rt::Result<graph::Graph> run() {
    QRT_RETURN_IF_ERROR(import_graph());
    if (!problems_.empty()) {
      add_refusals(graph_, true, &problems_);
      return problems_.status();
    }
    return std::move(graph_);
  }

 private:
  static constexpr int kUnread = -2;

  Status import_graph() {
    const auto& source = file_.graph();
    if (source.name() != nullptr) graph_.name = source.name()->str();
    graph_.metadata.emplace_back("source_format", "tflite");
    const auto* description = file_.model().description();
    if (description != nullptr && description->size() != 0) {
      graph_.metadata.emplace_back("source_description", description->str());
    }
    QRT_RETURN_IF_ERROR(import_ends(source.inputs(), "graph input", &graph_.inputs));
    for (size_t i = 0; i < file_.operator_count(); ++i) QRT_RETURN_IF_ERROR(import_op(i));
    return import_ends(source.outputs(), "graph output", &graph_.outputs);
  }

  Status value_of(int tensor, int* value) {
    int& known = values_[at(tensor)];
    if (known == kUnread) {
      QRT_ASSIGN_OR_RETURN(Value read, reader_.read(file_, tensor));
      known = graph_.add_value(std::move(read));
    }
    *value = known;
    return {};
  }

  Status import_ends(const flatbuffers::Vector<int32_t>* tensors, const char* what,
                     std::vector<int>* values) {
    if (tensors == nullptr) return {};
    for (int32_t tensor : *tensors) {
      int value = kAbsent;
      Status status = value_of(tensor, &value);
      if (status.ok() && !has_elements(graph_.value(value))) {
        status = error(Code::Unsupported, "tensor '%s': has no elements",
                       shortened(graph_.value(value).name).c_str());
      }
      if (status.code() == Code::Unsupported) {
        problems_.add(what, status.message(), "tensor " + std::to_string(tensor));
        continue;
      }
      QRT_RETURN_IF_ERROR(status);
      values->push_back(value);
    }
    return {};
  }

  Status import_op(size_t index) {
    const tfl::Operator& op = file_.op(index);
    const Status status = apply_rule(op);
    if (status.ok()) return {};
    if (status.code() != Code::Unsupported) return status.within(file_.op_label(index));
    problems_.add(file_.op_kind(op), status.message(), file_.op_label(index));
    return {};
  }

  Status apply_rule(const tfl::Operator& op) {
    const tfl::Builtin code = builtin_of(file_.code(op));
    switch (code) {
      case tfl::Builtin::VAR_HANDLE:
        return variables_.declare(op);
      case tfl::Builtin::READ_VARIABLE:
      case tfl::Builtin::ASSIGN_VARIABLE:
        return use_variable(op, code == tfl::Builtin::ASSIGN_VARIABLE);
      case tfl::Builtin::CALL_ONCE:
        return call_once(op);
      default:
        return apply_rule(op, code);
    }
  }

  Status use_variable(const tfl::Operator& op, bool assign) {
    std::vector<int> inputs, outputs;
    if (!assign) {
      QRT_RETURN_IF_ERROR(values_of(op.outputs(), &outputs));
      return variables_.read(op, outputs.empty() ? kAbsent : outputs[0]);
    }
    const auto* tensors = op.inputs();
    int value = kAbsent;
    if (tensors != nullptr && tensors->size() == 2) {
      if (tensors->Get(1) < 0) return Status(Code::InvalidModel, "assigns nothing");
      QRT_RETURN_IF_ERROR(value_of(tensors->Get(1), &value));
    }
    return variables_.assign(op, value);
  }

  // Its subgraph is evaluated here and now: a program's variables start as it leaves them.
  Status call_once(const tfl::Operator& op) {
    const auto* options = op.options_as<tfl::CallOnceOptions>();
    if (options == nullptr) return Status(Code::InvalidModel, "has no options");
    if (shared_.in_call_once) return Status(Code::Unsupported, "stands within another");
    QRT_ASSIGN_OR_RETURN(const File file, file_.subgraph(options->init_subgraph_index()));
    shared_.in_call_once = true;
    auto imported = Importer(file, shared_).run();
    shared_.in_call_once = false;
    if (!imported.ok()) return imported.status();
    graph::Graph graph = std::move(*imported);
    InitialValues values;
    QRT_RETURN_IF_ERROR(initial_values(std::move(graph), &values));
    return variables_.start_as(values);
  }

  Status apply_rule(const tfl::Operator& op, tfl::Builtin code) {
    const OpRule* rule = find_rule(code);
    if (rule == nullptr) {
      return Status(Code::Unsupported, code == tfl::Builtin::CUSTOM
                                           ? "custom operators are not supported"
                                           : "the operator is not supported");
    }
    QRT_RETURN_IF_ERROR(check_arity(op, *rule));
    std::vector<int> inputs, outputs;
    QRT_RETURN_IF_ERROR(values_of(op.inputs(), &inputs));
    QRT_RETURN_IF_ERROR(values_of(op.outputs(), &outputs));
    for (int input : inputs) {
      if (input == kAbsent || has_elements(graph_.value(input))) continue;
      // An empty list of integers is an attribute, such as the shape of a scalar.
      if (graph_.value(input).shape.size() == 1) continue;
      return error(Code::Unsupported, "its input '%s' has no elements",
                   shortened(graph_.value(input).name).c_str());
    }
    for (int output : outputs) {
      if (!has_elements(graph_.value(output))) {
        return error(Code::Unsupported, "its output '%s' has no elements",
                     shortened(graph_.value(output).name).c_str());
      }
    }
    OpContext context(file_, op, graph_, reader_, budget_, std::move(inputs), std::move(outputs));
    return rule->import(context);
  }

  Status values_of(const flatbuffers::Vector<int32_t>* tensors, std::vector<int>* values) {
    if (tensors == nullptr) return {};
    for (int32_t tensor : *tensors) {
      int value = kAbsent;
      if (tensor >= 0) QRT_RETURN_IF_ERROR(value_of(tensor, &value));
      values->push_back(value);
    }
    return {};
  }

  static Status check_arity(const tfl::Operator& op, const OpRule& rule) {
    const int inputs = op.inputs() == nullptr ? 0 : static_cast<int>(op.inputs()->size());
    const int outputs = op.outputs() == nullptr ? 0 : static_cast<int>(op.outputs()->size());
    if (inputs < rule.min_inputs || inputs > rule.max_inputs) {
      return error(Code::InvalidModel, "has %d inputs, needs %s%d", inputs,
                   rule.min_inputs == rule.max_inputs ? ""
                   : inputs < rule.min_inputs         ? "at least "
                                                      : "at most ",
                   inputs < rule.min_inputs ? rule.min_inputs : rule.max_inputs);
    }
    if (outputs < rule.min_outputs || outputs > rule.max_outputs) {
      return error(Code::InvalidModel, "has %d outputs, needs %d", outputs, rule.min_outputs);
    }
    const int required = rule.max_inputs == kMany ? inputs : rule.min_inputs;
    for (int i = 0; i < required; ++i) {
      if (op.inputs()->Get(static_cast<flatbuffers::uoffset_t>(i)) < 0) {
        return error(Code::InvalidModel, "its input %d is absent, but not optional", i);
      }
    }
    return {};
  }

  const File& file_;
  Shared& shared_;
  Budget& budget_;
  ValueReader& reader_;
  graph::Graph graph_;
  Variables variables_;
  std::vector<int> values_;  // by tensor
  Problems problems_;
};

}  // namespace
}  // namespace tflite

rt::Result<graph::Graph> import_tflite(const uint8_t* data, size_t bytes, const std::string& name) {
  auto file = tflite::File::open(data, bytes);
  if (!file.ok()) return file.status().within(name);
  tflite::Shared shared(*file);
  auto graph = tflite::Importer(*file, shared).run();
  if (!graph.ok()) return graph.status().within(name);
  return graph;
}

}  // namespace qrt::import
