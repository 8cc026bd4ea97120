// Quantized Add, Sub and Mul by kernels; the rarer operators by a table of all pairs of values.
#include <algorithm>
#include <array>

#include "kernels/binary_s8.h"
#include "src/ops/binary.h"
#include "src/ops/float_table.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/multiplier.h"

namespace qrt::rt {
namespace {

kernels::Output output_range(const Node& node) {
  const Tensor& out = node.output(0);
  const QuantizedLimits limits = quantized_limits(node.options<fb::Binary>().clamp(), out);
  return {out.quantization.zero_point(), limits.min, limits.max};
}

bool same_bytes(const Node& node, const Shapes& shapes, size_t input) {
  return node.shape_in(shapes, input) == node.shape_out(shapes, 0);
}

class AddOrMul final : public OpKernel {
 public:
  explicit AddOrMul(const kernels::BinaryS8Kernel& kernel) : kernel_(kernel) {}

  Status prepare(const Node& node) {
    const auto kind = node.options<fb::Binary>().kind();
    args_ = {node.input(0).quantization.zero_point(), node.input(1).quantization.zero_point(), 0, 0,
             output_range(node)};
    if (kind == fb::BinaryKind::Mul) {
      run_ = kernel_.mul;
      return make_multiplier(node, product_ratio(node), &args_.a_multiplier);
    }
    run_ = kernel_.add;
    const double sign = kind == fb::BinaryKind::Sub ? -1.0 : 1.0;
    // Two differences of bytes, whose sum must be finite, too: infinities could cancel.
    QRT_RETURN_IF_ERROR(make_multiplier(node, scale_ratio(node, 0), &args_.a_multiplier, 512));
    return make_multiplier(node, sign * scale_ratio(node, 1), &args_.b_multiplier, 512);
  }

  const char* name() const override { return kernel_.name; }
  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return same_bytes(node, shapes, input);
  }
  void run(const RunContext& context) const override {
    auto* out = context.out<int8_t>();
    run_broadcast<int8_t>(
        context, [&](const int8_t* a, size_t a_step, const int8_t* b, size_t b_step, size_t n,
                     size_t first) { run_(args_, a, a_step, b, b_step, n, out + first); });
  }

 private:
  const kernels::BinaryS8Kernel& kernel_;
  kernels::BinaryS8Args args_ = {};
  decltype(kernels::BinaryS8Kernel::add) run_ = nullptr;
};

double evaluate(fb::BinaryKind kind, double a, double b) {
  switch (kind) {
    case fb::BinaryKind::Div:
      return a / b;
    case fb::BinaryKind::Min:
      return std::min(a, b);
    case fb::BinaryKind::Max:
      return std::max(a, b);
    case fb::BinaryKind::SquaredDifference:
      return (a - b) * (a - b);
    default:
      return 0;  // not reached: AddOrMul, or it jumps
  }
}

// Pow jumps where an exponent is or is not an integer, under a negative base.
bool jumps(fb::BinaryKind kind) {
  return kind == fb::BinaryKind::FloorDiv || kind == fb::BinaryKind::FloorMod ||
         kind == fb::BinaryKind::Pow;
}

float evaluate_jump(fb::BinaryKind kind, float a, float b) {
  if (kind == fb::BinaryKind::Pow) {
    return static_cast<float>(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  if (kind == fb::BinaryKind::FloorDiv) return std::floor(a / b);
  const float rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

// table[a][b]: 64 KiB.
class PairTable final : public OpKernel {
 public:
  explicit PairTable(const Node& node) : table_(256 * 256) {
    const Quantization &a = node.input(0).quantization, &b = node.input(1).quantization;
    const double out_scale = node.output(0).quantization.scale();
    const kernels::Output range = output_range(node);
    const auto kind = node.options<fb::Binary>().kind();
    for (int i = 0; i < 256; ++i) {
      for (int j = 0; j < 256; ++j) {
        if (jumps(kind)) {
          const float y = evaluate_jump(kind, dequantized(static_cast<int8_t>(i), a),
                                        dequantized(static_cast<int8_t>(j), b));
          table_[static_cast<size_t>(i * 256 + j)] =
              quantized(y, node.output(0).quantization, range.min, range.max);
          continue;
        }
        const double x = (static_cast<int8_t>(i) - a.zero_point()) * static_cast<double>(a.scale());
        const double y = (static_cast<int8_t>(j) - b.zero_point()) * static_cast<double>(b.scale());
        double steps = evaluate(kind, x, y) / out_scale;
        if (std::isnan(steps)) steps = 0;
        const double q = std::clamp(std::nearbyint(steps) + range.zero_point,
                                    static_cast<double>(range.min), static_cast<double>(range.max));
        table_[static_cast<size_t>(i * 256 + j)] = static_cast<int8_t>(q);
      }
    }
  }

  const char* name() const override { return "qs8_pair_table__scalar"; }
  size_t packed_bytes() const override { return table_.size(); }
  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return same_bytes(node, shapes, input);
  }
  void run(const RunContext& context) const override {
    auto* out = context.out<int8_t>();
    const int8_t* table = table_.data();
    run_broadcast<int8_t>(context, [=](const int8_t* a, size_t a_step, const int8_t* b,
                                       size_t b_step, size_t n, size_t first) {
      loop(a, a_step, b, b_step, n, out + first, [table](int8_t x, int8_t y) {
        return table[static_cast<uint8_t>(x) * 256 + static_cast<uint8_t>(y)];
      });
    });
  }

 private:
  std::vector<int8_t> table_;
};

}  // namespace

Status prepare_binary_s8(const Node& node, const BuildContext& context,
                         std::unique_ptr<OpKernel>* kernel) {
  switch (node.options<fb::Binary>().kind()) {
    case fb::BinaryKind::Add:
    case fb::BinaryKind::Sub:
    case fb::BinaryKind::Mul: {
      auto made =
          std::make_unique<AddOrMul>(choose_kernel(kernels::binary_s8_kernels, context.features));
      QRT_RETURN_IF_ERROR(made->prepare(node));
      *kernel = std::move(made);
      break;
    }
    default:
      *kernel = std::make_unique<PairTable>(node);
  }
  return {};
}

}  // namespace qrt::rt
