// The JSON of `qrt inspect --json`: what its tables show, for programs.
#pragma once

#include <string>

#include "src/cli/model_source.h"

namespace qrt::cli {

// `program` may be null: then no kernels are named.
void print_inspect_json(const OpenModel& open, const rt::Program* program);

// The kernel that operator `index` got; "(none: renames memory)" for one that does not run.
std::string kernel_name(const rt::Program& program, const fb::Operator& op);
// Of what the public API calls it: "" is an operator that only renames.
std::string kernel_name(const char* kernel);

}  // namespace qrt::cli
