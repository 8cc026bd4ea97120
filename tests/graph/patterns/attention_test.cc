// Scaled dot-product attention, as exporters spell it.
#include <cmath>

#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using Lines = std::vector<std::string>;
using Sizes = std::vector<std::vector<std::vector<int32_t>>>;

Lines joined(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Queries, keys and values as heads; more inputs are added to it.
OnnxText heads(const std::string& key_heads = "4", int64_t opset = 13) {
  OnnxText text(opset);
  text.input("q", {"batch", "4", "time", "8"})
      .input("k", {"batch", key_heads, "past", "8"})
      .input("v", {"batch", key_heads, "past", "8"});
  return text;
}

Sizes sizes(int32_t key_heads = 4) {
  Sizes all;
  for (const auto& [batch, time, past] :
       std::vector<std::array<int32_t, 3>>{{1, 1, 1}, {2, 5, 5}, {1, 1, 37}, {3, 40, 7}}) {
    all.push_back({{batch, 4, time, 8}, {batch, key_heads, past, 8}, {batch, key_heads, past, 8}});
  }
  return all;
}

// Products are summed in another order, exponentials take what is off: some last places.
constexpr double kTolerance = 1e-5;

void expect_one(const Lines& lines, const std::vector<std::string>& kinds = {"Attention"}) {
  expect_fused(heads().lines(lines).imported(), {kinds, kTolerance, sizes()});
}

const Lines kKeys = {"t = Transpose(k) perm=[0, 1, 3, 2]"};
const Lines kWeights = {"w = Softmax(a) axis=-1", "y = MatMul(w, v)"};

Lines scored(const Lines& scores) { return joined(joined(kKeys, scores), kWeights); }

TEST(AttentionPattern, ScaleInEveryPlace) {
  expect_one(scored({"a = MatMul(q, t)"}));
  expect_one(scored({"s = MatMul(q, t)", "a = Div(s, 2.8284271)"}));
  expect_one(scored({"s = MatMul(q, t)", "a = Mul(s, 0.35355339)"}));
  expect_one(scored({"s = MatMul(q, t)", "a = Mul(0.35355339, s)"}));
  expect_one(scored({"z = Div(q, 2.8284271)", "a = MatMul(z, t)"}));
  expect_one(scored({"z = Mul(q, 0.35355339)", "a = MatMul(z, t)"}));
  // PyTorch 2: the root of the scale on both, on the key behind its Transpose.
  expect_one(scored({"z = Mul(q, 0.59460356)", "u = Mul(t, 0.59460356)", "a = MatMul(z, u)"}));
  expect_one({"u = Mul(k, 0.35355339)", "t = Transpose(u) perm=[0, 1, 3, 2]", "a = MatMul(q, t)",
              "w = Softmax(a) axis=-1", "y = MatMul(w, v)"});
}

// PyTorch 1.13's multi-head attention: batch and heads are one axis, and the time stands first.
TEST(AttentionPattern, HeadsAndBatchAsOneAxis) {
  OnnxText text;
  text.input("q", {"time", "heads", "8"}).input("k", {"past", "heads", "8"});
  text.input("v", {"past", "heads", "8"})
      .lines({"z = Div(q, 2.8284271)", "r = Transpose(z) perm=[1, 0, 2]",
              "t = Transpose(k) perm=[1, 2, 0]", "u = Transpose(v) perm=[1, 0, 2]",
              "a = MatMul(r, t)", "w = Softmax(a) axis=-1", "y = MatMul(w, u)"});
  expect_fused(text.imported(),
               {{"Transpose", "Transpose", "Transpose", "Attention"},
                kTolerance,
                {{{1, 1, 8}, {1, 1, 8}, {1, 1, 8}}, {{5, 6, 8}, {9, 6, 8}, {9, 6, 8}}}});
}

TEST(AttentionPattern, AddedMasks) {
  const Lines lines = scored({"s = MatMul(q, t)", "d = Div(s, 2.8284271)", "a = Add(d, mask)"});
  for (const auto& [dims, shape] :
       std::vector<std::pair<std::vector<std::string>, std::vector<int32_t>>>{
           {{"batch", "1", "time", "past"}, {2, 1, 5, 9}},
           {{"1", "4", "time", "past"}, {1, 4, 5, 9}},
           {{"time", "past"}, {5, 9}},
           {{"batch", "1", "1", "past"}, {2, 1, 1, 9}}}) {
    OnnxText text = heads();
    text.input("mask", dims).lines(lines);
    expect_fused(text.imported(),
                 {{"Attention"}, kTolerance, {{{2, 4, 5, 8}, {2, 4, 9, 8}, {2, 4, 9, 8}, shape}}});
  }
}

// The mask stands on the left, too, and is a constant.
TEST(AttentionPattern, AConstantMask) {
  OnnxText text;
  std::vector<float> mask(25, 0);
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = i + 1; j < 5; ++j) mask[i * 5 + j] = -1e9f;
  }
  text.constant("mask", {5, 5}, mask);
  for (const char* name : {"q", "k", "v"}) text.input(name, {"batch", "4", "5", "8"});
  text.lines(scored({"s = MatMul(q, t)", "a = Add(mask, s)"}));
  expect_fused(text.imported(),
               {{"Attention"}, kTolerance, {{{2, 4, 5, 8}, {2, 4, 5, 8}, {2, 4, 5, 8}}}});
}

