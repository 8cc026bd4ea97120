#include "src/cli/answer.h"

#include <algorithm>

#include "src/cli/draw.h"
#include "src/cli/json_output.h"
#include "src/cli/model_output.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

constexpr size_t kTopWithLabels = 5;

size_t top_count(const RunOptions& options) {
  return options.top > 0 ? options.top : kTopWithLabels;
}

bool is_ranked(const Answer& answer, size_t output) {
  return std::find(answer.ranked.begin(), answer.ranked.end(), output) != answer.ranked.end();
}

void print_top(const RunningModel& model, size_t output, const RunOptions& options,
               const Answer& answer) {
  const bool probability = gives_probabilities(model, output);
  Table table({{"class", true}, {"label"}, {probability ? "probability" : "score", true}});
  for (const Best& best : top(model, output, top_count(options))) {
    table.add({std::to_string(best.index), label_of(answer.labels[output], best.index),
               score_text(best.value, probability)});
  }
  table.print();
}

}  // namespace

void print_answer(const RunningModel& model, const RunOptions& options, const Answer& answer) {
  for (const TensorInput& input : answer.inputs) {
    if (!options.draw || !input.picture) continue;
    const int width = options.draw_width > 0 ? options.draw_width : kMaxDrawWidth;
    std::printf("%s\n\n", draw(*input.picture, width).c_str());
  }
  for (size_t i = 0; i < model.session.outputs(); ++i) {
    std::printf("%s\n", summarize_output(model, i).c_str());
    if (is_ranked(answer, i)) print_top(model, i, options, answer);
  }
  for (size_t i = 0; i < model.session.outputs() && !options.output.empty(); ++i) {
    std::printf("written %s\n", printable(output_path(options.output, i)).c_str());
  }
  const std::string time = format("%s for the first run (%s, %zu thread%s); \"qrt bench\" measures",
                                  human_us(answer.us).c_str(), model.program.isa(),
                                  model.session.threads(), model.session.threads() == 1 ? "" : "s");
  std::printf("%s\n", dim(time).c_str());
}

void print_answer_json(const RunningModel& model, const RunOptions& options, const Answer& answer) {
  Json json = {{"model", options.model},
               {"inputs", answer.files},
               {"isa", model.program.isa()},
               {"threads", model.session.threads()},
               {"us", answer.us},
               {"outputs", Json::array()}};
  for (size_t i = 0; i < model.session.outputs(); ++i) {
    const rt::Tensor tensor = model.output(i);
    const OutputSummary summary = summary_of(model, i);
    Json output = {{"name", tensor.name},
                   {"type", rt::dtype_name(tensor.type)},
                   {"shape", std::vector<int32_t>(tensor.shape.begin(), tensor.shape.end())},
                   {"min", summary.low},
                   {"max", summary.high},
                   {"first", summary.first}};
    if (is_ranked(answer, i)) {
      output["probability"] = gives_probabilities(model, i);
      output["top"] = Json::array();
      for (const Best& best : top(model, i, top_count(options))) {
        output["top"].push_back({{"class", best.index},
                                 {"label", label_of(answer.labels[i], best.index)},
                                 {"score", best.value}});
      }
    }
    if (!options.output.empty()) output["file"] = output_path(options.output, i);
    json["outputs"].push_back(output);
  }
  print_json(json);
}

}  // namespace qrt::cli
