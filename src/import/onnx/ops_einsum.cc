// Einsum, as products of matrices, element by element where nothing is summed, and sums.
#include <algorithm>
#include <cctype>
#include <map>

#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

using Labels = std::string;  // one character an axis

bool contains(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

// The axes that "..." stands for, the last one first: no letter has such a number.
constexpr char kFirstEllipsis = 1;

struct Equation {
  std::vector<Labels> terms;
  Labels result;
};

// One term of the equation, for an operand of this rank; `covered`: the axes of an ellipsis.
Labels expanded(const std::string& term, size_t rank, size_t* covered) {
  Labels labels;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term.compare(i, 3, "...") == 0) {
      if (term.find("...", i + 3) != std::string::npos)
        invalid("two ellipses in '%s'", term.c_str());
      const size_t named = term.size() - 3;
      if (named > rank) invalid("'%s' for %zu axes", term.c_str(), rank);
      *covered = rank - named;
      for (size_t k = *covered; k-- > 0;) labels += static_cast<char>(kFirstEllipsis + k);
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(term[i])) != 0) {
      if (contains(labels, term[i])) unsupported("a diagonal, '%s'", term.c_str());
      labels += term[i];
    } else {
      invalid("'%c' in an equation", term[i]);
    }
  }
  if (labels.size() != rank) invalid("'%s' for %zu axes", term.c_str(), rank);
  return labels;
}

Equation parse(Call& c) {
  std::string text = c.attributes.word("equation", "");
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const size_t arrow = text.find("->");
  std::vector<std::string> terms(1);
  for (char letter : text.substr(0, arrow)) {
    if (letter == ',') {
      terms.emplace_back();
    } else {
      terms.back() += letter;
    }
  }
  if (terms.size() != c.inputs()) invalid("%zu terms for %zu inputs", terms.size(), c.inputs());
  Equation equation;
  std::map<char, int> uses;
  size_t most = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    size_t covered = SIZE_MAX;
    equation.terms.push_back(expanded(terms[i], c.reals(i).rank(), &covered));
    if (covered != SIZE_MAX) most = std::max(most, covered);
    for (char label : equation.terms.back()) ++uses[label];
  }
  if (arrow == std::string::npos) {
    // What stands once, in alphabetical order, behind the ellipsis.
    for (size_t k = most; k-- > 0;) equation.result += static_cast<char>(kFirstEllipsis + k);
    for (const auto& [label, count] : uses) {
      if (count == 1 && label >= 'A') equation.result += label;
    }
    return equation;
  }
  const std::string result = text.substr(arrow + 2);
  const bool ellipsis = result.find("...") != std::string::npos;
  const size_t letters = result.size() - (ellipsis ? 3 : 0);
  size_t covered = SIZE_MAX;
  equation.result = expanded(result, letters + (ellipsis ? most : 0), &covered);
  for (char label : equation.result) {
    if (uses.count(label) == 0) invalid("'%c' in the result alone", label);
  }
  return equation;
}

class Einsum {
 public:
  Einsum(Call& call, Equation equation) : c(call), equation_(std::move(equation)) {}

  void run() {
    std::vector<Operand> left;
    for (size_t i = 0; i < c.inputs(); ++i) left.push_back(operand(i));
    while (left.size() > 1) {
      Operand b = left.back();
      left.pop_back();
      Operand a = left.back();
      left.pop_back();
      Labels needed = equation_.result;
      for (const Operand& other : left) needed += other.labels;
      left.push_back(product(std::move(a), std::move(b), needed));
    }
    const Operand last = summed(left[0], equation_.result);
    Order order;
    for (char label : last.labels) order.push_back(static_cast<int>(equation_.result.find(label)));
    c.out_value(0, last.value, order);
  }

 private:
  struct Operand {
    int value;
    Labels labels;  // of its axes, as they lie
    bool constant;
  };

  Operand operand(size_t i) {
    Tensor& x = c.reals(i);
    check_same_type({&c.in(0), &x});
    check_size(x.shape);
    Operand result{c.b.form(x, x.order()), {}, x.fixed};
    for (int axis : x.order()) result.labels += equation_.terms[i][static_cast<size_t>(axis)];
    const Shape shape = c.b.shape(result.value);
    for (size_t k = 0; k < shape.size(); ++k) learn(result.labels[k], shape[k]);
    return result;
  }

  // A label has one size, but for the axes of an ellipsis, which are broadcast.
  void learn(char label, Dim size) {
    const auto [known, added] = sizes_.emplace(label, size);
    if (added) return;
    if (label < 'A') {
      if (known->second.is(1)) known->second = size;
    } else if (c.b.dims().differ(known->second.symbol(), size.symbol())) {
      invalid("sizes of %d and %d for '%c'", known->second.symbol(), size.symbol(), label);
    }
  }

  std::string name(const char* suffix) { return c.temporary(suffix) + std::to_string(++made_); }

