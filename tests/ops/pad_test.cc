#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// Where a position of an axis comes from; -1: from nowhere.
int32_t mirrored(int32_t i, int32_t dim, fb::PadMode mode) {
  if (i >= 0 && i < dim) return i;
  switch (mode) {
    case fb::PadMode::Reflect:  // d c b | a b c d | c b a
      return i < 0 ? -i : 2 * (dim - 1) - i;
    case fb::PadMode::Symmetric:  // c b a | a b c d | d c b
      return i < 0 ? -1 - i : 2 * dim - 1 - i;
    case fb::PadMode::Edge:  // a a | a b c d | d d
      return i < 0 ? 0 : dim - 1;
    default:
      return -1;
  }
}

// `element`: the bytes of the value.
void check(const Array& in, const fb::PadT& options, const Bytes& element) {
  SCOPED_TRACE(::testing::PrintToString(in.shape) + " " + ::testing::PrintToString(options.before) +
               " " + ::testing::PrintToString(options.after));
  Array out = in;
  for (size_t i = 0; i < in.shape.size(); ++i) {
    out.shape[i] += options.before[i] + options.after[i];
  }
  out.bytes.clear();
  for_each_index(out.shape, [&](const Dims& index) {
    Dims source;
    bool outside = false;
    for (size_t i = 0; i < index.size(); ++i) {
      source.push_back(mirrored(index[i] - options.before[i], in.shape[i], options.mode));
      outside = outside || source.back() < 0;
    }
    const uint8_t* from =
        outside ? element.data() : &in.bytes[position(source, in.shape) * element.size()];
    out.bytes.insert(out.bytes.end(), from, from + element.size());
  });
  expect_node(options, {in}, {out});
}

template <class T>
Bytes bytes_of(T value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

TEST(Pad, RandomShapesInEveryMode) {
  std::mt19937 random(1);
  for (int round = 0; round < 160; ++round) {
    fb::PadT options;
    options.mode = static_cast<fb::PadMode>(round % 4);
    const DType type = kMovedTypes[random() % kMovedTypes.size()];
    Dims shape(random() % 9);
    for (int32_t& dim : shape) {
      dim = 1 + static_cast<int32_t>(random() % (shape.size() > 5 ? 2 : 4));
      const auto limit = static_cast<unsigned>(options.mode == fb::PadMode::Constant  ? 3
                                               : options.mode == fb::PadMode::Edge    ? 5
                                               : options.mode == fb::PadMode::Reflect ? dim - 1
                                                                                      : dim);
      const bool padded = random() % 3 != 0 && limit > 0;
      options.before.push_back(padded ? static_cast<int32_t>(random() % (limit + 1)) : 0);
      options.after.push_back(padded ? static_cast<int32_t>(random() % (limit + 1)) : 0);
    }
    check(random_array(type, shape, random), options, Bytes(rt::dtype_bytes(type), 0));
  }
}

TEST(Pad, ValueOfEveryType) {
  std::mt19937 random(2);
  fb::PadT options;
  options.before = {0, 1, 2};
  options.after = {3, 0, 1};
  const auto check_value = [&](DType type, float value, const Bytes& element,
                               const graph::Quantization& quantization = {}) {
    Array in = random_array(type, {2, 3, 2}, random);
    in.quantization = quantization;
    options.value = value;
    check(in, options, element);
  };
  check_value(DType::F32, 1.5f, bytes_of(1.5f));
  check_value(DType::F32, -INFINITY, bytes_of(-INFINITY));
  check_value(DType::S8, -128, bytes_of(int8_t{-128}));
  check_value(DType::U8, 255, bytes_of(uint8_t{255}));
  check_value(DType::S16, -3, bytes_of(int16_t{-3}));
  check_value(DType::S32, 7, bytes_of(int32_t{7}));
  check_value(DType::S64, -5, bytes_of(int64_t{-5}));
  check_value(DType::Bool, 1, bytes_of(uint8_t{1}));
  check_value(DType::F64, 0.75f, bytes_of(0.75));
  check_value(DType::F16, -0.75f, bytes_of(rt::Half(-0.75)));
  check_value(DType::BF16, 3, bytes_of(rt::BFloat16(3.0)));
  check_value(DType::S8, 0, bytes_of(int8_t{3}), kSomeScale);
  check_value(DType::S8, 1.2f, bytes_of(int8_t{5}), kSomeScale);  // 2.4 steps above zero
  check_value(DType::S16, -2, bytes_of(int16_t{-4}), {{0.5f}, {}, -1, 0});
}

TEST(Pad, BordersOfAnImageOnManyThreads) {
  std::mt19937 random(3);
  fb::PadT options;
  options.before = {0, 1, 2, 0};
  options.after = {0, 3, 1, 0};
  check(random_array(DType::S8, {1, 150, 151, 3}, random), options, {0});
  options.mode = fb::PadMode::Reflect;
  check(random_array(DType::S8, {1, 150, 151, 3}, random), options, {0});
}

TEST(Pad, Refuses) {
  const auto refused = [&](const Array& in, const fb::PadT& options, const std::string& words) {
    Array declared = in;
    declared.shape = {9};
    expect_refused(options, {in}, {declared}, words);
  };
  const auto pad = [](Dims before, Dims after, fb::PadMode mode = fb::PadMode::Constant,
                      float value = 0) {
    fb::PadT options;
    options.before = std::move(before);
    options.after = std::move(after);
    options.mode = mode;
    options.value = value;
    return options;
  };
  const Array four = empty_array(DType::S8, {4});
  refused(four, pad({1, 1}, {1}), "pads 2 and 1 axes, the input has 1");
  refused(four, pad({-1}, {1}), "pads axis 0, of 4 elements, by -1 and 1");
  refused(four, pad({1}, {-1}), "pads axis 0, of 4 elements, by 1 and -1");
  refused(four, pad({INT32_MAX}, {0}), "pads axis 0, of 4 elements, by 2147483647 and 0");
  refused(four, pad({INT32_MAX - 4}, {1}), "pads axis 0");
  refused(four, pad({4}, {0}, fb::PadMode::Reflect), "mirrors 4 and 0 of the 4 elements");
  refused(four, pad({0}, {5}, fb::PadMode::Symmetric), "mirrors 0 and 5 of the 4 elements");
  refused(four, pad({1}, {1}, static_cast<fb::PadMode>(4)), "has an unknown mode 4");
  for (float value : {128.0f, -129.0f, 0.5f, static_cast<float>(NAN), INFINITY}) {
    refused(four, pad({1}, {1}, fb::PadMode::Constant, value), "cannot be expressed in its s8");
  }
  refused(empty_array(DType::S64, {4}), pad({1}, {1}, fb::PadMode::Constant, 9.3e18f),
          "cannot be expressed in its s64");
  refused(empty_array(DType::Bool, {4}), pad({1}, {1}, fb::PadMode::Constant, 2),
          "cannot be expressed in its bool");
  Array scaled = four;
  scaled.quantization = kSomeScale;
  refused(scaled, pad({1}, {1}, fb::PadMode::Constant, 100), "value 100 cannot be expressed");
}

}  // namespace
}  // namespace qrt::test
