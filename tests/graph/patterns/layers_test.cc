// Scales and biases of channels beside layers, and Pads before windows.
#include <cmath>

#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using Lines = std::vector<std::string>;
using Kinds = std::vector<std::string>;

const std::vector<std::vector<std::vector<int32_t>>> kSizes = {{{1, 4, 10, 8}}, {{2, 4, 7, 12}}};

// An image of channels last, x, and constants for a convolution to 6 channels.
OnnxText image() {
  OnnxText text;
  text.input("image", {"batch", "4", "height", "width"})
      .lines({"x = AveragePool(image) kernel_shape=[2, 2]"})
      .constant("w", {6, 4, 3, 3}, random_numbers(216, 11))
      .constant("wd", {4, 1, 3, 3}, random_numbers(36, 12))
      .constant("wg", {6, 2, 3, 3}, random_numbers(108, 13))
      .constant("wt", {4, 6, 2, 2}, random_numbers(96, 14))
      .constant("b", {6}, random_numbers(6, 15))
      .constant("s4", {4, 1, 1}, random_numbers(4, 16))
      .constant("t4", {4, 1, 1}, random_numbers(4, 17))
      .constant("s6", {6, 1, 1}, random_numbers(6, 18))
      .constant("t6", {1, 6, 1, 1}, random_numbers(6, 19));
  return text;
}

void expect_kinds(const Lines& lines, const Kinds& layers) {
  SCOPED_TRACE(testing::PrintToString(lines));
  Kinds all = {"Transpose", "Pool2D.Average"};
  all.insert(all.end(), layers.begin(), layers.end());
  all.push_back("Transpose");
  // Weights are rounded once more.
  expect_fused(image().lines(lines).imported(), {all, 3e-6, kSizes});
}

TEST(ChannelScales, BehindLayers) {
  const Lines behind = {"m = Mul(c, s6)", "y = Add(m, t6)"};
  for (const char* layer :
       {"c = Conv(x, w, b)", "c = Conv(x, w) pads=[1, 1, 1, 1]", "c = Conv(x, wg, b) group=2"}) {
    expect_kinds({layer, behind[0], behind[1]}, {"Conv2D"});
  }
  expect_kinds({"c = ConvTranspose(x, wt, b) strides=[2, 2]", behind[0], behind[1]},
               {"TransposedConv2D"});
  expect_kinds({"c = Conv(x, w, b)", "y = Div(c, s6)"}, {"Conv2D"});
  expect_kinds({"c = Conv(x, w, b)", "m = Mul(c, s6)", "y = Sub(m, t6)"}, {"Conv2D"});
  expect_kinds({"c = Conv(x, wd) group=4 pads=[1, 1, 1, 1]", "m = Mul(c, s4)", "y = Add(t4, m)"},
               {"Conv2D"});
  // A Relu behind it is the layer's clamp.
  expect_kinds({"c = Conv(x, w, b)", behind[0], "a = Add(m, t6)", "y = Relu(a)"}, {"Conv2D"});
  expect_kinds({"c = Conv(x, w, b)", "y = Mul(c, 0.5)"}, {"Conv2D"});
}

TEST(ChannelScales, BeforeLayers) {
  expect_kinds({"m = Mul(x, s4)", "a = Add(m, t4)", "y = Conv(a, w, b)"}, {"Conv2D"});
  expect_kinds({"m = Mul(x, s4)", "a = Add(m, t4)", "y = Conv(a, wg) group=2"}, {"Conv2D"});
  expect_kinds({"m = Mul(x, s4)", "a = Add(m, t4)", "y = Conv(a, wd) group=4"}, {"Conv2D"});
  // Zeros stay zeros: a factor may move past padding, a sum may not.
  expect_kinds({"m = Mul(x, s4)", "y = Conv(m, w, b) pads=[1, 1, 1, 1]"}, {"Conv2D"});
}

TEST(ChannelScales, OfConnectedLayers) {
  OnnxText text;
  text.input("x", {"batch", "time", "4"})
      .constant("w", {4, 6}, random_numbers(24, 21))
      .constant("s4", {4}, random_numbers(4, 22))
      .constant("t4", {4}, random_numbers(4, 23))
      .constant("s6", {6}, random_numbers(6, 24))
      .constant("t6", {6}, random_numbers(6, 25))
      .lines({"m = Mul(x, s4)", "a = Add(m, t4)", "c = MatMul(a, w)", "n = Mul(c, s6)",
              "y = Add(n, t6)"});
  expect_fused(text.imported(), {{"FullyConnected"}, 3e-6, {{{1, 1, 4}}, {{3, 5, 4}}}});
}

