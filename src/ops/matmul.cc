// MatMul: products of matrices, batched with broadcasting. What a constant right-hand side has to
// become is made once a Program; one that is computed is packed or transposed at every run.
#include <algorithm>
#include <vector>

#include "kernels/f32.h"
#include "kernels/gemm_s8.h"
#include "src/base/memory.h"
#include "src/ops/common.h"
#include "src/ops/multiplier.h"
#include "src/ops/row_kernel.h"
#include "src/ops/sums_s16.h"

namespace qrt::rt {
namespace {

struct MatMulShape {
  size_t m, k, n, batches;
  Shape batch;                                       // of the output: all axes but the last two
  int64_t a_strides[kMaxRank], b_strides[kMaxRank];  // along them, in matrices
};

Shape batch_axes(const Shape& shape) {
  return Shape(shape.begin(), static_cast<size_t>(shape.rank() - 2));
}

MatMulShape resolve(const Node& node, const Shapes& shapes) {
  const Shape &a = node.shape_in(shapes, 0), &b = node.shape_in(shapes, 1);
  const Shape& out = node.shape_out(shapes, 0);
  const auto dim = [](const Shape& shape, int from_end) {
    return static_cast<size_t>(shape[shape.rank() - from_end]);
  };
  MatMulShape s = {};
  s.m = dim(out, 2);
  s.k = dim(a, node.options<fb::MatMul>().transpose_a() ? 2 : 1);
  s.n = dim(out, 1);
  s.batch = batch_axes(out);
  s.batches = static_cast<size_t>(s.batch.elements());
  broadcast_strides(batch_axes(a), s.batch, s.a_strides);
  broadcast_strides(batch_axes(b), s.batch, s.b_strides);
  return s;
}

// to[c][r] = from[r][c]
template <class T>
void transpose(const T* from, size_t rows, size_t columns, T* to) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
}

// The matrices of a constant right-hand side: [count][n][k], or [count][k][n] without transpose_b.
template <class T>
struct ConstantRight {
  size_t count, n, k;
  const T* data;
  bool transposed;

  explicit ConstantRight(const Node& node)
      : data(node.input(1).as<T>()), transposed(node.options<fb::MatMul>().transpose_b()) {
    const Shape& shape = node.input(1).shape;
    const auto rows = static_cast<size_t>(shape[shape.rank() - 2]);
    const auto columns = static_cast<size_t>(shape.last());
    count = static_cast<size_t>(batch_axes(shape).elements());
    n = transposed ? rows : columns;
    k = transposed ? columns : rows;
  }

  PackKey key(const char* row, uint32_t layout) const {
    return {row, layout, data, {count, n, k, size_t{transposed}}};
  }
};

struct State : OpState {
  size_t bytes() const override {
    return zero_points.size() * sizeof zero_points[0] + multipliers.size() * sizeof multipliers[0];
  }

  MatMulShape shape = {};
  size_t b_at = 0, packed_at = 0;    // where in scratch are b's columns, and b packed
  std::vector<int32_t> zero_points;  // of b, by column, if it is packed in a run
  std::vector<float> multipliers;
};

// The rows of matrix `index` of a; in scratch if they have to be gathered.
template <class T>
const T* left_rows(const RunContext& context, const MatMulShape& s, size_t index) {
  const T* a = context.in<T>(0) + strided_index(s.batch, s.a_strides, index) * s.m * s.k;
  if (!context.node.options<fb::MatMul>().transpose_a()) return a;
  T* rows = reinterpret_cast<T*>(context.scratch);
  transpose(a, s.k, s.m, rows);
  return rows;
}

// The columns of matrix `index` of b: [n][k].
template <class T>
const T* right_columns(const RunContext& context, const State& state, size_t index) {
  const MatMulShape& s = state.shape;
  const T* b = context.in<T>(1) + index * s.n * s.k;
  if (context.node.options<fb::MatMul>().transpose_b()) return b;
  T* columns = reinterpret_cast<T*>(context.scratch + state.b_at);
  transpose(b, s.k, s.n, columns);
  return columns;
}

// The state, and scratch for what left_rows and right_columns have to move.
template <class T>
State& plan_matrices(const Node& node, bool right_is_ready, PlanContext& context) {
  State& state = context.make<State>();
  state.shape = resolve(node, context.shapes);
  const MatMulShape& s = state.shape;
  const auto& options = node.options<fb::MatMul>();
  uint64_t end = 0;
  if (options.transpose_a()) end += align_up(size_product(s.m, s.k, sizeof(T)), kAlignment);
  state.b_at = static_cast<size_t>(end);
  if (!right_is_ready && !options.transpose_b()) {
    end += align_up(size_product(s.n, s.k, sizeof(T)), kAlignment);
  }
  state.packed_at = static_cast<size_t>(end);
  context.scratch_bytes = end;
  return state;
}

class MatMulS8 final : public RowKernel<kernels::GemmS8Kernel> {
 public:
  MatMulS8(const Node& node, const kernels::GemmS8Kernel& row, float multiplier)
      : RowKernel(row),
        multiplier_(multiplier),
        a_zero_point_(node.input(0).quantization.zero_point()),
        b_zero_point_(node.input(1).quantization.zero_point()),
        out_{node.output(0).quantization.zero_point(), -128, 127} {}

