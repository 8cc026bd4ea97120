// Binary on values that are not quantized (f32, f64, s32, s64), comparisons and logic. Integer
// division by zero gives zero, since a run cannot fail; integers wrap around.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "src/ops/binary.h"

namespace qrt::rt {
namespace {

// Wrapping arithmetic for integers, plain for floats.
template <class T>
struct Arithmetic {
  static T add(T a, T b) { return a + b; }
  static T sub(T a, T b) { return a - b; }
  static T mul(T a, T b) { return a * b; }
  static T div(T a, T b) { return a / b; }
  static T floor_div(T a, T b) { return std::floor(a / b); }
  // Exact, whatever the quotient's size; of the divisor's sign.
  static T floor_mod(T a, T b) {
    const T rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  static T pow(T a, T b) { return std::pow(a, b); }
};
template <class T>
struct IntegerArithmetic {
  using U = std::make_unsigned_t<T>;
  static T add(T a, T b) { return static_cast<T>(static_cast<U>(a) + static_cast<U>(b)); }
  static T sub(T a, T b) { return static_cast<T>(static_cast<U>(a) - static_cast<U>(b)); }
  static T mul(T a, T b) { return static_cast<T>(static_cast<U>(a) * static_cast<U>(b)); }
  static T div(T a, T b) { return b == 0 ? 0 : b == -1 ? sub(0, a) : a / b; }
  static T floor_div(T a, T b) {
    if (b == 0 || b == -1) return div(a, b);
    const T q = a / b;
    return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
  }
  static T floor_mod(T a, T b) { return sub(a, mul(floor_div(a, b), b)); }
  static T pow(T a, T b) {
    if (b < 0) return a == 1 ? 1 : 0;
    T result = 1;
    for (; b > 0; b >>= 1, a = mul(a, a)) {
      if (b & 1) result = mul(result, a);
    }
    return result;
  }
};
template <>
struct Arithmetic<int32_t> : IntegerArithmetic<int32_t> {};
template <>
struct Arithmetic<int64_t> : IntegerArithmetic<int64_t> {};

template <class T>
T evaluate(fb::BinaryKind kind, T a, T b) {
  using A = Arithmetic<T>;
  switch (kind) {
    case fb::BinaryKind::Add:
      return A::add(a, b);
    case fb::BinaryKind::Sub:
      return A::sub(a, b);
    case fb::BinaryKind::Mul:
      return A::mul(a, b);
    case fb::BinaryKind::Div:
      return A::div(a, b);
    case fb::BinaryKind::FloorDiv:
      return A::floor_div(a, b);
    case fb::BinaryKind::FloorMod:
      return A::floor_mod(a, b);
    case fb::BinaryKind::Min:
      return std::min(a, b);
    case fb::BinaryKind::Max:
      return std::max(a, b);
    case fb::BinaryKind::Pow:
      return A::pow(a, b);
    case fb::BinaryKind::SquaredDifference:
      return A::mul(A::sub(a, b), A::sub(a, b));
    default:
      return T{};
  }
}

template <class T>
bool compare(fb::BinaryKind kind, T a, T b) {
  switch (kind) {
    case fb::BinaryKind::Equal:
      return a == b;
    case fb::BinaryKind::NotEqual:
      return a != b;
    case fb::BinaryKind::Less:
      return a < b;
    case fb::BinaryKind::LessEqual:
      return a <= b;
    case fb::BinaryKind::Greater:
      return a > b;
    case fb::BinaryKind::GreaterEqual:
      return a >= b;
    case fb::BinaryKind::And:
      return a && b;
    case fb::BinaryKind::Or:
      return a || b;
    default:
      return false;
  }
}

// Truths compare as 0 and 1, whatever their bytes.
template <>
bool compare(fb::BinaryKind kind, Truth a, Truth b) {
  return compare<int>(kind, is_true(a), is_true(b));
}

// The common operators have loops of their own.
template <class T>
void compute(fb::BinaryKind kind, const T* a, size_t a_step, const T* b, size_t b_step, size_t n,
             T* out) {
  using A = Arithmetic<T>;
  switch (kind) {
    case fb::BinaryKind::Add:
      return loop(a, a_step, b, b_step, n, out, [](T x, T y) { return A::add(x, y); });
    case fb::BinaryKind::Sub:
      return loop(a, a_step, b, b_step, n, out, [](T x, T y) { return A::sub(x, y); });
    case fb::BinaryKind::Mul:
      return loop(a, a_step, b, b_step, n, out, [](T x, T y) { return A::mul(x, y); });
    default:
      loop(a, a_step, b, b_step, n, out, [kind](T x, T y) { return evaluate<T>(kind, x, y); });
  }
}

// The limits of a clamp as elements: of integers those within it, or the nearest that the type has.
template <class T>
T nearest_whole(double x) {
  constexpr double kLowest = static_cast<double>(std::numeric_limits<T>::min());
  if (x <= kLowest) return std::numeric_limits<T>::min();
  return x >= -kLowest ? std::numeric_limits<T>::max() : static_cast<T>(x);
}
template <class T>
T lower_limit(float min) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(min);
  } else {
    return nearest_whole<T>(std::ceil(static_cast<double>(min)));
  }
}
template <class T>
T upper_limit(float max) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(max);
  } else {
    return nearest_whole<T>(std::floor(static_cast<double>(max)));
  }
}

