#include "src/cli/metric_options.h"

#include <algorithm>

#include "src/cli/command_metric.h"
#include "src/cli/machine_options.h"
#include "src/cli/model_output.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

using rt::Code;
using rt::error;

std::string output_list(const OpenModel& open) {
  std::string text;
  for (size_t i = 0; i < open.api->outputs(open.entry); ++i) {
    text += (i == 0 ? "" : ", ") + describe(tensor_of(open.api->output_info(i, open.entry)));
  }
  return text;
}

// Without a wish the first, or where `ranks` the first with scores of several classes.
rt::Result<size_t> find_output(const std::string& wish, bool ranks, const OpenModel& open) {
  const size_t count = open.api->outputs(open.entry);
  for (size_t i = 0; i < count; ++i) {
    const rt::Tensor tensor = tensor_of(open.api->output_info(i, open.entry));
    if (!wish.empty()) {
      if (wish == tensor.name || wish == std::to_string(i)) return i;
      continue;
    }
    const auto longer =
        std::count_if(tensor.shape.begin(), tensor.shape.end(), [](int32_t d) { return d > 1; });
    if (ranks && longer == 1) return i;
  }
  if (wish.empty()) return size_t{0};
  return error(Code::InvalidArgument, "--output: '%s' has no output '%s'; its outputs are %s",
               open.path.c_str(), wish.c_str(), output_list(open).c_str());
}

}  // namespace

CLI::Option* add_metric_options(CLI::App* command, MetricArguments* arguments) {
  std::string names;
  for (const std::string& name : quantize::metric_names()) names += name + ", ";
  CLI::Option* metric = named(
      command->add_option("--metric,-m", arguments->metric,
                          names + "or a command that is given a folder of outputs and prints a "
                                  "number, the higher the better"),
      "NAME|COMMAND");
  named(command->add_option("--labels,-l", arguments->labels.labels,
                            "What is right: a file with a line a sample, an .npy, \"folders\", or "
                            "data for the outputs"),
        "PATH...");
  named(command->add_option("--names", arguments->labels.names,
                            "File whose line i names class i; without it the model's own"),
        "FILE");
  named(command->add_option("--output", arguments->output,
                            "The output that is scored, by name or number"),
        "NAME");
  named(command->add_option("--alphabet", arguments->alphabet,
                            "cer: a file with a character a line, in the order of classes"),
        "FILE");
  named(command->add_option("--blank", arguments->blank,
                            "cer: the class that is no character (default 0)"),
        "K")
      ->check(between(0, 1e6));
  named(command->add_option("--ignore", arguments->ignored,
                            "miou: pixels of this class do not count (default 255)"),
        "K");
  return metric;
}

rt::Result<quantize::Label> Scoring::label(size_t sample) const {
  if (labels == nullptr) return quantize::Label();
  return labels->load(sample);
}

rt::Result<Scoring> open_scoring(const MetricArguments& arguments, const Dataset& dataset,
                                 const OpenModel& open) {
  const bool ranks = arguments.metric == "top1" || arguments.metric == "top5";
  quantize::MetricOptions options;
  QRT_ASSIGN_OR_RETURN(options.output, find_output(arguments.output, ranks, open));
  options.blank = arguments.blank;
  options.ignored = arguments.ignored;
  if (!arguments.alphabet.empty()) {
    QRT_ASSIGN_OR_RETURN(options.alphabet, read_labels(arguments.alphabet));
  }
  Scoring scoring;
  scoring.metric = quantize::make_metric(arguments.metric, options);
  if (scoring.metric == nullptr) {
    QRT_ASSIGN_OR_RETURN(scoring.metric, make_command_metric(arguments.metric));
  }
  const quantize::LabelKind kind = scoring.metric->label_kind();
  if (kind == quantize::LabelKind::None) return scoring;
  if (arguments.labels.labels.empty()) {
    return error(Code::InvalidArgument, "the metric %s needs --labels", arguments.metric.c_str());
  }
  if (kind == quantize::LabelKind::Text && arguments.alphabet.empty()) {
    return error(Code::InvalidArgument, "the metric %s needs --alphabet", arguments.metric.c_str());
  }
  QRT_ASSIGN_OR_RETURN(scoring.labels,
                       open_labels(kind, arguments.labels, dataset, open, options.output));
  return scoring;
}

}  // namespace qrt::cli
