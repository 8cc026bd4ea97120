// Reads a .tflite file operator by operator into a graph, and collects what it cannot read.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/graph/subgraphs.h"
#include "src/import/import.h"
#include "src/import/open_dims.h"
#include "src/import/problems.h"
#include "src/import/runnable.h"
#include "src/import/tflite/flex_options.h"
#include "src/import/tflite/op_table.h"
#include "src/import/tflite/variables.h"

namespace qrt::import {
namespace tflite {
namespace {

constexpr int kDeepest = 32;

// What the subgraphs of a file have in common.
struct Shared {
  Shared(const File& file, const ImportOptions& wishes, OpenDims& open)
      : budget(file.bytes()), reader(file.model(), budget), options(wishes), open_dims(open) {}

  Budget budget;
  ValueReader reader;
  const ImportOptions& options;
  OpenDims& open_dims;
  Problems problems;
  Resources resources;
  bool in_call_once = false;
  int depth = 0;
  // By the file's subgraph: its number in the model, or kBusy while it is being imported.
  static constexpr int32_t kBusy = -1;
  std::map<unsigned, int32_t> numbers;
  std::vector<graph::Graph> graphs;  // number 1 and up
  std::set<unsigned> imported;       // the file's subgraphs that something runs
};

// Of one subgraph.
class Importer {
 public:
  Importer(const File& file, Shared& shared)
      : file_(file),
        shared_(shared),
        budget_(shared.budget),
        reader_(shared.reader),
        problems_(shared.problems),
        shapes_(graph_),
        variables_(graph_, shared.resources, budget_),
        values_(file.tensor_count(), kUnread),
        requantized_(requantized_tensors(file)) {}

  // Whole only if there have been no problems.
  rt::Result<graph::Graph> run() {
    const auto& source = file_.graph();
    shared_.imported.insert(file_.graph_index());
    if (source.name() != nullptr) graph_.name = source.name()->str();
    QRT_RETURN_IF_ERROR(import_ends(source.inputs(), "graph input", &graph_.inputs));
    QRT_RETURN_IF_ERROR(fix_inputs());
    for (size_t i = 0; i < file_.operator_count(); ++i) QRT_RETURN_IF_ERROR(import_op(i));
    QRT_RETURN_IF_ERROR(import_ends(source.outputs(), "graph output", &graph_.outputs));
    return std::move(graph_);
  }

 private:
  static constexpr int kUnread = -2;

