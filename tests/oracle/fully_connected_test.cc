// FullyConnected and MatMul against plain loops.
#include "tests/oracle/matrix.h"
#include "tests/oracle/weighted.h"

namespace qrt::test {
namespace {

const std::vector<int32_t> kRows = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 25, 33};
const std::vector<int32_t> kDepths = {1,  2,  3,  4,  5,  7,  8,  9,   15,  16,  17,  31,
                                      32, 33, 47, 63, 64, 65, 97, 127, 128, 129, 255, 257};
const std::vector<int32_t> kOutputs = {1,  2,  3,  4,  7,  8,  15, 16, 17,
                                       31, 32, 33, 47, 63, 64, 65, 100};

fb::FullyConnectedT options_of(const fb::ClampT* clamp, bool symmetric = false) {
  fb::FullyConnectedT options;
  if (clamp != nullptr) options.clamp = std::make_unique<fb::ClampT>(*clamp);
  options.symmetric_input = symmetric;
  return options;
}

// [rows,depth], or as many rows in another form.
Dims input_shape(int32_t rows, int32_t depth, std::mt19937& random) {
  if (random() % 3 != 0) return {rows, depth};
  if (rows == 1) return {depth};
  return rows % 2 == 0 ? Dims{rows / 2, 2, depth} : Dims{1, rows, 1, depth};
}

void check_s8(int32_t rows, int32_t depth, int32_t outputs, Scheme scheme, int32_t reach,
              std::mt19937& random) {
  SCOPED_TRACE(testing::Message() << rows << " rows, " << depth << " to " << outputs << ", scheme "
                                  << static_cast<int>(scheme) << ", weights to " << reach);
  Layer layer;
  const int32_t zero_point = pick<int32_t>(random, {-128, 127, 0, draw(random, -100, 100)});
  layer.in = random_stored(s8(0.02, zero_point), input_shape(rows, depth, random), random);
  layer.weights = random_weights(scheme, {outputs, depth}, reach, random);
  if (random() % 3 != 0) {
    layer.bias = {random_stored(plain(DType::S32), {outputs}, -20000, 20000, random).as_constant()};
  }
  const Tensor sums =
      oracle::fully_connected(layer.in.steps(), layer.weights.steps(), layer.bias_values());
  const double scale = fitting_scale(sums, layer);
  layer.out = s8(scale, pick<int32_t>(random, {0, -128, 127, draw(random, -60, 60)}));
  layer.clamp = random_clamp(scale, random);
  expect_node(options_of(layer.clamp.get()), layer.operands(), quantized_result(sums, layer));
}

TEST(OracleFullyConnected, S8) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    const int32_t reach = pick<int32_t>(random, {128, 128, 40, 5});
    check_s8(pick(random, kRows), pick(random, kDepths), pick(random, kOutputs),
             kSchemes[static_cast<size_t>(i) % 4], reach, random);
  }
  check_s8(1, 1025, 130, Scheme::PerTensor, 128, random);
  check_s8(30, 700, 70, Scheme::AsymmetricPerOutput, 128, random);
}

TEST(OracleFullyConnected, F32) {
  std::mt19937 random(2);
  const auto size = [](double x) { return std::fabs(x); };
  for (int i = 0; i < 80; ++i) {
    Layer layer;
    const int32_t depth = pick(random, kDepths), outputs = pick(random, kOutputs);
    layer.in =
        random_stored(plain(DType::F32), input_shape(pick(random, kRows), depth, random), random);
    layer.weights = random_stored(plain(DType::F32), {outputs, depth}, random).as_constant();
    if (i % 2 == 0) {
      layer.bias = {random_stored(plain(DType::F32), {outputs}, random).as_constant()};
    }
    layer.clamp = random_clamp(0.05, random);
    const Tensor sums =
        oracle::fully_connected(layer.in.numbers(), layer.weights.numbers(), layer.bias_values());
    std::vector<double> bias = layer.bias_values();
    for (double& b : bias) b = size(b);
    const Tensor sizes = oracle::fully_connected(map(layer.in.numbers(), size),
                                                 map(layer.weights.numbers(), size), bias);
    expect_node(options_of(layer.clamp.get()), layer.operands(), float_result(sums, sizes, layer));
  }
}

