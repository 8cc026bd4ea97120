// Range: start, start + delta, ... Each element is computed by itself: floats in double, rounded
// once; integers wrap around.
#include <type_traits>

#include "src/ops/common.h"

namespace qrt::rt {
namespace {

template <class T>
T element(T start, T delta, int64_t i) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(static_cast<double>(start) +
                          static_cast<double>(i) * static_cast<double>(delta));
  } else {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(start) + static_cast<U>(i) * static_cast<U>(delta));
  }
}

template <class T>
class RangeKernel final : public OpKernel {
 public:
  const char* name() const override { return "range"; }
  void run(const RunContext& context) const override {
    const T start = *context.in<T>(0), delta = *context.in<T>(2);
    T* out = context.out<T>();
    const int64_t count = context.shape_out().elements();
    for (int64_t i = 0; i < count; ++i) out[i] = element(start, delta, i);
  }
};

Choice choose(const Node& node, const ChooseContext&) {
  switch (node.input(0).type) {
    case DType::F32:
      return make_kernel<RangeKernel<float>>();
    case DType::F64:
      return make_kernel<RangeKernel<double>>();
    case DType::S32:
      return make_kernel<RangeKernel<int32_t>>();
    default:
      return make_kernel<RangeKernel<int64_t>>();
  }
}

}  // namespace

const OpDef kRangeOp = {choose};

}  // namespace qrt::rt
