// `qrt convert`: a TensorFlow Lite or ONNX model becomes a .qrt file, which exists only if it
// loads; or any model becomes an ONNX one.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/import_facts.h"
#include "src/cli/machine_options.h"
#include "src/cli/model_facts.h"
#include "src/cli/model_output.h"
#include "src/cli/model_source.h"
#include "src/cli/picture_options.h"
#include "src/cli/shape_option.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"
#include "src/export/export.h"
#include "src/graph/reader.h"
#include "src/graph/subgraphs.h"
#include "src/graph/writer.h"
#include "src/import/runnable.h"
#include "src/import/stand_in.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string in, out, labels, signature;
  PictureArguments pictures;
  std::vector<std::string> shapes, customs, states;
};

constexpr const char* kFooter = R"(Examples:
  qrt convert model.tflite model.qrt
  qrt convert classifier.qdq.onnx classifier.qrt
  qrt convert model.tflite model.qrt --labels labels.txt
  qrt convert model.onnx model.qrt --mean 127.5 --scale 1/127.5 --resize
  qrt convert model.tflite decoder.qrt --signature decode
  qrt convert model.tflite model.onnx
  qrt convert model.qrt model.onnx
  qrt convert model.onnx model.qrt --shape image=1x3x320x320
  qrt convert model.tflite model.qrt --shape image=batchx224x224x3
  qrt convert model.tflite model.qrt --custom MyOperator
  qrt convert vad.onnx vad.qrt --shape h=2x1x64 c=2x1x64 --state h=hn c=cn
  qrt convert decoder.onnx decoder.qrt --state 'past_key_values.*=present.*:max=1024'

Quantized models stay quantized: TensorFlow Lite's int8 and uint8 models, and ONNX models with
QuantizeLinear/DequantizeLinear pairs, which is also what an OUT ending in .onnx gets. Inputs and
outputs keep their names, shapes and types; dimensions that the model leaves open stay open, except
those that --shape fixes, and a batch that some operator needs as a number. Only open dimensions can
change later; --shape opens others where it has a word or '?' in a number's place. An operator that
libqrt does not know can be left to the app with --custom: the app gives it in qrt_program_options.
With --mean, --scale and --resize the model keeps how its pictures are prepared, and "qrt run" and
its like need not be told again.
What a model gives to be handed back with the next input (a recurrent state, a cache) it keeps
itself with --state: the input and the output are gone, the session holds the state, which can be
reset, saved and restored. With :max=N it is a cache that begins empty and grows by what each run
puts behind it, to N places, without being copied; a run for which there is no room fails and
changes nothing. One * in both names stands for any text. OUT is complete or, on any error, not
written.)";

bool to_onnx(const Options& options) { return fs::path(options.out).extension() == ".onnx"; }

Outcome check_arguments(const Options& options) {
  if (!to_onnx(options) && fs::path(options.out).extension() != ".qrt") {
    return Outcome::usage("the output must end in .qrt or .onnx, '" + options.out +
                          "' does neither");
  }
  if (to_onnx(options) && !options.labels.empty()) {
    return Outcome::usage("--labels goes into .qrt files; an .onnx file has no place for them");
  }
  if (to_onnx(options) && options.pictures.given()) {
    return Outcome::usage(
        "--mean, --scale and --resize go into .qrt files; an .onnx file has no place for them");
  }
  if (auto given = read_picture_options(options.pictures); !given.ok()) {
    return Outcome::usage(given.status().message());
  }
  std::error_code ignored;
  if (fs::equivalent(options.in, options.out, ignored)) {
    return Outcome::usage("input and output are the same file, '" + options.in + "'");
  }
  const fs::path folder = fs::path(options.out).parent_path();
  if (!folder.empty() && !fs::is_directory(folder, ignored)) {
    return rt::error(rt::Code::Io, "the folder '%s' does not exist; create it first",
                     folder.c_str());
  }
  return {};
}

