// What becomes of a TfliteBuilder's file: a graph as the tool would write it, or a refusal.
#pragma once

#include <gtest/gtest.h>

#include "src/graph/passes.h"
#include "tests/import/tflite_builder.h"
#include "tests/support/run_graph.h"

namespace qrt::test {

using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

// Imported and optimized; fails the test otherwise.
inline graph::Graph optimized(const TfliteBuilder& b) {
  auto g = b.import();
  EXPECT_TRUE(g.ok()) << g.status().message();
  if (!g.ok()) return {};
  const rt::Status status = graph::optimize(*g);
  EXPECT_TRUE(status.ok()) << status.message();
  return std::move(*g);
}

inline void expect_refused(const TfliteBuilder& b, const std::string& words) {
  const auto g = b.import();
  ASSERT_FALSE(g.ok());
  EXPECT_NE(g.status().message().find(words), std::string::npos) << g.status().message();
}

}  // namespace qrt::test
