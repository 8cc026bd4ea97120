// `qrt run`: feeds a model from files and shows what it answers.
#include "src/cli/run.h"
#include "src/cli/shape_option.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "src/cli/answer.h"
#include "src/cli/commands.h"
#include "src/cli/machine_options.h"
#include "src/cli/model_output.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

constexpr const char* kFooter = R"(Inputs, by their content:
  .npy             the model's own type and shape; float numbers are quantized for a quantized
                   input, and of u8 --mean and --scale make numbers, as of pixels
  .png .jpg .bmp   pictures; real = (pixel - MEAN) * SCALE. Without --mean and --scale what the model
                   keeps ("qrt convert --mean"), or else real = pixel, and u8 and s8 inputs take the
                   pixel itself (s8: less 128), as TensorFlow Lite's picture models want it
  .wav             one channel, as numbers from -1 to 1
  .bin .raw        the elements' bytes

Examples:
  qrt run model.qrt --input cat.jpg --resize --labels labels.txt --top 3
  qrt run model.tflite --input cat.png --resize --mean 127.5 --scale 1/127.5
  qrt run model.qrt --input image=a.npy mask=b.npy --output result      writes result.0.npy, ...
  qrt run model.qrt --each a.png b.png c.png --labels labels.txt --draw)";

Outcome check_arguments(const RunOptions& options) {
  if (!options.each.empty() && !options.output.empty()) {
    return Outcome::usage("--output writes the outputs of one run; it cannot go with --each");
  }
  if (options.json && options.draw) {
    return Outcome::usage("--draw draws for people; it cannot go with --json");
  }
  if (!options.output.empty()) QRT_RETURN_IF_ERROR(check_prefix(options.output));
  return {};
}

// Puts FILE and NAME=FILE into the model's order.
Outcome assign_inputs(const RunningModel& model, const RunOptions& options,
                      std::vector<std::string>* files) {
  const size_t count = model.session.inputs();
  files->assign(count, "");
  for (const std::string& argument : options.inputs) {
    size_t slot = count;
    std::string file = argument;
    for (size_t i = 0; i < count; ++i) {
      const std::string prefix = std::string(model.input(i).name) + "=";
      if (prefix.size() > 1 && argument.compare(0, prefix.size(), prefix) == 0) {
        slot = i;
        file = argument.substr(prefix.size());
      }
    }
    if (slot == count) {
      std::error_code ignored;
      if (argument.find('=') != std::string::npos && !std::filesystem::exists(argument, ignored)) {
        return Outcome::usage(format("'%s' names no input of the model. Its inputs:%s",
                                     argument.c_str(), list_inputs(model).c_str()));
      }
      for (slot = 0; slot < files->size() && !(*files)[slot].empty();) ++slot;
    }
    if (slot == count || !(*files)[slot].empty()) {
      return Outcome::usage(format("'%s' is one input too many. The model's inputs:%s",
                                   argument.c_str(), list_inputs(model).c_str()));
    }
    (*files)[slot] = file;
  }
  for (size_t i = 0; i < files->size(); ++i) {
    if ((*files)[i].empty()) {
      return Outcome::usage(
          format("nothing for input %zu, '%s': give a file with --input. The "
                 "model's inputs:%s",
                 i, model.input(i).name, list_inputs(model).c_str()));
    }
  }
  return {};
}

Outcome run_once(RunningModel& model, const RunOptions& options,
                 const std::vector<PictureOptions>& pictures,
                 const std::vector<std::string>& labels) {
  std::vector<std::string> files;
  if (Outcome assigned = assign_inputs(model, options, &files); !assigned.ok()) return assigned;
  std::vector<std::vector<std::string>> labels_of(model.session.outputs(), labels);
  bool ranks = options.top > 0 || !labels.empty();
  std::vector<size_t> scores = score_outputs(model, labels);
  if (ranks && scores.empty()) return no_such_labels(model, options, labels.size());
  if (labels.empty()) {
    // What the model says of itself goes where it fits.
    const std::vector<size_t> all = std::exchange(scores, {});
    for (size_t output : all) {
      std::vector<std::string> own = model_labels(*model.open.api, output);
      const bool fits = own.size() == model.session.output_info(output).elements();
      if (fits) labels_of[output] = std::move(own);
      if (fits || ranks) scores.push_back(output);
    }
    ranks = !scores.empty();
  }

  std::vector<TensorInput> inputs;
  for (size_t i = 0; i < files.size(); ++i) {
    QRT_ASSIGN_OR_RETURN(TensorInput input,
                         load_tensor_input(model.input(i), files[i], pictures[i]));
    if (!input.note.empty()) note(files[i] + ": " + input.note);
    inputs.push_back(std::move(input));
  }
  QRT_RETURN_IF_ERROR(set_inputs(model.session, inputs));
  QRT_ASSIGN_OR_RETURN(const double us, timed_run(model.session));
  if (!options.output.empty()) QRT_RETURN_IF_ERROR(write_outputs(model, options.output));
  const std::vector<size_t> ranked = ranks ? scores : std::vector<size_t>();
  const Answer answer{files, inputs, ranked, labels_of, us};
  if (options.json) {
    print_answer_json(model, options, answer);
  } else {
    print_answer(model, options, answer);
  }
  return {};
}

