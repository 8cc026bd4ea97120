// Reduce: mean, sum, maximum, minimum and product over any set of axes. Of Bool, the maximum is
// whether any is true, the minimum whether all are.
//
// Quantized mean and sum add (q - zero point) exactly and requantize once, with the multiplier
// scale_in / (scale_out * count) or scale_in / scale_out; maximum and minimum keep their input's
// quantization.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/reduce_s8.h"
#include "src/ops/common.h"
#include "src/ops/fixed_multiplier.h"
#include "src/ops/multiplier.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

// Which axes are reduced; false if one is out of range or named twice.
bool reduced_axes(const Node& node, int rank, bool* reduced) {
  std::fill_n(reduced, kMaxRank, false);
  for (int32_t axis : *node.options<fb::Reduce>().axes()) {
    int resolved;
    if (!resolve_axis(axis, rank, &resolved) || reduced[resolved]) return false;
    reduced[resolved] = true;
  }
  return true;
}

// The input as blocks [outer][reduced][inner], or, when the reduced axes are not neighbours, as a
// walk with the output's strides.
struct ReducePlan {
  int rank = 0;
  size_t dims[kMaxRank] = {};
  size_t out_strides[kMaxRank] = {};  // 0 along reduced axes
  size_t out_elements = 1, count = 1;
};

ReducePlan plan_reduce(const Node& node, const Shape& in) {
  bool reduced[kMaxRank];
  (void)reduced_axes(node, in.rank(), reduced);
  ReducePlan plan;
  // Neighbouring axes of one kind are one axis.
  bool kind[kMaxRank] = {};
  for (int i = 0; i < in.rank(); ++i) {
    if (in[i] == 1) continue;
    if (plan.rank > 0 && kind[plan.rank - 1] == reduced[i]) {
      plan.dims[plan.rank - 1] *= static_cast<size_t>(in[i]);
    } else {
      kind[plan.rank] = reduced[i];
      plan.dims[plan.rank++] = static_cast<size_t>(in[i]);
    }
  }
  for (int i = plan.rank - 1; i >= 0; --i) {
    if (kind[i]) {
      plan.count *= plan.dims[i];
    } else {
      plan.out_strides[i] = plan.out_elements;
      plan.out_elements *= plan.dims[i];
    }
  }
  return plan;
}

// acc[o] = combine(acc[o], in) for every element, in the input's order.
template <class In, class Acc, class Combine>
void accumulate(const ReducePlan& plan, const In* in, Acc* acc, const Combine& combine) {
  const int last = plan.rank - 1;
  const size_t inner = plan.rank > 0 ? plan.dims[last] : 1;
  const size_t step = plan.rank > 0 ? plan.out_strides[last] : 0;
  size_t outer = 1;
  for (int i = 0; i < last; ++i) outer *= plan.dims[i];
  for (size_t r = 0; r < outer; ++r, in += inner) {
    size_t rest = r, offset = 0;
    for (int i = last - 1; i >= 0; --i) {
      offset += rest % plan.dims[i] * plan.out_strides[i];
      rest /= plan.dims[i];
    }
    Acc* target = acc + offset;
    if (step == 0) {
      Acc value = *target;
      for (size_t i = 0; i < inner; ++i) value = combine(value, in[i]);
      *target = value;
    } else {
      for (size_t i = 0; i < inner; ++i) target[i] = combine(target[i], in[i]);
    }
  }
}

// Calls body(rows, columns, first element of the input, first of the output) for the matrices that
// the innermost two axes of the plan make, one of which is reduced.
template <class Body>
void for_each_matrix(const ReducePlan& plan, const Body& body) {
  const size_t columns = plan.rank > 0 ? plan.dims[plan.rank - 1] : 1;
  const size_t rows = plan.rank > 1 ? plan.dims[plan.rank - 2] : 1;
  size_t matrices = 1;
  for (int i = 0; i < plan.rank - 2; ++i) matrices *= plan.dims[i];
  for (size_t m = 0; m < matrices; ++m) {
    size_t rest = m, offset = 0;
    for (int i = plan.rank - 3; i >= 0; --i) {
      offset += rest % plan.dims[i] * plan.out_strides[i];
      rest /= plan.dims[i];
    }
    body(rows, columns, m * rows * columns, offset);
  }
}

struct State : OpState {
  ReducePlan reduce;
  float multiplier = 0;  // of sums of quantized values
};

