// Operators with s4 weights: floats by blocks against the steps of schema/README.md, integers
// against the same weights in s8.
#include <algorithm>
#include <cfloat>
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// [outputs, depth] of s4, or of other shapes, with random elements.
Array random_s4(Dims shape, std::mt19937& random) {
  Array array{DType::S4, std::move(shape), {}, {}, true};
  array.bytes.resize((elements(array.shape) + 1) / 2);
  for (uint8_t& byte : array.bytes) byte = static_cast<uint8_t>(random());
  if (elements(array.shape) % 2 == 1) array.bytes.back() &= 15;
  return array;
}

int element_of(const Array& array, size_t i) {
  return ((array.bytes[i / 2] >> (i % 2 * 4) & 15) ^ 8) - 8;
}

Array in_bytes(const Array& narrow) {
  Array wide = empty_array(DType::S8, narrow.shape);
  for (size_t i = 0; i < wide.bytes.size(); ++i) {
    wide.bytes[i] = static_cast<uint8_t>(element_of(narrow, i));
  }
  wide.quantization = narrow.quantization;
  wide.constant = true;
  return wide;
}

std::vector<float> random_floats(size_t count, std::mt19937& random) {
  std::vector<float> values(count);
  for (float& x : values)
    x = static_cast<float>(static_cast<int>(random() % 20001) - 10000) * 3e-4f;
  return values;
}

std::vector<float> expected_rows(const std::vector<float>& in, const Array& weights,
                                 const std::vector<float>& bias, float min, float max) {
  const auto n = static_cast<size_t>(weights.shape[0]), k = static_cast<size_t>(weights.shape[1]);
  const graph::Quantization& q = weights.quantization;
  const size_t block = q.block > 0 ? static_cast<size_t>(q.block) : k;
  const size_t blocks = (k + block - 1) / block;
  std::vector<float> out;
  for (size_t m = 0; m < in.size() / k; ++m) {
    const float* row = &in[m * k];
    float most = 0;
    for (size_t i = 0; i < k; ++i) most = std::max(most, std::fabs(row[i]));
    const float scale = most / 127.0f, inverse = 1.0f / scale;
    for (size_t o = 0; o < n; ++o) {
      float total = 0;
      for (size_t b = 0; b < blocks; ++b) {
        const size_t s = q.scales.size() == 1 ? 0 : o * blocks + b;
        int64_t sum = 0;
        for (size_t i = b * block; i < std::min((b + 1) * block, k); ++i) {
          const auto a = static_cast<int64_t>(std::nearbyint(row[i] * inverse));
          sum +=
              a * (element_of(weights, o * k + i) - (q.zero_points.empty() ? 0 : q.zero_points[s]));
        }
        const float part = static_cast<float>(sum) * q.scales[s];
        total = total + part;
      }
      const float product = total * scale;
      out.push_back(std::min(std::max(product + (bias.empty() ? 0 : bias[o]), min), max));
    }
  }
  return out;
}

struct Case {
  int32_t m, n, k, block;  // block 0: by output
  bool halves = true, zero_points = true, bias = true, clamp = false;
};

void check(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.m << "x" << c.k << " by " << c.n << ", blocks of "
                                  << c.block);
  std::mt19937 random(static_cast<unsigned>(c.m + 31 * c.n + 977 * c.k));
  Array weights = random_s4({c.n, c.k}, random);
  graph::Quantization& q = weights.quantization;
  q.axis = c.block > 0 ? 1 : 0;
  q.block = c.block;
  const int32_t blocks = c.block > 0 ? (c.k + c.block - 1) / c.block : 1;
  for (int32_t i = 0; i < c.n * blocks; ++i) {
    // Those with few digits are f16 numbers.
    const auto digits = static_cast<float>(random() % 1000 + 1);
    q.scales.push_back(c.halves ? digits / 1024 : digits / 1000);
    if (c.zero_points) q.zero_points.push_back(static_cast<int32_t>(random() % 16) - 8);
  }
  const std::vector<float> in = random_floats(static_cast<size_t>(c.m * c.k), random);
  std::vector<Array> inputs = {array_of({c.m, c.k}, in), weights};
  std::vector<float> bias;
  if (c.bias) {
    bias = random_floats(static_cast<size_t>(c.n), random);
    inputs.push_back(as_constant(array_of({c.n}, bias)));
  }
  fb::FullyConnectedT options;
  float min = -INFINITY, max = INFINITY;
  if (c.clamp) {
    options.clamp = std::make_unique<fb::ClampT>();
    min = options.clamp->min = -1;
    max = options.clamp->max = 6;
  }
  expect_node(options, inputs, {array_of({c.m, c.n}, expected_rows(in, weights, bias, min, max))});
}

TEST(WeightsS4, FloatsByBlocksAndByOutputs) {
  for (const int32_t block : {0, 16, 32, 64, 128}) {
    for (const int32_t k : {1, 33, 128, 200}) {
      for (const int32_t m : {1, 3, 20}) check({m, 19, k, block});
    }
    check({1, 40, 96, block, false});
    check({1, 40, 96, block, true, false});
    check({2, 5, 96, block, false, false, false});
    check({2, 5, 96, block, true, true, true, true});
  }
}

