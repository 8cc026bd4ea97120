// Quantize: float to s8, u8 or s16, or one quantization to another. A change between s8 and u8 that
// only shifts the zero point is exact. With more than eight bits on one side, as s16 operators
// scale (schema/README.md, "s16").
#include <algorithm>

#include "kernels/convert_s8.h"
#include "kernels/requantize.h"
#include "src/ops/byte_table.h"
#include "src/ops/common.h"
#include "src/ops/fixed_multiplier.h"
#include "src/ops/multiplier.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

kernels::Output full_range(const Tensor& out) {
  IntRange range = {0, 0};
  (void)quantized_range(out.type, &range);
  return {out.quantization.zero_point(), range.min, range.max};
}

// Eight bits to eight bits.
ByteTable::Entries table_entries(const Node& node, float multiplier) {
  ByteTable::Entries entries;
  const Tensor &in = node.input(0), &out = node.output(0);
  for (int i = 0; i < 256; ++i) {
    const int32_t q = in.type == DType::S8 ? static_cast<int8_t>(i) : i;
    entries[static_cast<size_t>(i)] = static_cast<uint8_t>(
        kernels::requantize(q - in.quantization.zero_point(), multiplier, full_range(out)));
  }
  return entries;
}

class FloatToS8 final : public RowKernel<kernels::ConvertS8Kernel> {
 public:
  FloatToS8(const Node& node, const kernels::ConvertS8Kernel& row, float inverse_scale)
      : RowKernel(row), inverse_scale_(inverse_scale), range_(full_range(node.output(0))) {}
  void run(const RunContext& context) const override {
    context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), 4,
                              [&](size_t begin, size_t end, size_t) {
                                row_.f32_to_s8(context.in<float>(0) + begin, end - begin,
                                               inverse_scale_, range_,
                                               context.out<int8_t>() + begin);
                              });
  }

 private:
  const float inverse_scale_;
  const kernels::Output range_;
};

class FloatToU8 final : public OpKernel {
 public:
  FloatToU8(const Node& node, float inverse_scale)
      : inverse_scale_(inverse_scale), range_(full_range(node.output(0))) {}

  const char* name() const override { return "quantize__scalar"; }
  void run(const RunContext& context) const override {
    const float* in = context.in<float>(0);
    auto* out = context.out<uint8_t>();
    const auto elements = static_cast<size_t>(context.shape_out().elements());
    for (size_t i = 0; i < elements; ++i) {
      const float steps = std::isnan(in[i]) ? 0.0f : in[i] * inverse_scale_;
      out[i] = static_cast<uint8_t>(kernels::quantize_steps(steps, range_));
    }
  }

 private:
  const float inverse_scale_;
  const kernels::Output range_;
};

// round(x / scale) in double, halves away from zero; NaN is the zero point.
class FloatToS16 final : public OpKernel {
 public:
  explicit FloatToS16(const Node& node)
      : scale_(node.output(0).quantization.scale()), range_(full_range(node.output(0))) {}

  const char* name() const override { return "s16_quantize__scalar"; }
  void run(const RunContext& context) const override {
    const double lo = range_.min - range_.zero_point, hi = range_.max - range_.zero_point;
    context.pool.parallel_for(
        static_cast<size_t>(context.shape_out().elements()), 6,
        [&](size_t begin, size_t end, size_t) {
          const float* in = context.in<float>(0);
          auto* out = context.out<int16_t>();
          for (size_t i = begin; i < end; ++i) {
            const double steps = std::isnan(in[i]) ? 0.0 : static_cast<double>(in[i]) / scale_;
            const double rounded = std::round(std::min(std::max(steps, lo), hi));
            out[i] = static_cast<int16_t>(static_cast<int32_t>(rounded) + range_.zero_point);
          }
        });
  }

 private:
  const double scale_;
  const kernels::Output range_;
};

// Integers of one scale to those of another, where one of them has more than eight bits.
template <class In, class Out>
class Rescale final : public OpKernel {
 public:
  Rescale(const Node& node, kernels::FixedPoint factor)
      : factor_(factor),
        zero_point_(node.input(0).quantization.zero_point()),
        range_(full_range(node.output(0))) {}

  const char* name() const override { return "s16_rescale__scalar"; }
  void run(const RunContext& context) const override {
    context.pool.parallel_for(
        static_cast<size_t>(context.shape_out().elements()), 6,
        [&](size_t begin, size_t end, size_t) {
          const In* in = context.in<In>(0);
          Out* out = context.out<Out>();
          for (size_t i = begin; i < end; ++i) {
            const int64_t x =
                std::clamp<int64_t>(int64_t{in[i]} - zero_point_, INT32_MIN, INT32_MAX);
            const int64_t q = kernels::scale_fixed32(static_cast<int32_t>(x), factor_);
            out[i] = static_cast<Out>(
                std::clamp<int64_t>(q + range_.zero_point, range_.min, range_.max));
          }
        });
  }

 private:
  const kernels::FixedPoint factor_;
  const int32_t zero_point_;
  const kernels::Output range_;
};

template <class In>
Choice choose_rescale(const Node& node, kernels::FixedPoint factor) {
  switch (node.output(0).type) {
    case DType::S8:
      return make_kernel<Rescale<In, int8_t>>(node, factor);
    case DType::U8:
      return make_kernel<Rescale<In, uint8_t>>(node, factor);
    case DType::S16:
      return make_kernel<Rescale<In, int16_t>>(node, factor);
    default:
      return make_kernel<Rescale<In, int32_t>>(node, factor);
  }
}

Choice choose_from_float(const Node& node, const ChooseContext& context) {
  const DType out = node.output(0).type;
  if (out == DType::S16) return make_kernel<FloatToS16>(node);
  float inverse_scale;
  QRT_RETURN_IF_ERROR(make_inverse_scale(node, &inverse_scale));
  if (out == DType::U8) return make_kernel<FloatToU8>(node, inverse_scale);
  return make_kernel<FloatToS8>(node, choose_kernel(kernels::convert_s8_kernels, context.features),
                                inverse_scale);
}

Choice choose(const Node& node, const ChooseContext& context) {
  const DType in = node.input(0).type, out = node.output(0).type;
  if (in == DType::F32) return choose_from_float(node, context);
  if (dtype_bits(in) == 8 && dtype_bits(out) == 8) {
    float multiplier;
    QRT_RETURN_IF_ERROR(make_multiplier(node, scale_ratio(node), &multiplier));
    return make_kernel<ByteTable>(choose_kernel(kernels::lut_kernels, context.features),
                                  table_entries(node, multiplier));
  }
  kernels::FixedPoint factor;
  // A step of s16 may be many of s32.
  const int most = in == DType::S16 && out == DType::S32 ? 30 : 15;
  QRT_RETURN_IF_ERROR(make_fixed(node, scale_ratio(node), &factor, most));
  switch (in) {
    case DType::S8:
      return choose_rescale<int8_t>(node, factor);
    case DType::U8:
      return choose_rescale<uint8_t>(node, factor);
    case DType::S16:
      return choose_rescale<int16_t>(node, factor);
    default:
      return choose_rescale<int32_t>(node, factor);
  }
}

}  // namespace

const OpDef kQuantizeOp = {choose};

}  // namespace qrt::rt
