// Whatever the runtime refuses of a graph, operator by operator: building a Program stops at the
// first, and a user who has exported the model anew for one reason should not then be told the
// next.
#pragma once

#include "src/graph/graph.h"
#include "src/import/problems.h"
#include "src/runtime/program.h"

namespace qrt::import {

// Adds every node that libqrt cannot run by itself. With `narrow_only`, those alone that work on
// quantized 16-bit or on 4-bit integers: what is true of them before the passes is so after.
void add_refusals(const graph::Graph& graph, bool narrow_only, Problems* problems);

// Program::build, whose error names all operators that libqrt cannot run, not the first alone.
rt::Result<std::shared_ptr<const rt::Program>> build_program(
    std::shared_ptr<const rt::Model> model, const rt::ProgramOptions& options = {});

}  // namespace qrt::import
