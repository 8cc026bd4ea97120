// Cast: elements converted to another type, as numpy's astype does for values in range. Integers
// out of range keep their low bits. Floats are truncated toward zero; those out of range give the
// nearest integer, and NaN gives 0. To a float of 16 bits they are rounded once, half to even. To
// bool: whether it is not zero. Of quantized tensors it takes the stored integers.
#include <limits>
#include <type_traits>

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

template <class T>
constexpr bool is_small_float = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

template <class To, class From>
To convert(From value) {
  if constexpr (is_small_float<From> && std::is_same_v<From, To>) {
    return value;
  } else if constexpr (is_small_float<From>) {
    return convert<To>(static_cast<double>(value));
  } else if constexpr (is_small_float<To> && !std::is_same_v<From, double>) {
    return To(convert<double>(value));
  } else if constexpr (std::is_same_v<From, Truth>) {
    return static_cast<To>(is_true(value) ? 1 : 0);
  } else if constexpr (std::is_same_v<To, Truth>) {
    return truth_of(value != 0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Limits = std::numeric_limits<To>;
    constexpr From kAbove = static_cast<From>(uint64_t{1} << Limits::digits);
    constexpr From kLowest = static_cast<From>(Limits::min());
    if (value >= kAbove) return Limits::max();
    if (value <= kLowest) return Limits::min();
    return value == value ? static_cast<To>(value) : To{0};
  } else {
    return static_cast<To>(value);
  }
}

using Convert = void (*)(const void* from, void* to, size_t first, size_t last);

template <class To, class From>
void convert_all(const void* from, void* to, size_t first, size_t last) {
  const From* in = static_cast<const From*>(from);
  To* out = static_cast<To*>(to);
  for (size_t i = first; i < last; ++i) out[i] = convert<To>(in[i]);
}

// Calls visit with a value of the C++ type of the elements; a null Convert if there is none.
template <class Visit>
Convert with_type(DType type, const Visit& visit) {
  switch (type) {
    case DType::F32:
      return visit(float{});
    case DType::F64:
      return visit(double{});
    case DType::F16:
      return visit(Half{});
    case DType::BF16:
      return visit(BFloat16{});
    case DType::S8:
      return visit(int8_t{});
    case DType::U8:
      return visit(uint8_t{});
    case DType::S16:
      return visit(int16_t{});
    case DType::S32:
      return visit(int32_t{});
    case DType::S64:
      return visit(int64_t{});
    case DType::Bool:
      return visit(Truth{});
    default:
      return nullptr;
  }
}

Convert find_convert(DType from, DType to) {
  return with_type(from, [&](auto in) {
    return with_type(to,
                     [&](auto out) -> Convert { return convert_all<decltype(out), decltype(in)>; });
  });
}

class CastKernel : public OpKernel {
 public:
  explicit CastKernel(Convert convert) : convert_(convert) {}
  const char* name() const override { return "cast"; }

  void run(const RunContext& ctx) const override {
    const void* from = ctx.in<void>(0);
    void* to = ctx.out<void>();
    ctx.pool.parallel_for(
        static_cast<size_t>(ctx.shape_out().elements()), dtype_bytes(ctx.node.output(0).type),
        [&](size_t begin, size_t end, size_t) { convert_(from, to, begin, end); });
  }

  // Elements of one size are read just before their place is written.
  bool may_overwrite(const Node& node, const Shapes&, size_t) const override {
    return dtype_bits(node.input(0).type) == dtype_bits(node.output(0).type);
  }

 private:
  const Convert convert_;
};

Choice choose(const Node& node, const ChooseContext&) {
  return make_kernel<CastKernel>(find_convert(node.input(0).type, node.output(0).type));
}

}  // namespace

const OpDef kCastOp = {choose};

}  // namespace qrt::rt
