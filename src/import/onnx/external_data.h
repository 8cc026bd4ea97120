// Weights that ONNX keeps in files beside the model. A model names the file, and a model is
// untrusted: nothing outside the model's own folder is ever opened.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "src/graph/graph.h"

namespace qrt::import::onnx_import {

// The `bytes` bytes of a tensor whose data_location is EXTERNAL. Throws Invalid if its location is
// absolute, leaves `folder` (by "..", or by a symbolic link), is no regular file, or is too short.
graph::Bytes read_external_data(const ::onnx::TensorProto& tensor, const std::string& folder,
                                uint64_t bytes);

}  // namespace qrt::import::onnx_import
