#include "src/import/tflite/op_table.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "src/import/supported.h"

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

namespace qrt::import {

std::vector<std::string> supported_tflite() {
  using namespace tflite;
  // Those without a rule are imported with their graphs and variables.
  std::set<std::string> names = {"ASSIGN_VARIABLE",     "CALL_ONCE",  "IF",   "READ_VARIABLE",
                                 "STABLEHLO_COMPOSITE", "VAR_HANDLE", "WHILE"};
#define QRT_RULES(file)                                                                   \
  for (const OpRule& rule : file##_rules()) {                                             \
    names.insert(rule.custom != nullptr ? rule.custom : tfl::EnumNameBuiltin(rule.code)); \
  }
#include "tflite_import_rules.inc"
#undef QRT_RULES
  return {names.begin(), names.end()};
}

}  // namespace qrt::import
