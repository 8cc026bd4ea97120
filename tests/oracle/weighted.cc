#include "tests/oracle/weighted.h"

#include <algorithm>

namespace qrt::test {
namespace {

double weight_scale(const Stored& weights, size_t output) {
  const auto& scales = weights.quantization.scales;
  return static_cast<double>(scales[scales.size() == 1 ? 0 : output]);
}

double clamped(double value, const fb::ClampT* clamp) {
  if (clamp == nullptr) return value;
  return std::min(std::max(value, static_cast<double>(clamp->min)),
                  static_cast<double>(clamp->max));
}

}  // namespace

Stored random_weights(Scheme scheme, const Dims& shape, int32_t reach, std::mt19937& random) {
  const bool per_output = scheme == Scheme::PerOutput || scheme == Scheme::AsymmetricPerOutput;
  const bool shifted = scheme == Scheme::Asymmetric || scheme == Scheme::AsymmetricPerOutput;
  Kind kind{DType::S8, {}};
  kind.quantization.axis = per_output ? 0 : -1;
  for (int32_t i = 0; i < (per_output ? shape[0] : 1); ++i) {
    kind.quantization.scales.push_back(0.001f * static_cast<float>(draw(random, 5, 40)));
    if (shifted) {
      const bool far = random() % 4 == 0;
      kind.quantization.zero_points.push_back(far ? pick<int32_t>(random, {-128, 127, 100})
                                                  : draw(random, -20, 20));
    }
  }
  return random_stored(kind, shape, reach == 128 ? -128 : -reach, reach == 128 ? 127 : reach,
                       random)
      .as_constant();
}

std::vector<Stored> Layer::operands() const {
  std::vector<Stored> all = {in, weights};
  all.insert(all.end(), bias.begin(), bias.end());
  return all;
}

std::vector<double> Layer::bias_values() const {
  return bias.empty() ? std::vector<double>() : bias[0].values;
}

std::unique_ptr<fb::ClampT> random_clamp(double scale, std::mt19937& random) {
  const auto real = [&](int32_t low, int32_t high) {
    return static_cast<float>(draw(random, low, high) * scale);
  };
  switch (random() % 6) {
    case 0:
      return graph::make_clamp(0, INFINITY);
    case 1:
      return graph::make_clamp(0, real(20, 120));
    case 2:
      return graph::make_clamp(real(-90, -10), real(10, 90));
    case 3:
      return graph::make_clamp(-INFINITY, real(-20, 40));
    default:
      return nullptr;
  }
}

double fitting_scale(const Tensor& sums, const Layer& layer) {
  const auto outputs = static_cast<size_t>(sums.shape.back());
  const double in_scale = static_cast<double>(layer.in.quantization.scales[0]);
  std::vector<double> sizes;
  for (size_t i = 0; i < sums.values.size(); ++i) {
    sizes.push_back(std::fabs(sums.values[i]) * in_scale *
                    weight_scale(layer.weights, i % outputs));
  }
  const auto ninth = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 9 / 10);
  std::nth_element(sizes.begin(), ninth, sizes.end());
  return std::max(*ninth, in_scale) / 100;
}

Expected quantized_result(const Tensor& sums, const Layer& layer) {
  const auto outputs = static_cast<size_t>(sums.shape.back());
  const double in_scale = static_cast<double>(layer.in.quantization.scales[0]);
  const double out_scale = static_cast<double>(layer.out.quantization.scales[0]);
  const oracle::Range range = range_of(layer.out, layer.clamp.get());
  Expected expected{layer.out.type, Tensor(sums.shape), layer.out.quantization, {}};
  for (size_t i = 0; i < sums.values.size(); ++i) {
    const double scale = weight_scale(layer.weights, i % outputs);
    const double q =
        oracle::requantize(sums.values[i], oracle::multiplier(in_scale, scale, out_scale), range);
    expected.tensor.values[i] = q;
    if (std::fabs(sums.values[i]) > 2147483647.0) continue;
    const double real = sums.values[i] * in_scale * scale / out_scale + range.zero_point;
    EXPECT_NEAR(q, std::clamp(real, range.min, range.max), 0.501) << "the oracle itself";
  }
  return expected;
}

Expected float_result(const Tensor& sums, const Tensor& sizes, const Layer& layer) {
  const DType type = layer.in.type;
  Expected expected{type, sums, {}, {}};
  for (size_t i = 0; i < sums.values.size(); ++i) {
    expected.tensor.values[i] = clamped(sums.values[i], layer.clamp.get());
    expected.tolerance.push_back((type == DType::F32 ? 1e-6 : 1e-14) * sizes.values[i]);
  }
  return expected;
}

DynamicInput quantize_parts(const Tensor& in, size_t parts, bool symmetric) {
  DynamicInput out{Tensor(in.shape), {}};
  const size_t part = in.values.size() / parts;
  for (size_t p = 0; p < parts; ++p) {
    const auto begin = in.values.begin() + static_cast<std::ptrdiff_t>(p * part);
    const auto end = begin + static_cast<std::ptrdiff_t>(part);
    const double low = std::min(0.0, *std::min_element(begin, end));
    const double high = std::max(0.0, *std::max_element(begin, end));
    // In float, as everything at run time.
    const float scale = low == high ? 1.0f
                        : symmetric ? static_cast<float>(std::max(high, -low)) / 127.0f
                                    : static_cast<float>((high - low) / 255);
    const double exact = (high - low) / 255;
    const double zero_point = low == high || symmetric
                                  ? 0
                                  : std::clamp(std::nearbyint(-128 - low / exact), -128.0, 127.0);
    const float inverse = 1.0f / scale;
    for (size_t i = p * part; i < (p + 1) * part; ++i) {
      const float steps = static_cast<float>(in.values[i]) * inverse;
      out.steps.values[i] = oracle::quantize_steps(steps, {zero_point, -128, 127}) - zero_point;
    }
    out.scales.push_back(static_cast<double>(scale));
  }
  return out;
}

Expected dynamic_result(const Tensor& sums, const DynamicInput& in, const Layer& layer,
                        const Tensor& real, const Tensor& reach) {
  const auto outputs = static_cast<size_t>(sums.shape.back());
  const size_t part = sums.values.size() / in.scales.size();
  Expected expected{DType::F32, Tensor(sums.shape), {}, {}};
  for (size_t i = 0; i < sums.values.size(); ++i) {
    const double scale = in.scales[i / part];
    const double product = sums.values[i] * scale * weight_scale(layer.weights, i % outputs);
    const double bias = layer.bias.empty() ? 0 : layer.bias[0].values[i % outputs];
    expected.tensor.values[i] = clamped(product + bias, layer.clamp.get());
    expected.tolerance.push_back(3e-7 * (std::fabs(product) + std::fabs(bias)));
    // A zero point is rounded, too, so that an end of the range may be half a step outside.
    EXPECT_NEAR(product + bias, real.values[i], scale * reach.values[i] * 1.001 + 1e-5)
        << "the oracle itself";
  }
  return expected;
}

}  // namespace qrt::test
