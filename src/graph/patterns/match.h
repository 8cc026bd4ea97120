// Small subgraphs, described as expressions: product(1, {any(x), unary(Logistic, any(x))}) is x *
// sigmoid(x) in whatever order its factors stand. All values are f32, and operators have no clamp.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "src/graph/patterns/rewriter.h"

namespace qrt::graph {

// What has been found so far.
struct Found {
  std::array<int, 6> values = {-1, -1, -1, -1, -1, -1};  // by the slot that any() names
  std::array<std::optional<double>, 4> numbers;          // by the slot of number_in() and mean()
  std::vector<size_t> nodes;                             // that the pattern consists of
};

// Whether a value is computed in this way; if not, `found` is as before.
using Pattern = std::function<bool(const Rewriter& graph, int value, Found* found)>;

// Any value; the same one for one slot.
Pattern any(size_t slot);
// A constant of one element: this number, up to a rounding to f16; or any, which is kept.
Pattern number(double number);
Pattern number_in(size_t slot);
Pattern unary(fb::UnaryKind kind, Pattern of);
Pattern hard_sigmoid(double slope, double offset, Pattern of);
// Add, Mul, Min and Max: in either order.
Pattern binary(fb::BinaryKind kind, Pattern a, Pattern b);
// The product of the factors and a number, multiplied out: of Mul, Div by a number, Neg, and Square
// and Pow, which repeat a factor. What something else reads, too, is one factor.
Pattern product(double number, std::vector<Pattern> factors);
// a + b, cut to an interval: by Clip, by Min and Max, or by the Add itself.
Pattern clipped_sum(double min, double max, Pattern a, Pattern b);
// The mean over the last axes, which stay as axes of one element; their number is kept in the slot.
Pattern mean(size_t slot, Pattern of);
Pattern either(std::vector<Pattern> patterns);

// Within a rounding to f16.
bool near(double a, double b);

// Calls `make` for every node that `pattern` describes, from the last to the first; what it returns
// takes their place, unless it is nothing.
using Make =
    std::function<std::optional<Node>(Rewriter& graph, const Found& found, const Node& root)>;
void replace(Rewriter& graph, const Pattern& pattern, const char* what, const Make& make);

// The `make` of a function of one value, in slot 0.
Make make_unary(fb::UnaryKind kind);

}  // namespace qrt::graph
