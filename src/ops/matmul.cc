// MatMul: products of matrices that are both computed at run time, batched with broadcasting.
// Quantized: the right-hand side is packed anew at every run.
#include <algorithm>

#include "kernels/f32.h"
#include "kernels/gemm_s8.h"
#include "src/base/memory.h"
#include "src/ops/common.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/multiplier.h"

namespace qrt::rt {
namespace {

struct MatMulShape {
  size_t m, k, n, batches;
  Shape out, a_batch, b_batch;  // out: batch axes only
};

MatMulShape resolve(const Node& node, const Shapes& shapes) {
  const auto& options = node.options<fb::MatMul>();
  const Shape &a = node.shape_in(shapes, 0), &b = node.shape_in(shapes, 1);
  const Shape& out = node.shape_out(shapes, 0);
  const auto dim = [](const Shape& shape, int from_end) {
    return static_cast<size_t>(shape[shape.rank() - from_end]);
  };
  const auto batch = [](const Shape& shape) {
    return Shape(shape.begin(), static_cast<size_t>(shape.rank() - 2));
  };
  MatMulShape s = {
      dim(out, 2), dim(a, options.transpose_a() ? 2 : 1), dim(out, 1), 1, batch(out), batch(a),
      batch(b)};
  s.batches = static_cast<size_t>(s.out.elements());
  return s;
}

// Which matrix of `batch` (with its own axes) belongs to matrix `index` of the output.
size_t batch_index(const Shape& batch, const Shape& out, size_t index) {
  int64_t strides[kMaxRank];
  broadcast_strides(batch, out, strides);
  size_t result = 0;
  for (int i = out.rank() - 1; i >= 0; --i) {
    result += index % static_cast<size_t>(out[i]) * static_cast<size_t>(strides[i]);
    index /= static_cast<size_t>(out[i]);
  }
  return result;
}

// to[c][r] = from[r][c]
template <class T>
void transpose(const T* from, size_t rows, size_t columns, T* to) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
}

template <class T>
class MatMulBase : public OpKernel {
 public:
  Status plan(const Node& node, PlanContext& context) const override {
    const MatMulShape s = resolve(node, context.shapes);
    context.scratch_bytes = align_up(size_product(s.m, s.k, sizeof(T)), kAlignment) +
                            align_up(size_product(s.n, s.k, sizeof(T)), kAlignment) +
                            extra_bytes(s);
    return {};
  }

  void run(const RunContext& context) const override {
    const MatMulShape s = resolve(context.node, context.shapes);
    const auto& options = context.node.template options<fb::MatMul>();
    T* a_rows = reinterpret_cast<T*>(context.scratch);
    T* b_columns =
        reinterpret_cast<T*>(context.scratch + align_up(s.m * s.k * sizeof(T), kAlignment));
    uint8_t* extra =
        reinterpret_cast<uint8_t*>(b_columns) + align_up(s.n * s.k * sizeof(T), kAlignment);
    for (size_t i = 0; i < s.batches; ++i) {
      const T* a = context.in<T>(0) + batch_index(s.a_batch, s.out, i) * s.m * s.k;
      const T* b = context.in<T>(1) + batch_index(s.b_batch, s.out, i) * s.n * s.k;
      if (options.transpose_a()) {
        transpose(a, s.k, s.m, a_rows);
        a = a_rows;
      }
      if (!options.transpose_b()) {
        transpose(b, s.k, s.n, b_columns);
        b = b_columns;
      }
      multiply(context, s, a, b, extra, context.out<T>() + i * s.m * s.n);
    }
  }

 protected:
  virtual uint64_t extra_bytes(const MatMulShape&) const { return 0; }
  // out[m][n] = sum a[m][k] b[n][k]
  virtual void multiply(const RunContext& context, const MatMulShape& s, const T* a, const T* b,
                        uint8_t* extra, T* out) const = 0;
};

class MatMulS8 final : public MatMulBase<int8_t> {
 public:
  MatMulS8(const kernels::GemmS8Kernel& row, float multiplier)
      : row_(row), multiplier_(multiplier) {}
  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

 private:
  static uint64_t column_bytes(const MatMulShape& s) {
    return align_up(size_product(s.n, 4), kAlignment);
  }

  uint64_t extra_bytes(const MatMulShape& s) const override {
    return 2 * column_bytes(s) + row_.packed_bytes(s.n, 1, s.k);
  }

  void multiply(const RunContext& context, const MatMulShape& s, const int8_t* a, const int8_t* b,
                uint8_t* extra, int8_t* out) const override {
    const Node& node = context.node;
    auto* zero_points = reinterpret_cast<int32_t*>(extra);
    auto* multipliers = reinterpret_cast<float*>(extra + column_bytes(s));
    uint8_t* packed = extra + 2 * column_bytes(s);
    std::fill_n(zero_points, s.n, node.input(1).quantization.zero_point());
    std::fill_n(multipliers, s.n, multiplier_);
    row_.pack({s.n, 1, s.k, b, nullptr, node.input(0).quantization.zero_point(), zero_points,
               multipliers},
              packed);
    const kernels::GemmS8Args args = {
        packed, s.n,     1,
        s.k,    nullptr, a,
        s.k,    s.n,     {node.output(0).quantization.zero_point(), -128, 127}};
    context.pool.parallel_for(
        ceil_div(s.m, row_.mr), mac_cost(size_product(s.n, s.k, row_.mr), row_.throughput),
        [&](size_t begin, size_t end, size_t) {
          row_.run(args, begin * row_.mr, std::min(end * row_.mr, s.m), 0, s.n, out);
        });
  }

  const kernels::GemmS8Kernel& row_;
  float multiplier_;
};

class MatMulF32 final : public MatMulBase<float> {
 public:
  const char* name() const override { return "f32_matmul__scalar"; }

 private:
  void multiply(const RunContext& context, const MatMulShape& s, const float* a, const float* b,
                uint8_t*, float* out) const override {
    context.pool.parallel_for(s.m, s.n * s.k, [&](size_t begin, size_t end, size_t) {
      for (size_t m = begin; m < end; ++m) {
        const float* row = a + m * s.k;
        kernels::conv_f32({1, s.k, s.n, b, nullptr, &row, 0, s.n, -INFINITY, INFINITY}, 1,
                          out + m * s.n);
      }
    });
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  if (node.input(0).type != DType::S8) return make_kernel<MatMulF32>();
  float multiplier;
  QRT_RETURN_IF_ERROR(make_multiplier(node, product_ratio(node), &multiplier));
  return make_kernel<MatMulS8>(choose_kernel(kernels::gemm_s8_kernels, context.features),
                               multiplier);
}

}  // namespace

const OpDef kMatMulOp = {choose};

}  // namespace qrt::rt
