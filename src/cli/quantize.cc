// `qrt quantize`: a trained float model becomes one that computes in integers, and what that cost
// is shown.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/machine_options.h"
#include "src/cli/metric_options.h"
#include "src/cli/progress.h"
#include "src/cli/quantize_result.h"
#include "src/cli/report_page.h"
#include "src/cli/running_model.h"
#include "src/cli/shape_option.h"
#include "src/cli/terminal.h"
#include "src/graph/reader.h"
#include "src/graph/writer.h"
#include "src/quantize/calibrate.h"
#include "src/quantize/evaluate.h"
#include "src/quantize/words.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;
using quantize::SampleView;

struct Options {
  std::string in, out, signature, recipe, keep_recipe, json, report;
  std::vector<std::string> shapes, overrides;
  DataArguments data;
  MetricArguments metric;
  std::string scheme = "s8", observer = "auto", equalize = "auto", correct = "auto",
              columns = "auto", max_drop;
  size_t samples = 200, threads = 1;
  bool per_tensor = false;
};

constexpr const char* kFooter = R"(Examples:
  qrt quantize model.onnx model.qrt --data pictures --resize --mean 127.5 --scale 1/127.5
  qrt quantize model.tflite model.qrt --data x.npy
  qrt quantize model.onnx model.qrt --data x.npy --labels y.npy --metric top1 --report why.html
  qrt quantize model.onnx model.qrt --data x.npy --labels y.npy --metric top1 --max-drop 0.5%
  qrt quantize model.onnx model.qrt --data x.npy --set "head*=s16" --set "Softmax=float"
  qrt quantize model.onnx model.qrt --data x.npy --keep-recipe recipe.json
  qrt quantize model.onnx model.qrt --data x.npy --recipe recipe.json

Schemes: s8 (activations and weights of 8 bits, ranges from the data), s16 (activations of 16 bits),
w4 (activations of 8 bits, weights of 4), dynamic (weights of 8 bits; activations stay float and are
quantized in each run), dynamic-w4 (the same with weights of 4 bits in blocks of 32), float.

The data need no labels. Part of them is held back: calibration never sees what the figures are
measured on. Of --samples N that are calibrated on, 100 or more that look like what the model will
see are good. With --labels and --metric the table shows what the metric lost; with --max-drop the
fastest mix of schemes that loses no more is searched for (without labels: --max-drop 30dB is the
least SQNR of the outputs). OUT is complete or, on any error, not written.)";

// What --max-drop says.
struct MaxDrop {
  bool given = false, decibels = false;
  double value = 0;
};
rt::Result<MaxDrop> read_max_drop(const std::string& text) {
  MaxDrop drop;
  if (text.empty()) return drop;
  char* end = nullptr;
  drop.given = true;
  drop.value = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  drop.decibels = unit == "dB";
  if (unit == "%") drop.value /= 100;
  const bool known = unit.empty() || unit == "%" || drop.decibels;
  if (end == text.c_str() || !known || !std::isfinite(drop.value) || drop.value < 0) {
    return rt::error(
        rt::Code::InvalidArgument,
        "--max-drop takes a drop of the metric such as 0.5%% or 0.005, or an SQNR such "
        "as 30dB; '%s' is neither",
        text.c_str());
  }
  return drop;
}

rt::Result<quantize::Wishes> read_wishes(const Options& options) {
  if (!options.recipe.empty()) return read_recipe(options.recipe);
  quantize::Wishes wishes;
  QRT_RETURN_IF_ERROR(quantize::read_scheme("--scheme", options.scheme, &wishes.scheme));
  QRT_RETURN_IF_ERROR(quantize::read_observer("--observer", options.observer, &wishes));
  QRT_RETURN_IF_ERROR(quantize::read_switch("--equalize", options.equalize, &wishes.equalize));
  QRT_RETURN_IF_ERROR(
      quantize::read_switch("--bias-correction", options.correct, &wishes.correct_bias));
  QRT_RETURN_IF_ERROR(
      quantize::read_switch("--column-rounding", options.columns, &wishes.round_columns));
  wishes.per_tensor = options.per_tensor;
  for (const std::string& text : options.overrides) {
    const size_t equals = text.rfind('=');
    quantize::Override override;
    override.pattern = text.substr(0, equals);
    if (equals == std::string::npos || override.pattern.empty() ||
        !quantize::find_scheme(text.substr(equals + 1), &override.scheme)) {
      return rt::error(
          rt::Code::InvalidArgument,
          "--set wants PATTERN=SCHEME with a scheme of %s, as in \"head*=s16\", not '%s'",
          quantize::scheme_names().c_str(), text.c_str());
    }
    wishes.overrides.push_back(std::move(override));
  }
  return wishes;
}