class ReduceS8 final : public RowKernel<kernels::ReduceS8Kernel> {
 public:
  explicit ReduceS8(const kernels::ReduceS8Kernel& row) : RowKernel(row) {}

  Status plan(const Node& node, PlanContext& context) const override {
    context.scratch_bytes =
        size_product(node.shape_out(context.shapes, 0).elements(), sizeof(int32_t));
    State& state = context.make<State>();
    state.reduce = plan_reduce(node, node.shape_in(context.shapes, 0));
    const auto kind = node.options<fb::Reduce>().kind();
    if (kind == fb::ReduceKind::Mean || kind == fb::ReduceKind::Sum) {
      double ratio = scale_ratio(node);
      if (kind == fb::ReduceKind::Mean) {
        ratio /= static_cast<double>(state.reduce.count);
      }
      QRT_RETURN_IF_ERROR(make_multiplier(node, ratio, &state.multiplier));
    }
    return {};
  }

  void run(const RunContext& context) const override {
    const ReducePlan& plan = context.planned<State>().reduce;
    const auto kind = context.node.options<fb::Reduce>().kind();
    if (kind == fb::ReduceKind::Max || kind == fb::ReduceKind::Min) {
      select(context, plan, kind == fb::ReduceKind::Max);
    } else {
      add(context, plan);
    }
  }

 private:
  // Whether the innermost axis is one of those that are reduced.
  static bool along_rows(const ReducePlan& plan) {
    return plan.rank > 0 && plan.out_strides[plan.rank - 1] == 0;
  }

  void select(const RunContext& context, const ReducePlan& plan, bool max) const {
    const auto* in = context.in<int8_t>(0);
    auto* out = context.out<int8_t>();
    const auto flip = static_cast<int8_t>(max ? 0 : -1);
    std::fill_n(out, plan.out_elements, static_cast<int8_t>(max ? -128 : 127));
    const auto run = along_rows(plan) ? row_.max_rows : row_.max_columns;
    for_each_matrix(plan, [&](size_t rows, size_t columns, size_t from, size_t to) {
      run(in + from, rows, columns, flip, out + to);
    });
  }

  void add(const RunContext& context, const ReducePlan& plan) const {
    const auto* in = context.in<int8_t>(0);
    auto* sums = reinterpret_cast<int32_t*>(context.scratch);
    std::fill_n(sums, plan.out_elements, 0);
    const auto run = along_rows(plan) ? row_.add_rows : row_.add_columns;
    for_each_matrix(plan, [&](size_t rows, size_t columns, size_t from, size_t to) {
      run(in + from, rows, columns, sums + to);
    });
    const Quantization& in_q = context.node.input(0).quantization;
    const Quantization& out_q = context.node.output(0).quantization;
    row_.requantize(sums, plan.out_elements, in_q.zero_point() * static_cast<int32_t>(plan.count),
                    context.planned<State>().multiplier, {out_q.zero_point(), -128, 127},
                    context.out<int8_t>());
  }
};

// Mean and sum; a mean's count divides the factor's mantissa, rounded down, as in TensorFlow Lite.
class AddS16 final : public OpKernel {
 public:
  explicit AddS16(kernels::FixedPoint factor) : factor_(factor) {}

  const char* name() const override { return "s16_reduce__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    context.scratch_bytes =
        size_product(node.shape_out(context.shapes, 0).elements(), sizeof(int32_t));
    context.make<State>().reduce = plan_reduce(node, node.shape_in(context.shapes, 0));
    return {};
  }

  void run(const RunContext& context) const override {
    const ReducePlan& plan = context.planned<State>().reduce;
    auto* sums = reinterpret_cast<int32_t*>(context.scratch);
    std::fill_n(sums, plan.out_elements, 0);
    accumulate(plan, context.in<int16_t>(0), sums, [](int32_t a, int16_t x) { return a + x; });
    const bool mean = context.node.options<fb::Reduce>().kind() == fb::ReduceKind::Mean;
    const kernels::FixedPoint factor = mean ? divided(factor_, plan.count) : factor_;
    auto* out = context.out<int16_t>();
    for (size_t i = 0; i < plan.out_elements; ++i) {
      out[i] = kernels::clamp_s16(kernels::scale_fixed32(sums[i], factor), {-32768, 32767});
    }
  }

 private:
  static kernels::FixedPoint divided(kernels::FixedPoint factor, size_t count) {
    int32_t shift = 0;
    while (count >> shift > 1) ++shift;
    shift = std::min(shift, 62 - factor.shift);
    const int64_t mantissa = (int64_t{factor.mantissa} << shift) / static_cast<int64_t>(count);
    return {static_cast<int32_t>(mantissa), factor.shift + shift};
  }

