// `qrt compare`: two models on the same data, tensor by tensor.
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/dataset.h"
#include "src/cli/json_output.h"
#include "src/cli/machine_options.h"
#include "src/cli/progress.h"
#include "src/cli/running_model.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"
#include "src/quantize/compare.h"

namespace qrt::cli {
namespace {

using quantize::Closeness;
using quantize::Comparison;
using quantize::TensorCloseness;

struct Options {
  std::string a, b, isa;
  DataArguments data;
  size_t samples = 0;  // 0: all
  size_t worst = 0;    // 0: all, in order
  size_t threads = 1;
  bool json = false, wide = false;
};

constexpr size_t kNameWidth = 40;

constexpr const char* kFooter = R"(Examples:
  qrt compare float.onnx int8.qrt --data pictures
  qrt compare float.tflite int8.tflite --data x.npy --worst 10
  qrt compare a.qrt b.qrt --data x.npy --json | jq '.tensors[] | select(.sqnr_db < 20)'

A is what B is measured by. SQNR is the power of A's numbers over that of B's errors, in decibels: 6
dB are one bit. Tensors are compared that both models compute under one name (less what a conversion
to integers adds to it) or by an operator of one name; integers are first turned into the numbers that
they stand for.)";

std::string db_text(const Closeness& c) {
  if (c.count == 0) return "no numbers";
  return c.squared_errors == 0 ? "equal" : format("%.1f", c.sqnr_db());
}

std::string range_text(double low, double high) {
  return human_real(low) + " … " + human_real(high);
}

void add_row(const TensorCloseness& tensor, bool wide, Table* table) {
  const Closeness& c = tensor.closeness;
  table->add({wide ? printable(tensor.name_a) : short_name(tensor.name_a, kNameWidth), tensor.kind,
              tensor.type_a == tensor.type_b ? rt::dtype_name(tensor.type_b)
                                             : std::string(rt::dtype_name(tensor.type_a)) + ", " +
                                                   rt::dtype_name(tensor.type_b),
              db_text(c), format("%.6f", c.cosine()), human_real(c.largest_error),
              range_text(c.low_a, c.high_a), range_text(c.low_b, c.high_b)});
}

Table make_table() {
  return Table({{"tensor"},
                {"operator"},
                {"type"},
                {"SQNR dB", true},
                {"cosine", true},
                {"largest error", true},
                {"A's range"},
                {"B's range"}});
}

void print(const Comparison& result, const Options& options) {
  if (!result.tensors.empty()) {
    std::printf("%s\n",
                bold(options.worst > 0 ? "Worst tensors" : "Tensors, as B computes them").c_str());
    Table table = make_table();
    for (const TensorCloseness& tensor : result.tensors) add_row(tensor, options.wide, &table);
    table.print();
    std::printf("\n");
  }
  std::printf("%s\n", bold("Outputs").c_str());
  Table outputs = make_table();
  uint64_t not_finite = 0;
  for (const TensorCloseness& tensor : result.outputs) {
    add_row(tensor, options.wide, &outputs);
    not_finite += tensor.closeness.not_finite;
  }
  outputs.print();
  std::string sum = format("%zu sample%s", result.samples, result.samples == 1 ? "" : "s");
  if (result.unmatched_a + result.unmatched_b > 0) {
    sum += format("; without a counterpart: %zu tensors of A, %zu of B", result.unmatched_a,
                  result.unmatched_b);
  }
  std::printf("%s\n", dim(sum).c_str());
  if (not_finite > 0) {
    note(format("%llu elements of outputs are not finite numbers and were left out",
                static_cast<unsigned long long>(not_finite)));
  }
}

Json json_of(const TensorCloseness& tensor) {
  const Closeness& c = tensor.closeness;
  const double db = c.sqnr_db();
  Json json = {{"name_a", tensor.name_a},
               {"name_b", tensor.name_b},
               {"operator", tensor.kind},
               {"type_a", rt::dtype_name(tensor.type_a)},
               {"type_b", rt::dtype_name(tensor.type_b)},
               {"sqnr_db", nullptr},
               {"equal", c.squared_errors == 0 && c.not_finite == 0},
               {"cosine", c.cosine()},
               {"largest_error", c.largest_error},
               {"range_a", {c.low_a, c.high_a}},
               {"range_b", {c.low_b, c.high_b}},
               {"elements", c.count},
               {"not_finite", c.not_finite}};
  if (std::isfinite(db)) json["sqnr_db"] = db;
  return json;
}

void print_as_json(const Comparison& result, const Options& options) {
  Json json = {{"a", options.a},
               {"b", options.b},
               {"samples", result.samples},
               {"unmatched_a", result.unmatched_a},
               {"unmatched_b", result.unmatched_b},
               {"tensors", Json::array()},
               {"outputs", Json::array()}};
  for (const TensorCloseness& tensor : result.tensors) json["tensors"].push_back(json_of(tensor));
  for (const TensorCloseness& tensor : result.outputs) json["outputs"].push_back(json_of(tensor));
  print_json(json);
}

void keep_worst(size_t count, std::vector<TensorCloseness>* tensors) {
  std::stable_sort(tensors->begin(), tensors->end(),
                   [](const TensorCloseness& x, const TensorCloseness& y) {
                     return x.closeness.sqnr_db() < y.closeness.sqnr_db();
                   });
  if (tensors->size() > count) tensors->resize(count);
}

Outcome compare(const Options& options) {
  const auto pictures = read_picture_options(options.data.pictures);
  if (!pictures.ok()) return Outcome::usage(pictures.status().message());
  QRT_ASSIGN_OR_RETURN(const OpenModel a, open_model(options.a));
  QRT_ASSIGN_OR_RETURN(const OpenModel b, open_model(options.b));
  QRT_ASSIGN_OR_RETURN(const auto data_a, open_dataset(a, options.data));
  QRT_ASSIGN_OR_RETURN(const auto data_b, open_dataset(b, options.data));
  QRT_ASSIGN_OR_RETURN(const auto session_a, start_session(a, options.isa, options.threads));
  QRT_ASSIGN_OR_RETURN(const auto session_b, start_session(b, options.isa, options.threads));
  const size_t wanted = options.samples > 0 ? options.samples : data_a->size();
  const std::vector<size_t> numbers = quantize::spread(data_a->size(), wanted);
  const quantize::SampleView samples_a(*data_a, numbers), samples_b(*data_b, numbers);
  Comparison result;
  {
    ProgressBar progress;
    QRT_ASSIGN_OR_RETURN(result, quantize::compare(session_a.get(), session_b.get(), samples_a,
                                                   samples_b, std::ref(progress)));
  }
  if (options.worst > 0) keep_worst(options.worst, &result.tensors);
  if (options.json) {
    print_as_json(result, options);
  } else {
    print(result, options);
  }
  return {};
}

}  // namespace

void add_compare(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compare", "Show two models' tensors side by side");
  command->add_option("A", options->a, "The model to measure by: .qrt, .tflite or .onnx")
      ->required()
      ->type_name("");
  command->add_option("B", options->b, "The model that is measured")->required()->type_name("");
  add_data_options(command, &options->data)->required();
  named(command->add_option("--samples", options->samples,
                            "Take N samples, spread evenly, instead of all"),
        "N")
      ->check(between(1, 1e12));
  named(command->add_option("--worst", options->worst,
                            "Show the N tensors of lowest SQNR, the worst first"),
        "N")
      ->check(between(1, 1e6));
  add_machine_options(command, &options->threads, &options->isa);
  command->add_flag("--wide", options->wide, "Print long names whole");
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return compare(*options); }; });
}

}  // namespace qrt::cli
