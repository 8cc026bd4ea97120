// --mean, --scale and --resize: how pictures become numbers, for every command that reads pictures.
// `qrt convert` keeps them in the .qrt, under the key "input:NAME" as "mean=127.5;scale=1/127.5;
// resize" (schema/README.md), so that they need not be given again.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "src/cli/model_source.h"
#include "src/cli/tensor_input.h"

namespace qrt::cli {

// As typed.
struct PictureArguments {
  std::string mean, scale;  // numbers with commas
  bool resize = false;

  bool given() const { return !mean.empty() || !scale.empty() || resize; }
};

void add_picture_options(CLI::App* command, PictureArguments* arguments);

// An error is one of usage.
rt::Result<PictureOptions> read_picture_options(const PictureArguments& arguments);

// The text that a model keeps.
std::string kept_text(const PictureArguments& arguments);
rt::Result<PictureArguments> read_kept_text(const std::string& text);

// Writes what is given into the graph, for all its inputs that take pictures; an error if none
// does.
rt::Status keep_picture_options(const PictureArguments& arguments, graph::Graph* graph);

// For each of the model's inputs: what the command line says, and where it is silent what the model
// keeps. Mean and scale belong together: one of them on the command line replaces both.
rt::Result<std::vector<PictureOptions>> picture_options_of(const OpenModel& open,
                                                           const PictureOptions& given);

}  // namespace qrt::cli
