#include "src/opspec/dims.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"

namespace qrt::rt {
namespace {

int32_t number(int64_t value) {
  return value > kFirstSymbol && value <= INT32_MAX ? static_cast<int32_t>(value) : kInvalidDim;
}

int64_t floored(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

}  // namespace

bool all_numbers(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](int32_t dim) { return is_number(dim); });
}

int32_t Dims::atom(const std::string& text, bool size) {
  const auto next = static_cast<int32_t>(atoms_.size());
  if (!text.empty()) {
    const auto [found, added] = by_text_.insert({text, next});
    if (!added) return found->second;
  }
  atoms_.push_back({text, size});
  return next;
}

int32_t Dims::named(const std::string& name) { return dim_of({{1, {atom(name, true)}}}); }
int32_t Dims::open() { return dim_of({{1, {atom("", true)}}}); }
int32_t Dims::unknown() { return dim_of({{1, {atom("", false)}}}); }

Dims::Sum Dims::sum_of(int32_t dim) const {
  if (dim == 0) return {};
  if (is_number(dim)) return {{dim, {}}};
  return sums_[static_cast<size_t>(kFirstSymbol - dim)];
}

int32_t Dims::dim_of(Sum sum) {
  if (sum.empty()) return 0;
  if (sum.size() == 1 && sum[0].atoms.empty()) return number(sum[0].factor);
  const auto next = static_cast<int32_t>(kFirstSymbol - static_cast<int32_t>(sums_.size()));
  const auto [found, added] = by_sum_.insert({sum, next});
  if (added) sums_.push_back(std::move(sum));
  return found->second;
}

Dims::Sum Dims::combined(const Sum& a, const Sum& b, int64_t sign) {
  Sum result;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].atoms < b[j].atoms)) {
      result.push_back(a[i++]);
    } else if (i == a.size() || b[j].atoms < a[i].atoms) {
      result.push_back({sign * b[j].factor, b[j].atoms});
      ++j;
    } else {
      const int64_t factor = a[i].factor + sign * b[j].factor;
      if (factor != 0) result.push_back({factor, a[i].atoms});
      ++i, ++j;
    }
  }
  return result;
}

int32_t Dims::add(int32_t a, int32_t b) {
  if (!valid(a) || !valid(b)) return kInvalidDim;
  if (is_number(a) && is_number(b)) return number(int64_t{a} + b);
  return dim_of(combined(sum_of(a), sum_of(b), 1));
}

int32_t Dims::sub(int32_t a, int32_t b) {
  if (!valid(a) || !valid(b)) return kInvalidDim;
  if (is_number(a) && is_number(b)) return number(int64_t{a} - b);
  return dim_of(combined(sum_of(a), sum_of(b), -1));
}

int32_t Dims::mul(int32_t a, int32_t b) {
  if (!valid(a) || !valid(b)) return kInvalidDim;
  if (is_number(a) && is_number(b)) return number(int64_t{a} * b);
  const Sum x = sum_of(a), y = sum_of(b);
  // Long expressions say nothing that a resize would not find out.
  constexpr size_t kMostTerms = 16;
  if (x.size() * y.size() > kMostTerms) return unknown();
  Sum result;
  for (const Term& s : x) {
    for (const Term& t : y) {
      Term product;
      if (!checked_mul(s.factor, t.factor, &product.factor)) return kInvalidDim;
      product.atoms = s.atoms;
      product.atoms.insert(product.atoms.end(), t.atoms.begin(), t.atoms.end());
      std::sort(product.atoms.begin(), product.atoms.end());
      if (product.atoms.size() > static_cast<size_t>(kMaxRank)) return unknown();
      result = combined(result, {product}, 1);
    }
  }
  return dim_of(std::move(result));
}