// Truths and bytes have none.
template <class T>
struct ElementClamp {
  bool any = false;
  T low = T(), high = T();

  explicit ElementClamp(const fb::Clamp* clamp) {
    if constexpr (!std::is_same_v<T, Truth> && !std::is_same_v<T, int8_t> &&
                  !std::is_same_v<T, int16_t>) {
      const Limits limits = clamp_limits(clamp);
      any = !std::isinf(limits.min) || !std::isinf(limits.max);
      low = lower_limit<T>(limits.min);
      high = upper_limit<T>(limits.max);
    }
  }
};

template <class T>
class PlainBinary final : public OpKernel {
 public:
  explicit PlainBinary(const Node& node)
      : kind_(node.options<fb::Binary>().kind()),
        compares_(node.output(0).type == DType::Bool),
        clamp_(node.options<fb::Binary>().clamp()) {}

  const char* name() const override { return "binary__scalar"; }
  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return node.output(0).type == node.input(input).type &&
           node.shape_in(shapes, input) == node.shape_out(shapes, 0);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    return plan_binary(node, context);
  }
  void run(const RunContext& context) const override {
    run_broadcast<T>(
        context, [&](const T* a, size_t a_step, const T* b, size_t b_step, size_t n, size_t first) {
          // In blocks that stay in the first cache until they are clamped.
          constexpr size_t kBlock = 4096;
          for (size_t i = 0; i < n; i += kBlock) {
            run_one(a + i * a_step, a_step, b + i * b_step, b_step, std::min(kBlock, n - i),
                    context, first + i);
          }
        });
  }

 private:
  void run_one(const T* a, size_t a_step, const T* b, size_t b_step, size_t n,
               const RunContext& context, size_t first) const {
    if (compares_) {
      loop(a, a_step, b, b_step, n, context.out<Truth>() + first,
           [kind = kind_](T x, T y) { return truth_of(compare<T>(kind, x, y)); });
      return;
    }
    T* out = context.out<T>() + first;
    if constexpr (!std::is_same_v<T, Truth> && !std::is_same_v<T, int8_t> &&
                  !std::is_same_v<T, int16_t>) {
      compute(kind_, a, a_step, b, b_step, n, out);
      if (!clamp_.any) return;
      const T low = clamp_.low, high = clamp_.high;
      for (size_t i = 0; i < n; ++i) out[i] = std::min(std::max(out[i], low), high);
    }
  }

  fb::BinaryKind kind_;
  bool compares_;
  ElementClamp<T> clamp_;
};

}  // namespace

Choice choose_binary_plain(const Node& node) {
  switch (node.input(0).type) {
    case DType::F32:
      return make_kernel<PlainBinary<float>>(node);
    case DType::F64:
      return make_kernel<PlainBinary<double>>(node);
    case DType::S32:
      return make_kernel<PlainBinary<int32_t>>(node);
    case DType::S64:
      return make_kernel<PlainBinary<int64_t>>(node);
    case DType::S8:
      return make_kernel<PlainBinary<int8_t>>(node);
    case DType::S16:
      return make_kernel<PlainBinary<int16_t>>(node);
    case DType::Bool:
      return make_kernel<PlainBinary<Truth>>(node);
    default:
      return node.fail(Code::Unsupported, "cannot run on %s", dtype_name(node.input(0).type));
  }
}

}  // namespace qrt::rt
