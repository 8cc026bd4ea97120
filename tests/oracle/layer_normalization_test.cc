// LayerNormalization against plain loops.
#include <cmath>

#include "tests/model/one_node.h"
#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

using Options = fb::LayerNormalizationT;

Options options_of(int32_t axis, float epsilon) {
  Options options;
  options.axis = axis;
  options.epsilon = epsilon;
  return options;
}

// Rows of n elements, one after the other; `scale` and `bias` may be empty.
Tensor normalized(const Tensor& in, size_t n, double epsilon, const Tensor& scale,
                  const Tensor& bias, bool root_mean_square) {
  Tensor out = in;
  for (size_t row = 0; row < in.values.size(); row += n) {
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n && !root_mean_square; ++i) {
      mean += in.values[row + i] / static_cast<double>(n);
    }
    for (size_t i = 0; i < n; ++i) {
      variance += std::pow(in.values[row + i] - mean, 2) / static_cast<double>(n);
    }
    for (size_t i = 0; i < n; ++i) {
      out.values[row + i] = (in.values[row + i] - mean) / std::sqrt(variance + epsilon) *
                                (scale.values.empty() ? 1 : scale.values[i]) +
                            (bias.values.empty() ? 0 : bias.values[i]);
    }
  }
  return out;
}

TEST(OracleLayerNormalization, F32) {
  std::mt19937 random(1);
  const std::vector<Dims> shapes = {
      {1},       {7},          {3, 1},       {2, 16},   {5, 33},
      {2, 3, 5}, {1, 4, 6, 8}, {3, 2, 5, 7}, {2, 1024}, {1, 2, 3, 4, 5}};
  for (const Dims& shape : shapes) {
    const auto rank = static_cast<int32_t>(shape.size());
    for (int32_t axis = -rank; axis < rank; ++axis) {
      for (float epsilon : {1e-5f, 0.25f}) {
        const bool with_bias = random() % 2 == 0, with_scale = random() % 4 != 0;
        const bool root_mean_square = random() % 2 == 0;
        // A mean far from zero, too.
        const double low = pick<double>(random, {-2, 40});
        SCOPED_TRACE(testing::PrintToString(shape) + ", axis " + std::to_string(axis) +
                     (with_bias ? ", bias" : "") + (with_scale ? "" : ", no scale") +
                     (root_mean_square ? ", root mean square" : ""));
        const Dims group(shape.begin() + (axis < 0 ? axis + rank : axis), shape.end());
        const Stored in = random_stored(plain(DType::F32), shape, low, low + 3, random);
        std::vector<Stored> inputs = {in};
        Tensor scale, bias;
        if (with_scale) {
          inputs.push_back(random_stored(plain(DType::F32), group, random).as_constant());
          scale = inputs.back().numbers();
        } else if (with_bias) {
          inputs.emplace_back();
          inputs.back().role = Stored::Absent;
        }
        if (with_bias) {
          inputs.push_back(random_stored(plain(DType::F32), group, random));
          bias = inputs.back().numbers();
        }
        const Tensor result =
            normalized(in.numbers(), oracle::count(group), static_cast<double>(epsilon), scale,
                       bias, root_mean_square);
        Expected expected{DType::F32, result, {}, {}};
        // The mean is off by some units in the last place of the numbers, all alike.
        expected.tolerance.assign(result.values.size(), 2e-4);
        Options options = options_of(axis, epsilon);
        options.root_mean_square = root_mean_square;
        expect_node(options, inputs, expected);
      }
    }
  }
}

TEST(OracleLayerNormalization, Malformed) {
  const graph::Value x = tensor(rt::DType::F32, {2, 3, 4});
  const auto operand = [](Dims shape) {
    return constant(tensor(rt::DType::F32, std::move(shape)));
  };
  const graph::Graph sound = one_node(options_of(-1, 1e-5f), {x, operand({4}), operand({4})}, x);
  using Change = Break<Options>;
  expect_all_refused(
      sound, &fb::OpOptionsUnion::AsLayerNormalization,
      std::vector<Change>{
          {"epsilon below 0", [](ModelFile&, Options& o) { o.epsilon = -1; }, "an epsilon of -1"},
          {"epsilon nan", [](ModelFile&, Options& o) { o.epsilon = std::nanf(""); },
           "an epsilon of nan"},
          {"axis 3", [](ModelFile&, Options& o) { o.axis = 3; }, "axis 3"},
          {"axis -4", [](ModelFile&, Options& o) { o.axis = -4; }, "axis -4"},
          {"axis 1", [](ModelFile&, Options& o) { o.axis = 1; },
           "its scale 4 does not fit its input 2x3x4 from axis 1 on"},
          {"a scale that fits only the first of its axes",
           [](ModelFile& f, Options& o) {
             f.tensor(0).shape = f.tensor(3).shape = {2, 4, 4};
             o.axis = 1;
           },
           "its scale 4 does not fit its input 2x4x4 from axis 1 on"},
          {"short bias",
           [](ModelFile& f, Options&) {
             f.tensor(2).shape = {3};
             f.tensor(2).data_bytes = 12;
           },
           "its bias 3 does not fit"},
      });
}

}  // namespace
}  // namespace qrt::test