void expect_count(const Lines& lines, const char* kind, size_t count) {
  graph::Graph g = image().lines(lines).imported();
  ASSERT_TRUE(graph::optimize(g).ok());
  EXPECT_EQ(count_kind(g, kind), count) << testing::PrintToString(kinds(g));
}

TEST(ChannelScales, NearMisses) {
  // A sum before padding; a constant along another axis; another reader; a Relu between.
  expect_count({"a = Add(x, t4)", "y = Conv(a, w, b) pads=[1, 1, 1, 1]"}, "Binary.Add", 1);
  expect_count({"a = Add(x, t4)", "y = ConvTranspose(a, wt, b) strides=[2, 2]"}, "Binary.Add", 1);
  expect_count({"c = Conv(x, w, b)", "m = Mul(c, s6)", "y = Add(m, c)"}, "Binary.Mul", 1);
  expect_count({"c = Conv(x, w, b)", "r = Relu(c)", "y = Mul(r, s6)"}, "Binary.Mul", 1);
  expect_count({"c = Conv(x, w, b)", "y = Div(s6, c)"}, "Binary.Div", 1);
  expect_count({"c = Conv(x, w, b)", "y = Mul(c, 0)", "z = Div(c, 0)", "r = Add(y, z)"},
               "Binary.Div", 1);
  OnnxText text = image();
  text.constant("column", {1, 4, 5, 1}, random_numbers(20, 31));
  graph::Graph g = text.lines({"c = Conv(x, wd) group=4", "y = Mul(c, column)"}).imported();
  ASSERT_TRUE(graph::optimize(g).ok());
  EXPECT_EQ(count_kind(g, "Binary.Mul"), 1u);
}

TEST(PadsIntoWindows, Convolutions) {
  expect_kinds({"p = Pad(x, [0, 0, 1, 2, 0, 0, 3, 0])", "y = Conv(p, w, b)"}, {"Conv2D"});
  expect_kinds({"p = Pad(x, [0, 0, 1, 2, 0, 0, 3, 0])",
                "y = Conv(p, w, b) pads=[1, 0, 0, 1] strides=[2, 2]"},
               {"Conv2D"});
  expect_kinds({"p = Pad(x, [0, 0, 1, 1, 0, 0, 1, 1])", "y = Conv(p, wd) group=4"}, {"Conv2D"});
}

TEST(PadsIntoWindows, Pools) {
  expect_kinds({"p = Pad(x, [0, 0, 1, 0, 0, 0, 1, 1])", "y = AveragePool(p) kernel_shape=[3, 2]"},
               {"Pool2D.Average"});
  expect_kinds({"p = Pad(x, [0, 0, 1, 0, 0, 0, 1, 1])",
                "y = AveragePool(p) kernel_shape=[3, 3] pads=[1, 1, 1, 1] count_include_pad=1"},
               {"Pool2D.Average"});
  OnnxText text = image();
  text.constant("least", {}, {-INFINITY});
  expect_fused(text.lines({"p = Pad(x, [0, 0, 1, 1, 0, 0, 1, 1], least)",
                           "y = MaxPool(p) kernel_shape=[3, 3] strides=[2, 2]"})
                   .imported(),
               {{"Transpose", "Pool2D.Average", "Pool2D.Max", "Transpose"}, 0, kSizes});
}

TEST(PadsIntoWindows, NearMisses) {
  const std::string pad = "p = Pad(x, [0, 0, 1, 1, 0, 0, 1, 1]";
  expect_count({pad + ", 0.5)", "y = Conv(p, w, b)"}, "Pad", 1);
  expect_count({pad + ") mode=reflect", "y = Conv(p, w, b)"}, "Pad", 1);
  expect_count({pad + ")", "y = MaxPool(p) kernel_shape=[3, 3]"}, "Pad", 1);
  expect_count({pad + ", -1000)", "y = MaxPool(p) kernel_shape=[3, 3]"}, "Pad", 1);
  expect_count({pad + ")", "y = AveragePool(p) kernel_shape=[3, 3] pads=[1, 1, 1, 1]"}, "Pad", 1);
  expect_count({pad + ", 1)", "y = AveragePool(p) kernel_shape=[3, 3]"}, "Pad", 1);
  // Channels.
  expect_count({"p = Pad(x, [0, 1, 0, 0, 0, 1, 0, 0])", "y = MaxPool(p) kernel_shape=[3, 3]"},
               "Pad", 1);
}

}  // namespace
}  // namespace qrt::test
