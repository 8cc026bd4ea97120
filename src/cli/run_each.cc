// `qrt run --each`: the model once a file, and a table with a row a file.
#include <filesystem>

#include "src/cli/draw.h"
#include "src/cli/model_output.h"
#include "src/cli/run.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

// Small, for many stand below each other.
constexpr int kDrawWidth = 20;

}  // namespace

Outcome run_each(rt::Session& session, const RunOptions& options,
                 const std::vector<std::string>& labels) {
  if (session.inputs() != 1) {
    return Outcome::usage(format("--each feeds models with one input, '%s' has %zu:%s",
                                 options.model.c_str(), session.inputs(),
                                 list_inputs(session).c_str()));
  }
  const std::vector<size_t> scores = score_outputs(session, labels);
  if (scores.empty()) return no_such_labels(session, options, labels.size());
  const size_t output = scores[0];
  const bool probability = gives_probabilities(session.program(), output);

  // Everything is read before anything is printed: an error is then not lost below half a table.
  std::vector<TensorInput> inputs;
  for (const std::string& file : options.each) {
    QRT_ASSIGN_OR_RETURN(TensorInput input,
                         load_tensor_input(session.input(0), file, options.picture));
    if (!input.note.empty() && inputs.empty()) note(file + ": " + input.note);
    inputs.push_back(std::move(input));
  }

  std::vector<Table::Column> columns = {{"file"}, {"prediction"}};
  columns.push_back({probability ? "probability" : "score", true});
  columns.push_back({"time", true});
  if (options.draw) columns.insert(columns.begin(), {"picture"});
  Table table(columns);
  double total_us = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    QRT_RETURN_IF_ERROR(set_inputs(session, {inputs[i]}));
    if (i == 0) timed_run(session);  // warms caches and wakes threads
    const double us = timed_run(session);
    total_us += us;
    const Best best = top(session, output, 1)[0];
    std::vector<std::string> row = {printable(std::filesystem::path(options.each[i]).filename()),
                                    label_of(labels, best.index),
                                    score_text(best.value, probability), human_us(us)};
    if (options.draw) {
      const int width = options.draw_width > 0 ? options.draw_width : kDrawWidth;
      row.insert(row.begin(), inputs[i].picture ? draw(*inputs[i].picture, width) : "");
    }
    table.add(row);
  }
  table.print(stdout, "");
  std::printf("%s\n", dim(format("%zu run%s, %s on average (%s, %zu thread%s)", inputs.size(),
                                 inputs.size() == 1 ? "" : "s",
                                 human_us(total_us / static_cast<double>(inputs.size())).c_str(),
                                 rt::isa_name(session.program().isa()), session.threads(),
                                 session.threads() == 1 ? "" : "s"))
                          .c_str());
  return {};
}

}  // namespace qrt::cli
