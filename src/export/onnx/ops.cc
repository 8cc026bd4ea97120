#include "src/export/onnx/ops.h"

#include <unordered_map>

namespace qrt::onnx_export {

// The build lists the files.
#define QRT_RULES(file) rt::Span<const Row> file##_rules();
#include "onnx_export_rules.inc"
#undef QRT_RULES

Rule find_rule(fb::OpOptions type) {
  static const auto* const rules = [] {
    auto* map = new std::unordered_map<int, Rule>;
#define QRT_RULES(file) \
  for (const Row& row : file##_rules()) map->emplace(static_cast<int>(row.type), row.rule);
#include "onnx_export_rules.inc"
#undef QRT_RULES
    return map;
  }();
  const auto found = rules->find(static_cast<int>(type));
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace qrt::onnx_export
