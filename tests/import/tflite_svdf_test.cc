// TensorFlow Lite's SVDF, which remembers features, against plain loops.
#include <algorithm>
#include <cmath>
#include <random>

#include "tests/import/tflite_expect.h"

namespace qrt::test {
namespace {

struct SvdfCase {
  int32_t batch = 2, inputs = 3, units = 2, rank = 2, memory = 4;
  int32_t filters() const { return units * rank; }
};

// What one step gives, and the state behind it.
std::vector<double> svdf_step(const SvdfCase& c, const std::vector<double>& x,
                              const std::vector<double>& features, const std::vector<double>& times,
                              const std::vector<double>& bias, std::vector<double>* state) {
  std::vector<double> out;
  for (int32_t b = 0; b < c.batch; ++b) {
    for (int32_t u = 0; u < c.units; ++u) {
      double sum = bias[static_cast<size_t>(u)];
      for (int32_t f = u * c.rank; f < (u + 1) * c.rank; ++f) {
        double* memory = &(*state)[static_cast<size_t>((b * c.filters() + f) * c.memory)];
        for (int32_t t = 0; t + 1 < c.memory; ++t) memory[t] = memory[t + 1];
        memory[c.memory - 1] = 0;
        for (int32_t i = 0; i < c.inputs; ++i) {
          memory[c.memory - 1] += x[static_cast<size_t>(b * c.inputs + i)] *
                                  features[static_cast<size_t>(f * c.inputs + i)];
        }
        for (int32_t t = 0; t < c.memory; ++t) {
          sum += memory[t] * times[static_cast<size_t>(f * c.memory + t)];
        }
      }
      out.push_back(std::max(sum, 0.0));
    }
  }
  return out;
}

template <class T>
std::vector<T> random_numbers(int32_t count, int32_t low, int32_t high, std::mt19937& random) {
  std::vector<T> numbers;
  for (int32_t i = 0; i < count; ++i) {
    numbers.push_back(static_cast<T>(
        low + static_cast<int32_t>(random() % static_cast<unsigned>(high - low + 1))));
  }
  return numbers;
}

template <class T>
std::vector<double> scaled(const std::vector<T>& numbers, double scale, int zero_point = 0) {
  std::vector<double> reals;
  for (T number : numbers) reals.push_back((number - zero_point) * scale);
  return reals;
}

void check_svdf(const SvdfCase& c) {
  std::mt19937 random(5);
  const auto features = random_numbers<float>(c.filters() * c.inputs, -4, 4, random);
  const auto times = random_numbers<float>(c.filters() * c.memory, -4, 4, random);
  const auto bias = random_numbers<float>(c.units, -4, 4, random);
  TfliteBuilder b;
  const int x = b.add_input("x", {c.batch, c.inputs});
  const int f = b.add_constant("f", {c.filters(), c.inputs}, TensorType::FLOAT32, features);
  const int t = b.add_constant("t", {c.filters(), c.memory}, TensorType::FLOAT32, times);
  const int given = b.add_constant("b", {c.units}, TensorType::FLOAT32, bias);
  const int state = b.add("state", {c.batch, c.filters() * c.memory});
  b.tensor(state).is_variable = true;
  tfl::SVDFOptionsT options;
  options.rank = c.rank;
  options.activation = tfl::Activation::RELU;
  b.add_op(Builtin::SVDF, {x, f, t, given, state}, {b.add_output("y", {c.batch, c.units})},
           options);
  Loaded loaded = must_load(optimized(b));
  ASSERT_NE(loaded.session, nullptr);
  std::vector<double> memory(static_cast<size_t>(c.batch * c.filters() * c.memory), 0);
  for (int step = 0; step < 6; ++step) {
    const auto in = random_numbers<float>(c.batch * c.inputs, -4, 4, random);
    loaded.set(0, in);
    loaded.run();
    const auto wanted = svdf_step(c, scaled(in, 1), scaled(features, 1), scaled(times, 1),
                                  scaled(bias, 1), &memory);
    const auto got = loaded.get<float>();
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], wanted[i]) << step << " " << i;
  }
}

