// What the tests of Conv2D and FullyConnected share: weights in every scheme, and what becomes of
// exact sums of products [..., outputs] in integers, in float, and with inputs quantized at run
// time.
#pragma once

#include <functional>
#include <memory>

#include "tests/oracle/check.h"

namespace qrt::test {

enum class Scheme { PerTensor, Asymmetric, PerOutput, AsymmetricPerOutput };
inline const std::vector<Scheme> kSchemes = {Scheme::PerTensor, Scheme::Asymmetric,
                                             Scheme::PerOutput, Scheme::AsymmetricPerOutput};

// [outputs, ...]; whole numbers in [-reach, reach] or, with 128, of the whole type.
Stored random_weights(Scheme scheme, const Dims& shape, int32_t reach, std::mt19937& random);

// Everything but the node's own attributes. The bias may be missing.
struct Layer {
  Stored in, weights;
  std::vector<Stored> bias;  // none or one
  std::unique_ptr<fb::ClampT> clamp;
  Kind out;

  std::vector<Stored> operands() const;
  std::vector<double> bias_values() const;
};

// A clamp in real units around what quantized outputs of this scale can be; null for one in three.
std::unique_ptr<fb::ClampT> random_clamp(double scale, std::mt19937& random);

// An output scale with which nine of ten results stay within a hundred steps of zero.
double fitting_scale(const Tensor& sums, const Layer& layer);

// q = clamp(round(float(sum) * multiplier) + zero point); fails if that is not the real result.
Expected quantized_result(const Tensor& sums, const Layer& layer);

// `sizes`: the sums of the products' sizes, of which a millionth may be lost.
Expected float_result(const Tensor& sums, const Tensor& sizes, const Layer& layer);

// The sums that a kind of layer makes of its input, weights and bias.
using LayerSums =
    std::function<Tensor(const Tensor& in, const Tensor& weights, const std::vector<double>& bias)>;
// Runs a layer on random tensors of these shapes. `options_of` gives its attributes with a clamp,
// which may be null.
template <class OptionsOf>
void check_quantized_layer(const Dims& in, const Dims& weights, Scheme scheme, int32_t reach,
                           const LayerSums& sums_of, const OptionsOf& options_of,
                           std::mt19937& random) {
  Layer layer;
  const int32_t zero_point = pick<int32_t>(random, {-128, 127, 0, draw(random, -100, 100)});
  layer.in = random_stored(s8(0.02, zero_point), in, random);
  layer.weights = random_weights(scheme, weights, reach, random);
  if (random() % 3 != 0) {
    layer.bias = {
        random_stored(plain(DType::S32), {weights[0]}, -20000, 20000, random).as_constant()};
  }
  const Tensor sums = sums_of(layer.in.steps(), layer.weights.steps(), layer.bias_values());
  const double scale = fitting_scale(sums, layer);
  layer.out = s8(scale, pick<int32_t>(random, {0, -128, 127, draw(random, -60, 60)}));
  layer.clamp = random_clamp(scale, random);
  expect_node(options_of(layer.clamp.get()), layer.operands(), quantized_result(sums, layer));
}
template <class OptionsOf>
void check_float_layer(const Dims& in, const Dims& weights, const LayerSums& sums_of,
                       const OptionsOf& options_of, std::mt19937& random) {
  Layer layer;
  layer.in = random_stored(plain(DType::F32), in, random);
  layer.weights = random_stored(plain(DType::F32), weights, random).as_constant();
  if (random() % 2 != 0) {
    layer.bias = {random_stored(plain(DType::F32), {weights[0]}, random).as_constant()};
  }
  layer.clamp = random_clamp(0.05, random);
  const auto size = [](double x) { return std::fabs(x); };
  std::vector<double> sizes = layer.bias_values();
  for (double& b : sizes) b = size(b);
  const Tensor sums = sums_of(layer.in.numbers(), layer.weights.numbers(), layer.bias_values());
  expect_node(
      options_of(layer.clamp.get()), layer.operands(),
      float_result(sums,
                   sums_of(map(layer.in.numbers(), size), map(layer.weights.real(), size), sizes),
                   layer));
}

// Float inputs as the runtime quantizes them: `parts` equal parts, each over its own range.
struct DynamicInput {
  Tensor steps;  // q - zero point
  std::vector<double> scales;
};
DynamicInput quantize_parts(const Tensor& in, size_t parts, bool symmetric);

// From sums over `in.steps`, parts of which are rows of the result. Fails if a result is further
// from `real`, that of the floats themselves, than half a step of each input times its weight can
// bring it: `reach` has the sums of the weights' sizes.
Expected dynamic_result(const Tensor& sums, const DynamicInput& in, const Layer& layer,
                        const Tensor& real, const Tensor& reach);

}  // namespace qrt::test
