// A model's own functions: each node that calls one is replaced by what the function consists of,
// before anything is imported.
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>

#include "src/import/onnx/builder.h"

namespace qrt::import::onnx_import {

// In branches too, and functions that call functions. `kept` names operators, as kind_of does, that
// stay nodes. Throws Invalid where a function calls itself, Unsupported where one is of another
// operator set than the model, or the model grows too large.
void inline_functions(::onnx::ModelProto& model, const std::set<std::string>& kept,
                      Builder& builder);

}  // namespace qrt::import::onnx_import
