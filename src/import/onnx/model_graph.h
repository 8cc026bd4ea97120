// The nodes of an ONNX graph in an order in which they can be gone through, and who reads what.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace qrt::import::onnx_import {

struct ModelGraph {
  std::vector<::onnx::NodeProto*> nodes;  // each after those it reads
  // How many node inputs and graph outputs read a name; names that nobody reads are absent.
  std::unordered_map<std::string, int> uses;
};

// The names of values around a node that the graphs it has as attributes read, each once.
std::vector<std::string> captured_names(const ::onnx::NodeProto& node);

// What a node's own graphs read, it reads. Throws Invalid if a name is made twice or never, or if
// nodes wait for each other.
ModelGraph sorted_graph(::onnx::GraphProto& graph);

}  // namespace qrt::import::onnx_import
