#include "src/ops/unary_s16.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "src/ops/fixed_multiplier.h"
#include "src/ops/row_kernel.h"
#include "src/ops/table_s16.h"
#include "src/ops/unary_functions.h"

namespace qrt::rt {
namespace {

using Row = kernels::ElementwiseS16Kernel;

kernels::RangeS16 output_range(const Node& node) {
  return range_s16(node.options<fb::Unary>().clamp(), node.output(0));
}

// Calls body(in, n, out) for parts of the tensors; an element costs as much as `cost` bytes moved.
template <class Body>
void for_parts(const RunContext& context, uint64_t cost, const Body& body) {
  context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), cost,
                            [&](size_t begin, size_t end, size_t) {
                              body(context.in<int16_t>(0) + begin, end - begin,
                                   context.out<int16_t>() + begin);
                            });
}

class InPlace : public RowKernel<Row> {
 public:
  using RowKernel::RowKernel;
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
};

// Clip and LeakyRelu.
class ScaleS16 final : public InPlace {
 public:
  explicit ScaleS16(const Row& row) : InPlace(row) {}

  Status set_factors(const Node& node) {
    const auto& options = node.options<fb::Unary>();
    // TensorFlow Lite multiplies and divides these scales as floats.
    const float in = node.input(0).quantization.scale(), out = node.output(0).quantization.scale();
    args_.range = output_range(node);
    QRT_RETURN_IF_ERROR(make_fixed(node, static_cast<double>(in / out), &args_.above));
    args_.below = args_.above;
    if (options.kind() == fb::UnaryKind::Clip) return {};
    const float below = in * options.alpha() / out;
    args_.negate_below = below < 0;
    return make_fixed(node, static_cast<double>(std::fabs(below)), &args_.below);
  }

  void run(const RunContext& context) const override {
    for_parts(context, 2,
              [&](const int16_t* in, size_t n, int16_t* out) { row_.scale(args_, in, n, out); });
  }

 private:
  kernels::ScaleS16Args args_ = {};
};

// The sigmoid at 0, 1/24, 2/24.. in steps of 2^-16. Each entry is raised by a sixteenth of the
// second difference there, which halves the error of interpolation; the last one is 1.
const uint16_t* sigmoid_table() {
  static const auto table = [] {
    std::array<uint16_t, kernels::kS16SigmoidEntries> entries;
    const auto sigmoid = [](double i) { return 65536.0 / (1.0 + std::exp(-i / 24.0)); };
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto x = static_cast<double>(i);
      const double bend = sigmoid(x + 1) - 2 * sigmoid(x) + sigmoid(x - 1);
      entries[i] = static_cast<uint16_t>(std::round(sigmoid(x) - bend / 16));
    }
    entries.back() = 65535;
    return entries;
  }();
  return table.data();
}

// Logistic and Tanh in steps of 2^-15.
class SigmoidS16 final : public InPlace {
 public:
  SigmoidS16(const Node& node, const Row& row)
      : InPlace(row),
        run_(node.options<fb::Unary>().kind() == fb::UnaryKind::Tanh ? row.tanh : row.logistic) {
    args_.table = sigmoid_table();
    args_.range = output_range(node);
    // Inputs in steps of 2^-12 / 3 are at an entry of the table every 512.
    const float scale = node.input(0).quantization.scale();
    const double log2 = static_cast<double>(std::log(scale) * (1.0f / std::log(2.0f)));
    const double power = std::round(log2);
    // What is within a thousandth of 2^-12 or 2^-11 counts as that.
    if (std::fabs(log2 - power) < 1e-3 && (power == -12 || power == -11)) {
      args_.multiplier = power == -12 ? 3 : 6;
      return;
    }
    double multiplier = static_cast<double>(scale) * 4096.0 * 3.0;
    for (; multiplier <= 32767.0 / 2.0 && args_.shift <= 30; multiplier *= 2) ++args_.shift;
    args_.multiplier = static_cast<int32_t>(std::min(multiplier, double{1 << 20}));
  }

