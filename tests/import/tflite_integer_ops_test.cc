// TensorFlow Lite's operators that are put together from several of ours, against plain loops.
#include <cmath>
#include <numeric>
#include <random>

#include "tests/import/tflite_expect.h"

namespace qrt::test {
namespace {

template <class T>
std::vector<T> random_codes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> codes(count);
  for (T& code : codes) code = static_cast<T>(random());
  return codes;
}

size_t product(const std::vector<int32_t>& shape) {
  size_t count = 1;
  for (int32_t dim : shape) count *= static_cast<size_t>(dim);
  return count;
}

// --- PRELU

template <class T>
void check_prelu(TensorType type, float x_scale, int x_zero, float slope_scale, float y_scale,
                 int y_zero) {
  constexpr int kChannels = 5;
  const int low = std::is_signed_v<T> ? -128 : 0;
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 3, 4, kChannels}, type);
  const std::vector<T> slopes = random_codes<T>(kChannels, 3);
  const int slope = b.add_constant("slope", {1, 1, kChannels}, type, slopes);
  const int y = b.add_output("y", {1, 3, 4, kChannels}, type);
  b.quantize(x, {x_scale}, {x_zero});
  b.quantize(slope, {slope_scale}, {low + 100});
  b.quantize(y, {y_scale}, {y_zero});
  b.add_op(Builtin::PRELU, {x, slope}, {y});
  const auto in = random_codes<T>(60, 7);
  const auto out = run_one<T>(optimized(b), in);
  ASSERT_EQ(out.size(), in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const double real = (in[i] - x_zero) * static_cast<double>(x_scale);
    const double factor =
        real >= 0 ? 1 : (slopes[i % kChannels] - (low + 100)) * static_cast<double>(slope_scale);
    const double steps = real * factor / static_cast<double>(y_scale) + y_zero;
    const double clamped = std::min(std::max(steps, double{low}), low + 255.0);
    // Rounded once: half a step, and what the multipliers are rounded by.
    EXPECT_LE(std::fabs(out[i] - clamped), 0.501) << "element " << i;
  }
}

TEST(TfliteIntegerOps, PreluOfBytes) {
  for (float x_scale : {0.05f, 0.5f}) {
    for (float y_scale : {0.04f, 0.7f}) {
      for (int zero : {-128, -5, 60, 127}) {
        check_prelu<int8_t>(TensorType::INT8, x_scale, zero, 0.01f, y_scale, -zero - 1);
        check_prelu<uint8_t>(TensorType::UINT8, x_scale, zero + 128, 0.01f, y_scale, 127 - zero);
      }
    }
  }
}

// --- LOG_SOFTMAX

TEST(TfliteIntegerOps, LogSoftmaxOfBytes) {
  for (float scale : {0.01f, 0.1f, 1.0f}) {
    for (int32_t n : {1, 2, 10, 257}) {
      TfliteBuilder b;
      const int x = b.add_input("x", {3, n}, TensorType::INT8);
      const int y = b.add_output("y", {3, n}, TensorType::INT8);
      b.quantize(x, {scale}, {11});
      b.quantize(y, {16.0f / 256}, {127});
      b.add_op(Builtin::LOG_SOFTMAX, {x}, {y});
      const auto in = random_codes<int8_t>(static_cast<size_t>(3 * n), 5);
      const auto out = run_one<int8_t>(optimized(b), in);
      ASSERT_EQ(out.size(), in.size());
      for (size_t i = 0; i < in.size(); ++i) {
        const size_t row = i / static_cast<size_t>(n) * static_cast<size_t>(n);
        double sum = 0;
        for (size_t k = row; k < row + static_cast<size_t>(n); ++k) {
          sum += std::exp((in[k] - in[i]) * static_cast<double>(scale));
        }
        const double steps = -std::log(sum) * 16 + 127;
        EXPECT_LE(std::fabs(out[i] - std::max(steps, -128.0)), 0.501) << "element " << i;
      }
    }
  }
}

// --- SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND

// Rank 4 as the operators see it; rank 3 has a width of 1 that is not split.
struct Split {
  std::vector<int32_t> shape;
  std::vector<int32_t> block, margins;

  size_t axes() const { return block.size(); }
};

// Index of an element from its place.
size_t index_of(const std::vector<int32_t>& shape, const std::vector<int32_t>& place) {
  size_t index = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    index = index * static_cast<size_t>(shape[i]) + static_cast<size_t>(place[i]);
  }
  return index;
}

std::vector<int32_t> place_of(const std::vector<int32_t>& shape, size_t index) {
  std::vector<int32_t> place(shape.size());
  for (size_t i = shape.size(); i-- > 0; index /= static_cast<size_t>(shape[i])) {
    place[i] = static_cast<int32_t>(index % static_cast<size_t>(shape[i]));
  }
  return place;
}

std::vector<int32_t> split_shape(const Split& s) {
  std::vector<int32_t> shape = s.shape;
  for (size_t i = 0; i < s.axes(); ++i) {
    shape[i + 1] = (shape[i + 1] + s.margins[2 * i] + s.margins[2 * i + 1]) / s.block[i];
    shape[0] *= s.block[i];
  }
  return shape;
}

