// Attention against plain loops: ranks, shared heads, masks that broadcast, blocks of rows.
#include <cmath>
#include <limits>

#include "tests/model/one_node.h"
#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

using Options = fb::AttentionT;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Where an index into `like` lies in `of`, whose axes stand behind; those of one element repeat.
double broadcast_at(const Tensor& of, const Dims& index) {
  Dims own(index.end() - static_cast<std::ptrdiff_t>(of.shape.size()), index.end());
  for (size_t i = 0; i < own.size(); ++i) {
    if (of.shape[i] == 1) own[i] = 0;
  }
  return of.at(own);
}

// The index of the matrix of a key or value that serves a head of the query.
Dims serving(Dims index, const Dims& query, const Dims& shape) {
  for (size_t i = 0; i + 2 < index.size(); ++i) {
    index[i] =
        i + 3 == index.size() ? index[i] / (query[i] / shape[i]) : std::min(index[i], shape[i] - 1);
  }
  return index;
}

struct Mask {
  enum Kind { None, Added, Kept } kind = None;
  Tensor tensor;
};

Tensor attention(const Options& options, const Tensor& q, const Tensor& k, const Tensor& v,
                 const Mask& mask) {
  const size_t rank = q.shape.size();
  const int32_t rows = q.shape[rank - 2], depth = q.shape[rank - 1];
  const int32_t keys = k.shape[rank - 2], width = v.shape[rank - 1];
  Dims heads = q.shape;
  heads[rank - 2] = heads[rank - 1] = 1;
  Dims out = q.shape;
  out[rank - 1] = width;
  Tensor result(out);
  oracle::for_each_index(heads, [&](const Dims& head) {
    const auto at = [&](const Tensor& t, Dims index, int32_t row, int32_t column) {
      index[rank - 2] = row, index[rank - 1] = column;
      return t.at(index);
    };
    const Dims key = serving(head, q.shape, k.shape), value = serving(head, q.shape, v.shape);
    for (int32_t t = 0; t < rows; ++t) {
      std::vector<double> weights(static_cast<size_t>(keys));
      double largest = -kInfinity, sum = 0;
      for (int32_t s = 0; s < keys; ++s) {
        double score = 0;
        for (int32_t d = 0; d < depth; ++d) score += at(q, head, t, d) * at(k, key, s, d);
        score *= static_cast<double>(options.scale);
        Dims index = head;
        index[rank - 2] = t, index[rank - 1] = s;
        if (mask.kind == Mask::Added) score += broadcast_at(mask.tensor, index);
        const bool hidden = (mask.kind == Mask::Kept && broadcast_at(mask.tensor, index) == 0) ||
                            (options.causal && s > t + keys - rows);
        if (hidden) score = static_cast<double>(options.masked);
        weights[static_cast<size_t>(s)] = score;
        largest = std::max(largest, score);
      }
      for (double& weight : weights) sum += weight = std::exp(weight - largest);
      for (int32_t e = 0; e < width; ++e) {
        double total = 0;
        for (int32_t s = 0; s < keys; ++s) {
          total += weights[static_cast<size_t>(s)] / sum * at(v, value, s, e);
        }
        Dims index = head;
        index[rank - 2] = t, index[rank - 1] = e;
        result.at(index) = total;
      }
    }
  });
  return result;
}

void check(const Options& options, const Dims& q_shape, const Dims& k_shape, const Dims& v_shape,
           Mask::Kind kind, const Dims& mask_shape, std::mt19937& random) {
  SCOPED_TRACE(testing::PrintToString(q_shape) + " " + testing::PrintToString(k_shape) + " mask " +
               std::to_string(kind) + " " + testing::PrintToString(mask_shape) +
               (options.causal ? " causal" : ""));
  std::vector<Stored> inputs = {random_stored(plain(DType::F32), q_shape, random),
                                random_stored(plain(DType::F32), k_shape, random),
                                random_stored(plain(DType::F32), v_shape, random)};
  Mask mask{kind, {}};
  if (kind == Mask::Added) {
    inputs.push_back(random_stored(plain(DType::F32), mask_shape, random));
  } else if (kind == Mask::Kept) {
    inputs.push_back(random_stored(plain(DType::Bool), mask_shape, 0, 1, random));
  }
  if (kind != Mask::None) mask.tensor = inputs.back().numbers();
  const Tensor result =
      attention(options, inputs[0].numbers(), inputs[1].numbers(), inputs[2].numbers(), mask);
  Expected expected{DType::F32, result, {}, {}};
  // A score of D products of size 4 is off by some of their last places, and its exponential by as
  // much of itself.
  expected.tolerance.assign(result.values.size(), 2e-5);
  expect_node(options, inputs, expected);
}

Options options_of(float scale, bool causal = false, float masked = -1e9f) {
  Options options;
  options.scale = scale;
  options.causal = causal;
  options.masked = masked;
  return options;
}

