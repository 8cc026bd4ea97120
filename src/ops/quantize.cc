// Quantize: float to s8, u8 or s16, or one quantization to another. A change between s8 and u8 that
// only shifts the zero point is exact.
#include <algorithm>

#include "kernels/convert_s8.h"
#include "kernels/requantize.h"
#include "src/ops/byte_table.h"
#include "src/ops/common.h"
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

// The rarer pairs of types. `multiplier` is that of integers, or the inverse scale for floats.
template <class In, class Out>
class Convert final : public OpKernel {
 public:
  explicit Convert(float multiplier) : multiplier_(multiplier) {}

  const char* name() const override { return "quantize__scalar"; }
  void run(const RunContext& context) const override {
    const Tensor &from = context.node.input(0), &to = context.node.output(0);
    const In* in = context.in<In>(0);
    Out* out = context.out<Out>();
    const auto elements = static_cast<size_t>(context.shape_out().elements());
    const kernels::Output range = full_range(to);
    if constexpr (std::is_same_v<In, float>) {
      for (size_t i = 0; i < elements; ++i) {
        const float steps = std::isnan(in[i]) ? 0.0f : in[i] * multiplier_;
        out[i] = static_cast<Out>(kernels::quantize_steps(steps, range));
      }
    } else {
      const int32_t zero_point = from.quantization.zero_point();
      for (size_t i = 0; i < elements; ++i) {
        out[i] = static_cast<Out>(kernels::requantize(in[i] - zero_point, multiplier_, range));
      }
    }
  }

 private:
  const float multiplier_;
};

template <class In>
Choice choose_convert(DType out, float multiplier) {
  switch (out) {
    case DType::S8:
      return make_kernel<Convert<In, int8_t>>(multiplier);
    case DType::U8:
      return make_kernel<Convert<In, uint8_t>>(multiplier);
    default:
      return make_kernel<Convert<In, int16_t>>(multiplier);
  }
}

Choice choose(const Node& node, const ChooseContext& context) {
  const DType in = node.input(0).type, out = node.output(0).type;
  float multiplier;
  QRT_RETURN_IF_ERROR(in == DType::F32 ? make_inverse_scale(node, &multiplier)
                                       : make_multiplier(node, scale_ratio(node), &multiplier));
  if (in == DType::F32 && out == DType::S8) {
    return make_kernel<FloatToS8>(
        node, choose_kernel(kernels::convert_s8_kernels, context.features), multiplier);
  }
  if (dtype_bits(in) == 8 && dtype_bits(out) == 8) {
    return make_kernel<ByteTable>(choose_kernel(kernels::lut_kernels, context.features),
                                  table_entries(node, multiplier));
  }
  switch (in) {
    case DType::F32:
      return choose_convert<float>(out, multiplier);
    case DType::S8:
      return choose_convert<int8_t>(out, multiplier);
    case DType::U8:
      return choose_convert<uint8_t>(out, multiplier);
    default:
      return choose_convert<int16_t>(out, multiplier);
  }
}

}  // namespace

const OpDef kQuantizeOp = {choose};

}  // namespace qrt::rt
