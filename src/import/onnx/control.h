// ONNX's control flow: If, whose branches become subgraphs, and Loop, which becomes a Call a round
// where the rounds can be counted, and a While otherwise.
#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "src/import/onnx/branch.h"
#include "src/import/onnx/builder.h"

namespace qrt::import::onnx_import {

using Tensors = std::map<std::string, TensorPtr>;

// The graph around such a node.
struct ControlScope {
  Builder& builder;
  Tensors& tensors;  // by name; null: behind something that is not supported
  // Imports a graph that is a node's attribute, `what` in messages. What it finds around it becomes
  // its inputs, in their order, or constants.
  std::function<graph::Graph(const ::onnx::GraphProto& graph, const char* what,
                             const std::vector<Captured>& around)>
      import_graph;

  // What the graphs of a node read of the graph around them; false if some of it is not there.
  bool find_captured(const ::onnx::NodeProto& node, std::vector<Captured>* captured) const;
  // A tensor that lies as ONNX declares it.
  TensorPtr tensor_of(const std::string& name, int value) const;
  // A value of this name, of the type and shape of another graph's value.
  int value_like(const std::string& name, const graph::Value& other) const;
};

// Give the node's outputs to `scope.tensors`. False if something that it reads is not there.
bool import_if(const ::onnx::NodeProto& node, ControlScope& scope);
bool import_loop(const ::onnx::NodeProto& node, ControlScope& scope);

}  // namespace qrt::import::onnx_import
