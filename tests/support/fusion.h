// Graphs as exporters write them, a node a line, and the check that what is fused computes what the
// nodes did.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/import/onnx_builder.h"

namespace qrt::test {

// An ONNX model written as text: each line is "y = Op(x, 0.5, [1, 2]) axis=1 perm=[0, 1]". Several
// results stand as "a, b = Split(x)"; a number is a scalar constant, a list a vector of INT64.
class OnnxText {
 public:
  explicit OnnxText(int64_t opset = 13) : builder(opset) {}

  // Each dimension a number or a name: {"batch", "8"}.
  OnnxText& input(const std::string& name, const std::vector<std::string>& dims,
                  int32_t type = Onnx::FLOAT);
  OnnxText& constant(const std::string& name, const Dims64& dims, const std::vector<float>& values);
  // The last line's result is the graph's output, besides those named by output().
  OnnxText& lines(const std::vector<std::string>& text);
  OnnxText& output(const std::string& name);

  graph::Graph imported() const;

  OnnxBuilder builder;

 private:
  void line(const std::string& text);
  std::string argument(const std::string& text);

  int constants_ = 0;
  std::string last_;
  std::vector<std::string> outputs_;
};

// Numbers of a normal distribution, the same for the same seed.
std::vector<float> random_numbers(size_t count, unsigned seed, float deviation = 1);

struct Fusion {
  std::vector<std::string> kinds;  // of the operators that are left, in their order
  double tolerance = 1e-5;         // of the largest output
  // Shapes for all inputs to be run at, one set after the other, in one session.
  std::vector<std::vector<std::vector<int32_t>>> sizes;
  float deviation = 1;  // of the inputs
};

// Optimizes the graph with and without patterns; the first leaves these operators, the second
// others, and all outputs are the same up to the tolerance.
void expect_fused(const graph::Graph& imported, const Fusion& expected);

// Patterns make no operator of this kind of it.
void expect_not_fused(const graph::Graph& imported, const std::string& kind);
// The pattern that is counted under this name is not found.
void expect_not_found(const graph::Graph& imported, const std::string& name);

}  // namespace qrt::test
