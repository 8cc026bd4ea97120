#include "src/import/onnx/ops.h"

#include <set>
#include <unordered_map>

#include "src/import/onnx/rewrite.h"
#include "src/import/supported.h"

namespace qrt::import::onnx_import {

// The build lists the files.
#define QRT_RULES(file) rt::Span<const Row> file##_rules();
#include "onnx_import_rules.inc"
#undef QRT_RULES

namespace {

// Operators of ONNX Runtime's own domain that ONNX has by the same name with the same meaning: its
// quantizer writes these for 16-bit integers, and Gelu is older than ONNX's.
bool in_runtime_domain(const std::string& op) {
  return op == "QuantizeLinear" || op == "DequantizeLinear" || op == "Gelu";
}

}  // namespace

const Row* find_rule(const std::string& domain, const std::string& op) {
  static const auto* const rules = [] {
    auto* map = new std::unordered_map<std::string, const Row*>;
#define QRT_RULES(file) \
  for (const Row& row : file##_rules()) map->insert({row.op, &row});
#include "onnx_import_rules.inc"
#undef QRT_RULES
    return map;
  }();
  // What means something else there, or is there alone.
  if (const auto own = rules->find(domain + "." + op); own != rules->end()) return own->second;
  const bool known = is_standard(domain) || (domain == kRuntimeDomain && in_runtime_domain(op));
  if (!known) return nullptr;
  const auto found = rules->find(op);
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace qrt::import::onnx_import

namespace qrt::import {

std::vector<std::string> supported_onnx() {
  using namespace onnx_import;
  const std::vector<std::string> rewritten = rewritten_operators();
  std::set<std::string> names(rewritten.begin(), rewritten.end());
  for (const char* name : {"If", "Loop"}) names.insert(name);  // no rules: control.h
#define QRT_RULES(file) \
  for (const Row& row : file##_rules()) names.insert(row.op);
#include "onnx_import_rules.inc"
#undef QRT_RULES
  return {names.begin(), names.end()};
}

}  // namespace qrt::import