// "INPUT=OUTPUT" or "INPUT=OUTPUT:max=N".
rt::Result<graph::KeptState> read_state(const std::string& text) {
  graph::KeptState state;
  constexpr const char* kMost = ":max=";
  const size_t most = text.rfind(kMost);
  if (most != std::string::npos) {
    const std::string digits = text.substr(most + std::strlen(kMost));
    const bool number = !digits.empty() && digits.size() <= 9 &&
                        digits.find_first_not_of("0123456789") == std::string::npos;
    if (number) state.most = std::stoi(digits);
    if (state.most == 0) {
      return rt::error(rt::Code::InvalidArgument,
                       "--state wants a number of 1 or more behind ':max=', not '%s'",
                       digits.c_str());
    }
  }
  const std::string names = text.substr(0, most);
  const size_t equals = names.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == names.size()) {
    return rt::error(rt::Code::InvalidArgument,
                     "--state wants INPUT=OUTPUT, as in --state h=hn, not '%s'", text.c_str());
  }
  state.input = names.substr(0, equals);
  state.output = names.substr(equals + 1);
  return state;
}

rt::Result<import::ImportOptions> import_options(const Options& options, import::Format kind) {
  import::ImportOptions import;
  QRT_ASSIGN_OR_RETURN(import.input_shapes, read_shapes(options.shapes));
  if (kind == import::Format::Qrt && !options.shapes.empty()) {
    return rt::error(rt::Code::InvalidArgument,
                     "--shape is for models that are converted; '%s' is a .qrt model already",
                     options.in.c_str());
  }
  import.customs.insert(options.customs.begin(), options.customs.end());
  for (const std::string& text : options.states) {
    QRT_ASSIGN_OR_RETURN(graph::KeptState state, read_state(text));
    import.states.push_back(std::move(state));
  }
  if (!import.states.empty() && (kind == import::Format::Qrt || to_onnx(options))) {
    return rt::error(rt::Code::InvalidArgument,
                     "--state is for .tflite and .onnx models that become .qrt files");
  }
  if (!import.customs.empty() && (kind == import::Format::Qrt || to_onnx(options))) {
    return rt::error(rt::Code::InvalidArgument,
                     "--custom is for .tflite and .onnx models that become .qrt files");
  }
  return import;
}

// What the importer took for granted: "x[0] ('batch') is 1, because of ...".
void add_assumptions(const rt::Model& model, Facts* lines) {
  for (const auto& [what, why] : ImportFacts(model.root()).assumed) {
    lines->add("assumed", printable(what + " is " + why));
  }
}

// Outputs that do not follow what --shape opened: the model itself may give them fixed sizes.
void add_fixed_outputs(const import::ImportOptions& wishes, const rt::Model& model,
                       const ModelFacts& facts, Facts* lines) {
  bool opened = false;
  for (const auto& [name, dims] : wishes.input_shapes) {
    for (const import::InputDim& dim : dims) opened = opened || dim.size == -1;
  }
  if (!opened) return;
  for (int32_t output : *model.entry(0).outputs()) {
    const auto i = static_cast<unsigned>(output);
    const fb::Tensor& tensor = *model.entry(0).tensors()->Get(i);
    if (std::count(tensor.shape()->begin(), tensor.shape()->end(), -1) > 0) continue;
    lines->add("note", format("output '%s' is %s whatever the sizes that --shape opens",
                              printable(name_of(tensor.name())).c_str(),
                              facts.shape(model.entry_subgraph(0), i).c_str()));
  }
}

// What was written from what, and how large both are.
Facts written_facts(const Options& options, import::Format kind, size_t before, size_t after) {
  Facts lines;
  lines.add("written", format("%s from %s (%s)", printable(options.out).c_str(),
                              printable(options.in).c_str(), format_name(kind)));
  lines.add("size", human_bytes(after) + ", was " + human_bytes(before));
  return lines;
}

Outcome convert_to_onnx(const Options& options, import::Format kind, size_t before) {
  QRT_ASSIGN_OR_RETURN(const import::ImportOptions import, import_options(options, kind));
  QRT_ASSIGN_OR_RETURN(const OpenModel open, open_model(options.in, options.signature, import));
  if (open.model->entries() > 1 && options.signature.empty()) {
    return rt::error(rt::Code::Unsupported,
                     "%s: an .onnx file holds one of the things that it can do, %s: choose with "
                     "--signature",
                     options.in.c_str(), entry_list(*open.model).c_str());
  }
  // Checks every operator: the exporter takes them as they are.
  rt::ProgramOptions wishes;
  wishes.entry = open.model->entry_name(open.entry);
  QRT_ASSIGN_OR_RETURN(const auto program, import::build_program(open.model, wishes));
  graph::Graph graph = graph::read_model(program->model());
  if (!options.signature.empty()) QRT_RETURN_IF_ERROR(graph::keep_entry(graph, wishes.entry));
  auto file = onnx_export::export_onnx(graph);
  if (!file.ok()) return file.status().within(options.in);
  QRT_RETURN_IF_ERROR(graph::write_file(options.out, *file));
  Facts lines = written_facts(options, kind, before, file->size());
  add_assumptions(*open.model, &lines);
  lines.print();
  return {};
}