  Status pack(const Node& node, WeightStore& store) override {
    if (!node.input(1).constant) return {};
    const ConstantRight<int8_t> right(node);
    const size_t n = right.n, k = right.k;
    const uint64_t bytes = align_up(row_.packed_bytes(n, 1, k), kAlignment);
    PackKey key = right.key(row_.name, kernels::kGemmS8Layout);
    key.variant.add(a_zero_point_);
    key.variant.add(b_zero_point_);
    key.variant.add(multiplier_);
    const AlignedBuffer columns = allocate_aligned(size_product(n, k));
    if (columns == nullptr) return node.fail(Code::OutOfMemory, "no memory to pack its weights");
    const std::vector<int32_t> zero_points(n, b_zero_point_);
    const std::vector<float> multipliers(n, multiplier_);
    QRT_ASSIGN_OR_RETURN(
        packed_, store.get(node, key, size_product(bytes, right.count), [&](uint8_t* to) {
          for (size_t i = 0; i < right.count; ++i) {
            const int8_t* b = right.data + i * n * k;
            if (!right.transposed) transpose(b, k, n, reinterpret_cast<int8_t*>(columns.get()));
            pack_columns(n, k,
                         right.transposed ? b : reinterpret_cast<const int8_t*>(columns.get()),
                         zero_points.data(), multipliers.data(), to + i * bytes);
          }
        }));
    matrix_bytes_ = static_cast<size_t>(bytes);
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    State& state = plan_matrices<int8_t>(node, packed_ != nullptr, context);
    if (packed_ == nullptr) {
      const MatMulShape& s = state.shape;
      context.scratch_bytes += row_.packed_bytes(s.n, 1, s.k);
      state.zero_points.assign(s.n, b_zero_point_);
      state.multipliers.assign(s.n, multiplier_);
    }
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const MatMulShape& s = state.shape;
    for (size_t i = 0; i < s.batches; ++i) {
      const int8_t* a = left_rows<int8_t>(context, s, i);
      const uint8_t* b = right(context, state, strided_index(s.batch, s.b_strides, i));
      const kernels::GemmS8Args args = {b, s.n, 1, s.k, nullptr, a, s.k, s.n, out_};
      int8_t* out = context.out<int8_t>() + i * s.m * s.n;
      context.pool.parallel_for(
          ceil_div(s.m, row_.mr), mac_cost(size_product(s.n, s.k, row_.mr), row_.throughput),
          [&](size_t begin, size_t end, size_t) {
            row_.run(args, begin * row_.mr, std::min(end * row_.mr, s.m), 0, s.n, out);
          });
    }
  }

 private:
  void pack_columns(size_t n, size_t k, const int8_t* columns, const int32_t* zero_points,
                    const float* multipliers, uint8_t* to) const {
    row_.pack({n, 1, k, columns, nullptr, a_zero_point_, zero_points, multipliers}, to);
  }

  const uint8_t* right(const RunContext& context, const State& state, size_t index) const {
    if (packed_ != nullptr) return packed_ + index * matrix_bytes_;
    uint8_t* to = context.scratch + state.packed_at;
    pack_columns(state.shape.n, state.shape.k, right_columns<int8_t>(context, state, index),
                 state.zero_points.data(), state.multipliers.data(), to);
    return to;
  }

  const float multiplier_;
  const int32_t a_zero_point_, b_zero_point_;
  const kernels::Output out_;
  const uint8_t* packed_ = nullptr;  // matrices of a constant b
  size_t matrix_bytes_ = 0;
};

// s16 by s16 or s8: sums in 64 bits.
template <class Right>
class MatMulS16 final : public RowKernel<kernels::GemmS16Kernel> {
 public:
  MatMulS16(const Node& node, const kernels::GemmS16Kernel& row, kernels::FixedPoint factor)
      : RowKernel(row), range_(range_s16(nullptr, node.output(0))) {
    std::fill_n(factors_, kSumsS16, factor);
  }

  Status plan(const Node& node, PlanContext& context) const override {
    plan_matrices<int16_t>(node, false, context);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const MatMulShape& s = state.shape;
    for (size_t i = 0; i < s.batches; ++i) {
      const int16_t* a = left_rows<int16_t>(context, s, i);
      const Right* b = right_columns<Right>(context, state, strided_index(s.batch, s.b_strides, i));
      int16_t* out = context.out<int16_t>() + i * s.m * s.n;
      context.pool.parallel_for(s.m, mac_cost(size_product(s.n, s.k), row_.throughput),
                                [&](size_t begin, size_t end, size_t) {
                                  for (size_t m = begin; m < end; ++m) {
                                    run_row(s, a + m * s.k, b, out + m * s.n);
                                  }
                                });
    }
  }