Outcome check_arguments(const Options& options) {
  if (fs::path(options.out).extension() != ".qrt") {
    return Outcome::usage("the output must end in .qrt, '" + options.out + "' does not");
  }
  std::error_code ignored;
  if (fs::equivalent(options.in, options.out, ignored)) {
    return Outcome::usage("input and output are the same file, '" + options.in + "'");
  }
  for (const std::string& file : {options.out, options.keep_recipe, options.json, options.report}) {
    const fs::path folder = fs::path(file).parent_path();
    if (!folder.empty() && !fs::is_directory(folder, ignored)) {
      return rt::error(rt::Code::Io, "the folder '%s' does not exist; create it first",
                       folder.c_str());
    }
  }
  if (const auto pictures = read_picture_options(options.data.pictures); !pictures.ok()) {
    return Outcome::usage(pictures.status().message());
  }
  if (const auto drop = read_max_drop(options.max_drop); !drop.ok()) {
    return Outcome::usage(drop.status().message());
  } else if (drop->given && !drop->decibels && options.metric.metric.empty()) {
    return Outcome::usage("--max-drop " + options.max_drop +
                          " needs --metric and --labels; without them, say how many dB the outputs "
                          "are to keep, as in --max-drop 30dB");
  }
  const auto wishes = read_wishes(options);
  return wishes.ok() ? Outcome() : Outcome::usage(wishes.status().message());
}

// Which samples serve what. None serves two ends, where there are enough.
struct Split {
  std::vector<size_t> calibration, search, figures;
  bool shared = false;  // figures are of the calibration's
};
Split split(size_t count, size_t calibrate, bool search) {
  constexpr size_t kEnough = 5;
  Split parts;
  if (count < kEnough) {
    parts.calibration = parts.search = parts.figures = quantize::spread(count, count);
    parts.shared = true;
    return parts;
  }
  // A fifth at least is held back.
  parts.calibration = quantize::spread(count, std::min(calibrate, count - (count + 4) / 5));
  std::vector<size_t> held = quantize::others(count, parts.calibration);
  if (search && held.size() > 1) {
    for (size_t i = 0; i < held.size(); ++i)
      (i % 2 == 0 ? parts.search : parts.figures).push_back(held[i]);
  } else {
    parts.search = parts.calibration;
    parts.figures = held;
  }
  return parts;
}

struct Scored {
  double value = 0;
  std::vector<double> contributions;
  bool higher = true, share = false;
  std::string name;
};

// A model on some of the samples, by the metric.
class Scorer {
 public:
  Scorer(const Options& options, const OpenModel& open, const Dataset& dataset)
      : options_(options), open_(open), dataset_(dataset) {}

  rt::Result<Scored> score(const std::shared_ptr<const rt::Model>& model,
                           const std::vector<size_t>& numbers, const char* what) const {
    QRT_ASSIGN_OR_RETURN(Scoring scoring, open_scoring(options_.metric, dataset_, open_));
    QRT_ASSIGN_OR_RETURN(quantize::Runner runner,
                         quantize::Runner::create(model, thread_count(options_.threads)));
    const SampleView samples(dataset_, numbers);
    ProgressBar bar;
    quantize::Progress progress;
    if (what != nullptr) progress = std::ref(bar);
    QRT_RETURN_IF_ERROR(quantize::evaluate(
        &runner.session(), samples, [&](size_t i) { return scoring.label(numbers[i]); },
        scoring.metric.get(), progress, what == nullptr ? "" : what));
    Scored scored;
    QRT_ASSIGN_OR_RETURN(scored.value, scoring.metric->value());
    scored.contributions = scoring.metric->contributions();
    scored.higher = scoring.metric->higher_is_better();
    scored.share = scoring.metric->is_share();
    scored.name = scoring.metric->name();
    return scored;
  }

