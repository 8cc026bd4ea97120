// --shape NAME=1x3x224x224: the shape that an input takes. Where a model is converted, words and
// '?' are dimensions that it leaves open: --shape NAME=batchx3x?x?.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/cli/public_api.h"
#include "src/import/import.h"

namespace qrt::cli {

// What was typed, checked for its form.
CLI::Option* add_shape_option(CLI::App* command, std::vector<std::string>* texts,
                              const std::string& what, bool may_open = false);

// By an input's name. The form has been checked; an error if an input is named twice.
rt::Result<std::map<std::string, std::vector<import::InputDim>>> read_shapes(
    const std::vector<std::string>& texts);

// Gives the session's inputs these shapes, all at once.
rt::Status apply_shapes(const std::vector<std::string>& texts, Session* session);

}  // namespace qrt::cli
