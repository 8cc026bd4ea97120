// Quantize: float to s8, u8 or s16, or one quantization to another. A change between s8 and u8 that
// only shifts the zero point is exact.
#include <algorithm>

#include "kernels/convert_s8.h"
#include "kernels/requantize.h"
#include "src/ops/byte_table.h"
#include "src/ops/common.h"
#include "src/ops/kernel_choice.h"

namespace qrt::rt {
namespace {

bool is_small_integer(DType type) {
  return type == DType::S8 || type == DType::U8 || type == DType::S16;
}

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  const Tensor &in = node.input(0), &out = node.output(0);
  const bool from_float = in.type == DType::F32;
  const bool from_integer =
      is_small_integer(in.type) && in.quantization.present() && in.quantization.per_tensor();
  if (!is_small_integer(out.type) || !out.quantization.present() ||
      !out.quantization.per_tensor() || !(from_float || from_integer)) {
    return node.fail(Code::Unsupported, "cannot quantize %s to %s with these scales",
                     dtype_name(in.type), dtype_name(out.type));
  }
  set_output(node, shapes, 0, node.shape_in(shapes, 0));
  return {};
}

kernels::Output full_range(const Tensor& out) {
  IntRange range = {0, 0};
  (void)quantized_range(out.type, &range);
  return {out.quantization.zero_point(), range.min, range.max};
}

// Eight bits to eight bits.
ByteTable::Entries table_entries(const Node& node) {
  ByteTable::Entries entries;
  const Tensor &in = node.input(0), &out = node.output(0);
  const auto multiplier =
      static_cast<float>(static_cast<double>(in.quantization.scale()) / out.quantization.scale());
  for (int i = 0; i < 256; ++i) {
    const int32_t q = in.type == DType::S8 ? static_cast<int8_t>(i) : i;
    entries[static_cast<size_t>(i)] = static_cast<uint8_t>(
        kernels::requantize(q - in.quantization.zero_point(), multiplier, full_range(out)));
  }
  return entries;
}

class FloatToS8 final : public OpKernel {
 public:
  explicit FloatToS8(const kernels::ConvertS8Kernel& kernel) : kernel_(kernel) {}
  const char* name() const override { return kernel_.name; }
  void run(const RunContext& context) const override {
    const Tensor& out = context.node.output(0);
    const float inverse = 1.0f / out.quantization.scale();
    context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), 4,
                              [&](size_t begin, size_t end, size_t) {
                                kernel_.f32_to_s8(context.in<float>(0) + begin, end - begin,
                                                  inverse, full_range(out),
                                                  context.out<int8_t>() + begin);
                              });
  }

 private:
  const kernels::ConvertS8Kernel& kernel_;
};

// The rarer pairs of types.
template <class In, class Out>
class Convert final : public OpKernel {
 public:
  const char* name() const override { return "quantize__scalar"; }
  void run(const RunContext& context) const override {
    const Tensor &from = context.node.input(0), &to = context.node.output(0);
    const In* in = context.in<In>(0);
    Out* out = context.out<Out>();
    const auto elements = static_cast<size_t>(context.shape_out().elements());
    const kernels::Output range = full_range(to);
    if constexpr (std::is_same_v<In, float>) {
      const float inverse = 1.0f / to.quantization.scale();
      for (size_t i = 0; i < elements; ++i) {
        const float steps = std::isnan(in[i]) ? 0.0f : in[i] * inverse;
        out[i] = static_cast<Out>(kernels::quantize_steps(steps, range));
      }
    } else {
      const auto multiplier = static_cast<float>(static_cast<double>(from.quantization.scale()) /
                                                 to.quantization.scale());
      const int32_t zero_point = from.quantization.zero_point();
      for (size_t i = 0; i < elements; ++i) {
        out[i] = static_cast<Out>(kernels::requantize(in[i] - zero_point, multiplier, range));
      }
    }
  }
};

template <class In>
std::unique_ptr<OpKernel> make_convert(DType out) {
  switch (out) {
    case DType::S8:
      return std::make_unique<Convert<In, int8_t>>();
    case DType::U8:
      return std::make_unique<Convert<In, uint8_t>>();
    default:
      return std::make_unique<Convert<In, int16_t>>();
  }
}

Status prepare(const Node& node, const BuildContext& context, std::unique_ptr<OpKernel>* kernel) {
  const DType in = node.input(0).type, out = node.output(0).type;
  if (in == DType::F32 && out == DType::S8) {
    *kernel = std::make_unique<FloatToS8>(choose_kernel(kernels::convert_s8_kernels, context.features));
  } else if (dtype_bits(in) == 8 && dtype_bits(out) == 8) {
    *kernel = std::make_unique<ByteTable>(choose_kernel(kernels::lut_kernels, context.features),
                                          table_entries(node));
  } else {
    switch (in) {
      case DType::F32:
        *kernel = make_convert<float>(out);
        break;
      case DType::S8:
        *kernel = make_convert<int8_t>(out);
        break;
      case DType::U8:
        *kernel = make_convert<uint8_t>(out);
        break;
      default:
        *kernel = make_convert<int16_t>(out);
    }
  }
  return {};
}

}  // namespace

const OpDef kQuantizeOp = {fb::OpOptions::Quantize, infer, prepare};

}  // namespace qrt::rt