TEST(AttentionPattern, MasksByWhere) {
  const auto masked = [](const std::string& where) {
    OnnxText text = heads();
    text.constant("infinite", {}, {-INFINITY})
        .input("mask", {"batch", "1", "time", "past"}, Onnx::BOOL)
        .lines(scored({"s = MatMul(q, t)", "d = Div(s, 2.8284271)", where}));
    return text.imported();
  };
  const Sizes shapes = {{{2, 4, 5, 8}, {2, 4, 9, 8}, {2, 4, 9, 8}, {2, 1, 5, 9}},
                        {{1, 4, 3, 8}, {1, 4, 4, 8}, {1, 4, 4, 8}, {1, 1, 3, 4}}};
  // PyTorch's masked_fill: what is true is hidden.
  expect_fused(masked("a = Where(mask, infinite, d)"),
               {{"Unary.Not", "Attention"}, kTolerance, shapes});
  expect_fused(masked("a = Where(mask, -10000.0, d)"),
               {{"Unary.Not", "Attention"}, kTolerance, shapes});
  expect_fused(masked("a = Where(mask, d, infinite)"), {{"Attention"}, kTolerance, shapes});
  // A number that is not small: what is hidden has a part.
  expect_fused(masked("a = Where(mask, d, 0.5)"), {{"Attention"}, kTolerance, shapes});
}

// Keys and values of a cache with the new ones behind them stay inputs.
TEST(AttentionPattern, BehindACache) {
  OnnxText text;
  text.input("q", {"1", "4", "1", "8"}).input("k", {"1", "4", "past", "8"});
  text.input("v", {"1", "4", "past", "8"}).input("k1", {"1", "4", "1", "8"});
  text.input("v1", {"1", "4", "1", "8"})
      .lines({"ks = Concat(k, k1) axis=2", "vs = Concat(v, v1) axis=2",
              "t = Transpose(ks) perm=[0, 1, 3, 2]", "s = MatMul(q, t)", "a = Div(s, 2.8284271)",
              "w = Softmax(a) axis=-1", "y = MatMul(w, vs)"})
      .output("ks");
  Sizes shapes;
  for (int32_t past : {1, 6, 30}) {
    shapes.push_back({{1, 4, 1, 8}, {1, 4, past, 8}, {1, 4, past, 8}, {1, 4, 1, 8}, {1, 4, 1, 8}});
  }
  expect_fused(text.imported(), {{"Concat", "Concat", "Attention"}, kTolerance, shapes});
}

