// Unary: a function of each element. In s8 a table of 256 entries, computed in double when the
// Program is built; in float the function itself, in vectors where kernels/function_f32.h has it.
#include <algorithm>
#include <optional>

#include "kernels/function_f32.h"
#include "src/ops/byte_table.h"
#include "src/ops/common.h"
#include "src/ops/float_table.h"
#include "src/ops/row_kernel.h"
#include "src/ops/unary_functions.h"
#include "src/ops/unary_s16.h"

namespace qrt::rt {
namespace {

ByteTable::Entries table_entries(const Node& node) {
  ByteTable::Entries entries;
  const kernels::Output limits =
      quantized_output(node.options<fb::Unary>().clamp(), node.output(0));
  for (int i = 0; i < 256; ++i) {
    const int32_t q = quantized_unary(node, static_cast<int8_t>(i), limits.min, limits.max);
    entries[static_cast<size_t>(i)] = static_cast<uint8_t>(static_cast<int8_t>(q));
  }
  return entries;
}

template <class T>
class Plain final : public OpKernel {
 public:
  explicit Plain(const Node& node) : limits_(clamp_limits(node.options<fb::Unary>().clamp())) {}

  const char* name() const override { return "unary__scalar"; }
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
  void run(const RunContext& context) const override {
    const auto& options = context.node.options<fb::Unary>();
    const T* in = context.in<T>(0);
    T* out = context.out<T>();
    const size_t cost = options.kind() == fb::UnaryKind::Clip ? 1 : 32;
    context.pool.parallel_for(
        static_cast<size_t>(context.shape_out().elements()), cost,
        [&](size_t begin, size_t end, size_t) {
          if constexpr (std::is_floating_point_v<T>) {
            if (options.kind() == fb::UnaryKind::Clip) {
              for (size_t i = begin; i < end; ++i) {
                out[i] = std::min(std::max(in[i], T{limits_.min}), T{limits_.max});
              }
              return;
            }
          }
          for (size_t i = begin; i < end; ++i) {
            const double y = unary_function(options.kind(), static_cast<double>(in[i]),
                                            options.alpha(), options.beta());
            out[i] = convert(y);
          }
        });
  }

 private:
  // Back to the element type, clamped; integers saturate.
  T convert(double y) const {
    const double clamped =
        std::min(std::max(y, static_cast<double>(limits_.min)), static_cast<double>(limits_.max));
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(clamped);
    } else {
      // 2^31 and 2^63 themselves do not fit, so the upper limit is exclusive.
      constexpr double kLimit = -static_cast<double>(std::numeric_limits<T>::min());
      if (!(clamped < kLimit)) return std::numeric_limits<T>::max();
      return clamped < -kLimit ? std::numeric_limits<T>::min() : static_cast<T>(clamped);
    }
  }

  Limits limits_;
};

// The vector function that a node is, with its limits; nothing if it is none.
std::optional<kernels::FunctionF32Args> vector_function(const fb::Unary& options) {
  using kernels::FunctionF32;
  const Limits limits = clamp_limits(options.clamp());
  const auto function = [&](FunctionF32 f, float alpha = 0, float beta = 0, float gamma = 0) {
    return kernels::FunctionF32Args{f, alpha, beta, gamma, limits.min, limits.max};
  };
  const float alpha = options.alpha(), beta = options.beta();
  switch (options.kind()) {
    case fb::UnaryKind::Exp:
      return function(FunctionF32::Exp);
    case fb::UnaryKind::Logistic:
      return function(FunctionF32::Logistic);
    case fb::UnaryKind::Tanh:
      return function(FunctionF32::Tanh);
    case fb::UnaryKind::Erf:
      return function(FunctionF32::Erf);
    case fb::UnaryKind::Silu:
      return function(FunctionF32::Silu);
    case fb::UnaryKind::Gelu:
      return function(FunctionF32::Gelu);
    case fb::UnaryKind::GeluTanh:
      return function(FunctionF32::GeluTanh);
    case fb::UnaryKind::Mish:
      return function(FunctionF32::Mish);
    case fb::UnaryKind::Elu:
      return function(FunctionF32::Elu, alpha, 1, 1);
    case fb::UnaryKind::Selu:
      return function(FunctionF32::Elu, alpha * beta, beta, 1);
    case fb::UnaryKind::Celu:
      return function(FunctionF32::Elu, alpha, 1, 1 / alpha);
    case fb::UnaryKind::HardSigmoid:
      return function(FunctionF32::HardSigmoid, alpha, beta);
    case fb::UnaryKind::HardSwish:
      return function(FunctionF32::HardSwish);
    case fb::UnaryKind::LeakyRelu:
      return function(FunctionF32::LeakyRelu, alpha);
    default:
      return std::nullopt;
  }
}

class VectorFunction final : public RowKernel<kernels::FunctionF32Kernel> {
 public:
  VectorFunction(const kernels::FunctionF32Kernel& row, const kernels::FunctionF32Args& args)
      : RowKernel(row), args_(args) {}

  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
  void run(const RunContext& context) const override {
    context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), 4,
                              [&](size_t begin, size_t end, size_t) {
                                row_.run(args_, context.in<float>(0) + begin, end - begin,
                                         context.out<float>() + begin);
                              });
  }

 private:
  kernels::FunctionF32Args args_;
};

Choice choose_f32(const Node& node, const ChooseContext& context) {
  const auto args = vector_function(node.options<fb::Unary>());
  if (!args) return make_kernel<Plain<float>>(node);
  return make_kernel<VectorFunction>(choose_kernel(kernels::function_f32_kernels, context.features),
                                     *args);
}

// The only function of bools.
class Not final : public OpKernel {
 public:
  const char* name() const override { return "not__scalar"; }
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
  void run(const RunContext& context) const override {
    const auto* in = context.in<Truth>(0);
    auto* out = context.out<Truth>();
    context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), 2,
                              [&](size_t begin, size_t end, size_t) {
                                for (size_t i = begin; i < end; ++i) {
                                  out[i] = truth_of(!is_true(in[i]));
                                }
                              });
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  switch (node.input(0).type) {
    case DType::S8:
      return make_kernel<ByteTable>(choose_kernel(kernels::lut_kernels, context.features),
                                    table_entries(node));
    case DType::S16:
      return choose_unary_s16(node, context);
    case DType::F32:
      return choose_f32(node, context);
    case DType::F64:
      return make_kernel<Plain<double>>(node);
    case DType::S32:
      return make_kernel<Plain<int32_t>>(node);
    case DType::S64:
      return make_kernel<Plain<int64_t>>(node);
    case DType::Bool:
      return make_kernel<Not>();
    default:
      return node.fail(Code::Unsupported, "cannot run on %s", dtype_name(node.input(0).type));
  }
}

}  // namespace

const OpDef kUnaryOp = {choose};

}  // namespace qrt::rt
