// Activation functions, in every spelling of exporters.
#include "tests/support/fusion.h"

namespace qrt::test {
namespace {

using Lines = std::vector<std::string>;

const std::vector<std::vector<std::vector<int32_t>>> kSizes = {
    {{1, 4, 3, 5}}, {{2, 4, 1, 1}}, {{3, 4, 7, 9}}};

graph::Graph function_of_x(const Lines& lines, int64_t opset = 13) {
  return OnnxText(opset).input("x", {"batch", "4", "height", "width"}).lines(lines).imported();
}

struct Case {
  const char* kind;
  const char* who;
  Lines lines;
  int64_t opset = 13;
};

class ActivationPatterns : public testing::TestWithParam<Case> {};

TEST_P(ActivationPatterns, BecomeOneOperator) {
  // Rounding of the steps between; the functions themselves cancel none of it.
  expect_fused(function_of_x(GetParam().lines, GetParam().opset),
               {{GetParam().kind}, 2e-6, kSizes, 3});
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, ActivationPatterns,
    testing::Values(
        Case{"Unary.Silu", "PyTorch, Keras", {"s = Sigmoid(x)", "y = Mul(x, s)"}},
        Case{"Unary.Silu", "factors turned", {"s = Sigmoid(x)", "y = Mul(s, x)"}},
        Case{"Unary.Silu",
             "by hand",
             {"n = Neg(x)", "e = Exp(n)", "a = Add(e, 1)", "y = Div(x, a)"}},
        Case{"Unary.Mish", "PyTorch", {"p = Softplus(x)", "t = Tanh(p)", "y = Mul(x, t)"}},
        Case{"Unary.Mish",
             "Keras, by steps",
             {"e = Exp(x)", "a = Add(e, 1)", "l = Log(a)", "t = Tanh(l)", "y = Mul(t, x)"}},
        Case{"Unary.Gelu",
             "PyTorch 1.13 and 2",
             {"d = Div(x, 1.4142135381698608)", "e = Erf(d)", "a = Add(e, 1)", "m = Mul(x, a)",
              "y = Mul(m, 0.5)"}},
        Case{"Unary.Gelu",
             "Keras by tf2onnx",
             {"d = Mul(x, 0.7071067690849304)", "e = Erf(d)", "a = Add(1, e)", "h = Mul(0.5, x)",
              "y = Mul(h, a)"}},
        Case{"Unary.Gelu",
             "half of the sum",
             {"d = Div(x, 1.4142135381698608)", "e = Erf(d)", "a = Add(e, 1)", "h = Mul(a, 0.5)",
              "y = Mul(x, h)"}},
        Case{"Unary.Gelu",
             "the normal distribution",
             {"d = Div(x, 1.4142135381698608)", "e = Erf(d)", "h = Mul(e, 0.5)", "a = Add(h, 0.5)",
              "y = Mul(x, a)"}},
        Case{"Unary.Gelu",
             "divided at last",
             {"d = Div(x, 1.4142135381698608)", "e = Erf(d)", "a = Add(e, 1)", "m = Mul(x, a)",
              "y = Div(m, 2)"}},
        Case{"Unary.GeluTanh",
             "PyTorch, approximate",
             {"h = Mul(x, 0.5)", "p = Pow(x, 3)", "c = Mul(p, 0.044714998453855515)",
              "s = Add(x, c)", "z = Mul(s, 0.7978845834732056)", "t = Tanh(z)", "a = Add(t, 1)",
              "y = Mul(h, a)"}},
        Case{"Unary.GeluTanh",
             "PyTorch 2, products",
             {"q = Mul(x, x)", "p = Mul(q, x)", "c = Mul(p, 0.044714998453855515)", "s = Add(x, c)",
              "z = Mul(s, 0.7978845834732056)", "t = Tanh(z)", "a = Add(t, 1)", "h = Mul(x, 0.5)",
              "y = Mul(h, a)"}},
        Case{"Unary.GeluTanh",
             "Hugging Face, fast",
             {"m = Mul(x, 0.7978845834732056)", "c = Mul(x, 0.044714998453855515)", "q = Mul(c, x)",
              "o = Add(q, 1)", "z = Mul(m, o)", "t = Tanh(z)", "a = Add(t, 1)", "h = Mul(x, 0.5)",
              "y = Mul(h, a)"}},
        Case{"Unary.GeluTanh",
             "Keras by tf2onnx",
             {"p = Pow(x, 3)", "c = Mul(0.044714998453855515, p)", "s = Add(c, x)",
              "z = Mul(0.7978845834732056, s)", "t = Tanh(z)", "a = Add(1, t)", "h = Mul(0.5, a)",
              "y = Mul(h, x)"}},
        Case{"Unary.GeluTanh",
             "numbers multiplied out",
             {"p = Pow(x, 3)", "c = Mul(p, 0.035677408136300125)", "l = Mul(x, 0.7978845608028654)",
              "s = Add(l, c)", "t = Tanh(s)", "h = Mul(t, 0.5)", "a = Add(h, 0.5)",
              "y = Mul(x, a)"}},
        Case{"Unary.GeluTanh",
             "by the sigmoid",
             {"p = Pow(x, 3)", "c = Mul(p, 0.044714998453855515)", "s = Add(x, c)",
              "z = Mul(s, 1.5957691216057308)", "g = Sigmoid(z)", "y = Mul(x, g)"}},
        Case{"Unary.HardSwish",
             "PyTorch, opset 13",
             {"g = HardSigmoid(x) alpha=0.1666666716337204", "y = Mul(x, g)"}},
        Case{"Unary.HardSwish",
             "PyTorch, opset 9",
             {"a = Add(x, 3)", "c = Clip(a) min=0.0 max=6.0", "d = Div(c, 6)", "y = Mul(x, d)"},
             9},
        Case{"Unary.HardSwish",
             "product first",
             {"a = Add(3, x)", "c = Clip(a, 0, 6)", "m = Mul(x, c)", "y = Div(m, 6)"}},
        Case{"Unary.HardSwish",
             "Keras by tf2onnx",
             {"a = Add(x, 3)", "r = Relu(a)", "c = Min(r, 6)", "m = Mul(c, 0.1666666716337204)",
              "y = Mul(x, m)"}},
        Case{"Unary.HardSwish",
             "by Max and Min",
             {"a = Add(x, 3)", "r = Max(a, 0)", "c = Min(6, r)", "m = Mul(x, c)",
              "y = Mul(m, 0.1666666716337204)"}},
        Case{"Unary.HardSwish",
             "a hard sigmoid by steps",
             {"s = Mul(x, 0.1666666716337204)", "a = Add(s, 0.5)", "c = Clip(a, 0, 1)",
              "y = Mul(x, c)"}}));

class NotActivations : public testing::TestWithParam<Case> {};

TEST_P(NotActivations, StayAsTheyAre) {
  expect_not_fused(function_of_x(GetParam().lines, GetParam().opset), GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    NearMisses, NotActivations,
    testing::Values(
        Case{"Unary.Silu",
             "a steeper sigmoid",
             {"m = Mul(x, 1.702)", "s = Sigmoid(m)", "y = Mul(x, s)"}},
        Case{"Unary.Silu",
             "a rank more",
             {"s = Sigmoid(x)", "m = Mul(x, s)", "o = Reshape(m, [1, 0, 0, 0, -1]) allowzero=0",
              "y = Mul(s, m)"}},
        Case{"Unary.Silu", "another factor", {"s = Sigmoid(x)", "r = Relu(x)", "y = Mul(r, s)"}},
        Case{"Unary.Silu",
             "the gate is read elsewhere",
             {"s = Sigmoid(x)", "m = Mul(x, s)", "y = Add(m, s)"}},
        Case{"Unary.Mish", "Tanhexp", {"e = Exp(x)", "t = Tanh(e)", "y = Mul(x, t)"}},
        Case{"Unary.Mish",
             "log of 2 and exp",
             {"e = Exp(x)", "a = Add(e, 2)", "l = Log(a)", "t = Tanh(l)", "y = Mul(t, x)"}},
        Case{"Unary.Gelu",
             "x / 1.41",
             {"d = Div(x, 1.41)", "e = Erf(d)", "a = Add(e, 1)", "m = Mul(x, a)",
              "y = Mul(m, 0.5)"}},
        Case{"Unary.Gelu",
             "not halved",
             {"d = Div(x, 1.4142135)", "e = Erf(d)", "a = Add(e, 1)", "y = Mul(x, a)"}},
        Case{"Unary.Gelu",
             "the other factor is clipped",
             {"d = Div(x, 1.4142135)", "e = Erf(d)", "a = Add(e, 1)", "c = Clip(a, 0, 1)",
              "m = Mul(x, c)", "y = Mul(m, 0.5)"}},
        Case{"Unary.GeluTanh",
             "another cubic",
             {"p = Pow(x, 3)", "c = Mul(p, 0.0447)", "s = Add(x, c)", "z = Mul(s, 0.79788458)",
              "t = Tanh(z)", "a = Add(t, 1)", "h = Mul(x, 0.5)", "y = Mul(h, a)"}},
        Case{"Unary.GeluTanh",
             "a fourth power",
             {"p = Pow(x, 4)", "c = Mul(p, 0.044715)", "s = Add(x, c)", "z = Mul(s, 0.79788458)",
              "t = Tanh(z)", "a = Add(t, 1)", "h = Mul(x, 0.5)", "y = Mul(h, a)"}},
        Case{"Unary.HardSwish",
             "x + 2",
             {"a = Add(x, 2)", "c = Clip(a, 0, 6)", "m = Mul(x, c)", "y = Div(m, 6)"}},
        Case{"Unary.HardSwish",
             "up to 5",
             {"a = Add(x, 3)", "c = Clip(a, 0, 5)", "m = Mul(x, c)", "y = Div(m, 6)"}},
        Case{"Unary.HardSwish",
             "a fifth",
             {"a = Add(x, 3)", "c = Clip(a, 0, 6)", "m = Mul(x, c)", "y = Div(m, 5)"}},
        Case{"Unary.HardSwish",
             "ONNX's own hard sigmoid",
             {"g = HardSigmoid(x)", "y = Mul(x, g)"}}));

TEST(ActivationPatterns, AStepThatIsAnOutputStays) {
  const graph::Graph graph = OnnxText()
                                 .input("x", {"2", "3"})
                                 .lines({"s = Sigmoid(x)", "y = Mul(x, s)"})
                                 .output("s")
                                 .imported();
  expect_not_fused(graph, "Unary.Silu");
}

TEST(ActivationPatterns, AFactorOfAnotherShapeStays) {
  // The product is larger than x.
  const graph::Graph graph = OnnxText()
                                 .input("x", {"3"})
                                 .constant("half", {1, 1, 1}, {0.5f})
                                 .lines({"d = Div(x, 1.4142135)", "e = Erf(d)", "a = Add(e, 1)",
                                         "m = Mul(x, a)", "y = Mul(m, half)"})
                                 .imported();
  expect_not_fused(graph, "Unary.Gelu");
}

// Keras writes HardSwish with the clamp of an ADD, which TensorFlow Lite has.
TEST(ActivationPatterns, TheClampOfASum) {
  for (float most : {6.0f, 5.0f}) {
    graph::Graph g;
    const int x = g.add_tensor("x", rt::DType::F32, {2, 3});
    const int three = g.add_constant<float>("three", {}, {3});
    const int sixth = g.add_constant<float>("sixth", {}, {1.0f / 6});
    const int gate = g.add_tensor("gate", rt::DType::F32, {2, 3});
    const int part = g.add_tensor("part", rt::DType::F32, {2, 3});
    const int y = g.add_tensor("y", rt::DType::F32, {2, 3});
    g.inputs = {x};
    g.outputs = {y};
    fb::BinaryT add, product;
    add.clamp = graph::make_clamp(0, most);
    product.kind = fb::BinaryKind::Mul;
    g.add_node("gate", std::move(add), {x, three}, {gate});
    g.add_node("part", product, {gate, sixth}, {part});
    g.add_node("y", product, {x, part}, {y});
    if (most == 6) {
      expect_fused(g, {{"Unary.HardSwish"}, 2e-6, {{{2, 3}}}, 3});
    } else {
      expect_not_fused(g, "Unary.HardSwish");
    }
  }
}

TEST(ActivationPatterns, AClampOfTheProductStays) {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {2, 3});
  const int s = g.add_tensor("s", rt::DType::F32, {2, 3});
  const int y = g.add_tensor("y", rt::DType::F32, {2, 3});
  g.inputs = {x};
  g.outputs = {y};
  fb::UnaryT sigmoid;
  sigmoid.kind = fb::UnaryKind::Logistic;
  fb::BinaryT product;
  product.kind = fb::BinaryKind::Mul;
  product.clamp = graph::make_clamp(0, 1);
  g.add_node("s", std::move(sigmoid), {x}, {s});
  g.add_node("y", std::move(product), {x, s}, {y});
  expect_not_fused(g, "Unary.Silu");
}

}  // namespace
}  // namespace qrt::test
