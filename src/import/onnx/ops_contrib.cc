// Operators of ONNX Runtime's own domain that its transformer optimizer writes.
#include <cmath>
#include <limits>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;

enum class Skip { Layer, RootMeanSquare };

// The sum of the input, what skipped the layers before and a bias, normalized over the last axis.
void import_skip_normalization(Call& c) {
  const bool layer = static_cast<Skip>(c.variant) == Skip::Layer;
  Tensor& x = c.floats(0);
  if (x.rank() < 2) invalid("an input of shape %s", text(x.shape).c_str());
  const size_t bias = layer ? 4 : 3;
  Steps steps(c);
  int sum = steps.binary(BinaryKind::Add, c.b.plain(x), c.b.plain(c.floats(1)));
  if (c.has(bias)) sum = steps.binary(BinaryKind::Add, sum, c.b.plain(c.floats(bias)));
  fb::LayerNormalizationT options;
  options.axis = -1;
  options.epsilon = c.attributes.number("epsilon", 1e-12f);
  options.root_mean_square = !layer;
  std::vector<int> inputs = {sum, c.b.plain(c.floats(2))};
  if (layer && c.has(3)) inputs.push_back(c.b.plain(c.floats(3)));
  steps.finish(steps.add(std::move(options), std::move(inputs), DType::F32), plain_order(x.rank()));
  for (size_t k : {size_t{1}, size_t{2}}) {
    if (c.output_read(k)) unsupported("statistics as outputs");
  }
  if (c.output_read(3)) steps.finish(sum, plain_order(x.rank()), 3);
}

// Query, key and value as [B,T,H*D], a key and value of their own as [B,H,S,D], too; a bias for all
// three, [3*H*D]; what is added to the scores; past and present keys and values.
void import_multi_head_attention(Call& c) {
  const int64_t heads = c.attributes.integer("num_heads", 0);
  const bool causal = c.attributes.flag("unidirectional", false);
  c.attributes.ignore("mask_filter_value");
  if (!c.has(1) || !c.has(2)) unsupported("packed keys and values");
  if (c.has(4)) unsupported("a mask of padded keys");
  for (size_t i : {size_t{8}, size_t{9}}) {
    if (c.has(i)) unsupported("a cache that the caller shares");
  }
  if (heads < 1) invalid("num_heads=%lld", static_cast<long long>(heads));
  Steps steps(c);
  int parts[3];
  Dim added;
  int32_t first = 0;
  for (size_t i = 0; i < 3; ++i) {
    Tensor& x = c.floats(i);
    parts[i] = c.b.plain(x);
    if (x.rank() == 4 && i > 0) {
      added = x.shape[2];
      continue;
    }
    if (x.rank() != 3) unsupported("an input of shape %s", text(x.shape).c_str());
    const int32_t width = x.shape[2];
    if (width % heads != 0)
      invalid("a width of %d for %lld heads", width, static_cast<long long>(heads));
    if (c.has(3)) {
      const int bias = c.b.plain(c.floats(3));
      parts[i] = steps.binary(BinaryKind::Add, parts[i], steps.slice_part(bias, 0, first, width));
      first += width;
    }
    const auto count = static_cast<int32_t>(heads);
    const int split = steps.reshape(parts[i], {x.shape[0], x.shape[1], count, width / count});
    parts[i] = c.b.transposed(split, {0, 2, 1, 3}, c.temporary("heads") + std::to_string(i));
    if (i > 0) added = x.shape[1];
  }
  if (c.has(6) != c.has(7)) invalid("a past key or a past value alone");
  if (c.has(6)) {
    parts[1] = steps.concat({c.b.plain(c.floats(6)), parts[1]}, 2);
    parts[2] = steps.concat({c.b.plain(c.floats(7)), parts[2]}, 2);
  }
  fb::AttentionT options;
  const Shape query = c.b.shape(parts[0]);
  if (causal && query[2] != added) unsupported("unidirectional, with other keys than rows");
  options.causal = causal;
  options.scale = c.attributes.number("scale", 0);
  if (options.scale == 0) options.scale = 1 / std::sqrt(static_cast<float>(int32_t{query[3]}));
  std::vector<int> inputs = {parts[0], parts[1], parts[2]};
  if (c.has(5)) inputs.push_back(c.b.plain(c.floats(5)));
  const int y = steps.add(options, std::move(inputs), DType::F32);
  const Shape result = c.b.shape(y);
  const int rows = c.b.transposed(y, {0, 2, 1, 3}, c.temporary("rows"));
  steps.finish(steps.reshape(rows, {result[0], result[2], int32_t{result[1]} * int32_t{result[3]}}),
               plain_order(3));
  if (c.output_read(1)) c.out_value(1, parts[1], plain_order(4));
  if (c.output_read(2)) c.out_value(2, parts[2], plain_order(4));
  if (c.output_read(3)) unsupported("scores as an output");
}

constexpr Row kRows[] = {
    {"com.microsoft.MultiHeadAttention", 1, 10, import_multi_head_attention},
    row("com.microsoft.SkipLayerNormalization", 3, 5, import_skip_normalization, Skip::Layer),
    row("com.microsoft.SkipSimplifiedLayerNormalization", 3, 4, import_skip_normalization,
        Skip::RootMeanSquare),
};

}  // namespace

rt::Span<const Row> contrib_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
