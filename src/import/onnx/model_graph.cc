#include "src/import/onnx/model_graph.h"

#include <queue>
#include <set>

#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

constexpr int kOutside = -1;  // made by no node: an input or an initializer

using Makers = std::unordered_map<std::string, int>;

void add_maker(Makers* makers, const std::string& name, int maker) {
  if (!makers->insert({name, maker}).second) invalid("'%s' is made twice", name.c_str());
}

Makers find_makers(const ::onnx::GraphProto& graph) {
  Makers makers;
  for (const auto& tensor : graph.initializer()) add_maker(&makers, tensor.name(), kOutside);
  for (const auto& tensor : graph.sparse_initializer()) {
    add_maker(&makers, tensor.values().name(), kOutside);
  }
  std::unordered_map<std::string, bool> inputs;
  for (const auto& input : graph.input()) {
    // An initializer may stand among the inputs, too: its value unless the caller gives one.
    if (!inputs.insert({input.name(), true}).second) {
      invalid("'%s' is an input twice", input.name().c_str());
    }
    makers.insert({input.name(), kOutside});
  }
  for (int n = 0; n < graph.node_size(); ++n) {
    for (const std::string& output : graph.node(n).output()) {
      if (!output.empty()) add_maker(&makers, output, n);
    }
  }
  return makers;
}

// Adds what a graph reads and does not make.
void add_captured(const ::onnx::GraphProto& graph, std::set<std::string>* captured) {
  std::set<std::string> own;
  for (const auto& tensor : graph.initializer()) own.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) own.insert(tensor.values().name());
  for (const auto& input : graph.input()) own.insert(input.name());
  for (const auto& node : graph.node()) own.insert(node.output().begin(), node.output().end());
  std::set<std::string> read;
  for (const auto& node : graph.node()) {
    read.insert(node.input().begin(), node.input().end());
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) add_captured(attribute.g(), &read);
    }
  }
  for (const auto& output : graph.output()) read.insert(output.name());
  for (const std::string& name : read) {
    if (!name.empty() && own.count(name) == 0) captured->insert(name);
  }
}

}  // namespace

std::vector<std::string> captured_names(const ::onnx::NodeProto& node) {
  std::set<std::string> captured;
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) add_captured(attribute.g(), &captured);
  }
  return {captured.begin(), captured.end()};
}

ModelGraph sorted_graph(::onnx::GraphProto& graph) {
  const Makers makers = find_makers(graph);
  const auto count = static_cast<size_t>(graph.node_size());
  ModelGraph result;
  std::vector<int> missing(count, 0);
  std::vector<std::vector<int>> readers(count);
  for (int n = 0; n < graph.node_size(); ++n) {
    std::vector<std::string> inputs = captured_names(graph.node(n));
    inputs.insert(inputs.end(), graph.node(n).input().begin(), graph.node(n).input().end());
    for (const std::string& input : inputs) {
      if (input.empty()) continue;
      ++result.uses[input];
      const auto maker = makers.find(input);
      if (maker == makers.end()) {
        invalid("node '%s' (%s) reads '%s', which nothing makes", graph.node(n).name().c_str(),
                graph.node(n).op_type().c_str(), input.c_str());
      }
      if (maker->second == kOutside) continue;
      ++missing[static_cast<size_t>(n)];
      readers[static_cast<size_t>(maker->second)].push_back(n);
    }
  }
  for (const auto& output : graph.output()) ++result.uses[output.name()];

  // Of the nodes whose inputs are there, always the first in the file: a sorted file stays as it
  // is.
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (size_t n = 0; n < count; ++n) {
    if (missing[n] == 0) ready.push(static_cast<int>(n));
  }
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    result.nodes.push_back(graph.mutable_node(n));
    for (int reader : readers[static_cast<size_t>(n)]) {
      if (--missing[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (result.nodes.size() != count) {
    for (size_t n = 0; n < count; ++n) {
      if (missing[n] > 0) {
        const auto& node = graph.node(static_cast<int>(n));
        invalid("node '%s' (%s) waits for its own result", node.name().c_str(),
                node.op_type().c_str());
      }
    }
  }
  return result;
}

}  // namespace qrt::import::onnx_import
