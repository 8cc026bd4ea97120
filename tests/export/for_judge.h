// Exported models for another runtime to judge: with the environment variable QRT_EXPORT_CASES set,
// every model that a test exports is written into that folder, with inputs and libqrt's own
// outputs. tests/export/onnxruntime.mjs reads them.
#pragma once

#include <random>
#include <vector>

#include "src/graph/graph.h"
#include "src/runtime/session.h"

namespace qrt::test {

// Floats in [-4, 4), any bytes for integers.
void fill_inputs(rt::Session& session, std::mt19937& random);

// What another runtime may differ by, since it computes in float between integers.
struct Allowance {
  int steps = 1;            // of integers that stand for real numbers
  double share = 0.25;      // of such elements may differ at all: those near a tie
  double tolerance = 1e-5;  // of floats, relative to the output's largest
  double others = 0;        // the share of other elements that may differ: classes, positions
};

// Where several roundings add up, on the way through a whole model.
constexpr Allowance kWholeModel = {4, 1, 1e-5, 0.01};

// Runs `graph` with open dimensions as 1 and as 3, and writes what it answers beside `file`, which
// is the graph as ONNX. Does nothing without the environment variable. `inputs` are bytes of each
// input; without them they are random.
void write_for_judge(const graph::Graph& graph, const graph::Bytes& file,
                     const Allowance& allowance = {}, const std::vector<graph::Bytes>& inputs = {});

}  // namespace qrt::test
