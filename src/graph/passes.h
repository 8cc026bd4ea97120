// The rewrites between import and writing, one file each. Every pass leaves a valid graph that
// computes the same numbers (up to the stated rounding) and keeps graph inputs and outputs with
// their names, types, shapes and quantization.
#pragma once

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::graph {

// The activation functions of mobile networks that exporters spell out (HardSwish, Gelu) become one
// operator, before quantization, so that they can be one table in integers.
rt::Status fuse_functions(Graph& graph);

// Turns the pairs QuantizeLinear/DequantizeLinear that surround float operators (as PyTorch's
// quantization-aware training and ONNX Runtime's quantizer write them) into quantized operators.
// What cannot run in integers stays float between a Dequantize and a Quantize.
rt::Status fuse_qdq(Graph& graph);

// u8 values become s8 ones (q - 128, zero point - 128, the same real numbers). Graph inputs and
// outputs keep their type, with a Quantize between; operators that read u8 themselves
// (Quantize, Dequantize, Cast, and those on values without quantization) are left alone.
rt::Status u8_to_s8(Graph& graph);

// Runs operators whose inputs are all constant, with libqrt itself, and keeps their results.
rt::Status fold_constants(Graph& graph);

// What exporters spell out becomes one operator: src/graph/patterns. Functions are of floats;
// Transposes and Pads may be of any type.
rt::Status fuse_patterns(Graph& graph);

// A clamp, Relu or Relu6 that follows Conv2D, FullyConnected, Binary or Pool2D becomes its clamp.
rt::Status fuse_activations(Graph& graph);

// Drops operators that do nothing, operators whose results nobody reads, and repeated Quantize.
rt::Status remove_dead(Graph& graph);

// Nodes of other graphs take the place of Call, and of an If whose condition is a constant: in the
// main graph and its subgraphs, which all stay.
rt::Status inline_calls(Graph& main);

struct OptimizeOptions {
  bool fuse = true;  // false: patterns stay as they are, for tests to compare with
};

// All of the above, in the order they need, on a model's main graph and its subgraphs.
rt::Status optimize(Graph& graph, const OptimizeOptions& options = {});

}  // namespace qrt::graph
