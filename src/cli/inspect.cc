// `qrt inspect`: what is in a model, for people: operators, tensors, sizes, quantization, and what
// runs in float. inspect_json.cc says the same to programs.
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/import_facts.h"
#include "src/cli/inspect_json.h"
#include "src/cli/machine_options.h"
#include "src/cli/model_facts.h"
#include "src/cli/model_source.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"
#include "src/import/runnable.h"
#include "src/model/calls.h"
#include "src/model/dtype.h"

namespace qrt::cli {
namespace {

struct Options {
  std::string model, signature;
  bool json = false;
  bool cpu = false;
  bool wide = false;
};

// Names longer than this are shortened, unless --wide.
constexpr size_t kNameWidth = 40;

constexpr const char* kFooter = R"(Examples:
  qrt inspect model.qrt
  qrt inspect model.tflite --cpu            which kernel each operator gets on this machine
  qrt inspect model.qrt --json | jq .float_operators)";

class Report {
 public:
  Report(const OpenModel& open, const rt::Program* program, bool wide)
      : open_(open),
        graph_(open.record()),
        facts_(*open.model, open.entry),
        program_(program),
        wide_(wide) {}

  void print() const {
    print_summary();
    print_operators();
    print_tensors();
    print_float();
    print_import();
    print_metadata();
  }

 private:
  std::string name(const flatbuffers::String* text) const {
    return wide_ ? printable(name_of(text)) : short_name(name_of(text), kNameWidth);
  }
  unsigned subgraph() const { return open_.model->entry_subgraph(open_.entry); }
  const fb::Tensor& tensor(int32_t index) const {
    return *graph_.tensors()->Get(static_cast<unsigned>(index));
  }

  void print_summary() const {
    const rt::Model& model = *open_.model;
    Facts lines;
    lines.add("model", printable(open_.path));
    if (open_.converted()) {
      lines.add("format", format("%s, %s; below is what it becomes", format_name(open_.format),
                                 human_bytes(open_.source_bytes).c_str()));
    } else {
      lines.add("format",
                format("libqrt %u.%u", model.root().version_major(), model.root().version_minor()));
    }
    lines.add("size", human_bytes(model.file_bytes()) + ", weights " +
                          human_bytes(model.weights().size()) + weight_types());
    if (const std::string entries = entry_list(model); !entries.empty()) {
      lines.add("entries", entries + "; below is '" + printable(model.entry_name(open_.entry)) +
                               "', --signature NAME shows another");
    }
    for (int32_t input : *graph_.inputs()) lines.add("input", port(input));
    for (int32_t output : *graph_.outputs()) lines.add("output", port(output));
    lines.add("operators", facts_.summary());
    if (facts_.macs > 0) {
      lines.add("work", human_count(facts_.macs) + " multiply-accumulates a run");
    }
    if (program_ != nullptr) {
      const size_t packed = program_->packed_bytes();
      lines.add("kernels",
                std::string("for ") + rt::isa_name(program_->features()) +
                    (packed > 0 ? ", " + human_bytes(packed) + " of packed weights" : ""));
    }
    lines.print();
  }

  std::string weight_types() const {
    std::string text;
    for (const auto& [type, bytes] : facts_.weight_bytes) {
      text += (text.empty() ? " (" : ", ") + type + " " + human_bytes(bytes);
    }
    return text.empty() ? "" : text + ")";
  }

  std::string port(int32_t index) const {
    const fb::Tensor& t = tensor(index);
    const std::string quantization = quantization_text(t);
    return format("%s  %s %s%s", name(t.name()).c_str(), rt::dtype_name(rt::dtype_of(t.type())),
                  facts_.shape(subgraph(), static_cast<size_t>(index)).c_str(),
                  quantization.empty() ? "" : (", " + quantization).c_str());
  }

  // "1x128x128x3 s8, 1x128 f32": the activations, or else the constants, of a list of tensors.
  std::string list(const OpFacts& op, const flatbuffers::Vector<int32_t>& indices,
                   bool constants) const {
    const auto& tensors = *open_.model->root().subgraphs()->Get(op.subgraph)->tensors();
    std::string text;
    for (int32_t index : indices) {
      if (index < 0) continue;
      const auto i = static_cast<unsigned>(index);
      const fb::Tensor& t = *tensors.Get(i);
      if (t.is_constant() != constants) continue;
      text += (text.empty() ? "" : ", ") + facts_.shape(op.subgraph, i) + " " +
              rt::dtype_name(rt::dtype_of(t.type()));
    }
    return text;
  }

  // With the subgraphs that it runs, or the one that it stands in.
  std::string kind(const OpFacts& op) const {
    std::string text = op.kind;
    const rt::Calls calls = rt::calls_of(*op.op);
    for (int i = 0; i < calls.count; ++i) {
      text += (i == 0 ? " of subgraph " : ", ") + std::to_string(calls.subgraphs[i]);
    }
    const bool own = op.subgraph == open_.model->entry_subgraph(open_.entry);
    return own ? text : text + " (in subgraph " + std::to_string(op.subgraph) + ")";
  }

  void print_operators() const {
    std::vector<Table::Column> columns = {{"#", true},   {"operator"}, {"name"},      {"reads"},
                                          {"constants"}, {"writes"},   {"MACs", true}};
    if (program_ != nullptr) columns.push_back({"kernel"});
    Table table(columns);
    for (size_t i = 0; i < facts_.ops.size(); ++i) {
      const OpFacts& op = facts_.ops[i];
      std::vector<std::string> row = {std::to_string(i),
                                      kind(op),
                                      name(op.op->name()),
                                      list(op, *op.op->inputs(), false),
                                      list(op, *op.op->inputs(), true),
                                      list(op, *op.op->outputs(), false),
                                      op.macs > 0 ? human_count(op.macs) : ""};
      if (program_ != nullptr) row.push_back(kernel_name(*program_, *op.op));
      table.add(row);
    }
    std::printf("\n%s\n", bold("Operators").c_str());
    table.print();
  }

