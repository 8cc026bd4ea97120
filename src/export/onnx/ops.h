// Which operators of schema/qrt.fbs are exported, and by what rule. To add one: a function and a
// row in the ops_*.cc file it belongs to, and nothing else; a new file ops_foo.cc defines
// foo_rules().
#pragma once

#include "src/base/span.h"
#include "src/export/onnx/call.h"

namespace qrt::onnx_export {

// Throws Unsupported for what ONNX cannot express.
using Rule = void (*)(Call&);

struct Row {
  fb::OpOptions type;
  Rule rule;
};

// Null for an operator without a rule.
Rule find_rule(fb::OpOptions type);

}  // namespace qrt::onnx_export
