#include "src/import/tflite/op_table.h"

#include <unordered_map>

namespace qrt::import::tflite {

const OpRule* find_rule(tfl::Builtin code) {
  static const auto* const rules = [] {
    auto* map = new std::unordered_map<int, const OpRule*>;
    for (auto group : {conv_rules(), elementwise_rules(), convert_rules(), reduce_rules(),
                       image_rules(), shape_rules(), join_rules(), index_rules(), rnn_rules()}) {
      for (const OpRule& rule : group) map->emplace(static_cast<int>(rule.code), &rule);
    }
    return map;
  }();
  const auto found = rules->find(static_cast<int>(code));
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace qrt::import::tflite