TEST(WeightsS4, RowsOfZerosGiveTheBias) {
  std::mt19937 random(1);
  Array weights = random_s4({3, 32}, random);
  weights.quantization = {{1, 2, 3}, {}, 1, 32};
  expect_node(fb::FullyConnectedT(),
              {array_of({1, 32}, std::vector<float>(32, 0)), weights,
               as_constant(array_of<float>({3}, {1, -2, 3}))},
              {array_of<float>({1, 3}, {1, -2, 3})});
}

// The results of the same operator with s8 weights.
template <class Options>
void expect_as_in_bytes(const Options& options, const Array& in, const Array& weights,
                        const std::vector<Array>& more, Array out) {
  std::vector<Array> inputs = {in, in_bytes(weights)};
  inputs.insert(inputs.end(), more.begin(), more.end());
  Loaded loaded = must_load(graph_of(options, inputs, {out}));
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, in.bytes);
  loaded.run();
  out.bytes = loaded.get<uint8_t>();
  // Not all the same, or the comparison would say little.
  EXPECT_NE(std::count(out.bytes.begin(), out.bytes.end(), out.bytes[0]),
            static_cast<std::ptrdiff_t>(out.bytes.size()));
  inputs[1] = weights;
  expect_node(options, inputs, {out});
}

Array quantized_array(DType type, Dims shape, float scale, std::mt19937& random) {
  Array array = random_array(type, std::move(shape), random);
  array.quantization = {{scale}, {}, -1, 0};
  return array;
}

TEST(WeightsS4, IntegersAsInBytes) {
  std::mt19937 random(2);
  for (const DType type : {DType::S8, DType::S16}) {
    const float out_scale = type == DType::S8 ? 0.5f : 2.0f;
    const int32_t zero_point = type == DType::S8 ? 3 : 0;
    const std::vector<int32_t> zeros(5, zero_point);
    Array weights = random_s4({5, 7}, random);
    weights.quantization = {{0.1f, 0.2f, 0.3f, 0.4f, 0.5f}, zeros, 0, 0};
    expect_as_in_bytes(fb::FullyConnectedT(), quantized_array(type, {3, 7}, 0.25f, random), weights,
                       {}, quantized_array(type, {3, 5}, out_scale, random));
    fb::Conv2DT conv;
    conv.window = std::make_unique<fb::Window2DT>();
    Array filters = random_s4({5, 3, 3, 3}, random);
    filters.quantization = weights.quantization;
    expect_as_in_bytes(conv, quantized_array(type, {1, 6, 5, 3}, 0.25f, random), filters, {},
                       quantized_array(type, {1, 4, 3, 5}, out_scale, random));
    conv.groups = 5;
    Array depthwise = random_s4({5, 3, 3, 1}, random);
    depthwise.quantization = weights.quantization;
    expect_as_in_bytes(conv, quantized_array(type, {1, 6, 5, 5}, 0.25f, random), depthwise, {},
                       quantized_array(type, {1, 4, 3, 5}, out_scale, random));
  }
  // Floats that a convolution quantizes at run time.
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  Array filters = random_s4({5, 3, 3, 3}, random);
  filters.quantization = {{0.1f}, {2}, -1, 0};
  expect_as_in_bytes(conv, array_of({1, 6, 5, 3}, random_floats(90, random)), filters, {},
                     empty_array(DType::F32, {1, 4, 3, 5}));
}

TEST(WeightsS4, Refusals) {
  std::mt19937 random(3);
  const Array in = array_of({1, 48}, random_floats(48, random));
  const Array out = empty_array(DType::F32, {1, 2});
  const auto with = [&](graph::Quantization q) {
    Array weights = random_s4({2, 48}, random);
    weights.quantization = std::move(q);
    return weights;
  };
  expect_refused(fb::FullyConnectedT(), {in, with({std::vector<float>(4, 1), {}, 1, 24})}, {out},
                 "its weights 'constant' are in blocks of 24, no multiple of 16",
                 rt::Code::Unsupported);
  expect_refused(fb::FullyConnectedT(), {in, with({std::vector<float>(48, 1), {}, 0, 2})}, {out},
                 "cannot run on f32, s4 quantized by block", rt::Code::Unsupported);
  expect_refused(fb::FullyConnectedT(), {in, with({{}, {}, -1, 0})}, {out}, "cannot run on f32, s4",
                 rt::Code::Unsupported);
  std::vector<float> scales(6, 1);
  scales[5] = FLT_MAX / 90000;
  expect_refused(fb::FullyConnectedT(), {in, with({scales, {}, 1, 16})}, {out},
                 "by which a sum of 48 may be infinite");
  const Array integers = quantized_array(DType::S8, {1, 48}, 1, random);
  expect_refused(fb::FullyConnectedT(), {integers, with({std::vector<float>(6, 1), {}, 1, 16})},
                 {quantized_array(DType::S8, {1, 2}, 1, random)},
                 "cannot run on s8, s4 quantized by block", rt::Code::Unsupported);
}

}  // namespace
}  // namespace qrt::test