// Labels, and how pictures are prepared, for all inputs that take pictures.
rt::Status add_facts(const Options& options, const std::vector<std::string>& labels,
                     graph::Graph* graph) {
  std::string text;
  for (const std::string& label : labels) text += label + "\n";
  if (!labels.empty()) graph->metadata.emplace_back("labels", text);
  return keep_picture_options(options.pictures, graph).within(options.in);
}

Outcome convert_to_qrt(const Options& options, import::Format kind, size_t before) {
  if (kind == import::Format::Qrt) {
    return rt::error(rt::Code::InvalidArgument,
                     "'%s' is a .qrt model already; run or inspect it as it is",
                     options.in.c_str());
  }
  std::vector<std::string> labels;
  if (!options.labels.empty()) {
    QRT_ASSIGN_OR_RETURN(labels, read_labels(options.labels));
  }
  QRT_ASSIGN_OR_RETURN(const import::ImportOptions import, import_options(options, kind));
  QRT_ASSIGN_OR_RETURN(
      const Converted converted,
      convert_model(
          options.in, [&](graph::Graph* graph) { return add_facts(options, labels, graph); },
          options.signature, import));
  QRT_RETURN_IF_ERROR(graph::write_file(options.out, converted.file));

  const ModelFacts facts(*converted.open.model);
  Facts lines = written_facts(options, kind, before, converted.file.size());
  if (const std::string entries = entry_list(*converted.open.model); !entries.empty()) {
    lines.add("entries", entries + "; what follows is about the first");
  }
  add_assumptions(*converted.open.model, &lines);
  add_fixed_outputs(import, *converted.open.model, facts, &lines);
  std::string customs;
  for (const std::string& name : import::custom_names(*converted.open.model)) {
    customs += (customs.empty() ? "" : ", ") + printable(name);
  }
  if (!customs.empty()) lines.add("left to the app", customs);
  lines.add("operators", facts.summary());
  if (facts.float_ops > 0) {
    lines.add("in float", facts.float_kinds() + ", with " + facts.float_share());
  }
  lines.print();
  return {};
}

Outcome convert(const Options& options) {
  if (Outcome arguments = check_arguments(options); !arguments.ok()) return arguments;
  size_t before = 0;
  QRT_ASSIGN_OR_RETURN(const import::Format kind, identify(options.in, &before));
  return to_onnx(options) ? convert_to_onnx(options, kind, before)
                          : convert_to_qrt(options, kind, before);
}

}  // namespace

void add_convert(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "convert", "Turn a .tflite or .onnx model into a .qrt file, or any model into .onnx");
  command->add_option("IN", options->in, "Model to read: .tflite, .onnx or .qrt")
      ->required()
      ->type_name("");
  command->add_option("OUT", options->out, "File to write: .qrt or .onnx")
      ->required()
      ->type_name("");
  named(command->add_option("--labels,-l", options->labels,
                            "Keep a file in the model whose line i names class i"),
        "FILE");
  named(command->add_option("--signature", options->signature,
                            "Keep only this one of the things that the model can do"),
        "NAME");
  named(command
            ->add_option("--custom", options->customs,
                         "Leave this operator of the model's to the app; may be repeated")
            ->allow_extra_args(false),
        "NAME");
  named(command->add_option("--state", options->states,
                            "Keep this input's next value, which is an output, in the session"),
        "INPUT=OUTPUT[:max=N]...");
  add_picture_options(command, &options->pictures);
  add_shape_option(command, &options->shapes, "Fix or open dimensions of an input", true);
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return convert(*options); }; });
}

}  // namespace qrt::cli
