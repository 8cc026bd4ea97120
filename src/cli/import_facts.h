// What an import has changed and assumed, from the metadata that it wrote (src/import/import.cc,
// open_dims.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "qrt_generated.h"

namespace qrt::cli {

struct ImportFacts {
  using Counts = std::vector<std::pair<std::string, std::string>>;  // what, how often
  Counts fused, upgraded;
  std::string folded;                                        // a number; "": none
  std::vector<std::pair<std::string, std::string>> assumed;  // what, and why

  explicit ImportFacts(const fb::Model& model);
  bool empty() const {
    return fused.empty() && upgraded.empty() && folded.empty() && assumed.empty();
  }
  // Whether an entry of the metadata is told here.
  static bool tells(const std::string& key);
};

}  // namespace qrt::cli