  void print_tensors() const {
    const auto& tensors = *graph_.tensors();
    std::vector<const char*> roles(tensors.size(), "");
    for (unsigned i = 0; i < tensors.size(); ++i) {
      if (tensors.Get(i)->is_constant()) roles[i] = "constant";
      if (tensors.Get(i)->is_variable()) roles[i] = "state";
    }
    for (int32_t input : *graph_.inputs()) roles[static_cast<size_t>(input)] = "input";
    for (int32_t output : *graph_.outputs()) roles[static_cast<size_t>(output)] = "output";

    Table table(
        {{"#", true}, {"name"}, {"role"}, {"type"}, {"shape"}, {"bytes", true}, {"quantization"}});
    for (unsigned i = 0; i < tensors.size(); ++i) {
      const fb::Tensor& t = *tensors.Get(i);
      const uint64_t bytes = constant_bytes(t);
      table.add({std::to_string(i), name(t.name()), roles[i],
                 rt::dtype_name(rt::dtype_of(t.type())), facts_.shape(subgraph(), i),
                 bytes > 0 ? human_bytes(bytes) : "", quantization_text(t)});
    }
    std::printf("\n%s\n", bold("Tensors").c_str());
    table.print();
  }

  void print_float() const {
    if (facts_.float_ops == 0) {
      std::printf("\n%s\n  nothing: every operator works on integers\n", bold("In float").c_str());
      return;
    }
    std::printf("\n%s\n  %zu of %zu operators, %s: %s\n", bold("In float").c_str(),
                facts_.float_ops, facts_.ops.size(), facts_.float_share().c_str(),
                facts_.float_kinds().c_str());
    std::printf(
        "  An operator in float moves four bytes a value instead of one, and its integer "
        "kernels are not used.\n");
    if (facts_.float_ops == facts_.ops.size()) return;  // the table above is the list
    if (facts_.islands > 0) {
      std::printf("  Groups between operators on integers: %d.\n", facts_.islands);
    }
    Table table({{"#", true},
                 {"operator"},
                 {"name"},
                 {"MACs", true},
                 {"group", true},
                 {"in float between integers because"}});
    for (size_t i = 0; i < facts_.ops.size(); ++i) {
      const OpFacts& op = facts_.ops[i];
      if (op.numeric != Numeric::Float) continue;
      table.add({std::to_string(i), op.kind, name(op.op->name()),
                 op.macs > 0 ? human_count(op.macs) : "",
                 op.island >= 0 ? std::to_string(op.island + 1) : "", op.why_float});
    }
    table.print();
  }

  void print_import() const {
    const ImportFacts import(open_.model->root());
    if (import.empty()) return;
    const auto listed = [](const ImportFacts::Counts& counts) {
      std::string text;
      for (const auto& [what, count] : counts) {
        text += (text.empty() ? "" : ", ") + count + " " + printable(what);
      }
      return text;
    };
    Facts lines;
    if (!import.fused.empty()) lines.add("  fused", listed(import.fused));
    if (!import.folded.empty()) {
      lines.add("  folded", printable(import.folded) + " operators on constants and known sizes");
    }
    if (!import.upgraded.empty()) lines.add("  upgraded", listed(import.upgraded));
    for (const auto& [what, why] : import.assumed) {
      lines.add("  assumed " + printable(what), printable(why));
    }
    std::printf("\n%s\n", bold("At import").c_str());
    lines.print();
  }

  void print_metadata() const {
    Facts lines;
    if (const auto* metadata = open_.model->root().metadata()) {
      for (const fb::KeyValue* entry : *metadata) {
        if (ImportFacts::tells(entry->key()->str())) continue;
        lines.add("  " + printable(entry->key()->str()), printable(entry->value()->str()));
      }
    }
    if (const auto* sections = open_.model->root().sections()) {
      for (const fb::Section* section : *sections) {
        lines.add("  section " + printable(section->name()->str()),
                  human_bytes(section->data_bytes()));
      }
    }
    if (lines.empty()) return;
    std::printf("\n%s\n", bold("Metadata").c_str());
    lines.print();
  }

  const OpenModel& open_;
  const fb::Subgraph& graph_;
  const ModelFacts facts_;
  const rt::Program* program_;  // null without --cpu
  bool wide_;
};

Outcome inspect(const Options& options) {
  QRT_ASSIGN_OR_RETURN(const OpenModel open, open_model(options.model, options.signature));
  std::shared_ptr<const rt::Program> program;
  if (options.cpu) {
    rt::ProgramOptions wishes;
    wishes.entry = open.model->entry_name(open.entry);
    QRT_ASSIGN_OR_RETURN(program, import::build_program(open.model, wishes));
  }
  if (options.json) {
    print_inspect_json(open, program.get());
  } else {
    Report(open, program.get(), options.wide).print();
  }
  return {};
}

}  // namespace

void add_inspect(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show a model: operators, tensors, sizes, quantization");
  add_model_option(command, &options->model);
  add_signature_option(command, &options->signature);
  command->add_flag("--json", options->json, "Print JSON");
  command->add_flag("--cpu", options->cpu, "Show the kernel each operator gets on this machine");
  command->add_flag("--wide", options->wide, "Print long names whole");
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return inspect(*options); }; });
}

}  // namespace qrt::cli
