// Which ONNX operators are imported, and by what rule. To add one: a function and a row in the
// ops_*.cc file it belongs to, and nothing else; a new file ops_foo.cc defines foo_rules().
#pragma once

#include <string>

#include "src/base/span.h"
#include "src/import/onnx/call.h"

namespace qrt::import::onnx_import {

struct Row {
  const char* op;
  size_t min_inputs, max_inputs;
  void (*import)(Call&);
  int variant = 0;  // tells operators of one rule apart; the rule says what it is
};

// As many inputs as there are.
inline constexpr size_t kMany = SIZE_MAX;

template <class Kind>
constexpr Row row(const char* op, size_t min_inputs, size_t max_inputs, void (*import)(Call&),
                  Kind kind) {
  return {op, min_inputs, max_inputs, import, static_cast<int>(kind)};
}

// Whether a node's domain is ONNX's own; else operators of one name mean something else.
inline bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }
inline constexpr const char* kRuntimeDomain = "com.microsoft";  // ONNX Runtime's

// Null if there is no rule.
const Row* find_rule(const std::string& domain, const std::string& op);

// --- What rules of several files need ------------------------------------------------------------

// The order in which an operator on several tensors of up to `rank` dimensions works: that of the
// largest, so that it is the small ones that are rearranged.
Order common_order(const std::vector<Tensor*>& tensors, size_t rank);

// Emits `a kind b` and returns its value, called `name`. It lies in `order`, which has as many
// axes as a and b broadcast to.
int emit_binary(Call& c, fb::BinaryKind kind, Tensor& a, Tensor& b, const Order& order,
                const std::string& name);

// Whether it gives Bool.
inline bool compares(fb::BinaryKind kind) {
  return kind >= fb::BinaryKind::Equal && kind <= fb::BinaryKind::GreaterEqual;
}

// Emits a Gather of constant indices along one axis; returns the value, which lies in `order`.
int emit_gather(Call& c, int value, int position, const std::vector<int32_t>& indices,
                const std::string& name);

// Invalid unless all of them are of one type.
void check_same_type(const std::vector<Tensor*>& tensors);
// Unsupported if an input holds quantized integers: the rule would compute with real numbers.
void check_not_quantized(Call& c);

}  // namespace qrt::import::onnx_import
