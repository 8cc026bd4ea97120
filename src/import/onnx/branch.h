// The graphs that an ONNX node has as attributes, as models of their own: what they read of the
// graph around them becomes an input, or a constant if it is one.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "src/graph/graph.h"
#include "src/import/onnx/builder.h"

namespace qrt::import::onnx_import {

// The node's attribute of this name; throws Invalid if it is no graph, or one with inputs.
const ::onnx::GraphProto& branch_of(const ::onnx::NodeProto& node, const char* attribute);

// Whether it is an If that drops an axis where that has one element, and passes the tensor on
// otherwise: what PyTorch's scripts write for squeeze(axis). Its results differ in rank, and what
// follows expects the axis dropped.
bool is_conditional_squeeze(const ::onnx::NodeProto& node);

// What a branch finds around it: its name there, and what is known of it.
struct Captured {
  std::string name;
  TensorPtr tensor;
  bool constant;
};

// The branch as a model with the captured tensors as inputs, in their order, or initializers.
// Throws Unsupported if the model would be too large.
::onnx::ModelProto branch_model(const ::onnx::ModelProto& outer, const ::onnx::GraphProto& branch,
                                const std::vector<Captured>& captured, Builder& builder);

// Makes a model's graphs subgraphs of another's; gives the number of the main one.
int32_t adopt(graph::Graph graph, graph::Graph* into);

}  // namespace qrt::import::onnx_import
