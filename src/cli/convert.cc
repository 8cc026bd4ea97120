// `qrt convert`: a TensorFlow Lite or ONNX model becomes a .qrt file, which exists only if it
// loads.
#include <filesystem>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/model_facts.h"
#include "src/cli/model_source.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"
#include "src/graph/writer.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string in, out;
};

constexpr const char* kFooter = R"(Examples:
  qrt convert model.tflite model.qrt
  qrt convert classifier.qdq.onnx classifier.qrt

Quantized models stay quantized: TensorFlow Lite's int8 and uint8 models, and ONNX models with
QuantizeLinear/DequantizeLinear pairs. OUT is complete or, on any error, not written.)";

Outcome check_arguments(const Options& options) {
  if (fs::path(options.out).extension() != ".qrt") {
    return Outcome::usage("the output must end in .qrt, '" + options.out + "' does not");
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

Outcome convert(const Options& options) {
  if (Outcome arguments = check_arguments(options); !arguments.ok()) return arguments;
  size_t before = 0;
  QRT_ASSIGN_OR_RETURN(const import::Format kind, identify(options.in, &before));
  if (kind == import::Format::Qrt) {
    return rt::error(rt::Code::InvalidArgument,
                     "'%s' is a .qrt model already; run or inspect it as it is",
                     options.in.c_str());
  }
  QRT_ASSIGN_OR_RETURN(const Converted converted, convert_model(options.in));
  QRT_RETURN_IF_ERROR(graph::write_file(options.out, converted.file));

  const ModelFacts facts(*converted.open.model);
  Facts lines;
  lines.add("written", format("%s from %s (%s)", printable(options.out).c_str(),
                              printable(options.in).c_str(), format_name(kind)));
  lines.add("size", human_bytes(converted.file.size()) + ", was " + human_bytes(before));
  lines.add("operators", facts.summary());
  if (facts.float_ops > 0) {
    lines.add("in float", facts.float_kinds() + ", with " + facts.float_share());
  }
  lines.print();
  return {};
}

}  // namespace

void add_convert(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("convert", "Turn a .tflite or .onnx model into a .qrt file");
  command->add_option("IN", options->in, "Model to read: .tflite or .onnx")
      ->required()
      ->type_name("");
  command->add_option("OUT", options->out, "File to write: .qrt")->required()->type_name("");
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return convert(*options); }; });
}

}  // namespace qrt::cli
