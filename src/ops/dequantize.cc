// Dequantize: quantized values (s8, u8, s16, s32; per tensor or per axis) to float.
#include "kernels/convert_s8.h"
#include "src/ops/common.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

class S8ToFloat final : public RowKernel<kernels::ConvertS8Kernel> {
 public:
  explicit S8ToFloat(const kernels::ConvertS8Kernel& row) : RowKernel(row) {}
  void run(const RunContext& context) const override {
    const Quantization& q = context.node.input(0).quantization;
    context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), 4,
                              [&](size_t begin, size_t end, size_t) {
                                row_.s8_to_f32(context.in<int8_t>(0) + begin, end - begin,
                                               q.scale(), q.zero_point(),
                                               context.out<float>() + begin);
                              });
  }
};

template <class T>
class ToFloat final : public OpKernel {
 public:
  const char* name() const override { return "dequantize__scalar"; }
  void run(const RunContext& context) const override {
    const Quantization& q = context.node.input(0).quantization;
    const Shape& shape = context.shape_in(0);
    const T* in = context.in<T>(0);
    float* out = context.out<float>();
    // [outer][axis][inner], one scale an index of the axis.
    const auto elements = static_cast<size_t>(shape.elements());
    const size_t scales = q.scales.size();
    const size_t inner =
        q.per_tensor() ? elements : static_cast<size_t>(shape.elements(q.axis + 1, shape.rank()));
    for (size_t first = 0, s = 0; first < elements; first += inner, s = (s + 1) % scales) {
      const double zero_point = q.zero_point(s);
      const float scale = q.scale(s);
      for (size_t i = first; i < first + inner; ++i) {
        out[i] = static_cast<float>(static_cast<double>(in[i]) - zero_point) * scale;
      }
    }
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  const Tensor& in = node.input(0);
  switch (in.type) {
    case DType::S8:
      if (!in.quantization.per_tensor()) return make_kernel<ToFloat<int8_t>>();
      return make_kernel<S8ToFloat>(choose_kernel(kernels::convert_s8_kernels, context.features));
    case DType::U8:
      return make_kernel<ToFloat<uint8_t>>();
    case DType::S16:
      return make_kernel<ToFloat<int16_t>>();
    default:
      return make_kernel<ToFloat<int32_t>>();
  }
}

}  // namespace

const OpDef kDequantizeOp = {choose};

}  // namespace qrt::rt