int32_t Dims::opaque(const char* op, int32_t a, int32_t b) {
  const std::string x = text(a), y = text(b);
  // What an open size becomes is open; so is what nobody would read.
  constexpr size_t kLongest = 100;
  if (x.find('?') != std::string::npos || y.find('?') != std::string::npos ||
      x.size() + y.size() > kLongest) {
    return unknown();
  }
  const bool function = op[0] >= 'a';
  const std::string text =
      function ? std::string(op) + "(" + x + ", " + y + ")" : "(" + x + ")" + op + "(" + y + ")";
  const int32_t made = atom(text, false);
  Atom& one = atoms_[static_cast<size_t>(made)];
  one.op = op, one.a = a, one.b = b;
  return dim_of({{1, {made}}});
}

bool Dims::is_of(int32_t dim, const char* op, int32_t a) const {
  if (is_number(dim)) return false;
  const Sum& sum = sums_[static_cast<size_t>(kFirstSymbol - dim)];
  if (sum.size() != 1 || sum[0].factor != 1 || sum[0].atoms.size() != 1) return false;
  const Atom& one = atoms_[static_cast<size_t>(sum[0].atoms[0])];
  return std::strcmp(one.op, op) == 0 && (one.a == a || one.b == a);
}

int32_t Dims::floor_div(int32_t a, int32_t b) {
  if (!valid(a) || !valid(b) || b == 0) return kInvalidDim;
  if (b == 1) return a;
  if (is_number(a) && is_number(b)) return number(floored(a, b));
  if (a == b) return 1;
  const Sum divisor = sum_of(b);
  if (divisor.size() == 1) {
    Sum quotient;
    bool exact = true;
    for (const Term& term : sum_of(a)) {
      if (term.atoms.empty() && divisor[0].atoms.empty()) {
        const int64_t rounded = floored(term.factor, divisor[0].factor);
        if (rounded != 0) quotient.push_back({rounded, {}});
        continue;
      }
      Term rest = {term.factor / divisor[0].factor, {}};
      exact = exact && term.factor % divisor[0].factor == 0 &&
              std::includes(term.atoms.begin(), term.atoms.end(), divisor[0].atoms.begin(),
                            divisor[0].atoms.end());
      if (!exact) break;
      std::set_difference(term.atoms.begin(), term.atoms.end(), divisor[0].atoms.begin(),
                          divisor[0].atoms.end(), std::back_inserter(rest.atoms));
      quotient.push_back(std::move(rest));
    }
    if (exact) {
      std::sort(quotient.begin(), quotient.end());
      return dim_of(std::move(quotient));
    }
  }
  return opaque("/", a, b);
}

int32_t Dims::ceil_div(int32_t a, int32_t b) {
  return floor_div(is_number(b) ? add(a, sub(b, 1)) : sub(add(a, b), 1), b);
}

int32_t Dims::max(int32_t a, int32_t b) {
  if (!valid(a) || !valid(b)) return kInvalidDim;
  if (a == b) return a;
  const int32_t by = sub(a, b);
  if (is_number(by)) return by > 0 ? a : b;
  if (is_of(b, "min", a)) return a;
  if (is_of(a, "min", b)) return b;
  return opaque("max", a, b);
}

int32_t Dims::min(int32_t a, int32_t b) {
  if (!valid(a) || !valid(b)) return kInvalidDim;
  if (a == b) return a;
  const int32_t by = sub(a, b);
  if (is_number(by)) return by > 0 ? b : a;
  if (is_of(b, "max", a)) return a;
  if (is_of(a, "max", b)) return b;
  return opaque("min", a, b);
}

bool Dims::differ(int32_t a, int32_t b) {
  const int32_t by = sub(a, b);
  return by != 0 && is_number(by);
}

bool Dims::mentions(int32_t dim, int32_t symbol) const {
  if (is_number(dim) || !valid(dim)) return false;
  if (dim == symbol) return true;
  const Sum wanted = sum_of(symbol);
  const int32_t atom = wanted[0].atoms[0];
  for (const Term& term : sum_of(dim)) {
    for (const int32_t one : term.atoms) {
      if (one == atom) return true;
      const Atom& of = atoms_[static_cast<size_t>(one)];
      const bool function = of.op[0] != 0;
      if (function && (mentions(of.a, symbol) || mentions(of.b, symbol))) return true;
    }
  }
  return false;
}

