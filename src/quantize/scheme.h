// What a caller of the quantizer can wish for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/quantize/range.h"

namespace qrt::quantize {

// How an operator computes.
enum class Scheme : uint8_t {
  Float,
  S8,         // s8 activations of fixed ranges, s8 weights
  S16,        // s16 activations of fixed ranges, s8 weights
  W4,         // s8 activations, s4 weights
  Dynamic,    // float activations, quantized to s8 in each run; s8 weights
  DynamicW4,  // the same with s4 weights in blocks of 32: for products of few rows
};
inline bool is_static(Scheme scheme) {
  return scheme == Scheme::S8 || scheme == Scheme::S16 || scheme == Scheme::W4;
}
const char* scheme_name(Scheme scheme);
bool find_scheme(const std::string& name, Scheme* scheme);  // false: there is none
std::string scheme_names();                                 // "float, s8, ..."

// For operators whose name or kind ("Conv2D") matches; the last that matches counts.
struct Override {
  std::string pattern;  // with * for any text
  Scheme scheme = Scheme::Float;
};
bool matches(const std::string& pattern, const std::string& text);

// Auto: where it brings the outputs closer to the float model's.
enum class Switch : uint8_t { Off, On, Auto };

struct Wishes {
  Scheme scheme = Scheme::S8;
  std::vector<Override> overrides;
  bool per_tensor = false;           // weights: one scale for all outputs
  std::optional<Observer> observer;  // none: what brings the outputs closest
  Switch equalize = Switch::Auto;
  Switch correct_bias = Switch::Auto;
  // Rounding that makes up for its errors (column_rounding.h). Auto tries it for weights of 4 bits
  // and for those of one scale.
  Switch round_columns = Switch::Auto;
};

}  // namespace qrt::quantize
