// The options by which `run` and `bench` choose threads and kernels.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace qrt::cli {

// Adds --threads and --isa; returns the latter.
CLI::Option* add_machine_options(CLI::App* command, size_t* threads, std::string* isa);

// What --threads means: 0 is one a core.
size_t thread_count(size_t threads);

}  // namespace qrt::cli
