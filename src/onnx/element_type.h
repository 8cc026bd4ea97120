// Types of elements in ONNX, for the importer and the exporter.
#pragma once

#include "src/base/dtype.h"

namespace qrt::onnx_format {

// ONNX's number for an element type; 0 if it has none that we write.
int32_t onnx_type(rt::DType type);

}  // namespace qrt::onnx_format
