#include "src/import/tflite/op_table.h"

#include <map>
#include <string>
#include <utility>

namespace qrt::import::tflite {

// The build lists the files.
#define QRT_RULES(file) rt::Span<const OpRule> file##_rules();
#include "tflite_import_rules.inc"
#undef QRT_RULES

const OpRule* find_rule(const tfl::OperatorCode& code) {
  using Key = std::pair<int, std::string>;
  static const auto* const rules = [] {
    auto* map = new std::map<Key, const OpRule*>;
#define QRT_RULES(file)                                                                       \
  for (const OpRule& rule : file##_rules()) {                                                 \
    map->emplace(Key(static_cast<int>(rule.code), rule.custom != nullptr ? rule.custom : ""), \
                 &rule);                                                                      \
  }
#include "tflite_import_rules.inc"
#undef QRT_RULES
    return map;
  }();
  const tfl::Builtin builtin = builtin_of(code);
  const bool named = builtin == tfl::Builtin::CUSTOM && code.custom_code() != nullptr;
  const auto found =
      rules->find({static_cast<int>(builtin), named ? code.custom_code()->str() : std::string()});
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace qrt::import::tflite
