// Normalizations by what the elements of a group have in common: its mean and deviation, its
// length, its squares.
#include <algorithm>
#include <cmath>
#include <limits>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;
using fb::ReduceKind;
using fb::UnaryKind;

// (x - mean) / sqrt(variance + epsilon) over all axes from the third on.
int emit_normalized(Call& c, Steps& steps, int x) {
  fb::LayerNormalizationT options;
  options.axis = static_cast<int32_t>(2) - static_cast<int32_t>(c.b.shape(x).size());
  options.epsilon = c.attributes.number("epsilon", 1e-5f);
  return steps.add(std::move(options), {x}, DType::F32);
}

// Numbers of the channels as they broadcast to a plain [N,C,...].
int along_channels(Call& c, Steps& steps, size_t input, size_t rank) {
  Shape shape(rank - 1, 1);
  shape[0] = c.in(input).shape[0];
  return steps.reshape(c.b.plain(c.in(input)), shape);
}

void check_channels(Call& c, Dim channels) {
  for (size_t i = 1; i <= 2; ++i) {
    if (c.floats(i).rank() != 1 ||
        c.b.dims().differ(c.in(i).shape[0].symbol(), channels.symbol())) {
      invalid("input %zu of shape %s for %s of them", i, text(c.in(i).shape).c_str(),
              text({channels}).c_str());
    }
  }
}

// Each channel of each image by itself.
void import_instance_normalization(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() < 3) invalid("an input of shape %s", text(x.shape).c_str());
  check_channels(c, x.shape[1]);
  Steps steps(c);
  const int normalized = emit_normalized(c, steps, c.b.plain(x));
  const int scale = along_channels(c, steps, 1, x.rank());
  const int offset = along_channels(c, steps, 2, x.rank());
  const int scaled = steps.binary(BinaryKind::Mul, normalized, scale);
  steps.finish(steps.binary(BinaryKind::Add, scaled, offset), plain_order(x.rank()));
}

// Groups of channels. Scale and offset are the groups' before opset 21, then the channels'.
void import_group_normalization(Call& c) {
  Tensor& x = c.floats(0);
  (void)c.attributes.integer("stash_type", 1);  // sums are of f32 in any case
  if (x.rank() < 2) invalid("an input of shape %s", text(x.shape).c_str());
  const int64_t groups = c.attributes.integer("num_groups", 1);
  const int32_t channels = x.shape[1];
  if (groups < 1 || groups > channels || channels % groups != 0) {
    invalid("%lld groups of %d channels", static_cast<long long>(groups), channels);
  }
  const auto count = static_cast<int32_t>(groups);
  const bool by_group = c.opset() < 21;
  check_channels(c, by_group ? count : channels);
  int32_t rest = channels / count;
  for (size_t i = 2; i < x.rank(); ++i) rest = c.b.dims().mul(rest, x.shape[i].symbol());
  Steps steps(c);
  int value = steps.reshape(c.b.plain(x), {x.shape[0], count, rest});
  value = emit_normalized(c, steps, value);
  if (!by_group) value = steps.reshape(value, x.shape);
  const size_t rank = by_group ? 3 : x.rank();
  const int scale = along_channels(c, steps, 1, rank), offset = along_channels(c, steps, 2, rank);
  value = steps.binary(BinaryKind::Mul, value, scale);
  value = steps.binary(BinaryKind::Add, value, offset);
  steps.finish(by_group ? steps.reshape(value, x.shape) : value, plain_order(x.rank()));
}

// (x - mean) / (deviation + 1e-9) over the axes given.
void import_mean_variance_normalization(Call& c) {
  Tensor& x = c.floats(0);
  std::vector<int32_t> positions;
  for (int axis : checked_axes(c.attributes.integers("axes", {0, 2, 3}), x.rank())) {
    positions.push_back(position(x.order(), axis));
  }
  std::sort(positions.begin(), positions.end());
  Steps steps(c);
  const int value = c.b.form(x, x.order());
  const auto mean = [&](int of) { return steps.reduce(ReduceKind::Mean, of, positions, true); };
  const int centred = steps.binary(BinaryKind::Sub, value, mean(value));
  const int deviation = steps.unary(UnaryKind::Sqrt, mean(steps.unary(UnaryKind::Square, centred)));
  const int positive = steps.binary(BinaryKind::Add, deviation, steps.number(1e-9f));
  steps.finish(steps.binary(BinaryKind::Div, centred, positive), x.order());
}

