#include "src/import/tflite/op_table.h"

#include <unordered_map>

namespace qrt::import::tflite {

// The build lists the files.
#define QRT_RULES(file) rt::Span<const OpRule> file##_rules();
#include "tflite_import_rules.inc"
#undef QRT_RULES

const OpRule* find_rule(tfl::Builtin code) {
  static const auto* const rules = [] {
    auto* map = new std::unordered_map<int, const OpRule*>;
#define QRT_RULES(file) \
  for (const OpRule& rule : file##_rules()) map->emplace(static_cast<int>(rule.code), &rule);
#include "tflite_import_rules.inc"
#undef QRT_RULES
    return map;
  }();
  const auto found = rules->find(static_cast<int>(code));
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace qrt::import::tflite
