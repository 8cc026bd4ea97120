// The arguments that several subcommands share: the model, threads and kernels.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace qrt::cli {

// What stands for the option's value in help and messages.
CLI::Option* named(CLI::Option* option, const std::string& value);

// A check for numbers; not-a-number is outside of every range.
std::function<std::string(const std::string&)> between(double low, double high);

void add_model_option(CLI::App* command, std::string* model);
void add_signature_option(CLI::App* command, std::string* signature);

// Adds --threads and --isa; returns the latter.
CLI::Option* add_machine_options(CLI::App* command, size_t* threads, std::string* isa);

// What --threads means: 0 is one a core.
size_t thread_count(size_t threads);

}  // namespace qrt::cli