// x divided by its length along an axis; what has none stays 0.
void import_lp_normalization(Call& c) {
  Tensor& x = c.floats(0);
  const int64_t p = c.attributes.integer("p", 2);
  if (p != 1 && p != 2) invalid("p=%lld", static_cast<long long>(p));
  const int32_t place =
      position(x.order(), checked_axis(c.attributes.integer("axis", -1), x.rank()));
  Steps steps(c);
  const int value = c.b.form(x, x.order());
  const int powers = steps.unary(p == 1 ? UnaryKind::Abs : UnaryKind::Square, value);
  int length = steps.reduce(ReduceKind::Sum, powers, {place}, true);
  if (p == 2) length = steps.unary(UnaryKind::Sqrt, length);
  const int least = steps.number(std::numeric_limits<float>::denorm_min());
  const int positive = steps.binary(BinaryKind::Max, length, least);
  steps.finish(steps.binary(BinaryKind::Div, value, positive), x.order());
}

// x / (bias + alpha * m) ^ beta, with m the mean of the squares of `size` channels around, those
// that there are not being 0: a pool over the channels of the plain [N,C,H,W] read as
// [N,height,...].
void import_lrn(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() < 3) unsupported("an input of shape %s", text(x.shape).c_str());
  const int64_t size = c.attributes.integer("size", 0);
  constexpr int64_t kMost = 1 << 20;
  if (size < 1 || size > kMost) invalid("size=%lld", static_cast<long long>(size));
  const float alpha = c.attributes.number("alpha", 1e-4f),
              beta = c.attributes.number("beta", 0.75f);
  const float bias = c.attributes.number("bias", 1.0f);
  Steps steps(c);
  const int value = c.b.plain(x);
  int squares = steps.unary(UnaryKind::Square, value);
  if (x.rank() == 3) squares = steps.reshape(squares, {x.shape[0], x.shape[1], x.shape[2], 1});
  if (x.rank() > 4) {
    int32_t rest = 1;
    for (size_t i = 3; i < x.rank(); ++i) rest = c.b.dims().mul(rest, x.shape[i].symbol());
    squares = steps.reshape(squares, {x.shape[0], x.shape[1], x.shape[2], rest});
  }
  fb::Pool2DT pool;
  pool.kind = fb::PoolKind::Average;
  pool.kernel_h = static_cast<int32_t>(size);
  pool.count_include_pad = true;
  pool.window = std::make_unique<fb::Window2DT>();
  pool.window->padding = fb::Padding::Explicit;
  pool.window->pad_top = static_cast<int32_t>((size - 1) / 2);
  pool.window->pad_bottom = static_cast<int32_t>(size / 2);
  int mean = steps.add(std::move(pool), {squares}, DType::F32);
  if (x.rank() != 4) mean = steps.reshape(mean, x.shape);
  const int scaled = steps.binary(BinaryKind::Mul, mean, steps.number(alpha));
  const int base = steps.binary(BinaryKind::Add, scaled, steps.number(bias));
  const int power = steps.binary(BinaryKind::Pow, base, steps.number(beta));
  steps.finish(steps.binary(BinaryKind::Div, value, power), plain_order(x.rank()));
}

constexpr Row kRows[] = {
    {"GroupNormalization", 3, 3, import_group_normalization},
    {"InstanceNormalization", 3, 3, import_instance_normalization},
    {"LRN", 1, 1, import_lrn},
    {"LpNormalization", 1, 1, import_lp_normalization},
    {"MeanVarianceNormalization", 1, 1, import_mean_variance_normalization},
};

}  // namespace

rt::Span<const Row> statistics_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