  Status value_of(int tensor, int* value) {
    int& known = values_[at(tensor)];
    if (known == kUnread) {
      QRT_ASSIGN_OR_RETURN(Value read, reader_.read(file_, tensor, requantized_[at(tensor)]));
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

  Status fix_inputs() {
    for (int input : graph_.inputs) {
      const Value& value = graph_.value(input);
      QRT_RETURN_IF_ERROR(shared_.open_dims.learn(value.name, value.shape, value.dim_names));
    }
    for (int input : graph_.inputs) {
      Value& value = graph_.value(input);
      shared_.open_dims.fix(value.name, &value.shape, &value.dim_names);
    }
    return {};
  }

  Status import_op(size_t index) {
    const tfl::Operator& op = file_.op(index);
    const Status status = apply_rule(op);
    if (status.ok()) return {};
    std::string label = file_.op_label(index);
    if (file_.graph_index() > 0) {
      label = "subgraph " + std::to_string(file_.graph_index()) + " " + label;
    }
    if (status.code() != Code::Unsupported) return status.within(label);
    problems_.add(file_.op_kind(op), status.message(), label);
    return {};
  }

  Status apply_rule(const tfl::Operator& op) {
    const tfl::Builtin code = builtin_of(file_.code(op));
    const std::string name = file_.op_name(op);
    if (shared_.options.customs.count(name) != 0) return leave_to_app(op, name);
    switch (code) {
      case tfl::Builtin::VAR_HANDLE:
        return variables_.declare(op);
      case tfl::Builtin::READ_VARIABLE:
      case tfl::Builtin::ASSIGN_VARIABLE:
        return use_variable(op, code == tfl::Builtin::ASSIGN_VARIABLE);
      case tfl::Builtin::CALL_ONCE:
        return call_once(op);
      case tfl::Builtin::IF:
      case tfl::Builtin::WHILE:
      case tfl::Builtin::STABLEHLO_COMPOSITE:
        return run_subgraphs(op, code);
      default:
        return apply_rule(op, code);
    }
  }

  Status leave_to_app(const tfl::Operator& op, const std::string& name) {
    std::vector<int> inputs, outputs;
    QRT_RETURN_IF_ERROR(values_of(op.inputs(), &inputs));
    QRT_RETURN_IF_ERROR(values_of(op.outputs(), &outputs));
    if (outputs.empty()) return Status(Code::Unsupported, "gives nothing");
    OpContext context(file_, op, graph_, shapes_, reader_, budget_, inputs, outputs);
    const rt::Span<const uint8_t> options = context.custom_options();
    QRT_RETURN_IF_ERROR(budget_.take(name.size() + options.size()));
    fb::CustomT custom;
    custom.name = name;
    custom.data.assign(options.begin(), options.end());
    // Others are for the app to read.
    if (FlexOptions map; map.open(options).ok()) custom.attributes = map.take();
    return context.emit(std::move(custom), std::move(inputs), std::move(outputs));
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
    auto graph = Importer(file, shared_).run();
    shared_.in_call_once = false;
    if (!graph.ok()) return graph.status();
    // What they are is said with the others.
    if (!problems_.empty()) return {};
    return evaluate_initial_values(std::move(*graph), &shared_.resources.initial);
  }

  // A subgraph's number in the model that is made.
  Status number_of(int64_t subgraph, int32_t* number) {
    QRT_ASSIGN_OR_RETURN(const File file, file_.subgraph(subgraph));
    const auto known = shared_.numbers.find(file.graph_index());
    if (known != shared_.numbers.end()) {
      *number = known->second;
      if (*number != Shared::kBusy) return {};
      return error(Code::InvalidModel, "runs subgraph %u, which it is within", file.graph_index());
    }
    if (shared_.depth >= kDeepest) {
      return error(Code::Unsupported, "subgraphs are nested more than %d deep", kDeepest);
    }
    shared_.numbers[file.graph_index()] = Shared::kBusy;
    ++shared_.depth;
    auto graph = Importer(file, shared_).run();
    --shared_.depth;
    if (!graph.ok()) return graph.status();
    shared_.graphs.push_back(std::move(*graph));
    *number = static_cast<int32_t>(shared_.graphs.size());
    shared_.numbers[file.graph_index()] = *number;
    return {};
  }

  Status run_subgraphs(const tfl::Operator& op, tfl::Builtin code) {
    std::vector<int> inputs, outputs;
    QRT_RETURN_IF_ERROR(values_of(op.inputs(), &inputs));
    QRT_RETURN_IF_ERROR(values_of(op.outputs(), &outputs));
    const std::string name = outputs.empty() ? "" : graph_.value(outputs[0]).name;
    QRT_RETURN_IF_ERROR(budget_.take(2 * name.size()));
    if (code == tfl::Builtin::STABLEHLO_COMPOSITE) {
      const auto* options = op.options2_as<tfl::CompositeOptions>();
      if (options == nullptr) return Status(Code::InvalidModel, "has no options");
      fb::CallT call;
      QRT_RETURN_IF_ERROR(number_of(options->decomposition_subgraph_index(), &call.subgraph));
      graph_.add_node(name, std::move(call), std::move(inputs), std::move(outputs));
    } else if (code == tfl::Builtin::IF) {
      const auto* options = op.options_as<tfl::IfOptions>();
      if (options == nullptr) return Status(Code::InvalidModel, "has no options");
      fb::IfT choice;
      QRT_RETURN_IF_ERROR(number_of(options->then_subgraph(), &choice.then_subgraph));
      QRT_RETURN_IF_ERROR(number_of(options->else_subgraph(), &choice.else_subgraph));
      graph_.add_node(name, std::move(choice), std::move(inputs), std::move(outputs));
    } else {
      const auto* options = op.options_as<tfl::WhileOptions>();
      if (options == nullptr) return Status(Code::InvalidModel, "has no options");
      fb::WhileT loop;
      QRT_RETURN_IF_ERROR(number_of(options->cond_subgraph(), &loop.condition_subgraph));
      QRT_RETURN_IF_ERROR(number_of(options->body_subgraph(), &loop.body_subgraph));
      graph_.add_node(name, std::move(loop), std::move(inputs), std::move(outputs));
    }
    return {};
  }

  Status apply_rule(const tfl::Operator& op, tfl::Builtin code) {
    const OpRule* rule = find_rule(file_.code(op));
    if (rule == nullptr) {
      return Status(Code::Unsupported, code == tfl::Builtin::CUSTOM
                                           ? "the operator is not supported; an app can "
                                             "compute it (qrt convert --custom)"
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
    OpContext context(file_, op, graph_, shapes_, reader_, budget_, std::move(inputs),
                      std::move(outputs));
    try {
      return rule->import(context);
    } catch (const Unsupported& reason) {
      return Status(Code::Unsupported, reason.what());
    }
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

  const File file_;
  Shared& shared_;
  Budget& budget_;
  ValueReader& reader_;
  Problems& problems_;
  graph::Graph graph_;
  graph::ShapeInference shapes_;
  Variables variables_;
  std::vector<int> values_;  // by tensor
  const std::vector<bool> requantized_;
};

// Of a whole file, or of one of its signatures with all that it runs.
class ModelImporter {
 public:
  ModelImporter(const File& file, const ImportOptions& options, OpenDims& open_dims)
      : file_(file), shared_(file, options, open_dims) {}

  rt::Result<graph::Graph> run() {
    const std::string& signature = shared_.options.signature;
    if (!signature.empty()) {
      QRT_RETURN_IF_ERROR(import_one(signature));
    } else {
      QRT_RETURN_IF_ERROR(import_all());
    }
    QRT_RETURN_IF_ERROR(shared_.open_dims.check_all_used());
    main_.subgraphs = std::move(shared_.graphs);
    for (int32_t g = 0; g < graph::graph_count(main_) && shared_.problems.empty(); ++g) {
      QRT_RETURN_IF_ERROR(start_variables(shared_.resources, &graph::graph_at(main_, g)));
    }
    if (!shared_.problems.empty()) {
      add_refusals(main_, true, &shared_.problems);
      return shared_.problems.status();
    }
    if (signature.empty()) say_what_is_left_out();
    main_.metadata.emplace_back("source_format", "tflite");
    const auto* description = file_.model().description();
    if (description != nullptr && description->size() != 0) {
      main_.metadata.emplace_back("source_description", description->str());
    }
    return std::move(main_);
  }

 private:
  struct Signature {
    std::string name;
    unsigned subgraph;
  };

  std::vector<Signature> signatures() const {
    std::vector<Signature> all;
    const auto* signatures = file_.model().signature_defs();
    if (signatures == nullptr) return all;
    for (const tfl::SignatureDef* one : *signatures) {
      if (one == nullptr || one->signature_key() == nullptr) continue;
      all.push_back({one->signature_key()->str(), one->subgraph_index()});
    }
    return all;
  }

  Status import_main(const Signature& signature) {
    QRT_ASSIGN_OR_RETURN(const File file, file_.subgraph(signature.subgraph));
    shared_.numbers[signature.subgraph] = Shared::kBusy;
    QRT_ASSIGN_OR_RETURN(main_, Importer(file, shared_).run());
    shared_.numbers[signature.subgraph] = 0;
    if (!signature.name.empty()) main_.name = signature.name;
    return {};
  }

  Status import_one(const std::string& name) {
    std::string all;
    for (const Signature& signature : signatures()) {
      if (signature.name == name) return import_main(signature);
      all += (all.empty() ? "'" : ", '") + shortened(signature.name) + "'";
    }
    return error(Code::InvalidArgument, "the file has no signature '%s'; it has %s", name.c_str(),
                 all.empty() ? "none" : all.c_str());
  }

  // The first subgraph is the main graph; signatures of others are further entries.
  Status import_all() {
    std::vector<Signature> others = signatures();
    Signature first = {"", 0};
    const auto named = std::find_if(others.begin(), others.end(),
                                    [](const Signature& s) { return s.subgraph == 0; });
    if (named != others.end()) {
      first = *named;
      others.erase(named);
    }
    QRT_RETURN_IF_ERROR(import_main(first));
    for (const Signature& signature : others) {
      Status status = import_entry(signature);
      if (!status.ok()) return status.within("signature '" + shortened(signature.name) + "'");
    }
    return {};
  }

  // Subgraphs that neither a signature nor an operator names cannot run, here or elsewhere.
  void say_what_is_left_out() {
    const size_t count = file_.model().subgraphs()->size();
    for (unsigned i = 0; i < count; ++i) {
      if (shared_.imported.count(i) != 0) continue;
      const auto* graph = file_.model().subgraphs()->Get(i);
      const std::string name = graph->name() != nullptr ? graph->name()->str() : "";
      main_.metadata.emplace_back(
          "assumed subgraph " + std::to_string(i) + " ('" + shortened(name) + "')",
          "left out: no signature and no operator runs it");
    }
  }

  Status import_entry(const Signature& signature) {
    QRT_ASSIGN_OR_RETURN(const File file, file_.subgraph(signature.subgraph));
    // Of one subgraph under many names, each is a graph of its own; constants are shared.
    constexpr uint64_t kEach = 1024;
    QRT_RETURN_IF_ERROR(shared_.budget.take(kEach * (file.tensor_count() + file.operator_count())));
    QRT_ASSIGN_OR_RETURN(graph::Graph graph, Importer(file, shared_).run());
    graph.name = signature.name;
    graph.entry = true;
    shared_.graphs.push_back(std::move(graph));
    return {};
  }

  const File& file_;
  Shared shared_;
  graph::Graph main_;
};

}  // namespace
}  // namespace tflite

rt::Result<graph::Graph> import_tflite(const uint8_t* data, size_t bytes, const std::string& name,
                                       const ImportOptions& options) {
  auto file = tflite::File::open(data, bytes);
  if (!file.ok()) return file.status().within(name);
  auto graph = import_open(options, [&](OpenDims& open_dims) {
    return tflite::ModelImporter(*file, options, open_dims).run();
  });
  if (!graph.ok()) return graph.status().within(name);
  return graph;
}

}  // namespace qrt::import