// Hugging Face's repeat_kv, by Expand and by Tile.
TEST(AttentionPattern, KeysThatServeSeveralHeads) {
  for (const std::string& repeat :
       {std::string("Expand(%, [1, 1, 2, 1, 1])"), std::string("Tile(%, [1, 1, 2, 1, 1])")}) {
    OnnxText text = heads("2");
    for (const std::string& name : {std::string("k"), std::string("v")}) {
      std::string line = name + "r = " + repeat;
      line.replace(line.find('%'), 1, name + "u");
      text.lines({name + "u = Unsqueeze(" + name + ", [2])", line,
                  name + "4 = Reshape(" + name + "r, [0, 4, -1, 8])"});
    }
    text.lines({"t = Transpose(k4) perm=[0, 1, 3, 2]", "s = MatMul(q, t)", "a = Div(s, 2.8284271)",
                "w = Softmax(a) axis=-1", "y = MatMul(w, v4)"});
    expect_fused(text.imported(), {{"Attention"}, kTolerance, sizes(2)});
  }
}

// One key and value for all heads broadcast by themselves.
TEST(AttentionPattern, OneKeyForAllHeads) {
  expect_fused(heads("1").lines(scored({"a = MatMul(q, t)"})).imported(),
               {{"Attention"}, kTolerance, sizes(1)});
}

TEST(AttentionPattern, LongSequences) {
  expect_fused(heads().lines(scored({"a = MatMul(q, t)"})).imported(),
               {{"Attention"}, kTolerance, {{{1, 4, 70, 8}, {1, 4, 700, 8}, {1, 4, 700, 8}}}});
}

void expect_none(OnnxText text) { expect_not_fused(text.imported(), "Attention"); }

TEST(AttentionPattern, NearMisses) {
  // Another axis; the logarithm; a clip between.
  expect_none(heads().lines(
      joined(kKeys, {"a = MatMul(q, t)", "w = Softmax(a) axis=-2", "y = MatMul(w, v)"})));
  expect_none(heads().lines(
      joined(kKeys, {"a = MatMul(q, t)", "w = LogSoftmax(a) axis=-1", "y = MatMul(w, v)"})));
  expect_none(heads().lines(scored({"s = MatMul(q, t)", "a = Clip(s, -1, 1)"})));
  // The weights on the other side.
  expect_none(OnnxText()
                  .input("q", {"2", "4", "4"})
                  .input("k", {"2", "4", "4"})
                  .lines({"t = Transpose(k) perm=[0, 2, 1]", "a = MatMul(q, t)",
                          "w = Softmax(a) axis=-1", "y = MatMul(k, w)"}));
  // A scale behind the mask, which would scale the mask, too.
  expect_none(heads()
                  .input("mask", {"time", "past"})
                  .lines(scored({"s = MatMul(q, t)", "m = Add(s, mask)", "a = Mul(m, 0.5)"})));
  // A factor that is no number.
  expect_none(heads()
                  .input("factor", {"time", "1"})
                  .lines(scored({"s = MatMul(q, t)", "a = Mul(s, factor)"})));
}

TEST(AttentionPattern, StepsThatSomebodyReadsStay) {
  for (const char* step : {"w", "a", "s"}) {
    OnnxText text = heads();
    text.lines(scored({"s = MatMul(q, t)", "a = Div(s, 2.8284271)"})).output(step);
    expect_none(std::move(text));
  }
}

// The sum with the mask has more than the product.
TEST(AttentionPattern, AMaskThatIsLargerStays) {
  OnnxText text;
  text.input("q", {"1", "4", "3", "8"}).input("k", {"1", "4", "3", "8"});
  text.input("v", {"1", "4", "3", "8"}).input("mask", {"2", "1", "3", "3"});
  text.lines(scored({"s = MatMul(q, t)", "a = Add(s, mask)"}));
  expect_none(std::move(text));
}

// Nobody knows that these batches are one size.
TEST(AttentionPattern, BatchesThatMayDifferStay) {
  OnnxText text;
  text.input("q", {"n", "4", "3", "8"}).input("k", {"m", "4", "3", "8"});
  text.input("v", {"m", "4", "3", "8"}).lines(scored({"a = MatMul(q, t)"}));
  expect_none(std::move(text));
}

}  // namespace
}  // namespace qrt::test
