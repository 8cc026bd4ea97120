// RotaryEmbedding against plain loops.
#include "tests/model/one_node.h"
#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

using Options = fb::RotaryEmbeddingT;

double broadcast_at(const Tensor& of, const Dims& index) {
  Dims own(index.end() - static_cast<std::ptrdiff_t>(of.shape.size()), index.end());
  for (size_t i = 0; i < own.size(); ++i) {
    if (of.shape[i] == 1) own[i] = 0;
  }
  return of.at(own);
}

Tensor rotated(bool interleaved, const Tensor& x, const Tensor& cos, const Tensor& sin) {
  Tensor out = x;
  oracle::for_each_index(x.shape, [&](const Dims& index) {
    const int32_t i = index.back(), half = x.shape.back() / 2;
    Dims other = index;
    double sign;
    if (interleaved) {
      other.back() = i % 2 == 0 ? i + 1 : i - 1;
      sign = i % 2 == 0 ? -1 : 1;
    } else {
      other.back() = i < half ? i + half : i - half;
      sign = i < half ? -1 : 1;
    }
    out.at(index) =
        x.at(index) * broadcast_at(cos, index) + sign * x.at(other) * broadcast_at(sin, index);
  });
  return out;
}

TEST(OracleRotaryEmbedding, F32) {
  std::mt19937 random(1);
  struct Case {
    Dims x, cos, sin;
  };
  for (const Case& c : std::vector<Case>{{{2}, {2}, {2}},
                                         {{3, 6}, {3, 6}, {3, 6}},
                                         {{2, 4, 5, 8}, {5, 8}, {5, 8}},
                                         {{2, 4, 5, 8}, {2, 1, 5, 8}, {1, 1, 5, 8}},
                                         {{2, 5, 4, 16}, {5, 1, 16}, {2, 1, 1, 16}},
                                         {{3, 4, 10}, {10}, {1, 1, 10}}}) {
    for (bool interleaved : {false, true}) {
      SCOPED_TRACE(testing::PrintToString(c.x) + (interleaved ? " interleaved" : ""));
      const Stored x = random_stored(plain(DType::F32), c.x, random);
      const Stored cos = random_stored(plain(DType::F32), c.cos, random);
      const Stored sin = random_stored(plain(DType::F32), c.sin, random);
      const Tensor result = rotated(interleaved, x.numbers(), cos.numbers(), sin.numbers());
      Options options;
      options.interleaved = interleaved;
      Expected expected{DType::F32, result, {}, {}};
      expected.tolerance.assign(result.values.size(), 1e-6);
      expect_node(options, {x, cos, sin}, expected);
    }
  }
}

TEST(OracleRotaryEmbedding, Malformed) {
  const auto f32 = [](Dims shape) { return tensor(rt::DType::F32, std::move(shape)); };
  const graph::Graph sound =
      one_node(Options(), {f32({2, 3, 6}), f32({3, 6}), f32({1, 6})}, f32({2, 3, 6}));
  using Change = Break<Options>;
  const auto shape = [](size_t tensor, Dims dims) {
    return [=](ModelFile& f, Options&) { f.tensor(tensor).shape = dims; };
  };
  expect_all_refused(
      sound, &fb::OpOptionsUnion::AsRotaryEmbedding,
      std::vector<Change>{
          {"odd width", shape(0, {2, 3, 5}), "turns pairs of elements, not 2x3x5"},
          {"narrow cosines", shape(1, {3, 3}), "its cosines 3x3 do not fit its input 2x3x6"},
          {"other rows", shape(1, {2, 6}), "its cosines 2x6 do not fit"},
          {"sines of higher rank", shape(2, {1, 2, 3, 6}), "its sines 1x2x3x6 do not fit"},
          {"a number for sines", shape(2, {}), "its sines scalar do not fit"},
      });
}

}  // namespace
}  // namespace qrt::test
