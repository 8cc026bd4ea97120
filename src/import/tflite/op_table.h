// Which TensorFlow Lite operators are imported, and by what rule. To add one: a row and a function
// in the ops_*.cc file it belongs to.
#pragma once

#include "src/base/span.h"
#include "src/import/tflite/op_context.h"

namespace qrt::import::tflite {

struct OpRule {
  tfl::Builtin code;
  // The first min_inputs must be given; the importer has checked the numbers before the rule runs.
  int min_inputs, max_inputs;
  int min_outputs, max_outputs;
  Status (*import)(OpContext& op);
};

// Any number, all of them given.
inline constexpr int kMany = 1 << 30;

// The rules of each file.
rt::Span<const OpRule> conv_rules();
rt::Span<const OpRule> elementwise_rules();
rt::Span<const OpRule> convert_rules();
rt::Span<const OpRule> reduce_rules();
rt::Span<const OpRule> image_rules();
rt::Span<const OpRule> shape_rules();
rt::Span<const OpRule> join_rules();
rt::Span<const OpRule> index_rules();
rt::Span<const OpRule> rnn_rules();

// Null: the operator is not supported.
const OpRule* find_rule(tfl::Builtin code);

}  // namespace qrt::import::tflite