Outcome run(const RunOptions& options) {
  if (Outcome arguments = check_arguments(options); !arguments.ok()) return arguments;
  const auto given = read_picture_options(options.picture);
  if (!given.ok()) return Outcome::usage(given.status().message());
  QRT_ASSIGN_OR_RETURN(OpenModel open, open_model(options.model, options.signature));
  std::vector<std::string> labels;
  if (!options.labels.empty()) {
    QRT_ASSIGN_OR_RETURN(labels, read_labels(options.labels));
  }
  const std::string isa = options.reference ? "scalar" : options.isa;
  QRT_ASSIGN_OR_RETURN(RunningModel model, start_model(std::move(open), isa, options.threads));
  QRT_RETURN_IF_ERROR(apply_shapes(options.shapes, &model.session));
  QRT_ASSIGN_OR_RETURN(const auto pictures, picture_options_of(model.open, *given));
  if (!options.each.empty()) return run_each(model, options, pictures, labels);
  return run_once(model, options, pictures, labels);
}

}  // namespace

rt::Status set_inputs(Session& session, const std::vector<TensorInput>& inputs) {
  std::vector<InputShape> shapes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const rt::Shape& shape = inputs[i].shape;
    if (shape == shape_of(session.input_info(i))) continue;
    shapes.push_back({static_cast<uint32_t>(i), shape.rank(), {}});
    std::copy(shape.begin(), shape.end(), shapes.back().dims);
  }
  if (!shapes.empty()) {
    QRT_RETURN_IF_ERROR(status_of(session.resize_inputs(shapes.data(), shapes.size())));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<uint8_t>& bytes = inputs[i].bytes;
    QRT_RETURN_IF_ERROR(status_of(session.set_input_bytes(i, bytes.data(), bytes.size())));
  }
  return {};
}

rt::Result<double> timed_run(Session& session) {
  session.reset_state();
  const auto start = std::chrono::steady_clock::now();
  QRT_RETURN_IF_ERROR(status_of(session.run()));
  const auto time = std::chrono::steady_clock::now() - start;
  return std::chrono::duration<double, std::micro>(time).count();
}

Outcome no_such_labels(const RunningModel& model, const RunOptions& options, size_t labels) {
  std::string outputs;
  for (size_t i = 0; i < model.session.outputs(); ++i) {
    outputs += (i == 0 ? "" : ", ") + model.output(i).shape.str();
  }
  if (labels == 0) {
    return rt::error(rt::Code::InvalidArgument,
                     "'%s' gives no scores of classes to rank: its outputs are %s",
                     options.model.c_str(), outputs.c_str());
  }
  return rt::error(rt::Code::InvalidArgument,
                   "'%s' has %zu labels, but no output of '%s' has as many scores: its outputs are "
                   "%s",
                   options.labels.c_str(), labels, options.model.c_str(), outputs.c_str());
}

std::string list_inputs(const RunningModel& model) {
  std::string text;
  for (size_t i = 0; i < model.session.inputs(); ++i) {
    text += format("\n  %zu  %s", i, describe(model.input(i)).c_str());
  }
  return text;
}

void add_run(CLI::App& app, Action* action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Run a model on pictures, sounds or arrays");
  add_model_option(command, &options->model);
  add_signature_option(command, &options->signature);
  CLI::Option* input =
      named(command->add_option("--input,-i", options->inputs,
                                "One file a model input, in the model's order, or NAME=FILE"),
            "FILE...");
  named(command->add_option("--each", options->each,
                            "Run once a file; print a table with a row a file"),
        "FILE...")
      ->excludes(input);
  add_shape_option(command, &options->shapes,
                   "The shape of an input; open dimensions take their file's without");
  named(command->add_option("--labels,-l", options->labels,
                            "File whose line i names class i; without it the model's own"),
        "FILE");
  named(command->add_option("--top", options->top, "Show the K best classes (with --labels: 5)"),
        "K")
      ->check(between(1, 1e6));
  named(command->add_option("--output,-o", options->output, "Write output K to PREFIX.K.npy"),
        "PREFIX");
  add_picture_options(command, &options->picture);
  command->add_flag("--json", options->json, "Print JSON");
  command->add_flag("--draw", options->draw, "Draw the pictures in the terminal");
  named(command->add_option("--draw-width", options->draw_width, "Columns to draw in, at most 40"),
        "N")
      ->check(between(1, kMaxDrawWidth));
  CLI::Option* reference = command->add_flag("--reference", options->reference,
                                             "Use the scalar kernels: the exact specification");
  reference->option_text(" ");
  add_machine_options(command, &options->threads, &options->isa)->excludes(reference);
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return run(*options); }; });
}

}  // namespace qrt::cli