int32_t Dims::limited(int32_t dim, int32_t size, int32_t most) {
  if (is_number(dim) || !valid(dim)) return dim;
  int32_t result = 0;
  for (const Term& term : sum_of(dim)) {
    if (term.factor < INT32_MIN || term.factor > INT32_MAX) return dim;
    int32_t product = static_cast<int32_t>(term.factor);
    for (const int32_t one : term.atoms) {
      const Atom& of = atoms_[static_cast<size_t>(one)];
      const bool least = std::strcmp(of.op, "min") == 0;
      const bool idle = least && ((of.a == size && is_number(of.b) && of.b >= most) ||
                                  (of.b == size && is_number(of.a) && of.a >= most));
      product = mul(product, idle ? size : dim_of({{1, {one}}}));
    }
    result = add(result, product);
  }
  return result;
}

bool Dims::at_least(int32_t a, int32_t b) {
  const int32_t by = sub(a, b);
  if (by == kInvalidDim) return false;
  const Sum sum = sum_of(by);
  return std::all_of(sum.begin(), sum.end(), [&](const Term& term) {
    return term.factor >= 0 && std::all_of(term.atoms.begin(), term.atoms.end(), [&](int32_t atom) {
             return atoms_[static_cast<size_t>(atom)].size;
           });
  });
}

namespace {

// The first primes above 10,000: larger than most sizes, and few enough factors for 63 bits.
int64_t prime(size_t index) {
  static const std::vector<int64_t> primes = [] {
    std::vector<int64_t> found;
    for (int64_t candidate = 10007; found.size() < 1024; candidate += 2) {
      int64_t divisor = 3;
      while (divisor * divisor <= candidate && candidate % divisor != 0) divisor += 2;
      if (divisor * divisor > candidate) found.push_back(candidate);
    }
    return found;
  }();
  return primes[index % primes.size()];
}

}  // namespace

int64_t Dims::at_primes(int32_t dim) const {
  if (!valid(dim)) return -1;
  int64_t sum = 0;
  for (const Term& term : sum_of(dim)) {
    int64_t product = term.factor;
    for (int32_t atom : term.atoms) {
      if (!checked_mul(product, prime(static_cast<size_t>(atom)), &product)) return -1;
    }
    if (!checked_add(sum, product, &sum)) return -1;
  }
  return sum;
}

std::string Dims::text(int32_t dim) const {
  if (!valid(dim)) return "too large";
  if (dim == -1) return "?";
  if (is_number(dim)) return std::to_string(dim);
  std::string result;
  const Sum sum = sum_of(dim);
  // The number last, as people write it.
  for (size_t pass = 0; pass < 2; ++pass) {
    for (const Term& term : sum) {
      if (term.atoms.empty() != (pass == 1)) continue;
      const int64_t size = term.factor < 0 ? -term.factor : term.factor;
      if (result.empty()) {
        result = term.factor < 0 ? "-" : "";
      } else {
        result += term.factor < 0 ? " - " : " + ";
      }
      if (size != 1 || term.atoms.empty()) result += std::to_string(size);
      for (size_t i = 0; i < term.atoms.size(); ++i) {
        if (i > 0 || size != 1) result += "*";
        const std::string& atom = atoms_[static_cast<size_t>(term.atoms[i])].text;
        result += atom.empty() ? "?" : atom;
      }
    }
  }
  return result.find('?') != std::string::npos ? "?" : result;
}

std::string Dims::text(const Shape& shape) const {
  std::string result;
  for (int32_t dim : shape) {
    if (!result.empty()) result += "x";
    const std::string one = text(dim);
    result += one.find(' ') == std::string::npos ? one : "(" + one + ")";
  }
  return result.empty() ? "scalar" : result;
}

}  // namespace qrt::rt