  // Without the axes that nobody needs.
  Operand summed(Operand x, const Labels& needed) {
    fb::ReduceT sum;
    sum.kind = fb::ReduceKind::Sum;
    Labels kept;
    for (size_t i = 0; i < x.labels.size(); ++i) {
      if (contains(needed, x.labels[i])) {
        kept += x.labels[i];
      } else {
        sum.axes.push_back(static_cast<int32_t>(i));
      }
    }
    if (sum.axes.empty()) return x;
    const int result = c.b.value(name("sum"), c.in(0).type);
    c.emit(std::move(sum), {x.value}, {result});
    return {result, kept, x.constant};
  }

  Operand arranged(const Operand& x, const Labels& labels) {
    std::vector<int32_t> perm;
    for (char label : labels) perm.push_back(static_cast<int32_t>(x.labels.find(label)));
    if (std::is_sorted(perm.begin(), perm.end())) return {x.value, labels, x.constant};
    return {c.b.transposed(x.value, perm, name("turned")), labels, x.constant};
  }

  // Sizes of these labels, as this operand has them; 1 for those that it lacks.
  Shape sizes(const Operand& x, const Labels& labels) {
    const Shape own = c.b.shape(x.value);
    Shape result;
    for (char label : labels) {
      const size_t at = x.labels.find(label);
      result.push_back(at == Labels::npos ? Dim(1) : own[at]);
    }
    return result;
  }

  Dim all(const Shape& shape) {
    int32_t product = 1;
    for (Dim dim : shape) product = c.b.dims().mul(product, dim.symbol());
    return product;
  }

  Operand product(Operand a, Operand b, const Labels& needed) {
    a = summed(a, needed + b.labels);
    b = summed(b, needed + a.labels);
    if (a.constant && !b.constant) std::swap(a, b);
    Labels batch, rows, columns, common;
    for (char label : a.labels) {
      Labels& group = !contains(b.labels, label) ? rows : contains(needed, label) ? batch : common;
      group += label;
    }
    for (char label : b.labels) {
      if (!contains(a.labels, label)) columns += label;
    }
    if (common.empty()) return multiplied(a, b, batch, rows, columns);
    return matrix_product(a, b, batch, rows, columns, common);
  }

  Operand multiplied(const Operand& a, const Operand& b, const Labels& batch, const Labels& rows,
                     const Labels& columns) {
    const Labels labels = batch + rows + columns;
    if (labels.size() > static_cast<size_t>(rt::kMaxRank)) {
      unsupported("a product of %zu axes", labels.size());
    }
    const Operand left = arranged(a, batch + rows), right = arranged(b, batch + columns);
    const int x = c.b.reshaped(left.value, sizes(left, labels), name("left"));
    const int y = c.b.reshaped(right.value, sizes(right, labels), name("right"));
    const int result = c.b.value(name("product"), c.in(0).type);
    fb::BinaryT product;
    product.kind = fb::BinaryKind::Mul;
    c.emit(std::move(product), {x, y}, {result});
    return {result, labels, a.constant && b.constant};
  }

  // Rows, columns and what is summed become one axis each.
  Operand matrix_product(const Operand& a, const Operand& b, const Labels& batch,
                         const Labels& rows, const Labels& columns, const Labels& common) {
    const Operand left = arranged(a, batch + rows + common);
    const bool layer = b.constant && batch.empty() && c.in(0).type == DType::F32;
    const Operand right = arranged(b, layer ? columns + common : batch + common + columns);
    const Dim k = all(sizes(a, common)), m = all(sizes(a, rows)), n = all(sizes(b, columns));
    const auto matrices = [&](const Operand& x, Dim first, Dim second) {
      Shape shape = sizes(x, batch);
      shape.push_back(first);
      shape.push_back(second);
      return c.b.reshaped(x.value, shape, name("matrix"));
    };
    const int x = matrices(left, m, k);
    const int result = c.b.value(name("product"), c.in(0).type);
    if (layer) {
      c.emit(fb::FullyConnectedT{}, {x, matrices(right, n, k)}, {result});
    } else {
      c.emit(fb::MatMulT{}, {x, matrices(right, k, n)}, {result});
    }
    const Shape made = c.b.shape(result);
    Shape shape(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(batch.size()));
    for (Dim dim : sizes(a, rows)) shape.push_back(dim);
    for (Dim dim : sizes(b, columns)) shape.push_back(dim);
    if (shape.size() > static_cast<size_t>(rt::kMaxRank)) {
      unsupported("a product of %zu axes", shape.size());
    }
    return {c.b.reshaped(result, shape, name("unfolded")), batch + rows + columns,
            a.constant && b.constant};
  }

  Call& c;
  const Equation equation_;
  std::map<char, Dim> sizes_;
  int made_ = 0;
};

void import_einsum(Call& c) { Einsum(c, parse(c)).run(); }

constexpr Row kRows[] = {
    {"Einsum", 1, kMany, import_einsum},
};

}  // namespace

rt::Span<const Row> einsum_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
