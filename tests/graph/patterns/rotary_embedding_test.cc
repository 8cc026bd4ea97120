// Rotary embedding, as PyTorch exports it.
#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using Lines = std::vector<std::string>;

const Lines kSlices = {"a = Slice(x, [0], [4], [3])",
                       "b = Slice(x, [4], [9223372036854775807], [3])"};
const Lines kSum = {"c = Mul(x, cos)", "s = Mul(r, sin)", "y = Add(c, s)"};
const Lines kHalves = {"n = Neg(b)", "r = Concat(n, a) axis=-1"};

Lines joined(std::initializer_list<Lines> parts) {
  Lines all;
  for (const Lines& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

OnnxText model(const std::vector<std::string>& table = {"1", "1", "time", "8"}) {
  OnnxText text;
  text.input("x", {"batch", "4", "time", "8"}).input("cos", table).input("sin", table);
  return text;
}

void expect_one(const Lines& lines) {
  expect_fused(model().lines(lines).imported(), {{"RotaryEmbedding"},
                                                 1e-6,
                                                 {{{1, 4, 1, 8}, {1, 1, 1, 8}, {1, 1, 1, 8}},
                                                  {{2, 4, 7, 8}, {1, 1, 7, 8}, {1, 1, 7, 8}},
                                                  {{3, 4, 30, 8}, {1, 1, 30, 8}, {1, 1, 30, 8}}}});
}

TEST(RotaryEmbeddingPattern, Halves) {
  expect_one(joined({kSlices, kHalves, kSum}));
  expect_one(joined({{"a, b = Split(x, [4, 4]) axis=-1"}, kHalves, kSum}));
  expect_one(joined({{"a, b = Split(x) axis=3"}, kHalves, kSum}));
  // Operands in other orders.
  expect_one(joined({kSlices, kHalves, {"c = Mul(cos, x)", "s = Mul(sin, r)", "y = Add(s, c)"}}));
}

TEST(RotaryEmbeddingPattern, Neighbours) {
  expect_one(joined({{"a = Slice(x, [0], [9223372036854775807], [3], [2])",
                      "b = Slice(x, [1], [9223372036854775807], [3], [2])", "n = Neg(b)",
                      "p = Unsqueeze(n, [-1])", "q = Unsqueeze(a, [-1])",
                      "e = Concat(p, q) axis=-1", "r = Reshape(e, [0, 4, -1, 8])"},
                     kSum}));
}

TEST(RotaryEmbeddingPattern, ATableForEachBatch) {
  expect_fused(
      model({"batch", "1", "time", "8"}).lines(joined({kSlices, kHalves, kSum})).imported(),
      {{"RotaryEmbedding"}, 1e-6, {{{2, 4, 7, 8}, {2, 1, 7, 8}, {2, 1, 7, 8}}}});
}

void expect_none(const Lines& lines,
                 const std::vector<std::string>& table = {"1", "1", "time", "8"}) {
  expect_not_fused(model(table).lines(lines).imported(), "RotaryEmbedding");
}

TEST(RotaryEmbeddingPattern, NearMisses) {
  // The other half negative, none negative, halves not exchanged.
  expect_none(joined({kSlices, {"n = Neg(a)", "r = Concat(b, n) axis=-1"}, kSum}));
  expect_none(joined({kSlices, {"r = Concat(b, a) axis=-1"}, kSum}));
  expect_none(joined({kSlices, {"n = Neg(a)", "r = Concat(n, b) axis=-1"}, kSum}));
  // Parts that are no halves, or overlap.
  expect_none(
      joined({{"a = Slice(x, [0], [3], [3])", "b = Slice(x, [3], [8], [3])"}, kHalves, kSum}));
  expect_none(
      joined({{"a = Slice(x, [0], [4], [3])", "b = Slice(x, [3], [7], [3])"}, kHalves, kSum}));
  // Another axis.
  expect_none(joined({{"a = Slice(x, [0], [2], [1])", "b = Slice(x, [2], [4], [1])", "n = Neg(b)",
                       "r = Concat(n, a) axis=1"},
                      kSum}));
  // A difference; another x.
  expect_none(joined({kSlices, kHalves, {"c = Mul(x, cos)", "s = Mul(r, sin)", "y = Sub(c, s)"}}));
  expect_none(joined(
      {kSlices, kHalves, {"z = Abs(x)", "c = Mul(z, cos)", "s = Mul(r, sin)", "y = Add(c, s)"}}));
  // One cosine for all.
  expect_none(joined({kSlices, kHalves, kSum}), {"1", "1", "time", "1"});
}

TEST(RotaryEmbeddingPattern, TablesThatMakeItLargerStay) {
  OnnxText text;
  text.input("x", {"1", "4", "5", "8"}).input("cos", {"2", "1", "5", "8"});
  text.input("sin", {"2", "1", "5", "8"}).lines(joined({kSlices, kHalves, kSum}));
  expect_not_fused(text.imported(), "RotaryEmbedding");
}

TEST(RotaryEmbeddingPattern, StepsThatSomebodyReadsStay) {
  for (const char* step : {"a", "r", "c"}) {
    OnnxText text = model();
    text.lines(joined({kSlices, kHalves, kSum})).output(step);
    expect_not_fused(text.imported(), "RotaryEmbedding");
  }
}

}  // namespace
}  // namespace qrt::test
