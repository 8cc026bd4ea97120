// What the tests of Conv2D and FullyConnected share: weights in every scheme, and what becomes of
// exact sums of products [..., outputs] in integers, in float, and with inputs quantized at run
// time.
#pragma once

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
