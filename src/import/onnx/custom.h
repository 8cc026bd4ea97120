// Operators of an ONNX model that are left to the app.
#pragma once

#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {

// Emits a Custom of this name (the node's kind). Its inputs and outputs lie as ONNX has them, its
// outputs have the types and shapes that the model declares. Unsupported if it declares none.
void import_custom(Call& c);
inline constexpr Row kCustomRow = {"", 0, kMany, import_custom};

}  // namespace qrt::import::onnx_import