 private:
  void run_row(const MatMulShape& s, const int16_t* a, const Right* b, int16_t* out) const {
    for (size_t first = 0; first < s.n; first += kSumsS16) {
      const size_t count = std::min(s.n - first, kSumsS16);
      int64_t sums[kSumsS16] = {};
      if constexpr (std::is_same_v<Right, int8_t>) {
        row_.add_rows(a, s.k, b + first * s.k, s.k, count, sums);
      } else {
        row_.add_rows_s16(a, s.k, b + first * s.k, s.k, count, sums);
      }
      row_.requantize(sums, factors_, count, range_, out + first);
    }
  }

  const kernels::RangeS16 range_;
  kernels::FixedPoint factors_[kSumsS16];
};

class MatMulF32 final : public OpKernel {
 public:
  const char* name() const override { return "f32_matmul__scalar"; }

  Status pack(const Node& node, WeightStore& store) override {
    if (!node.input(1).constant) return {};
    const ConstantRight<float> right(node);
    columns_ = right.data;
    if (right.transposed) return {};
    const size_t elements = right.n * right.k;
    QRT_ASSIGN_OR_RETURN(
        const uint8_t* columns,
        store.get(node, right.key(name(), 1), size_product(right.count, elements, sizeof(float)),
                  [&](uint8_t* to) {
                    for (size_t i = 0; i < right.count; ++i) {
                      transpose(right.data + i * elements, right.k, right.n,
                                reinterpret_cast<float*>(to) + i * elements);
                    }
                  }));
    columns_ = reinterpret_cast<const float*>(columns);
    return {};
  }

  Status plan(const Node& node, PlanContext& context) const override {
    plan_matrices<float>(node, columns_ != nullptr, context);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const MatMulShape& s = state.shape;
    for (size_t i = 0; i < s.batches; ++i) {
      const float* a = left_rows<float>(context, s, i);
      const size_t index = strided_index(s.batch, s.b_strides, i);
      const float* b = columns_ != nullptr ? columns_ + index * s.n * s.k
                                           : right_columns<float>(context, state, index);
      float* out = context.out<float>() + i * s.m * s.n;
      context.pool.parallel_for(s.m, s.n * s.k, [&](size_t begin, size_t end, size_t) {
        for (size_t m = begin; m < end; ++m) {
          const float* row = a + m * s.k;
          kernels::conv_f32({1, s.k, s.n, b, nullptr, &row, 0, s.n, -INFINITY, INFINITY}, 1,
                            out + m * s.n);
        }
      });
    }
  }

 private:
  const float* columns_ = nullptr;  // of a constant b: [n][k] each
};

// Rare, and plain.
class MatMulF64 final : public OpKernel {
 public:
  const char* name() const override { return "f64_matmul__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    plan_matrices<double>(node, false, context);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const MatMulShape& s = state.shape;
    for (size_t i = 0; i < s.batches; ++i) {
      const double* a = left_rows<double>(context, s, i);
      const size_t index = strided_index(s.batch, s.b_strides, i);
      const double* b = right_columns<double>(context, state, index);
      double* out = context.out<double>() + i * s.m * s.n;
      context.pool.parallel_for(s.m, s.n * s.k, [&](size_t begin, size_t end, size_t) {
        for (size_t element = begin * s.n; element < end * s.n; ++element) {
          const double* row = a + element / s.n * s.k;
          const double* column = b + element % s.n * s.k;
          double sum = 0;
          for (size_t k = 0; k < s.k; ++k) sum += row[k] * column[k];
          out[element] = sum;
        }
      });
    }
  }
};

Choice choose(const Node& node, const ChooseContext& context) {
  if (node.input(0).type == DType::F32) return make_kernel<MatMulF32>();
  if (node.input(0).type == DType::F64) return make_kernel<MatMulF64>();
  if (node.input(0).type == DType::S16) {
    const auto& row = choose_kernel(kernels::gemm_s16_kernels, context.features);
    kernels::FixedPoint factor;
    QRT_RETURN_IF_ERROR(make_fixed(node, product_ratio_s16(node, true), &factor));
    factor = reduced(factor);
    if (node.input(1).type == DType::S16) return make_kernel<MatMulS16<int16_t>>(node, row, factor);
    return make_kernel<MatMulS16<int8_t>>(node, row, factor);
  }
  float multiplier;
  QRT_RETURN_IF_ERROR(make_multiplier(node, product_ratio(node), &multiplier));
  return make_kernel<MatMulS8>(node, choose_kernel(kernels::gemm_s8_kernels, context.features),
                               multiplier);
}

}  // namespace

const OpDef kMatMulOp = {choose};

}  // namespace qrt::rt
