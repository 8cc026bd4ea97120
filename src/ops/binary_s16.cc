// s16 Binary: Add, Sub and Mul by kernels, the rarer operators in double, element by element.
#include <algorithm>
#include <cmath>

#include "kernels/elementwise_s16.h"
#include "src/ops/binary.h"
#include "src/ops/fixed_multiplier.h"
#include "src/ops/float_table.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

using Row = kernels::ElementwiseS16Kernel;

kernels::RangeS16 output_range(const Node& node) {
  return range_s16(node.options<fb::Binary>().clamp(), node.output(0));
}

class Broadcasting : public OpKernel {
 public:
  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return node.shape_in(shapes, input) == node.shape_out(shapes, 0);
  }
  Status plan(const Node& node, PlanContext& context) const override {
    return plan_binary(node, context);
  }
};

// Args: kernels::AddS16Args or MulS16Args.
template <class Args>
class Arithmetic final : public Broadcasting {
 public:
  using Run = void (*)(const Args& args, const int16_t* a, size_t a_step, const int16_t* b,
                       size_t b_step, size_t n, int16_t* out);
  Arithmetic(const Row& row, Run function, const Args& args)
      : row_(row), run_(function), args_(args) {}

  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

  void run(const RunContext& context) const override {
    auto* out = context.out<int16_t>();
    run_broadcast<int16_t>(
        context, [&](const int16_t* a, size_t a_step, const int16_t* b, size_t b_step, size_t n,
                     size_t first) { run_(args_, a, a_step, b, b_step, n, out + first); });
  }

 private:
  const Row& row_;
  const Run run_;
  const Args args_;
};

Status make_args(const Node& node, kernels::AddS16Args* args) {
  const double a = node.input(0).quantization.scale(), b = node.input(1).quantization.scale();
  const double twice_larger = 2 * std::max(a, b);
  const double out = node.output(0).quantization.scale();
  QRT_RETURN_IF_ERROR(make_fixed(node, a / twice_larger, &args->a));
  QRT_RETURN_IF_ERROR(make_fixed(node, b / twice_larger, &args->b));
  QRT_RETURN_IF_ERROR(make_fixed(node, twice_larger / (32768 * out), &args->out));
  args->subtract = node.options<fb::Binary>().kind() == fb::BinaryKind::Sub;
  args->range = output_range(node);
  return {};
}

Status make_args(const Node& node, kernels::MulS16Args* args) {
  args->range = output_range(node);
  // TensorFlow Lite multiplies and divides these scales as floats.
  const float ratio = node.input(0).quantization.scale() * node.input(1).quantization.scale() /
                      node.output(0).quantization.scale();
  return make_fixed(node, static_cast<double>(ratio), &args->factor);
}

template <class Args>
Choice choose_arithmetic(const Node& node, const Row& row, typename Arithmetic<Args>::Run run) {
  Args args{};
  QRT_RETURN_IF_ERROR(make_args(node, &args));
  return make_kernel<Arithmetic<Args>>(row, run, args);
}

// The function of the real numbers, as the tables of s8 have it.
class EvaluateS16 final : public Broadcasting {
 public:
  explicit EvaluateS16(const Node& node) : range_(output_range(node)) {}

  const char* name() const override { return "s16_binary__scalar"; }

  void run(const RunContext& context) const override {
    const Node& node = context.node;
    const auto kind = node.options<fb::Binary>().kind();
    const Quantization &qa = node.input(0).quantization, &qb = node.input(1).quantization;
    const Quantization& to = node.output(0).quantization;
    auto* out = context.out<int16_t>();
    run_broadcast<int16_t>(context, [&](const int16_t* a, size_t a_step, const int16_t* b,
                                        size_t b_step, size_t n, size_t first) {
      loop(a, a_step, b, b_step, n, out + first, [&](int16_t x, int16_t y) {
        return static_cast<int16_t>(
            quantized_binary(kind, x, qa, y, qb, to, range_.min, range_.max));
      });
    });
  }

 private:
  const kernels::RangeS16 range_;
};

}  // namespace

Choice choose_binary_s16(const Node& node, const ChooseContext& context) {
  const Row& row = choose_kernel(kernels::elementwise_s16_kernels, context.features);
  switch (node.options<fb::Binary>().kind()) {
    case fb::BinaryKind::Add:
    case fb::BinaryKind::Sub:
      return choose_arithmetic<kernels::AddS16Args>(node, row, row.add);
    case fb::BinaryKind::Mul:
      return choose_arithmetic<kernels::MulS16Args>(node, row, row.mul);
    default:
      return make_kernel<EvaluateS16>(node);
  }
}

}  // namespace qrt::rt
