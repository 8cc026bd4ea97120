// `qrt eval`: how good models are on labelled data, side by side, with what each costs.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/json_output.h"
#include "src/cli/machine_options.h"
#include "src/cli/metric_options.h"
#include "src/cli/progress.h"
#include "src/cli/running_model.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"
#include "src/quantize/evaluate.h"
#include "src/quantize/interval.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;

// In the progress bar, which should stay one line.
constexpr size_t kNameWidth = 30;

struct Options {
  std::vector<std::string> models;
  DataArguments data;
  MetricArguments metric;
  std::string signature, isa;
  size_t samples = 0;  // 0: all
  size_t threads = 1;
  bool json = false;
};

constexpr const char* kFooter = R"(Metrics and their labels (--labels):
  top1, top5  share of samples whose class is among the best one or five; a text file with a class
              (number or name) a line, an .npy of integers, or "folders": the folder of a sample's
              file names its class
  auc         area under the ROC curve of one score (or of the second of two); the same, of 0 and 1
  mse         mean squared error; the expected outputs as data: an .npy stack, a folder, a list;
              NAME=PATH for several outputs
  cer         character error rate of an output [steps, classes], read as CTC with --alphabet; a
              text file with a line a sample
  miou        mean intersection over union; maps of class numbers: grey pictures, or .npy
  COMMAND     anything else is run by the shell, with the name of a folder as its last word, in which
              K.N.npy is output N for sample K (000000.0.npy, ...). It prints one number, the higher
              the better. So are boxes and keypoints scored, whose labels have no common form.

Examples:
  qrt eval model.qrt --data pictures --labels folders --metric top1
  qrt eval float.onnx int8.qrt --data x.npy --labels y.npy --metric top1
  qrt eval text.qrt --data lines --labels lines.txt --metric cer --alphabet characters.txt
  qrt eval detect.qrt --data pictures --metric "./score.py boxes.json"

With several models, each but the first is compared with the first on the same samples: the
difference stands with its interval of 95 %.)";

struct Evaluated {
  std::string path;
  size_t bytes = 0;
  double median_us = 0, value = 0;
  std::vector<double> contributions;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// What every model has in common.
struct Common {
  bool share = false, higher = true;
  std::string metric;
  size_t samples = 0;
};

rt::Result<Evaluated> evaluate(const Options& options, const std::string& path, Common* common) {
  QRT_ASSIGN_OR_RETURN(const OpenModel open, open_model(path, options.signature));
  QRT_ASSIGN_OR_RETURN(const auto dataset, open_dataset(open, options.data));
  QRT_ASSIGN_OR_RETURN(Scoring scoring, open_scoring(options.metric, *dataset, open));
  QRT_ASSIGN_OR_RETURN(const auto session, start_session(open, options.isa, options.threads));
  const size_t wanted = options.samples > 0 ? options.samples : dataset->size();
  const std::vector<size_t> numbers = quantize::spread(dataset->size(), wanted);
  const quantize::SampleView samples(*dataset, numbers);
  const std::string name = shorten(fs::path(path).filename().string(), kNameWidth);
  ProgressBar progress;
  std::vector<double> times;
  QRT_RETURN_IF_ERROR(quantize::evaluate(
      session.get(), samples, [&](size_t i) { return scoring.label(numbers[i]); },
      scoring.metric.get(), std::ref(progress), name.c_str(), &times));
  Evaluated result;
  result.path = path;
  result.bytes = open.converted() ? open.source_bytes : open.model->file_bytes();
  result.median_us = median(times);
  QRT_ASSIGN_OR_RETURN(result.value, scoring.metric->value());
  result.contributions = scoring.metric->contributions();
  *common = {scoring.metric->is_share(), scoring.metric->higher_is_better(), scoring.metric->name(),
             numbers.size()};
  return result;
}

std::string value_text(double value, const Common& common) {
  return common.share ? format("%.2f %%", 100 * value) : format("%.6g", value);
}

// "-0.11 [-0.25, +0.03] points"
std::string difference_text(const Evaluated& first, const Evaluated& other, const Common& common) {
  const auto number = [&](double v) {
    return common.share ? format("%+.2f", 100 * v) : format("%+.4g", v);
  };
  const char* unit = common.share ? " points" : "";
  if (first.contributions.empty() || first.contributions.size() != other.contributions.size()) {
    return number(other.value - first.value) + unit;
  }
  const auto d = quantize::paired_difference(first.contributions, other.contributions);
  if (std::isnan(d.low)) return number(d.value) + unit;
  return number(d.value) + " [" + number(d.low) + ", " + number(d.high) + "]" + unit;
}

void print(const std::vector<Evaluated>& results, const Common& common) {
  std::vector<Table::Column> columns = {
      {"model"}, {"size", true}, {"median", true}, {printable(common.metric), true}};
  if (results.size() > 1) columns.push_back({"to the first [95 %]"});
  Table table(columns);
  for (const Evaluated& result : results) {
    std::vector<std::string> cells = {printable(result.path), human_bytes(result.bytes),
                                      human_us(result.median_us), value_text(result.value, common)};
    if (results.size() > 1) {
      cells.push_back(&result == &results[0] ? "" : difference_text(results[0], result, common));
    }
    table.add(cells);
  }
  table.print(stdout, "");
  const std::string sum =
      format("%zu sample%s; the %s, the better", common.samples, common.samples == 1 ? "" : "s",
             common.higher ? "higher" : "lower");
  std::printf("%s\n", dim(sum).c_str());
}

void print_as_json(const std::vector<Evaluated>& results, const Common& common,
                   const Options& options) {
  Json json = {{"metric", common.metric},
               {"higher_is_better", common.higher},
               {"samples", common.samples},
               {"threads", thread_count(options.threads)},
               {"models", Json::array()}};
  for (const Evaluated& result : results) {
    Json model = {{"model", result.path},
                  {"bytes", result.bytes},
                  {"median_us", result.median_us},
                  {"value", result.value}};
    if (&result != &results[0]) {
      model["difference"] = {{"value", result.value - results[0].value}};
      const auto d = quantize::paired_difference(results[0].contributions, result.contributions);
      if (!std::isnan(d.low)) model["difference"]["interval95"] = {d.low, d.high};
    }
    json["models"].push_back(model);
  }
  print_json(json);
}

Outcome eval(const Options& options) {
  const auto pictures = read_picture_options(options.data.pictures);
  if (!pictures.ok()) return Outcome::usage(pictures.status().message());
  Common common;
  std::vector<Evaluated> results;
  for (const std::string& path : options.models) {
    QRT_ASSIGN_OR_RETURN(Evaluated result, evaluate(options, path, &common));
    results.push_back(std::move(result));
  }
  if (options.json) {
    print_as_json(results, common, options);
  } else {
    print(results, common);
  }
  return {};
}

}  // namespace

void add_eval(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("eval", "Score models on labelled data, side by side");
  command->add_option("MODEL", options->models, "Models: .qrt, .tflite or .onnx")
      ->required()
      ->type_name("");
  add_signature_option(command, &options->signature);
  add_data_options(command, &options->data)->required();
  add_metric_options(command, &options->metric)->required();
  named(command->add_option("--samples", options->samples,
                            "Take N samples, spread evenly, instead of all"),
        "N")
      ->check(between(1, 1e12));
  add_machine_options(command, &options->threads, &options->isa);
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return eval(*options); }; });
}

}  // namespace qrt::cli