TEST(TfliteSvdf, RemembersFeatures) {
  check_svdf({});
  check_svdf({1, 4, 3, 1, 5});
  check_svdf({1, 2, 2, 3, 1});
}

TEST(TfliteSvdf, OfBytes) {
  const SvdfCase c;
  std::mt19937 random(6);
  const auto features = random_numbers<int8_t>(c.filters() * c.inputs, -127, 127, random);
  const auto times = random_numbers<int16_t>(c.filters() * c.memory, -3000, 3000, random);
  const auto bias = random_numbers<int32_t>(c.units, -9000, 9000, random);
  constexpr float kX = 0.05f, kF = 0.01f, kT = 0.0004f, kState = 0.002f, kY = 0.2f;
  TfliteBuilder b;
  const int x = b.add_input("x", {c.batch, c.inputs}, TensorType::INT8);
  const int f = b.add_constant("f", {c.filters(), c.inputs}, TensorType::INT8, features);
  const int t = b.add_constant("t", {c.filters(), c.memory}, TensorType::INT16, times);
  const int given = b.add_constant("b", {c.units}, TensorType::INT32, bias);
  const int state = b.add("state", {c.batch, c.filters() * c.memory}, TensorType::INT16);
  b.tensor(state).is_variable = true;
  const int y = b.add_output("y", {c.batch, c.units}, TensorType::INT8);
  b.quantize(x, {kX}, {-3});
  b.quantize(f, {kF}, {0});
  b.quantize(t, {kT}, {0});
  b.quantize(state, {kState}, {0});
  b.quantize(y, {kY}, {-128});
  tfl::SVDFOptionsT options;
  options.rank = c.rank;
  options.activation = tfl::Activation::RELU;
  b.add_op(Builtin::SVDF, {x, f, t, given, state}, {y}, options);
  Loaded loaded = must_load(optimized(b));
  ASSERT_NE(loaded.session, nullptr);
  std::vector<double> memory(static_cast<size_t>(c.batch * c.filters() * c.memory), 0);
  size_t clamped = 0;
  for (int step = 0; step < 6; ++step) {
    const auto in = random_numbers<int8_t>(c.batch * c.inputs, -128, 127, random);
    loaded.set(0, in);
    loaded.run();
    const auto wanted =
        svdf_step(c, scaled(in, double{kX}, -3), scaled(features, double{kF}),
                  scaled(times, double{kT}), scaled(bias, double{kState} * double{kT}), &memory);
    const auto got = loaded.get<int8_t>();
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], std::min(wanted[i] / double{kY} - 128, 127.0), 1.0) << step << " " << i;
      clamped += got[i] == 127;
    }
  }
  EXPECT_LT(clamped, 12u) << "results that are all clamped show nothing";
}

TEST(TfliteSvdf, Refuses) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 2});
  const int state = b.add("state", {1, 12});
  b.tensor(state).is_variable = true;
  tfl::SVDFOptionsT options;
  options.rank = 3;
  b.add_op(Builtin::SVDF, {x, b.add_floats("f", {4, 2}), b.add_floats("t", {4, 3}), -1, state},
           {b.add_output("y", {1, 4})}, options);
  expect_refused(b, "has 4 filters of 2 for 2 inputs, time weights of 4 and rank 3");
  b.op(0).options.AsSVDFOptions()->rank = 1;
  EXPECT_TRUE(b.import().ok()) << b.import().status().message();
  b.tensor(state).shape = {1, 11};
  expect_refused(b, "its state 'state' is 1x11 of f32, not 1x12 of f32");
  b.op(0).inputs.pop_back();
  expect_refused(b, "has no state");
}

}  // namespace
}  // namespace qrt::test
