// A dimension as an importer's rule sees it: a number, or a symbol where the model leaves it open.
// A rule that takes it for a number gets one, or gives up: so that no rule can fix an open
// dimension without knowing. What rules need not know they leave to the operators' rows.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "qrt_generated.h"
#include "src/opspec/dims.h"

namespace qrt::import {

// The node is valid, but libqrt cannot express it. The importer goes on, to list all of them.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Gives up on what needs an open dimension as a number.
[[noreturn]] inline void needs_size() {
  throw Unsupported(
      "it needs sizes that the model leaves open; give the shapes of the inputs (qrt convert "
      "--shape NAME=1x3x224x224)");
}

class Dim {
 public:
  Dim(int32_t value = 1) : value_(value) {}
  // Throws Unsupported if it is open.
  operator int32_t() const {
    if (open()) needs_size();
    return value_;
  }
  bool open() const { return !rt::is_number(value_); }
  bool is(int32_t number) const { return value_ == number; }
  // The number or the symbol.
  int32_t symbol() const { return value_; }

  // Whether they are the same number or expression.
  bool operator==(const Dim& o) const { return value_ == o.value_; }
  bool operator!=(const Dim& o) const { return value_ != o.value_; }
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  bool operator==(T number) const {
    return static_cast<int32_t>(*this) == number;
  }
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  bool operator!=(T number) const {
    return static_cast<int32_t>(*this) != number;
  }

 private:
  int32_t value_;
};

using Dimensions = std::vector<Dim>;

// The size, or 1 where it is open.
inline int32_t least_size(Dim dim) { return dim.open() ? 1 : dim.symbol(); }

inline bool is_open(const Dimensions& shape) {
  return std::any_of(shape.begin(), shape.end(), [](Dim dim) { return dim.open(); });
}

// In the graph, which has no symbols: -1 for an open dimension.
std::vector<int32_t> declared(const Dimensions& shape);

// The Reshape from one shape to another. Open dimensions are those of the input at their place, or,
// one of them, what is left over; nothing if that cannot say it.
std::optional<fb::ReshapeT> reshape_options(const Dimensions& from, const Dimensions& to);

// A file whose batch is 1 may reshape to a batch of 1 in figures. Where `from` has an open first
// dimension, and `to` fits it only with 1, `to` takes the open one: with 1 that is the same. False
// if it is not so.
bool keep_open_batch(const Dimensions& from, Dimensions* to);

}  // namespace qrt::import
