// Arithmetic on dimensions of which some are not known yet. One shape function serves both uses:
// with names when a model is loaded, with numbers when a session is resized.
//
// A dimension is an int32: a number, or, from kFirstSymbol downwards, a symbol of a Dims. A symbol
// is a name of the model ("batch"), an expression of names ("2*height + 1"), or open: a size of
// which nothing is known. Equal expressions are the same symbol. kInvalidDim is what arithmetic
// gives that leaves 32 bits or has no meaning; it spreads, and no shape may hold it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/base/shape.h"

namespace qrt::rt {

inline constexpr int32_t kFirstSymbol = -(1 << 30);
inline constexpr int32_t kInvalidDim = INT32_MIN;

inline bool is_number(int32_t dim) { return dim > kFirstSymbol; }
bool all_numbers(const Shape& shape);

// Not thread-safe. Symbols are valid as long as their Dims.
class Dims {
 public:
  // The symbol of this name; the same for the same name.
  int32_t named(const std::string& name);
  // A symbol that differs from all others: a size.
  int32_t open();
  // One of any number, negative ones too.
  int32_t unknown();

  int32_t add(int32_t a, int32_t b);
  int32_t sub(int32_t a, int32_t b);
  int32_t mul(int32_t a, int32_t b);
  // Rounded down; b is not 0. An expression divides where each of its terms does, a number in it
  // aside.
  int32_t floor_div(int32_t a, int32_t b);
  int32_t ceil_div(int32_t a, int32_t b);
  int32_t max(int32_t a, int32_t b);
  int32_t min(int32_t a, int32_t b);

  // Whether a and b are different numbers, or expressions that differ by a number other than 0.
  bool differ(int32_t a, int32_t b);
  // Whether an expression has this symbol, which is a name or an open size, in it.
  bool mentions(int32_t dim, int32_t symbol) const;
  // The expression for the case that `size` is `most` or less: without minima of it and a number
  // that is as large.
  int32_t limited(int32_t dim, int32_t size, int32_t most);
  // Whether a is b or more, whatever the sizes are. False: not known.
  bool at_least(int32_t a, int32_t b);

  // The expression where every name and every open size is another prime number; -1 if that is
  // beyond 63 bits. Equal expressions give equal numbers, and others hardly ever do.
  int64_t at_primes(int32_t dim) const;

  // "1", "batch", "2*height + 1"; "?" for an open one.
  std::string text(int32_t dim) const;
  // "batchx224x224x3"; "scalar" for rank 0.
  std::string text(const Shape& shape) const;

 private:
  // A sum of products. Factors are atoms, sorted; a term without factors is the number.
  struct Term {
    int64_t factor;
    std::vector<int32_t> atoms;
    bool operator==(const Term& o) const { return factor == o.factor && atoms == o.atoms; }
    bool operator<(const Term& o) const {
      return atoms != o.atoms ? atoms < o.atoms : factor < o.factor;
    }
  };
  using Sum = std::vector<Term>;  // by atoms, no factor 0; empty: 0

  // A number, or a symbol of ours: attributes of a damaged file may look like one.
  bool valid(int32_t dim) const {
    return is_number(dim) ||
           (dim != kInvalidDim && static_cast<size_t>(kFirstSymbol - dim) < sums_.size());
  }
  Sum sum_of(int32_t dim) const;
  int32_t dim_of(Sum sum);
  int32_t atom(const std::string& text, bool size);
  // An expression that is no sum: "text(a) op text(b)".
  int32_t opaque(const char* op, int32_t a, int32_t b);
  // Whether `dim` is op(a, ..) or op(.., a).
  bool is_of(int32_t dim, const char* op, int32_t a) const;
  static Sum combined(const Sum& a, const Sum& b, int64_t sign);

  struct Atom {
    std::string text;  // empty: open
    bool size;         // not negative
    // Of a maximum or a minimum: what of.
    const char* op = "";
    int32_t a = 0, b = 0;
  };
  std::vector<Atom> atoms_;
  std::map<std::string, int32_t> by_text_;  // atoms that are not open
  std::vector<Sum> sums_;                   // by symbol
  std::map<Sum, int32_t> by_sum_;
};

}  // namespace qrt::rt
