// `qrt run --each`: the model once a file, and a table with a row a file.
#include <filesystem>

#include "src/cli/draw.h"
#include "src/cli/json_output.h"
#include "src/cli/model_output.h"
#include "src/cli/run.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

// Small, for many stand below each other.
constexpr int kDrawWidth = 14;

struct RunFacts {
  const std::vector<std::string>& labels;
  const char* isa;
  size_t threads;
  bool probability;
};

struct Row {
  const std::string& file;
  const TensorInput& input;
  Best best;
  double us;
};

void print_table(const std::vector<Row>& rows, const RunOptions& options, const RunFacts& facts) {
  std::vector<Table::Column> columns = {{"file"}, {"prediction"}};
  columns.push_back({facts.probability ? "probability" : "score", true});
  columns.push_back({"time", true});
  if (options.draw) columns.insert(columns.begin(), {"picture"});
  Table table(columns);
  double total_us = 0;
  for (const Row& row : rows) {
    total_us += row.us;
    std::vector<std::string> cells = {printable(std::filesystem::path(row.file).filename()),
                                      label_of(facts.labels, row.best.index),
                                      score_text(row.best.value, facts.probability),
                                      human_us(row.us)};
    if (options.draw) {
      const int width = options.draw_width > 0 ? options.draw_width : kDrawWidth;
      cells.insert(cells.begin(), row.input.picture ? draw(*row.input.picture, width) : "");
    }
    table.add(cells);
  }
  table.print(stdout, "");
  const std::string sum = format("%zu run%s, %s on average (%s, %zu thread%s)", rows.size(),
                                 rows.size() == 1 ? "" : "s",
                                 human_us(total_us / static_cast<double>(rows.size())).c_str(),
                                 facts.isa, facts.threads, facts.threads == 1 ? "" : "s");
  std::printf("%s\n", dim(sum).c_str());
}

void print_rows_json(const std::vector<Row>& rows, const RunOptions& options,
                     const RunFacts& facts) {
  Json json = {{"model", options.model},
               {"isa", facts.isa},
               {"threads", facts.threads},
               {"probability", facts.probability},
               {"runs", Json::array()}};
  for (const Row& row : rows) {
    json["runs"].push_back({{"file", row.file},
                            {"class", row.best.index},
                            {"label", label_of(facts.labels, row.best.index)},
                            {"score", row.best.value},
                            {"us", row.us}});
  }
  print_json(json);
}

}  // namespace

Outcome run_each(RunningModel& model, const RunOptions& options,
                 const std::vector<PictureOptions>& pictures,
                 const std::vector<std::string>& given) {
  if (model.session.inputs() != 1) {
    return Outcome::usage(format("--each feeds models with one input, '%s' has %zu:%s",
                                 options.model.c_str(), model.session.inputs(),
                                 list_inputs(model).c_str()));
  }
  const std::vector<size_t> scores = score_outputs(model, given);
  if (scores.empty()) return no_such_labels(model, options, given.size());
  const std::vector<std::string> labels =
      given.empty() ? model_labels(*model.open.api, scores[0]) : given;
  const RunFacts facts{labels, model.program.isa(), model.session.threads(),
                       gives_probabilities(model, scores[0])};

  // Everything is read before anything is printed: an error is then not lost below half a table.
  std::vector<TensorInput> inputs;
  for (const std::string& file : options.each) {
    QRT_ASSIGN_OR_RETURN(TensorInput input, load_tensor_input(model.input(0), file, pictures[0]));
    if (!input.note.empty() && inputs.empty()) note(file + ": " + input.note);
    inputs.push_back(std::move(input));
  }
  std::vector<Row> rows;
  for (size_t i = 0; i < inputs.size(); ++i) {
    QRT_RETURN_IF_ERROR(set_inputs(model.session, {inputs[i]}));
    // The first run warms caches and wakes threads.
    if (i == 0) QRT_RETURN_IF_ERROR(status_of(model.session.run()));
    QRT_ASSIGN_OR_RETURN(const double us, timed_run(model.session));
    rows.push_back({options.each[i], inputs[i], top(model, scores[0], 1)[0], us});
  }
  if (options.json) {
    print_rows_json(rows, options, facts);
  } else {
    print_table(rows, options, facts);
  }
  return {};
}

}  // namespace qrt::cli
