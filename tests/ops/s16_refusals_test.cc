// What operators on s16 refuse: zero points, scales, biases and sizes that their arithmetic does
// not hold, each in a sentence.
#include "tests/model/one_node.h"
#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

const graph::Quantization kHalf = {{0.5f}, {}, -1, 0};

graph::Value s16(Dims shape, graph::Quantization quantization = kHalf) {
  return tensor(rt::DType::S16, std::move(shape), std::move(quantization));
}
graph::Quantization scaled(float scale, int32_t zero_point = 0) {
  return {{scale}, {zero_point}, -1, 0};
}

// Of a graph of one node, by the first that looks at it: loading, or building a program.
template <class Options>
void expect_refusal(Options options, const std::vector<graph::Value>& inputs,
                    const graph::Value& output, const char* words, rt::Code code) {
  const auto loaded = load(one_node(std::move(options), inputs, output));
  ASSERT_FALSE(loaded.ok()) << words;
  EXPECT_NE(loaded.status().message().find(words), std::string::npos) << loaded.status().message();
  EXPECT_EQ(loaded.status().code(), code) << loaded.status().message();
}

graph::Value bias_of(int64_t value) {
  graph::Value bias = tensor(rt::DType::S64, {2});
  const int64_t elements[] = {0, value};
  const auto* bytes = reinterpret_cast<const uint8_t*>(elements);
  bias.data = std::make_shared<const Bytes>(bytes, bytes + sizeof elements);
  return bias;
}

TEST(S16Refusals, WeightsAndBias) {
  const auto unsupported = rt::Code::Unsupported, invalid = rt::Code::InvalidModel;
  const graph::Value w = weights({2, 3});
  graph::Value asymmetric = w;
  asymmetric.quantization.zero_points = {4};
  expect_refusal(fb::FullyConnectedT(), {s16({1, 3}), asymmetric}, s16({1, 2}),
                 "its weights have a zero point of 4; with s16 activations it must be 0",
                 unsupported);
  expect_refusal(fb::FullyConnectedT(), {s16({1, 3}, scaled(0.5f, 1)), w}, s16({1, 2}),
                 "cannot run on s16", unsupported);
  expect_refusal(fb::FullyConnectedT(), {s16({1, 3}), w, tensor(rt::DType::S64, {2})}, s16({1, 2}),
                 "input 2", unsupported);
  const int64_t most = int64_t{1} << 46;
  for (const int64_t far : {most + 1, -most - 1, INT64_MAX, INT64_MIN}) {
    expect_refusal(fb::FullyConnectedT(), {s16({1, 3}), w, bias_of(far)}, s16({1, 2}),
                   (std::to_string(far) + ", beyond the 70368744177664 of sums").c_str(), invalid);
  }
  for (const int64_t held : {most, -most}) {
    EXPECT_TRUE(
        load(one_node(fb::FullyConnectedT(), {s16({1, 3}), w, bias_of(held)}, s16({1, 2}))).ok());
  }
  // Bytes keep their s32.
  expect_refusal(fb::FullyConnectedT(), {s8({1, 3}), w, bias_of(1)}, s8({1, 2}),
                 "cannot run on s8, s8, s64 -> s8", unsupported);
  expect_refusal(fb::FullyConnectedT(), {s16({1, 3}, scaled(1e20f)), w}, s16({1, 2}),
                 "its scales are too far apart", invalid);
  expect_refusal(fb::MatMulT(), {s16({2, 3}), s8({3, 2})}, s16({2, 2}),
                 "its right-hand side has a zero point of 3", unsupported);
}

TEST(S16Refusals, Sizes) {
  const auto unsupported = rt::Code::Unsupported;
  fb::Pool2DT pool;
  pool.kind = fb::PoolKind::Average;
  pool.window = std::make_unique<fb::Window2DT>();
  pool.kernel_h = 256;
  pool.kernel_w = 256;
  expect_refusal(std::move(pool), {s16({1, 256, 256, 1})}, s16({1, 1, 1, 1}),
                 "has a window of 65536 elements", unsupported);
  fb::ReduceT sum;
  sum.kind = fb::ReduceKind::Sum;
  sum.axes = {0};
  expect_refusal(sum, {s16({65536, 2})}, s16({2}), "reduces 65536 values to one", unsupported);
  const graph::Value probabilities = s16({1, 65537}, scaled(1.0f / 32768));
  expect_refusal(fb::SoftmaxT(), {s16({1, 65537})}, probabilities,
                 "has rows of 65537 s16 values, more than 65536", unsupported);
  expect_refusal(fb::SoftmaxT(), {s16({1, 5})}, s16({1, 5}),
                 "gives s16 with a scale of 0.5; it must be 2^-15", unsupported);
}

// The largest sizes that are taken, of the largest numbers.
TEST(S16Refusals, TheLargestSizesStayWithin32Bits) {
  for (const int16_t value : {int16_t{-32768}, int16_t{32767}}) {
    fb::ReduceT mean;
    mean.axes = {0};
    Loaded loaded = must_load(one_node(mean, {s16({65535, 1})}, s16({1})));
    loaded.set(0, std::vector<int16_t>(65535, value));
    ASSERT_TRUE(loaded.session->run().ok());
    // The factor's mantissa, divided by the count, is rounded down.
    EXPECT_NEAR(loaded.get<int16_t>(0)[0], value, 1);
    const graph::Value out = s16({1, 65536}, scaled(1.0f / 32768));
    Loaded softmax = must_load(one_node(fb::SoftmaxT(), {s16({1, 65536})}, out));
    softmax.set(0, std::vector<int16_t>(65536, value));
    ASSERT_TRUE(softmax.session->run().ok());
    // Half a step each, less what the exponential of 0 is short of 1.
    EXPECT_EQ(softmax.get<int16_t>(0), std::vector<int16_t>(65536, 0));
  }
}

}  // namespace
}  // namespace qrt::test
