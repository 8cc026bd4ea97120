// Exporting a graph to ONNX and importing it again gives a model that answers the same.
#pragma once

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "src/export/export.h"
#include "src/graph/passes.h"
#include "src/import/import.h"
#include "tests/export/for_judge.h"
#include "tests/support/run_graph.h"

namespace qrt::test {

inline graph::Bytes exported(const graph::Graph& graph) {
  auto file = onnx_export::export_onnx(graph);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? std::move(*file) : graph::Bytes{};
}

// Another runtime gets to judge it, too.
inline graph::Bytes must_export(const graph::Graph& graph, const Allowance& allowance = {},
                                const std::vector<graph::Bytes>& inputs = {}) {
  graph::Bytes file = exported(graph);
  if (!file.empty()) write_for_judge(graph, file, allowance, inputs);
  return file;
}

inline ::onnx::ModelProto parsed(const graph::Bytes& file) {
  ::onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(file.data(), static_cast<int>(file.size())));
  return model;
}

inline graph::Graph must_import(const graph::Bytes& file,
                                const graph::OptimizeOptions& options = {}) {
  auto graph = import::import_onnx(file.data(), file.size(), "exported.onnx");
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  if (!graph.ok()) return {};
  const rt::Status optimized = graph::optimize(*graph, options);
  EXPECT_TRUE(optimized.ok()) << optimized.message();
  return std::move(*graph);
}

// The same inputs and outputs, and the same bytes for random inputs.
inline void expect_round_trip(const graph::Graph& graph, int rounds = 2,
                              const Allowance& allowance = {},
                              const std::vector<graph::Bytes>& inputs = {},
                              const graph::OptimizeOptions& options = {}) {
  const graph::Graph back = must_import(must_export(graph, allowance, inputs), options);
  Loaded first = must_load(graph), second = must_load(back);
  ASSERT_TRUE(first.session != nullptr && second.session != nullptr);
  ASSERT_EQ(first.session->inputs(), second.session->inputs());
  ASSERT_EQ(first.session->outputs(), second.session->outputs());
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    EXPECT_EQ(graph.value(graph.inputs[i]).name, back.value(back.inputs[i]).name);
    EXPECT_EQ(graph.value(graph.inputs[i]).type, back.value(back.inputs[i]).type);
    EXPECT_EQ(graph.value(graph.inputs[i]).shape, back.value(back.inputs[i]).shape);
  }
  std::mt19937 random(7);
  for (int round = 0; round < rounds; ++round) {
    fill_inputs(*first.session, random);
    for (size_t i = 0; i < first.session->inputs(); ++i) {
      ASSERT_EQ(first.session->input_bytes(i), second.session->input_bytes(i));
      std::memcpy(second.session->input_data(i), first.session->input_data(i),
                  first.session->input_bytes(i));
    }
    first.run();
    second.run();
    for (size_t k = 0; k < first.session->outputs(); ++k) {
      EXPECT_EQ(first.get<uint8_t>(k), second.get<uint8_t>(k)) << "output " << k;
    }
  }
}

}  // namespace qrt::test