  void run(const RunContext& context) const override {
    for_parts(context, 8,
              [&](const int16_t* in, size_t n, int16_t* out) { run_(args_, in, n, out); });
  }

 private:
  kernels::SigmoidS16Args args_ = {};
  decltype(Row::logistic) run_;
};

// What a function gives where it has no value, as TensorFlow Lite has it.
double function_s16(const Node& node, double x) {
  const auto& options = node.options<fb::Unary>();
  const double out_scale = node.output(0).quantization.scale();
  if (x <= 0 && options.kind() == fb::UnaryKind::Rsqrt) return 32767 * out_scale;
  if (x <= 0 && options.kind() == fb::UnaryKind::Log) return -32768 * out_scale;
  return unary_function(options.kind(), x, options.alpha(), options.beta());
}

class InterpolatedS16 final : public InPlace {
 public:
  InterpolatedS16(const Node& node, const Row& row)
      : InPlace(row),
        table_(make_table_s16<float>(
            node.input(0).quantization.scale(), 0, node.output(0).quantization.scale(),
            [&](float x) {
              return static_cast<float>(function_s16(node, static_cast<double>(x)));
            })),
        range_(output_range(node)) {}

  void run(const RunContext& context) const override {
    for_parts(context, 4, [&](const int16_t* in, size_t n, int16_t* out) {
      row_.interpolate(table_.data(), range_, in, n, out);
    });
  }

 private:
  const TableS16 table_;
  const kernels::RangeS16 range_;
};

// Functions that jump, repeat or cost little, of each element.
class EvaluateS16 final : public OpKernel {
 public:
  explicit EvaluateS16(const Node& node) : range_(output_range(node)) {}

  const char* name() const override { return "s16_unary__scalar"; }
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
  void run(const RunContext& context) const override {
    for_parts(context, 32, [&](const int16_t* in, size_t n, int16_t* out) {
      for (size_t i = 0; i < n; ++i) {
        out[i] = static_cast<int16_t>(quantized_unary(context.node, in[i], range_.min, range_.max));
      }
    });
  }

 private:
  const kernels::RangeS16 range_;
};

bool interpolated(fb::UnaryKind kind) {
  switch (kind) {
    case fb::UnaryKind::Logistic:
    case fb::UnaryKind::Tanh:
    case fb::UnaryKind::Rsqrt:
    case fb::UnaryKind::Exp:
    case fb::UnaryKind::Log:
    case fb::UnaryKind::HardSwish:
    case fb::UnaryKind::Elu:
    case fb::UnaryKind::Gelu:
    case fb::UnaryKind::GeluTanh:
    case fb::UnaryKind::Erf:
    case fb::UnaryKind::Softplus:
    case fb::UnaryKind::Silu:
    case fb::UnaryKind::Mish:
    case fb::UnaryKind::Selu:
    case fb::UnaryKind::Celu:
    case fb::UnaryKind::Softsign:
      return true;
    default:
      return false;
  }
}

}  // namespace

Choice choose_unary_s16(const Node& node, const ChooseContext& context) {
  const Row& row = choose_kernel(kernels::elementwise_s16_kernels, context.features);
  const fb::UnaryKind kind = node.options<fb::Unary>().kind();
  if (kind == fb::UnaryKind::Clip || kind == fb::UnaryKind::LeakyRelu) {
    auto kernel = std::make_unique<ScaleS16>(row);
    QRT_RETURN_IF_ERROR(kernel->set_factors(node));
    return Choice(std::move(kernel));
  }
  const bool sigmoid = kind == fb::UnaryKind::Logistic || kind == fb::UnaryKind::Tanh;
  if (sigmoid && node.output(0).quantization.scale() == 1.0f / 32768.0f) {
    return make_kernel<SigmoidS16>(node, row);
  }
  if (interpolated(kind)) return make_kernel<InterpolatedS16>(node, row);
  return make_kernel<EvaluateS16>(node);
}

}  // namespace qrt::rt
