// The command-line tool `qrt`: reads the command line, runs one subcommand, and turns its outcome
// into one sentence on stderr and an exit code.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "src/cli/commands.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

constexpr int kFailure = 1;
constexpr int kWrongUsage = 2;

constexpr const char* kFooter = R"(Examples:
  qrt convert model.tflite model.qrt
  qrt inspect model.qrt
  qrt run model.qrt --input cat.jpg --resize --labels labels.txt
  qrt bench model.qrt --profile
  qrt eval model.onnx model.qrt --data pictures --labels folders --metric top1

"qrt SUBCOMMAND --help" shows the options and more examples.
Exit codes: 0 done, 1 a model, an input or the machine would not do it, 2 wrong usage.
Environment: QRT_ISA forces an instruction set; NO_COLOR and FORCE_COLOR do what they say.)";

int fail(const std::string& message, int exit_code) {
  std::fflush(stdout);
  // A list of problems has lines; nothing else from a file may drive the terminal.
  std::fputs("qrt:", stderr);
  std::istringstream lines(message);
  for (std::string line; std::getline(lines, line);) {
    std::fprintf(stderr, " %s\n", printable(line).c_str());
  }
  return exit_code;
}

std::string names_of(const std::vector<const CLI::App*>& commands) {
  std::string names;
  for (const CLI::App* command : commands) {
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  return names;
}

int usage_error(const CLI::App& app, const CLI::ParseError& problem, const char* first) {
  if (app.get_subcommands().empty() && first != nullptr && *first != '-') {
    const auto any = [](const CLI::App*) { return true; };
    return fail(format("there is no subcommand '%s'; there are %s", first,
                       names_of(app.get_subcommands(any)).c_str()),
                kWrongUsage);
  }
  std::string command = "qrt";
  for (const CLI::App* sub : app.get_subcommands()) command += " " + sub->get_name();
  return fail(std::string(problem.what()) + "; see \"" + command + " --help\"", kWrongUsage);
}

int run_tool(int argc, char** argv) {
  CLI::App app("Runs quantized neural networks: converts, inspects, runs and measures models.",
               "qrt");
  Action action;
  app.set_version_flag("--version", std::string("qrt ") + QRT_VERSION);
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(30);
  app.get_formatter()->label("REQUIRED", "");
  add_convert(app, &action);
  add_inspect(app, &action);
  add_run(app, &action);
  add_bench(app, &action);
  add_eval(app, &action);
  add_compare(app, &action);
  add_cpu(app, &action);
  add_operators(app, &action);
  add_quantize(app, &action);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& problem) {
    return usage_error(app, problem, argc > 1 ? argv[1] : nullptr);
  }
  if (!action) {
    std::fputs(app.help().c_str(), stderr);
    return kWrongUsage;
  }
  const Outcome outcome = action();
  if (!outcome.ok()) return fail(outcome.status().message(), outcome.exit_code());
  // A full disk or a closed pipe shows only now.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return fail(std::string("cannot write the output: ") + std::strerror(errno), kFailure);
  }
  return 0;
}

}  // namespace
}  // namespace qrt::cli

int main(int argc, char** argv) {
  try {
    return qrt::cli::run_tool(argc, argv);
  } catch (const std::bad_alloc&) {
    return qrt::cli::fail("not enough memory", qrt::cli::kFailure);
  } catch (const std::exception& e) {
    return qrt::cli::fail(e.what(), qrt::cli::kFailure);
  }
}
