#include <algorithm>
#include <numeric>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

Dims permuted(const Dims& shape, const Dims& perm) {
  Dims result;
  for (int32_t axis : perm) result.push_back(shape[static_cast<size_t>(axis)]);
  return result;
}

void check(const Array& in, const Dims& perm) {
  SCOPED_TRACE(::testing::PrintToString(in.shape) + " by " + ::testing::PrintToString(perm));
  const Array out = rearrange(in, permuted(in.shape, perm), [&](const Dims& index) {
    Dims source(index.size());
    for (size_t i = 0; i < perm.size(); ++i) source[static_cast<size_t>(perm[i])] = index[i];
    return source;
  });
  fb::TransposeT options;
  options.perm = perm;
  expect_node(options, {in}, {out});
}

TEST(Transpose, EveryPermutationUpToRankFour) {
  std::mt19937 random(1);
  for (int32_t rank = 0; rank <= 4; ++rank) {
    Dims perm(static_cast<size_t>(rank));
    std::iota(perm.begin(), perm.end(), 0);
    do {
      Dims dims = {3, 2, 5, 4};
      dims.resize(static_cast<size_t>(rank));
      for (DType type : {DType::S8, DType::F32}) check(random_array(type, dims, random), perm);
    } while (std::next_permutation(perm.begin(), perm.end()));
  }
}

TEST(Transpose, RandomShapesOfHighRank) {
  std::mt19937 random(2);
  for (int round = 0; round < 40; ++round) {
    Dims shape(5 + random() % 4), perm(shape.size());
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 4);
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), random);
    check(random_array(kMovedTypes[random() % kMovedTypes.size()], shape, random), perm);
  }
}

// Sides around the tiles' and the special cases' sizes, and enough work for several threads.
TEST(Transpose, PlanesOfAllSides) {
  std::mt19937 random(3);
  for (DType type : kMovedTypes) {
    for (int32_t rows : {1, 2, 3, 4, 7, 8, 9, 16, 17, 40}) {
      for (int32_t columns : {1, 2, 3, 4, 5, 8, 15, 16, 33}) {
        check(random_array(type, {2, rows, columns}, random), {0, 2, 1});
      }
    }
    check(random_array(type, {1, 3, 96, 97}, random), {0, 2, 3, 1});
    check(random_array(type, {1, 97, 96, 3}, random), {0, 3, 1, 2});
    check(random_array(type, {301, 270}, random), {1, 0});
    check(random_array(type, {19, 67, 40}, random), {1, 0, 2});
  }
}

TEST(Transpose, KeepsQuantization) {
  std::mt19937 random(4);
  Array in = random_array(DType::S8, {2, 3}, random);
  in.quantization = kSomeScale;
  check(in, {1, 0});
}

TEST(Transpose, Refuses) {
  const Array in = empty_array(DType::S8, {2, 3}), out = empty_array(DType::S8, {3, 2});
  const auto refused = [&](const Dims& perm, const std::string& words) {
    fb::TransposeT options;
    options.perm = perm;
    expect_refused(options, {in}, {out}, words);
  };
  refused({1}, "permutes 1 axes, the input has 2");
  refused({1, 0, 2}, "permutes 3 axes, the input has 2");
  refused({1, 1}, "names axis 1, twice or out of range");
  refused({1, 2}, "names axis 2, twice");
  refused({-1, 0}, "names axis -1, twice");
  refused({0, 1}, "the model declares 3x2");

  fb::TransposeT options;
  options.perm = {1, 0};
  expect_refused(options, {in, in}, {out}, "has 2 inputs, takes 1 to 1");
  expect_refused(options, {in}, {empty_array(DType::U8, {3, 2})},
                 "cannot run on s8 without scale -> u8 without scale", rt::Code::Unsupported);
  Array scaled = in;
  scaled.quantization = kSomeScale;
  expect_refused(options, {scaled}, {out}, "cannot run on s8 -> s8 without scale",
                 rt::Code::Unsupported);
  Array per_axis = in, per_axis_out = empty_array(DType::S8, {3, 3});
  per_axis.shape = {3, 3};
  per_axis.quantization = per_axis_out.quantization = {{1, 2, 3}, {}, 0, 0};
  expect_refused(options, {per_axis}, {per_axis_out}, "cannot run on s8 with scales along axis 0",
                 rt::Code::Unsupported);
  Array nibbles = as_constant(in);
  nibbles.type = DType::S4;
  nibbles.bytes.resize(3);
  Array nibbles_out = out;
  nibbles_out.type = DType::S4;
  expect_refused(options, {nibbles}, {nibbles_out}, "cannot run on s4", rt::Code::Unsupported);
}

}  // namespace
}  // namespace qrt::test