TEST(OracleFullyConnected, Dynamic) {
  std::mt19937 random(3);
  for (int i = 0; i < 80; ++i) {
    Layer layer;
    const bool symmetric = i % 2 == 0;
    const int32_t depth = pick(random, kDepths), outputs = pick(random, kOutputs);
    const double low = pick<double>(random, {-2, 0.5, -7});
    layer.in = random_stored(plain(DType::F32), input_shape(pick(random, kRows), depth, random),
                             low, low + 3, random);
    layer.weights =
        random_weights(kSchemes[static_cast<size_t>(i) % 4], {outputs, depth}, 128, random);
    if (i % 3 != 0) {
      layer.bias = {random_stored(plain(DType::F32), {outputs}, random).as_constant()};
    }
    layer.clamp = random_clamp(0.2, random);
    const auto quantized = quantize_parts(
        layer.in.numbers(), layer.in.values.size() / static_cast<size_t>(depth), symmetric);
    const Tensor sums = oracle::fully_connected(quantized.steps, layer.weights.steps(), {});
    const Tensor real =
        oracle::fully_connected(layer.in.numbers(), layer.weights.real(), layer.bias_values());
    const Tensor reach = oracle::fully_connected(
        Tensor(layer.in.shape, 1.0),
        map(layer.weights.real(), [](double x) { return std::fabs(x); }), {});
    expect_node(options_of(layer.clamp.get(), symmetric), layer.operands(),
                dynamic_result(sums, quantized, layer, real, reach));
  }
}

struct Batches {
  Dims a, b;
};
const std::vector<Batches> kBatches = {{{}, {}},         {{2}, {2}},         {{3}, {}},
                                       {{}, {3}},        {{2, 1}, {3}},      {{2, 3}, {1, 3}},
                                       {{1, 2}, {2, 1}}, {{2, 1, 2}, {3, 1}}};

// Shapes of two operands, [rows,depth] and [depth,columns] before they are transposed.
std::pair<Dims, Dims> product_shapes(const Batches& batches, int32_t m, int32_t k, int32_t n,
                                     const fb::MatMulT& options) {
  std::pair<Dims, Dims> shapes = {batches.a, batches.b};
  const auto append = [](Dims* to, int32_t row, int32_t column, bool swap) {
    to->push_back(swap ? column : row);
    to->push_back(swap ? row : column);
  };
  append(&shapes.first, m, k, options.transpose_a);
  append(&shapes.second, k, n, options.transpose_b);
  return shapes;
}

TEST(OracleMatMul, S8) {
  std::mt19937 random(4);
  for (int i = 0; i < 96; ++i) {
    fb::MatMulT options;
    options.transpose_a = i % 2 == 1;
    options.transpose_b = i / 2 % 2 == 1;
    const auto [a_shape, b_shape] = product_shapes(
        kBatches[static_cast<size_t>(i) % kBatches.size()], pick(random, kRows),
        pick(random, kDepths), pick<int32_t>(random, {1, 5, 15, 16, 17, 33, 65}), options);
    SCOPED_TRACE(testing::PrintToString(a_shape) + " by " + testing::PrintToString(b_shape));
    Layer layer;  // b in the place of weights
    const std::vector<int32_t> zero_points = {-128, 127, 0, draw(random, -90, 90)};
    layer.in = random_stored(s8(0.02, pick(random, zero_points)), a_shape, random);
    layer.weights = random_stored(s8(0.03, pick(random, zero_points)), b_shape, random);
    const Tensor sums = oracle::mat_mul(layer.in.steps(), layer.weights.steps(),
                                        options.transpose_a, options.transpose_b);
    layer.out = s8(fitting_scale(sums, layer), draw(random, -128, 127));
    expect_node(options, layer.operands(), quantized_result(sums, layer));
  }
}

void check_float_products(DType type) {
  std::mt19937 random(5);
  const auto size = [](double x) { return std::fabs(x); };
  for (int i = 0; i < 48; ++i) {
    fb::MatMulT options;
    options.transpose_a = i % 2 == 1;
    options.transpose_b = i / 2 % 2 == 1;
    const auto [a_shape, b_shape] =
        product_shapes(kBatches[static_cast<size_t>(i) % kBatches.size()], pick(random, kRows),
                       pick(random, kDepths), pick<int32_t>(random, {1, 5, 16, 33}), options);
    SCOPED_TRACE(testing::PrintToString(a_shape) + " by " + testing::PrintToString(b_shape));
    Layer layer;
    layer.in = random_stored(plain(type), a_shape, random);
    layer.weights = random_stored(plain(type), b_shape, random);
    const auto product = [&](const Tensor& a, const Tensor& b) {
      return oracle::mat_mul(a, b, options.transpose_a, options.transpose_b);
    };
    expect_node(
        options, layer.operands(),
        float_result(product(layer.in.numbers(), layer.weights.numbers()),
                     product(map(layer.in.numbers(), size), map(layer.weights.numbers(), size)),
                     layer));
  }
}

TEST(OracleMatMul, F32) { check_float_products(DType::F32); }

TEST(OracleMatMul, F64) { check_float_products(DType::F64); }

}  // namespace
}  // namespace qrt::test
