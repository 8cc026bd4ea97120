#include "src/cli/import_facts.h"

#include <algorithm>

namespace qrt::cli {
namespace {

bool begins_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

// "Gelu 6, LayerNormalization 12"
ImportFacts::Counts counts_of(const std::string& text) {
  ImportFacts::Counts counts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(", ", begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t space = part.rfind(' ');
    if (space == std::string::npos) {
      counts.emplace_back(part, "");
    } else {
      counts.emplace_back(part.substr(0, space), part.substr(space + 1));
    }
    begin = end + 2;
  }
  return counts;
}

}  // namespace

ImportFacts::ImportFacts(const fb::Model& model) {
  if (model.metadata() == nullptr) return;
  for (const fb::KeyValue* entry : *model.metadata()) {
    const std::string key = entry->key()->str(), value = entry->value()->str();
    if (key == "import.fused") fused = counts_of(value);
    if (key == "import.upgraded") upgraded = counts_of(value);
    if (key == "import.folded") folded = value;
    if (begins_with(key, "assumed ")) assumed.emplace_back(key.substr(8), value);
  }
}

bool ImportFacts::tells(const std::string& key) {
  return begins_with(key, "import.") || begins_with(key, "assumed ");
}

}  // namespace qrt::cli
