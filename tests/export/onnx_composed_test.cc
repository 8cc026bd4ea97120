// Operators that ONNX has no counterpart for, built up from several: exported and imported again
// they are the same function, up to the rounding of the steps.
#include <cmath>

#include "tests/export/onnx_round_trip.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;

// From "in" and, for a second input, `other`, to an output of this type; 12 elements each.
template <class Options>
Graph one_node(Options options, DType type, const std::vector<int>& others, Graph g,
               DType out_type) {
  const int in = g.add_tensor("in", type, {3, 4});
  const int out = g.add_tensor("out", out_type, {3, 4});
  std::vector<int> inputs = {in};
  inputs.insert(inputs.end(), others.begin(), others.end());
  g.add_node("node", std::move(options), std::move(inputs), {out});
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

template <class T, class In>
void expect_same_function(const Graph& graph, const std::vector<In>& input, double tolerance) {
  const std::vector<T> before = run_one<T>(graph, input);
  const std::vector<T> after = run_one<T>(must_import(must_export(graph)), input);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(before[i], after[i], tolerance * (1 + std::fabs(before[i]))) << "element " << i;
  }
}

const std::vector<float> kNumbers = {-3.5f, -2, -1, -0.25f, 0.125f, 0.5f, 0.75f, 1, 2, 2.5f, 3, 4};

TEST(ExportComposed, Unary) {
  using fb::UnaryKind;
  for (UnaryKind kind :
       {UnaryKind::Rsqrt, UnaryKind::Square, UnaryKind::Gelu, UnaryKind::GeluTanh}) {
    SCOPED_TRACE(fb::EnumNameUnaryKind(kind));
    fb::UnaryT options;
    options.kind = kind;
    std::vector<float> input = kNumbers;
    if (kind == UnaryKind::Rsqrt) {
      for (float& x : input) x = std::fabs(x);
    }
    expect_same_function<float>(one_node(std::move(options), DType::F32, {}, Graph(), DType::F32),
                                input, 1e-5);
  }
}

TEST(ExportComposed, BinaryOfFloats) {
  using fb::BinaryKind;
  for (BinaryKind kind :
       {BinaryKind::SquaredDifference, BinaryKind::FloorDiv, BinaryKind::FloorMod}) {
    SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
    Graph g;
    const int other = g.add_constant<float>("k", {4}, {1.5f, -0.75f, 2, -3});
    fb::BinaryT options;
    options.kind = kind;
    expect_same_function<float>(
        one_node(std::move(options), DType::F32, {other}, std::move(g), DType::F32), kNumbers,
        1e-6);
  }
}

// Quotients of both signs, rounded down.
TEST(ExportComposed, FloorDivOfIntegers) {
  Graph g;
  const int other = g.add_constant<int32_t>("k", {4}, {3, -3, 7, -1});
  fb::BinaryT options;
  options.kind = fb::BinaryKind::FloorDiv;
  const Graph graph = one_node(std::move(options), DType::S32, {other}, std::move(g), DType::S32);
  const std::vector<int32_t> input = {7, 7, -7, 7, -7, -7, 7, -7, 6, 6, 1 << 24, -5};
  expect_same_function<int32_t>(graph, input, 0);
}

TEST(ExportComposed, NotEqual) {
  Graph g;
  const int other = g.add_constant<float>("k", {3, 1}, {-1, 1, 3});
  fb::BinaryT options;
  options.kind = fb::BinaryKind::NotEqual;
  expect_same_function<uint8_t>(
      one_node(std::move(options), DType::F32, {other}, std::move(g), DType::Bool), kNumbers, 0);
}

TEST(ExportComposed, SoftmaxThatIsSteeper) {
  for (bool log : {false, true}) {
    fb::SoftmaxT options;
    options.beta = 2.5f;
    options.log = log;
    expect_same_function<float>(one_node(options, DType::F32, {}, Graph(), DType::F32), kNumbers,
                                1e-5);
  }
}

TEST(ExportComposed, LayerNormalization) {
  for (bool with_bias : {false, true}) {
    Graph g;
    std::vector<int> others = {g.add_constant<float>("scale", {4}, {1, -2, 0.5f, 3})};
    if (with_bias) others.push_back(g.add_constant<float>("bias", {4}, {0, 1, -1, 0.25f}));
    fb::LayerNormalizationT options;
    options.epsilon = 0.01f;
    expect_same_function<float>(
        one_node(std::move(options), DType::F32, others, std::move(g), DType::F32), kNumbers, 1e-5);
  }
}

}  // namespace
}  // namespace qrt::test