// Where an element of the split tensor comes from; false for the padding.
bool source_of(const Split& s, std::vector<int32_t> place, std::vector<int32_t>* from) {
  int32_t rest = place[0] / s.shape[0];
  place[0] %= s.shape[0];
  for (size_t i = s.axes(); i-- > 0; rest /= s.block[i]) {
    place[i + 1] = place[i + 1] * s.block[i] + rest % s.block[i] - s.margins[2 * i];
    if (place[i + 1] < 0 || place[i + 1] >= s.shape[i + 1]) return false;
  }
  *from = place;
  return true;
}

const std::vector<Split>& splits() {
  static const std::vector<Split> kSplits = {
      {{1, 4, 6, 3}, {2, 3}, {0, 0, 0, 0}},
      {{2, 5, 4, 2}, {3, 2}, {1, 0, 2, 2}},
      {{1, 7, 3}, {2}, {1, 2}},
      {{3, 4, 1}, {4}, {0, 0}},
      {{1, 3, 2, 1}, {1, 1}, {0, 1, 2, 0}},
      {{2, 6, 5, 2}, {2}, {0, 2}},
  };
  return kSplits;
}

template <class T>
void check_space_to_batch(const Split& s, TensorType type, T padding) {
  const std::vector<int32_t> shape = split_shape(s);
  TfliteBuilder b;
  const int x = b.add_input("x", s.shape, type);
  const int block = b.add_ints("block", s.block), margins = b.add_ints("margins", s.margins);
  const int y = b.add_output("y", shape, type);
  if (type != TensorType::FLOAT32) {
    for (int tensor : {x, y}) b.quantize(tensor, {0.5f}, {static_cast<int64_t>(padding)});
  }
  b.add_op(Builtin::SPACE_TO_BATCH_ND, {x, block, margins}, {y});
  std::vector<T> in(product(s.shape));
  std::iota(in.begin(), in.end(), T{1});
  const auto out = run_one<T>(optimized(b), in);
  ASSERT_EQ(out.size(), product(shape));
  for (size_t i = 0; i < out.size(); ++i) {
    std::vector<int32_t> from;
    const bool inside = source_of(s, place_of(shape, i), &from);
    ASSERT_EQ(out[i], inside ? in[index_of(s.shape, from)] : padding) << "element " << i;
  }
}

TEST(TfliteIntegerOps, SpaceToBatch) {
  for (const Split& s : splits()) {
    check_space_to_batch<float>(s, TensorType::FLOAT32, 0);
    check_space_to_batch<int8_t>(s, TensorType::INT8, 5);
  }
}

// What the other operator has split comes back, without its padding.
TEST(TfliteIntegerOps, BatchToSpace) {
  for (const Split& s : splits()) {
    const std::vector<int32_t> shape = split_shape(s);
    TfliteBuilder b;
    const int x = b.add_input("x", shape, TensorType::INT8);
    const int block = b.add_ints("block", s.block), margins = b.add_ints("margins", s.margins);
    const int y = b.add_output("y", s.shape, TensorType::INT8);
    for (int tensor : {x, y}) b.quantize(tensor, {0.5f}, {5});
    b.add_op(Builtin::BATCH_TO_SPACE_ND, {x, block, margins}, {y});
    const auto in = random_codes<int8_t>(product(shape), 11);
    const auto out = run_one<int8_t>(optimized(b), in);
    ASSERT_EQ(out.size(), product(s.shape));
    for (size_t i = 0; i < in.size(); ++i) {
      std::vector<int32_t> to;
      if (!source_of(s, place_of(shape, i), &to)) continue;
      ASSERT_EQ(out[index_of(s.shape, to)], in[i]) << "element " << i;
    }
  }
}

TEST(TfliteIntegerOps, BlocksThatDoNotFitAreRefused) {
  const auto message = [](Builtin code, std::vector<int32_t> shape, std::vector<int32_t> block,
                          std::vector<int32_t> margins) {
    TfliteBuilder b;
    const int x = b.add_input("x", std::move(shape));
    const int y = b.add_output("y", {1, 1, 1, 1});
    const int blocks = b.add_ints("block", block), margin = b.add_ints("margins", margins);
    b.add_op(code, {x, blocks, margin}, {y});
    return b.import().status().message();
  };
  const auto holds = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const Builtin split = Builtin::SPACE_TO_BATCH_ND, join = Builtin::BATCH_TO_SPACE_ND;
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  holds(message(split, {1, 5, 4, 1}, {2, 2}, {0, 0, 0, 0}), "splits an axis of 5 into blocks of 2");
  holds(message(split, {1, 4, 4, 1}, {2, 0}, {0, 0, 0, 0}), "a block of 0");
  holds(message(split, {1, 4, 4, 1}, {2, 2}, {0, -1, 0, 0}), "margins of 0 and -1");
  holds(message(split, {1, 4, 4, 1}, {2, 2}, {0, 0}), "2 blocks and 2 margins");
  holds(message(split, {1, 4}, {2, 2}, {0, 0, 0, 0}), "for 2 dimensions");
  holds(message(split, {1, 4, 4, 1}, {kMax, kMax}, {0, 0, 0, 0}), "a block of 2147483647");
  holds(message(split, {1, 4, 4, 1}, {1, 1}, {kMax, kMax, 0, 0}), "makes an axis of");
  holds(message(join, {3, 2, 2, 1}, {2, 1}, {0, 0, 0, 0}), "splits a batch of 3 into blocks of 2");
  holds(message(join, {4, 2, 2, 1}, {2, 2}, {2, 2, 0, 0}), "makes an axis of 0");
}

}  // namespace
}  // namespace qrt::test