 private:
  const Options& options_;
  const OpenModel& open_;
  const Dataset& dataset_;
};

class Quantization {
 public:
  Quantization(const Options& options, const quantize::Wishes& wishes)
      : options_(options), wishes_(wishes), threads_(thread_count(options.threads)) {}

  Outcome run() {
    QRT_RETURN_IF_ERROR(open());
    QRT_RETURN_IF_ERROR(quantize_model());
    const auto drop = read_max_drop(options_.max_drop);
    if (drop->given) QRT_RETURN_IF_ERROR(search(*drop));
    QRT_RETURN_IF_ERROR(measure());
    QRT_RETURN_IF_ERROR(write());
    print_result(result_);
    if (drop->given && !result_.mix->within) {
      note("no mix that was tried loses as little as --max-drop allows; this one loses least");
    }
    return {};
  }

 private:
  rt::Status open() {
    import::ImportOptions import;
    QRT_ASSIGN_OR_RETURN(import.input_shapes, read_shapes(options_.shapes));
    QRT_ASSIGN_OR_RETURN(open_, open_model(options_.in, options_.signature, import));
    if (open_.model->entries() > 1) {
      return rt::error(rt::Code::Unsupported,
                       "%s can do several things, %s; convert the one to quantize with qrt convert "
                       "--signature first",
                       options_.in.c_str(), entry_list(*open_.model).c_str());
    }
    QRT_ASSIGN_OR_RETURN(dataset_, open_dataset(open_, options_.data));
    parts_ = split(dataset_->size(), options_.samples, !options_.max_drop.empty());
    scorer_ = std::make_unique<Scorer>(options_, open_, *dataset_);
    // Labels that do not fit show before long work.
    if (!options_.metric.metric.empty()) {
      QRT_RETURN_IF_ERROR(open_scoring(options_.metric, *dataset_, open_).status());
    }
    result_.in = options_.in;
    result_.out = options_.out;
    result_.threads = threads_;
    result_.calibrated = parts_.calibration.size();
    result_.seen_before = parts_.shared;
    result_.bytes_before = open_.converted() ? open_.source_bytes : open_.model->file_bytes();
    return {};
  }

  // The float model as it is to be: with what the new file is to keep for people.
  rt::Result<quantize::Prepared> prepare() {
    graph::Graph graph = graph::read_model(*open_.model);
    if (options_.data.pictures.given()) {
      QRT_RETURN_IF_ERROR(keep_picture_options(options_.data.pictures, &graph));
    }
    QRT_ASSIGN_OR_RETURN(const graph::Bytes bytes, graph::serialize(graph));
    QRT_ASSIGN_OR_RETURN(const auto model, quantize::own_model(bytes));
    auto prepared = quantize::prepare(*model);
    return prepared.ok() ? std::move(prepared) : prepared.status().within(options_.in);
  }

  rt::Status quantize_model() {
    QRT_ASSIGN_OR_RETURN(quantize::Prepared prepared, prepare());
    float_model_ = prepared.model;
    const SampleView samples(*dataset_, parts_.calibration);
    ProgressBar progress;
    quantize::TuneOptions tuning;
    tuning.threads = threads_;
    tuning.progress = std::ref(progress);
    QRT_ASSIGN_OR_RETURN(result_.tuned,
                         quantize::tune(std::move(prepared), samples, wishes_, tuning));
    return {};
  }

