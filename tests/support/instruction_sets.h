// The instruction sets by name, as ProgramOptions takes them, for tests that run on each.
#pragma once

#include <string>
#include <vector>

#include "src/runtime/cpu.h"

namespace qrt::test {

// Those that this CPU can run; "scalar" is the first.
inline std::vector<std::string> runnable_instruction_sets() {
  std::vector<std::string> names;
  for (const rt::NamedFeatures& set : rt::instruction_sets()) {
    if (rt::choose_isa(set.name).ok()) names.emplace_back(set.name);
  }
  return names;
}

}  // namespace qrt::test
