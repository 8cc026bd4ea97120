// Reads the constants of an ONNX model: initializers and tensor attributes.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "src/graph/graph.h"

namespace qrt::import::onnx_import {

// A constant as ONNX declares it: dimensions may be 0 (an empty list of axes, for example).
struct Constant {
  graph::DType type = graph::DType::F32;
  std::vector<int64_t> dims;
  graph::Bytes bytes;
};

// libqrt's type for an ONNX element type; throws Unsupported if there is none. double is read as
// f32, for exporters write it for plain numbers.
graph::DType element_type(int32_t onnx_type);
// Whether floats take its place inside a graph: it is no more than 16 bits. Constants are read as
// floats, graph inputs and outputs are converted, and a Cast to it rounds.
inline bool computed_in_f32(graph::DType type) {
  return type == graph::DType::F16 || type == graph::DType::BF16;
}

// Checks that the data match type and dimensions. `folder` is the model's, for external data.
// Takes the bytes out of the message, which is not needed afterwards.
Constant read_tensor(::onnx::TensorProto& tensor, const std::string& folder);

}  // namespace qrt::import::onnx_import
