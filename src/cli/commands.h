// The subcommands of `qrt`, one file each. An add_ function declares the subcommand's arguments
// and, when the command line names it, sets what is to be done. Doing it is left to main, so that
// help and usage errors never open a file.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "src/cli/outcome.h"

namespace qrt::cli {

using Action = std::function<Outcome()>;

void add_convert(CLI::App& app, Action* action);
void add_inspect(CLI::App& app, Action* action);
void add_run(CLI::App& app, Action* action);
void add_bench(CLI::App& app, Action* action);
void add_eval(CLI::App& app, Action* action);
void add_compare(CLI::App& app, Action* action);
void add_cpu(CLI::App& app, Action* action);
void add_operators(CLI::App& app, Action* action);
void add_quantize(CLI::App& app, Action* action);

}  // namespace qrt::cli