  rt::Status search(const MaxDrop& drop) {
    const SampleView samples(*dataset_, parts_.search);
    ProgressBar progress;
    constexpr size_t kJudged = 16, kCompared = 64;
    QRT_ASSIGN_OR_RETURN(const auto noise,
                         quantize::Reference::create(float_model_, samples, kJudged, threads_));
    QRT_ASSIGN_OR_RETURN(const auto whole,
                         quantize::Reference::create(float_model_, samples, kCompared, threads_));
    quantize::MixOptions mix;
    mix.threads = threads_;
    mix.progress = std::ref(progress);
    double before = 0;
    if (!drop.decibels) {
      QRT_ASSIGN_OR_RETURN(const Scored scored,
                           scorer_->score(float_model_, parts_.search, nullptr));
      before = scored.value;
    }
    mix.most_loss = drop.decibels ? -drop.value : drop.value;
    mix.loss = [&](const std::shared_ptr<const rt::Model>& model) -> rt::Result<double> {
      if (drop.decibels) {
        QRT_ASSIGN_OR_RETURN(const double db, whole.sqnr_db(model));
        return -db;
      }
      QRT_ASSIGN_OR_RETURN(const Scored scored, scorer_->score(model, parts_.search, nullptr));
      return scored.higher ? before - scored.value : scored.value - before;
    };
    QRT_ASSIGN_OR_RETURN(quantize::MixResult found,
                         quantize::search_mix(result_.tuned.prepared, result_.tuned.statistics,
                                              noise, result_.tuned.wishes, mix));
    result_.mix = std::move(found);
    return {};
  }

  rt::Status measure() {
    QRT_ASSIGN_OR_RETURN(const auto model, quantize::own_model(result_.quantized().file));
    result_.bytes_after = result_.quantized().file.size();
    const SampleView samples(*dataset_, parts_.figures);
    QRT_ASSIGN_OR_RETURN(const quantize::Sample sample, samples.load(0));
    constexpr double kSeconds = 0.5;
    QRT_ASSIGN_OR_RETURN(result_.before,
                         quantize::time_operators(float_model_, sample, threads_, kSeconds));
    QRT_ASSIGN_OR_RETURN(result_.after,
                         quantize::time_operators(model, sample, threads_, kSeconds));
    QRT_ASSIGN_OR_RETURN(auto wide,
                         quantize::Runner::create(result_.tuned.prepared.model, threads_));
    QRT_ASSIGN_OR_RETURN(auto narrow, quantize::Runner::create(model, threads_));
    result_.isa = rt::isa_name(narrow.session().program().features());
    ProgressBar progress;
    constexpr size_t kCompared = 64;
    std::vector<size_t> few;
    for (size_t i : quantize::spread(parts_.figures.size(), kCompared)) {
      few.push_back(parts_.figures[i]);
    }
    const SampleView compared(*dataset_, few);
    QRT_ASSIGN_OR_RETURN(result_.comparison,
                         quantize::compare(&wide.session(), &narrow.session(), compared, compared,
                                           std::ref(progress)));
    return options_.metric.metric.empty() ? rt::Status() : score(model);
  }

  rt::Status score(const std::shared_ptr<const rt::Model>& model) {
    QRT_ASSIGN_OR_RETURN(const Scored before,
                         scorer_->score(float_model_, parts_.figures, "scoring the float model"));
    QRT_ASSIGN_OR_RETURN(const Scored after,
                         scorer_->score(model, parts_.figures, "scoring the integer model"));
    Accuracy accuracy;
    accuracy.metric = after.name;
    accuracy.higher_is_better = after.higher;
    accuracy.share = after.share;
    accuracy.before = before.value;
    accuracy.after = after.value;
    accuracy.samples = parts_.figures.size();
    accuracy.difference = {after.value - before.value, NAN, NAN};
    if (!before.contributions.empty() &&
        before.contributions.size() == after.contributions.size()) {
      accuracy.difference = quantize::paired_difference(before.contributions, after.contributions);
    }
    result_.accuracy = accuracy;
    return {};
  }