  const kernels::FixedPoint factor_;
};

template <class T>
T initial(fb::ReduceKind kind) {
  using L = std::numeric_limits<T>;
  switch (kind) {
    case fb::ReduceKind::Max:
      return L::has_infinity ? -L::infinity() : L::min();
    case fb::ReduceKind::Min:
      return L::has_infinity ? L::infinity() : L::max();
    case fb::ReduceKind::Prod:
      return 1;
    default:
      return 0;
  }
}

template <class T>
class PlainReduce final : public OpKernel {
 public:
  const char* name() const override { return "reduce__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = context.make<State>();
    state.reduce = plan_reduce(node, node.shape_in(context.shapes, 0));
    return {};
  }

  void run(const RunContext& context) const override {
    const ReducePlan& plan = context.planned<State>().reduce;
    const auto kind = context.node.options<fb::Reduce>().kind();
    const T* in = context.in<T>(0);
    T* out = context.out<T>();
    std::fill_n(out, plan.out_elements, initial<T>(kind));
    switch (kind) {
      case fb::ReduceKind::Max:
        return accumulate(plan, in, out, [](T a, T x) { return std::max(a, x); });
      case fb::ReduceKind::Min:
        return accumulate(plan, in, out, [](T a, T x) { return std::min(a, x); });
      case fb::ReduceKind::Prod:
        return accumulate(plan, in, out, [](T a, T x) { return wrap_mul(a, x); });
      case fb::ReduceKind::Sum:
      case fb::ReduceKind::Mean:
        break;
    }
    accumulate(plan, in, out, [](T a, T x) { return wrap_add(a, x); });
    if (kind == fb::ReduceKind::Mean) {
      for (size_t i = 0; i < plan.out_elements; ++i) out[i] /= static_cast<T>(plan.count);
    }
  }

 private:
  static T wrap_add(T a, T x) {
    if constexpr (std::is_integral_v<T>) {
      using U = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<U>(a) + static_cast<U>(x));
    } else {
      return a + x;
    }
  }
  static T wrap_mul(T a, T x) {
    if constexpr (std::is_integral_v<T>) {
      using U = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<uint64_t>(static_cast<U>(a)) * static_cast<U>(x));
    } else {
      return a * x;
    }
  }
};

class BoolReduce final : public OpKernel {
 public:
  const char* name() const override { return "reduce_bool__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    context.make<State>().reduce = plan_reduce(node, node.shape_in(context.shapes, 0));
    return {};
  }

  void run(const RunContext& context) const override {
    const ReducePlan& plan = context.planned<State>().reduce;
    const bool any = context.node.options<fb::Reduce>().kind() == fb::ReduceKind::Max;
    const uint8_t* in = context.in<uint8_t>(0);
    uint8_t* out = context.out<uint8_t>();
    std::fill_n(out, plan.out_elements, static_cast<uint8_t>(any ? 0 : 1));
    if (any) {
      accumulate(plan, in, out, [](uint8_t a, uint8_t x) -> uint8_t { return a != 0 || x != 0; });
    } else {
      accumulate(plan, in, out, [](uint8_t a, uint8_t x) -> uint8_t { return a != 0 && x != 0; });
    }
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  switch (node.input(0).type) {
    case DType::Bool:
      return make_kernel<BoolReduce>();
    case DType::U8:
      return make_kernel<PlainReduce<uint8_t>>();
    case DType::S16: {
      const auto kind = node.options<fb::Reduce>().kind();
      if (kind == fb::ReduceKind::Max || kind == fb::ReduceKind::Min) {
        return make_kernel<PlainReduce<int16_t>>();
      }
      kernels::FixedPoint factor;
      QRT_RETURN_IF_ERROR(make_fixed(node, scale_ratio(node), &factor));
      return make_kernel<AddS16>(factor);
    }
    case DType::S8:
      return make_kernel<ReduceS8>(choose_kernel(kernels::reduce_s8_kernels, context.features));
    case DType::F32:
      return make_kernel<PlainReduce<float>>();
    case DType::F64:
      return make_kernel<PlainReduce<double>>();
    case DType::S32:
      return make_kernel<PlainReduce<int32_t>>();
    default:
      return make_kernel<PlainReduce<int64_t>>();
  }
}

}  // namespace

const OpDef kReduceOp = {choose};

}  // namespace qrt::rt