TEST(OracleAttention, ShapesAndSharedHeads) {
  std::mt19937 random(1);
  struct Case {
    Dims q, k, v;
  };
  for (const Case& c : std::vector<Case>{{{1, 1}, {1, 1}, {1, 1}},
                                         {{3, 5}, {7, 5}, {7, 2}},
                                         {{2, 3, 5}, {2, 7, 5}, {2, 7, 4}},
                                         {{4, 3, 5}, {2, 6, 5}, {2, 6, 4}},
                                         {{4, 3, 5}, {1, 6, 5}, {1, 6, 4}},
                                         {{2, 4, 3, 8}, {2, 4, 9, 8}, {2, 4, 9, 8}},
                                         {{2, 6, 3, 8}, {2, 2, 9, 8}, {1, 2, 9, 3}},
                                         {{2, 6, 1, 8}, {1, 3, 40, 8}, {2, 3, 40, 8}},
                                         {{3, 2, 2, 3, 4}, {1, 2, 2, 5, 4}, {3, 1, 2, 5, 4}},
                                         // More than one block of rows.
                                         {{1, 2, 67, 4}, {1, 2, 67, 4}, {1, 2, 67, 4}},
                                         {{1, 1, 5, 3}, {1, 1, 6000, 3}, {1, 1, 6000, 2}}}) {
    check(options_of(0.5f), c.q, c.k, c.v, Mask::None, {}, random);
  }
}

TEST(OracleAttention, Masks) {
  std::mt19937 random(2);
  const Dims q = {2, 4, 5, 6}, k = {2, 2, 7, 6};
  for (const Dims& mask : std::vector<Dims>{{2, 4, 5, 7},
                                            {2, 1, 5, 7},
                                            {1, 4, 1, 7},
                                            {5, 7},
                                            {7},
                                            {1},
                                            {},
                                            {2, 1, 1, 1},
                                            {4, 5, 1},
                                            {5, 1}}) {
    for (bool causal : {false, true}) {
      check(options_of(0.4f, causal), q, k, k, Mask::Added, mask, random);
      check(options_of(0.4f, causal), q, k, k, Mask::Kept, mask, random);
      check(options_of(0.4f, causal, -0.5f), q, k, k, Mask::Kept, mask, random);
    }
  }
}

TEST(OracleAttention, LaterKeysAreHidden) {
  std::mt19937 random(3);
  for (const auto& [rows, keys] :
       std::vector<std::pair<int32_t, int32_t>>{{1, 1}, {1, 9}, {5, 5}, {4, 9}, {70, 70}, {9, 4}}) {
    check(options_of(1, true), {2, rows, 4}, {2, keys, 4}, {2, keys, 3}, Mask::None, {}, random);
  }
}

// What is hidden by minus infinity has no part at all, whatever the values are.
TEST(OracleAttention, MinusInfinityHidesAltogether) {
  std::mt19937 random(4);
  Options options = options_of(1, true, -std::numeric_limits<float>::infinity());
  check(options, {2, 6, 4}, {2, 6, 4}, {2, 6, 3}, Mask::None, {}, random);
}

TEST(OracleAttention, Malformed) {
  const auto f32 = [](Dims shape) { return tensor(rt::DType::F32, std::move(shape)); };
  const graph::Graph sound = one_node(
      options_of(1), {f32({2, 4, 3, 8}), f32({2, 2, 5, 8}), f32({2, 2, 5, 6}), f32({3, 5})},
      f32({2, 4, 3, 6}));
  using Change = Break<Options>;
  const auto shape = [](size_t tensor, Dims dims) {
    return [=](ModelFile& f, Options&) { f.tensor(tensor).shape = dims; };
  };
  const char* heads = "a query of 2x4x3x8, a key of 2x3x5x8 and a value of 2x2x5x6";
  expect_all_refused(
      sound, &fb::OpOptionsUnion::AsAttention,
      std::vector<Change>{
          {"scale nan", [](ModelFile&, Options& o) { o.scale = std::nanf(""); }, "a scale of nan"},
          {"scale inf", [](ModelFile&, Options& o) { o.scale = INFINITY; }, "a scale of inf"},
          {"masked nan", [](ModelFile&, Options& o) { o.masked = std::nanf(""); },
           "masks with a number that is none"},
          {"a vector for a query", shape(0, {8}), "a query of 8"},
          {"heads that do not divide", shape(1, {2, 3, 5, 8}), heads},
          {"other depth", shape(1, {2, 2, 5, 7}), "a key of 2x2x5x7"},
          {"other count of values", shape(2, {2, 2, 4, 6}), "a value of 2x2x4x6"},
          {"other heads of values", shape(2, {2, 4, 5, 6}), "a value of 2x4x5x6"},
          {"other batch", shape(1, {3, 2, 5, 8}), "a key of 3x2x5x8"},
          {"other rank", shape(1, {2, 5, 8}), "a key of 2x5x8"},
          {"mask of other keys", shape(3, {3, 4}), "a mask of 3x4"},
          {"mask of other rows", shape(3, {2, 5}), "a mask of 2x5"},
          {"mask of higher rank", shape(3, {1, 1, 1, 3, 5}), "a mask of 1x1x1x3x5"},
      });
}

}  // namespace
}  // namespace qrt::test
