// LayerNormalization and RMSNorm, as exporters spell them.
#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using Lines = std::vector<std::string>;

Lines joined(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Lines kTorch = {"u = ReduceMean(x) axes=[-1]",
                      "d = Sub(x, u)",
                      "p = Pow(d, 2)",
                      "v = ReduceMean(p) axes=[-1]",
                      "a = Add(v, 1e-5)",
                      "s = Sqrt(a)",
                      "n = Div(d, s)"};
const Lines kAffine = {"w = Mul(n, scale)", "y = Add(w, bias)"};

OnnxText model(const std::vector<std::string>& dims, const Dims64& group, int64_t opset = 13) {
  size_t count = 1;
  for (int64_t dim : group) count *= static_cast<size_t>(dim);
  OnnxText text(opset);
  text.input("x", dims)
      .constant("scale", group, random_numbers(count, 7))
      .constant("bias", group, random_numbers(count, 8));
  return text;
}

const std::vector<std::vector<std::vector<int32_t>>> kSizes = {
    {{1, 5, 16}}, {{3, 1, 16}}, {{2, 40, 16}}};

void expect_one(const Lines& lines, int64_t opset = 13) {
  // Sums in another order: some last places of 16 terms.
  expect_fused(model({"batch", "time", "16"}, {16}, opset).lines(lines).imported(),
               {{"LayerNormalization"}, 1e-5, kSizes});
}

TEST(LayerNormalizationPattern, PyTorchBeforeOpset17) {
  expect_one(kTorch);
  expect_one(joined(kTorch, kAffine));
  expect_one(joined(kTorch, {"y = Mul(scale, n)"}));
  expect_one(joined(kTorch, {"y = Add(bias, n)"}));
}

TEST(LayerNormalizationPattern, OtherSpellings) {
  const Lines centred = {"u = ReduceMean(x) axes=[2]", "d = Sub(x, u)"};
  // Two nodes for the difference, its square by Mul.
  expect_one(
      joined(joined(centred, {"e = Sub(x, u)", "p = Mul(e, e)", "v = ReduceMean(p) axes=[-1]",
                              "a = Add(1e-5, v)", "s = Sqrt(a)", "n = Div(d, s)"}),
             kAffine));
  const Lines variance =
      joined(centred, {"p = Mul(d, d)", "v = ReduceMean(p) axes=[-1]", "a = Add(v, 1e-5)"});
  expect_one(joined(joined(variance, {"r = Pow(a, -0.5)", "n = Mul(d, r)"}), kAffine));
  expect_one(joined(joined(variance, {"s = Pow(a, 0.5)", "n = Div(d, s)"}), kAffine));
  expect_one(
      joined(joined(variance, {"s = Sqrt(a)", "r = Reciprocal(s)", "n = Mul(r, d)"}), kAffine));
  expect_one(joined(joined(variance, {"s = Sqrt(a)", "r = Div(1, s)", "n = Mul(r, d)"}), kAffine));
}

// tf.nn.moments and tf.nn.batch_normalization, as tf2onnx writes them.
TEST(LayerNormalizationPattern, KerasByTf2onnx) {
  expect_one({"u = ReduceMean(x) axes=[-1]", "d = Sub(x, u)", "p = Mul(d, d)",
              "v = ReduceMean(p) axes=[-1]", "a = Add(v, 1e-5)", "s = Sqrt(a)", "i = Reciprocal(s)",
              "r = Mul(i, scale)", "m = Mul(u, r)", "b = Sub(bias, m)", "k = Mul(x, r)",
              "y = Add(k, b)"});
}

TEST(LayerNormalizationPattern, SeveralLastAxes) {
  for (const Dims64& group : {Dims64{4, 6}, Dims64{3, 4, 6}}) {
    Lines lines = {"u = ReduceMean(x) axes=[A]",
                   "d = Sub(x, u)",
                   "p = Pow(d, 2)",
                   "v = ReduceMean(p) axes=[A]",
                   "a = Add(v, 1e-6)",
                   "s = Sqrt(a)",
                   "n = Div(d, s)",
                   "w = Mul(n, scale)",
                   "y = Add(w, bias)"};
    for (std::string& line : lines) {
      const size_t at = line.find('A', line.find("axes"));
      if (line.find("axes") != std::string::npos) {
        line.replace(at, 1, group.size() == 2 ? "-2, -1" : "-3, -2, -1");
      }
    }
    expect_fused(model({"batch", "3", "4", "6"}, group).lines(lines).imported(),
                 {{"LayerNormalization"}, 1e-5, {{{1, 3, 4, 6}}, {{5, 3, 4, 6}}}});
  }
}

TEST(LayerNormalizationPattern, RootMeanSquare) {
  const Lines sum = {"p = Pow(x, 2)", "v = ReduceMean(p) axes=[-1]", "a = Add(v, 1e-6)"};
  // Llama's, as PyTorch exports it.
  expect_one(joined(sum, {"s = Sqrt(a)", "r = Div(1, s)", "n = Mul(x, r)", "y = Mul(scale, n)"}));
  expect_one(
      joined(sum, {"s = Sqrt(a)", "r = Reciprocal(s)", "n = Mul(x, r)", "y = Mul(n, scale)"}));
  expect_one(joined(sum, {"s = Sqrt(a)", "n = Div(x, s)", "y = Mul(n, scale)"}));
  expect_one({"p = Mul(x, x)", "v = ReduceMean(p) axes=[-1]", "a = Add(v, 1e-6)", "s = Sqrt(a)",
              "n = Div(x, s)"});
}

// A sum of squares over other axes, another power, a root that is read: no RMSNorm either.
TEST(LayerNormalizationPattern, NearMissesOfRootMeanSquare) {
  const auto none = [](const Lines& lines, const char* output = nullptr) {
    OnnxText text = model({"batch", "time", "16"}, {16});
    text.lines(lines);
    if (output != nullptr) text.output(output);
    expect_not_fused(text.imported(), "LayerNormalization");
  };
  const Lines all = {"p = Pow(x, 2)", "v = ReduceMean(p) axes=[-1]", "a = Add(v, 1e-6)",
                     "s = Sqrt(a)", "n = Div(x, s)"};
  const auto changed = [&](size_t line, const char* text) {
    Lines lines = all;
    lines[line] = text;
    return lines;
  };
  none(changed(0, "p = Pow(x, 4)"));
  none(changed(0, "p = Abs(x)"));
  none(changed(1, "v = ReduceMean(p) axes=[1]"));
  none(changed(1, "v = ReduceMax(p) axes=[-1]"));
  none(changed(2, "a = Sub(v, 1e-6)"));
  none(changed(4, "n = Div(s, x)"));
  for (const char* step : {"p", "v", "s"}) none(all, step);
}

void expect_none(const Lines& lines, const Dims64& group = {16},
                 const std::vector<std::string>& dims = {"batch", "time", "16"}) {
  // What is centred in another way may still be an RMSNorm.
  expect_not_found(model(dims, group).lines(lines).imported(), "LayerNormalization");
}

Lines changed(Lines lines, size_t line, const std::string& text) {
  lines[line] = text;
  return lines;
}

TEST(LayerNormalizationPattern, NearMisses) {
  const Lines all = joined(kTorch, kAffine);
  expect_none(changed(all, 0, "u = ReduceMean(x) axes=[1]"));
  expect_none(changed(all, 3, "v = ReduceMean(p) axes=[1]"));
  expect_none(changed(all, 3, "v = ReduceSum(p, [-1])"));
  expect_none(changed(all, 2, "p = Pow(d, 3)"));
  expect_none(changed(all, 2, "p = Mul(d, x)"));
  expect_none(changed(all, 4, "a = Add(v, -1)"));
  expect_none(changed(all, 5, "s = Exp(a)"));
  expect_none(changed(all, 6, "n = Div(x, s)"));
  // A mean over the axis in the middle, of a square: it broadcasts all the same.
  expect_none(
      changed(changed(all, 0, "u = ReduceMean(x) axes=[0]"), 3, "v = ReduceMean(p) axes=[0]"));
  // Without the axis the mean would be another row's.
  expect_none(changed(all, 0, "u = ReduceMean(x) axes=[-1] keepdims=0"), {4}, {"4", "4", "4"});
}

// The step is read elsewhere.
TEST(LayerNormalizationPattern, StepsThatSomebodyReadsStay) {
  for (const char* step : {"u", "d", "v", "s"}) {
    OnnxText text = model({"batch", "time", "16"}, {16});
    text.lines(joined(kTorch, kAffine)).output(step);
    expect_not_found(text.imported(), "LayerNormalization");
  }
}

// What is behind the normalization, but is no scale or bias of its shape, stays behind it.
TEST(LayerNormalizationPattern, OtherFactorsStay) {
  const auto check = [](const Dims64& group, const std::vector<std::string>& kinds,
                        const Lines& behind) {
    expect_fused(model({"batch", "4", "16"}, group).lines(joined(kTorch, behind)).imported(),
                 {kinds, 1e-5, {{{1, 4, 16}}, {{3, 4, 16}}}});
  };
  check({4, 1}, {"LayerNormalization", "Binary.Mul"}, {"y = Mul(n, scale)"});
  check({4, 16}, {"LayerNormalization", "Binary.Mul"}, {"y = Mul(n, scale)"});
  check({1}, {"LayerNormalization", "Binary.Add"}, {"y = Add(n, bias)"});
  check({16}, {"LayerNormalization", "Binary.Mul"}, {"w = Add(n, bias)", "y = Mul(w, scale)"});
  check({1, 1, 16}, {"LayerNormalization"}, kAffine);
}

}  // namespace
}  // namespace qrt::test
