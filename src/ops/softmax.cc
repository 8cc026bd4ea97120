// Softmax and log-softmax over the last axis.
#include <algorithm>
#include <array>

#include "kernels/function_f32.h"
#include "kernels/softmax_s8.h"
#include "src/ops/common.h"
#include "src/ops/row_kernel.h"
#include "src/ops/softmax_s16.h"

namespace qrt::rt {
namespace {

struct Rows {
  size_t rows, n;
  explicit Rows(const Shape& shape)
      : rows(static_cast<size_t>(shape.elements(0, shape.rank() - 1))),
        n(static_cast<size_t>(shape.last())) {}
};

// Of distances from the largest value, in steps of 2^-23.
using Exponentials = std::array<uint32_t, 256>;

double input_step(const Node& node) {
  return static_cast<double>(node.options<fb::Softmax>().beta()) *
         node.input(0).quantization.scale();
}

Exponentials exponentials(const Node& node) {
  Exponentials table;
  const double step = input_step(node);
  for (size_t d = 0; d < table.size(); ++d) {
    table[d] =
        static_cast<uint32_t>(std::nearbyint(std::exp(-step * static_cast<double>(d)) * (1 << 23)));
  }
  return table;
}

class SoftmaxS8 final : public RowKernel<kernels::SoftmaxS8Kernel> {
 public:
  SoftmaxS8(const Node& node, const kernels::SoftmaxS8Kernel& row)
      : RowKernel(row), exponentials_(exponentials(node)) {}

  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }

  void run(const RunContext& context) const override {
    const Rows shape(context.shape_in(0));
    const Quantization& out = context.node.output(0).quantization;
    const kernels::SoftmaxS8Args args = {
        shape.n, exponentials_.data(), 1.0 / out.scale(), {out.zero_point(), -128, 127}};
    context.pool.parallel_for(shape.rows, uint64_t{shape.n} * 8,
                              [&](size_t begin, size_t end, size_t) {
                                row_.run(args, context.in<int8_t>(0) + begin * shape.n, end - begin,
                                         context.out<int8_t>() + begin * shape.n);
                              });
  }

 private:
  Exponentials exponentials_;
};

// x - max - log(sum of exponentials), in double: the sum is the same exact integer as Softmax's.
class LogSoftmaxS8 final : public OpKernel {
 public:
  explicit LogSoftmaxS8(const Node& node)
      : step_(input_step(node)), exponentials_(exponentials(node)) {}

  const char* name() const override { return "qs8_log_softmax__scalar"; }
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }

  void run(const RunContext& context) const override {
    const Rows shape(context.shape_in(0));
    context.pool.parallel_for(shape.rows, shape.n * 8, [&](size_t begin, size_t end, size_t) {
      for (size_t r = begin; r < end; ++r) {
        run_row(context.in<int8_t>(0) + r * shape.n, shape.n, context.node.output(0).quantization,
                context.out<int8_t>() + r * shape.n);
      }
    });
  }

 private:
  void run_row(const int8_t* in, size_t n, const Quantization& to, int8_t* out) const {
    const int largest = *std::max_element(in, in + n);
    uint64_t sum = 0;
    for (size_t i = 0; i < n; ++i) sum += exponentials_[static_cast<size_t>(largest - in[i])];
    const double log_sum = std::log(std::ldexp(static_cast<double>(sum), -23));
    for (size_t i = 0; i < n; ++i) {
      const double y = (in[i] - largest) * step_ - log_sum;
      const double q = std::nearbyint(y / static_cast<double>(to.scale())) + to.zero_point();
      out[i] = static_cast<int8_t>(std::clamp(q, -128.0, 127.0));
    }
  }

  double step_;
  Exponentials exponentials_;
};

// The same exponentials, in s16: their share of the exact sum, rounded half to even.
class SoftmaxS8ToS16 final : public OpKernel {
 public:
  explicit SoftmaxS8ToS16(const Node& node)
      : steps_(1.0 / node.output(0).quantization.scale()), exponentials_(exponentials(node)) {}

  const char* name() const override { return "qs8_softmax_s16__scalar"; }

  void run(const RunContext& context) const override {
    const Rows shape(context.shape_in(0));
    context.pool.parallel_for(shape.rows, shape.n * 8, [&](size_t begin, size_t end, size_t) {
      for (size_t r = begin; r < end; ++r) {
        const int8_t* in = context.in<int8_t>(0) + r * shape.n;
        int16_t* out = context.out<int16_t>() + r * shape.n;
        const int largest = *std::max_element(in, in + shape.n);
        const auto exponential = [&](size_t i) {
          return exponentials_[static_cast<size_t>(largest - in[i])];
        };
        uint64_t sum = 0;
        for (size_t i = 0; i < shape.n; ++i) sum += exponential(i);
        const double by = steps_ / static_cast<double>(sum);
        for (size_t i = 0; i < shape.n; ++i) {
          const double q = std::nearbyint(exponential(i) * by);
          out[i] = static_cast<int16_t>(std::min(q, 32767.0));
        }
      }
    });
  }

 private:
  const double steps_;
  const Exponentials exponentials_;
};

class SoftmaxF32 final : public RowKernel<kernels::FunctionF32Kernel> {
 public:
  explicit SoftmaxF32(const kernels::FunctionF32Kernel& row) : RowKernel(row) {}

  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }

  void run(const RunContext& context) const override {
    const Rows shape(context.shape_in(0));
    const auto& options = context.node.options<fb::Softmax>();
    context.pool.parallel_for(
        shape.rows, uint64_t{shape.n} * 4, [&](size_t begin, size_t end, size_t) {
          row_.softmax(context.in<float>(0) + begin * shape.n, end - begin, shape.n, options.beta(),
                       options.log(), context.out<float>() + begin * shape.n);
        });
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  if (node.input(0).type == DType::S16) return choose_softmax_s16(node);
  if (node.input(0).type != DType::S8) {
    return make_kernel<SoftmaxF32>(choose_kernel(kernels::function_f32_kernels, context.features));
  }
  if (node.options<fb::Softmax>().log()) return make_kernel<LogSoftmaxS8>(node);
  if (node.output(0).type == DType::S16) return make_kernel<SoftmaxS8ToS16>(node);
  return make_kernel<SoftmaxS8>(node, choose_kernel(kernels::softmax_s8_kernels, context.features));
}

}  // namespace

const OpDef kSoftmaxOp = {choose};

}  // namespace qrt::rt
