// Quantized Add, Sub and Mul by kernels; the rarer operators by a table of all pairs of values.
#include <algorithm>
#include <array>

#include "kernels/binary_s8.h"
#include "src/ops/binary.h"
#include "src/ops/float_table.h"
#include "src/ops/multiplier.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

kernels::Output output_range(const Node& node) {
  return quantized_output(node.options<fb::Binary>().clamp(), node.output(0));
}

bool same_bytes(const Node& node, const Shapes& shapes, size_t input) {
  return node.shape_in(shapes, input) == node.shape_out(shapes, 0);
}

class AddOrMul final : public RowKernel<kernels::BinaryS8Kernel> {
 public:
  explicit AddOrMul(const kernels::BinaryS8Kernel& row) : RowKernel(row) {}

  Status set_multipliers(const Node& node) {
    const auto kind = node.options<fb::Binary>().kind();
    args_ = {node.input(0).quantization.zero_point(), node.input(1).quantization.zero_point(), 0, 0,
             output_range(node)};
    if (kind == fb::BinaryKind::Mul) {
      run_ = row_.mul;
      return make_multiplier(node, product_ratio(node), &args_.a_multiplier);
    }
    run_ = row_.add;
    const double sign = kind == fb::BinaryKind::Sub ? -1.0 : 1.0;
    // Two differences of bytes, whose sum must be finite, too: infinities could cancel.
    QRT_RETURN_IF_ERROR(make_multiplier(node, scale_ratio(node, 0), &args_.a_multiplier, 512));
    return make_multiplier(node, sign * scale_ratio(node, 1), &args_.b_multiplier, 512);
  }

  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return same_bytes(node, shapes, input);
  }
  Status plan(const Node& node, PlanContext& context) const override {
    return plan_binary(node, context);
  }
  void run(const RunContext& context) const override {
    auto* out = context.out<int8_t>();
    run_broadcast<int8_t>(
        context, [&](const int8_t* a, size_t a_step, const int8_t* b, size_t b_step, size_t n,
                     size_t first) { run_(args_, a, a_step, b, b_step, n, out + first); });
  }

 private:
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
  const char* name() const override { return "qs8_pair_table__scalar"; }

  Status pack(const Node& node, WeightStore& store) override {
    const Quantization &a = node.input(0).quantization, &b = node.input(1).quantization;
    const kernels::Output range = output_range(node);
    PackKey key = {name(), 1};
    key.variant.add(static_cast<int32_t>(node.options<fb::Binary>().kind()));
    for (const Quantization* q : {&a, &b, &node.output(0).quantization}) {
      key.variant.add(q->scale());
      key.variant.add(q->zero_point());
    }
    key.variant.add(range.min);
    key.variant.add(range.max);
    QRT_ASSIGN_OR_RETURN(const uint8_t* table, store.get(node, key, 256 * 256, [&](uint8_t* to) {
      write(node, range, reinterpret_cast<int8_t*>(to));
    }));
    table_ = reinterpret_cast<const int8_t*>(table);
    return {};
  }

  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    return same_bytes(node, shapes, input);
  }
  Status plan(const Node& node, PlanContext& context) const override {
    return plan_binary(node, context);
  }
  void run(const RunContext& context) const override {
    auto* out = context.out<int8_t>();
    const int8_t* table = table_;
    run_broadcast<int8_t>(context, [=](const int8_t* a, size_t a_step, const int8_t* b,
                                       size_t b_step, size_t n, size_t first) {
      loop(a, a_step, b, b_step, n, out + first, [table](int8_t x, int8_t y) {
        return table[static_cast<uint8_t>(x) * 256 + static_cast<uint8_t>(y)];
      });
    });
  }

 private:
  static void write(const Node& node, const kernels::Output& range, int8_t* table) {
    const Quantization &a = node.input(0).quantization, &b = node.input(1).quantization;
    const auto kind = node.options<fb::Binary>().kind();
    for (int i = 0; i < 256; ++i) {
      for (int j = 0; j < 256; ++j) {
        table[static_cast<size_t>(i * 256 + j)] = static_cast<int8_t>(
            quantized_binary(kind, static_cast<int8_t>(i), a, static_cast<int8_t>(j), b,
                             node.output(0).quantization, range.min, range.max));
      }
    }
  }

  const int8_t* table_ = nullptr;
};

}  // namespace

int32_t quantized_binary(fb::BinaryKind kind, int32_t x, const Quantization& a, int32_t y,
                         const Quantization& b, const Quantization& to, int32_t min, int32_t max) {
  if (jumps(kind)) {
    return quantized(evaluate_jump(kind, dequantized(x, a), dequantized(y, b)), to, min, max);
  }
  const double result = evaluate(kind, (x - a.zero_point()) * static_cast<double>(a.scale()),
                                 (y - b.zero_point()) * static_cast<double>(b.scale()));
  double steps = result / static_cast<double>(to.scale());
  if (std::isnan(steps)) steps = 0;
  return static_cast<int32_t>(std::clamp(std::nearbyint(steps) + to.zero_point(),
                                         static_cast<double>(min), static_cast<double>(max)));
}

Choice choose_binary_s8(const Node& node, const ChooseContext& context) {
  switch (node.options<fb::Binary>().kind()) {
    case fb::BinaryKind::Add:
    case fb::BinaryKind::Sub:
    case fb::BinaryKind::Mul: {
      auto kernel =
          std::make_unique<AddOrMul>(choose_kernel(kernels::binary_s8_kernels, context.features));
      QRT_RETURN_IF_ERROR(kernel->set_multipliers(node));
      return Choice(std::move(kernel));
    }
    default:
      return make_kernel<PairTable>();
  }
}

}  // namespace qrt::rt
