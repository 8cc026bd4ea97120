// Operators that an app computes itself. A model only names them (Custom of schema/qrt.fbs).
#pragma once

#include <cstring>
#include <vector>

#include "src/opspec/inference.h"

namespace qrt::rt {

class CustomSpec {
 public:
  virtual ~CustomSpec() = default;
  virtual const char* name() const = 0;
  // Gives outputs their shapes, from those of the inputs, which are numbers. What it leaves out
  // keeps the shape that the model declares. Thread-safe.
  virtual Status infer(Inference& x) const = 0;
};

using CustomSpecs = std::vector<const CustomSpec*>;

// The one of this name in a list of pointers to operators; null if there is none.
template <class List>
auto find_custom(const List& list, const char* name) -> decltype(&*list.front()) {
  for (const auto& custom : list) {
    if (std::strcmp(custom->name(), name) == 0) return &*custom;
  }
  return nullptr;
}

}  // namespace qrt::rt
