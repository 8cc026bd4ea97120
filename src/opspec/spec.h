// What an operator is: one row each, in rows/, beside its table in schema/qrt.fbs. Verification,
// shape inference, graph passes, importers, the exporter, the tool and the documentation read these
// rows; how an operator computes is in src/ops.
#pragma once

#include "src/opspec/inference.h"

namespace qrt::rt {

// How an operator becomes one on integers, when the tensors around it are quantized.
enum class QuantizedAs : uint8_t {
  Float,     // it has no integer form
  Weighted,  // constant weights, and a bias in steps of their and the input's scale
  Computes,  // inputs and output have scales of their own
  Joins,     // inputs and output share one quantization
  Moves,     // elements of input 0 stay what they are
  Finds      // gives indices of elements of input 0
};

// Rows are built by name (row.infer = ...), so that a field that is not mentioned has its default.
struct OpSpec {
  fb::OpOptions type = fb::OpOptions::NONE;

  // What it accepts (signature.h): the same for all its attributes, or as they say.
  const char* signatures = "";
  const char* (*signatures_of)(const void* options) = nullptr;

  // Checks attributes, constants and what a signature cannot say; once, when a model is loaded.
  // May be null.
  Status (*check)(const Node& node) = nullptr;
  // Gives every output its shape; again for every resize. Fails where numbers do not fit; symbols
  // it does not know are taken to fit, and looked at again as numbers.
  Status (*infer)(Inference& x) = nullptr;

  // Output 0 is input 0 under another shape: they share memory and nothing runs.
  bool alias = false;
  // Whether places along this axis of an input, which is as long as a run decided, are computed
  // each by itself, so that those behind the last do no harm (counts.h). Null: no axis of any input
  // is such. Outputs must be as long along one axis; that is looked at elsewhere.
  bool (*keeps_places)(const Node& node, const Shapes& shapes, size_t input, int axis) = nullptr;
  // Whether what it computes depends on more than its inputs, or changes more than its outputs:
  // states. Such a node is neither folded nor dropped nor merged.
  bool has_effects = false;

  // Inputs that are variables which it updates (bit i: input i).
  uint32_t updates = 0;

  // Its form on integers: one for all attributes, or as they say (in `options`, its table).
  QuantizedAs quantized = QuantizedAs::Float;
  QuantizedAs (*quantized_of)(const void* options) = nullptr;
  // The first input that takes part in that; those before it are conditions.
  size_t first_quantized_input = 0;
  // Whether the fused clamp of its table can take over a clamp that follows, in any quantization
  // (Requantizes) or only in that of its input (Keeps).
  enum class Clamp : uint8_t { None, Keeps, Requantizes };
  Clamp clamp = Clamp::None;
  Clamp (*clamp_of)(const void* options) = nullptr;

  // The name of its kind ("Add" of Binary), or null.
  const char* (*kind_name)(const void* options) = nullptr;
  // Multiply-accumulates, for shapes in numbers; null: none to speak of.
  uint64_t (*macs)(const Node& node, const Shapes& shapes) = nullptr;
};

// The row of this number of the schema; null if there is none. Thread-safe.
const OpSpec* find_spec(fb::OpOptions type);

const char* signatures_of(const OpSpec& spec, const void* options);
QuantizedAs quantized_as(const OpSpec& spec, const void* options);
OpSpec::Clamp clamp_of(const OpSpec& spec, const void* options);
// "Conv2D", "Binary.Add": what messages and tables call an operator.
std::string operator_name(fb::OpOptions type, const void* options);

// Everything about a node that does not depend on shapes.
Status check_node(const OpSpec& spec, const Node& node);

}  // namespace qrt::rt