  rt::Status write() {
    const auto write_text = [](const std::string& path, const Json& json) {
      const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
      return graph::write_file(path, graph::Bytes(text.begin(), text.end()));
    };
    if (!options_.keep_recipe.empty()) {
      QRT_RETURN_IF_ERROR(write_text(options_.keep_recipe, recipe_of(result_.wishes())));
    }
    if (!options_.json.empty()) QRT_RETURN_IF_ERROR(write_text(options_.json, json_of(result_)));
    if (!options_.report.empty()) {
      QRT_RETURN_IF_ERROR(write_report_page(options_.report, json_of(result_)));
    }
    return graph::write_file(options_.out, result_.quantized().file);
  }

  const Options& options_;
  const quantize::Wishes& wishes_;
  const size_t threads_;
  OpenModel open_;
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<Scorer> scorer_;
  Split parts_;
  std::shared_ptr<const rt::Model> float_model_;
  QuantizeResult result_;
};

Outcome run(const Options& options) {
  if (Outcome arguments = check_arguments(options); !arguments.ok()) return arguments;
  QRT_ASSIGN_OR_RETURN(const quantize::Wishes wishes, read_wishes(options));
  return Quantization(options, wishes).run();
}

}  // namespace

void add_quantize(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "quantize", "Turn a float model into an integer one, and show what that costs");
  command->add_option("IN", options->in, "Float model: .onnx, .tflite or .qrt")
      ->required()
      ->type_name("");
  command->add_option("OUT", options->out, "File to write: .qrt")->required()->type_name("");
  add_data_options(command, &options->data)->required();
  named(command->add_option("--samples", options->samples,
                            "Calibrate on N samples, spread evenly (200)"),
        "N")
      ->check(between(1, 1e9));
  CLI::Option* scheme =
      named(command->add_option("--scheme", options->scheme,
                                "What operators compute in: " + quantize::scheme_names() + " (s8)"),
            "SCHEME");
  CLI::Option* set =
      named(command
                ->add_option("--set", options->overrides,
                             "A scheme for operators whose name or kind matches; may be repeated")
                ->allow_extra_args(false),
            "PATTERN=SCHEME");
  CLI::Option* per_tensor = command->add_flag("--per-tensor", options->per_tensor,
                                              "Weights: one scale, not one for each output");
  CLI::Option* observer =
      named(command->add_option("--observer", options->observer,
                                "How ranges are chosen: auto, " + quantize::observer_names()),
            "NAME");
  CLI::Option* equalize =
      named(command->add_option("--equalize", options->equalize,
                                "Equalize channels between layers: auto, on, off"),
            "WHEN");
  CLI::Option* correct =
      named(command->add_option("--bias-correction", options->correct,
                                "Take rounding's mean off biases: auto, on, off"),
            "WHEN");
  CLI::Option* columns = named(
      command->add_option("--column-rounding", options->columns,
                          "Round weights so that errors make up for each other: auto, on, off"),
      "WHEN");
  add_metric_options(command, &options->metric);
  named(command->add_option("--max-drop", options->max_drop,
                            "Find the fastest mix of schemes that loses no more: 0.5%, or 30dB"),
        "DROP");
  named(command->add_option("--recipe", options->recipe, "Take all choices from this file"), "FILE")
      ->excludes(scheme)
      ->excludes(set)
      ->excludes(per_tensor)
      ->excludes(observer)
      ->excludes(equalize)
      ->excludes(correct)
      ->excludes(columns);
  named(command->add_option("--keep-recipe", options->keep_recipe, "Write all choices as JSON"),
        "FILE");
  named(command->add_option("--json", options->json, "Write all figures as JSON"), "FILE");
  named(command->add_option("--report", options->report,
                            "Write a page that explains the result (one .html, for any browser)"),
        "FILE");
  add_signature_option(command, &options->signature);
  add_shape_option(command, &options->shapes, "Fix or open dimensions of an input", true);
  named(command->add_option("--threads,-t", options->threads, "Threads (1); 0: one a core"), "N")
      ->check(between(0, 1024));
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return run(*options); }; });
}

}  // namespace qrt::cli
