// NonZero: the indices of the elements that are not zero, in their order.
#include <algorithm>

#include "src/ops/indices.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {
namespace {

bool is_zero(Truth value) { return !is_true(value); }
// Either zero, whatever its sign.
template <int kExponent, int kFraction>
bool is_zero(SmallFloat<kExponent, kFraction> value) {
  return (value.bits & 0x7FFF) == 0;
}
template <class T>
bool is_zero(T value) {
  return value == 0;
}

template <class T, class Index>
int64_t find(const T* in, const Shape& shape, Index* out) {
  const int64_t elements = shape.elements();
  const int rank = shape.rank();
  int64_t count = 0;
  for (int64_t i = 0; i < elements; ++i) {
    if (is_zero(in[i])) continue;
    Index* row = out + count++ * rank;
    int64_t rest = i;
    for (int axis = rank; axis-- > 0; rest /= shape[axis]) {
      row[axis] = static_cast<Index>(rest % shape[axis]);
    }
  }
  std::fill(out + count * rank, out + elements * rank, Index{0});
  return count;
}

template <class T>
void find(const RunContext& ctx) {
  with_index_type(ctx.node.output(0), [&](auto zero) {
    ctx.tell_count(find(ctx.in<T>(0), ctx.shape_in(0), ctx.out<decltype(zero)>()));
  });
}

class NonZeroKernel : public OpKernel {
 public:
  const char* name() const override { return "non_zero"; }

  void run(const RunContext& ctx) const override {
    switch (ctx.node.input(0).type) {
      case DType::F64:
        return find<double>(ctx);
      case DType::F16:
        return find<Half>(ctx);
      case DType::BF16:
        return find<BFloat16>(ctx);
      case DType::S8:
        return find<int8_t>(ctx);
      case DType::U8:
        return find<uint8_t>(ctx);
      case DType::S16:
        return find<int16_t>(ctx);
      case DType::S32:
        return find<int32_t>(ctx);
      case DType::S64:
        return find<int64_t>(ctx);
      case DType::Bool:
        return find<Truth>(ctx);
      default:
        return find<float>(ctx);
    }
  }
};

}  // namespace

const OpDef kNonZeroOp = {choose_only<NonZeroKernel>};

}  // namespace qrt::rt
