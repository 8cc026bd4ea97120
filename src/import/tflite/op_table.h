// Which TensorFlow Lite operators are imported, and by what rule. To add one: a function and a row
// in the ops_*.cc file it belongs to, and nothing else; a new file ops_foo.cc defines foo_rules().
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
  const char* custom = nullptr;  // of a CUSTOM operator: its name
};

// Any number, all of them given.
inline constexpr int kMany = 1 << 30;

// Null: the operator is not supported.
const OpRule* find_rule(const tfl::OperatorCode& code);

}  // namespace qrt::import::tflite
