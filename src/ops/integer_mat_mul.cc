// IntegerMatMul: exact sums of products of bytes, whose zero points may be known only at run time.
#include <algorithm>
#include <cstring>

#include "src/ops/common.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {
namespace {

struct State : OpState {
  int64_t m = 0, k = 0, n = 0, batches = 0;
  Shape batch;                                                 // of the output: all but two axes
  int64_t a_strides[kMaxRank] = {}, b_strides[kMaxRank] = {};  // along them, in matrices
  bool row_zeros = false, column_zeros = false;                // a zero point for each
};

// Sums wrap around, so they are unsigned on the way.
template <class A, class B>
void multiply(const RunContext& ctx) {
  const State& s = ctx.planned<State>();
  const A* a_zero = ctx.in<A>(2);
  const B* b_zero = ctx.in<B>(3);
  const auto line = [&](int64_t item) {
    const int64_t index = item / s.m, row = item % s.m;
    // Which matrices of the inputs it is made of.
    const auto matrix = [&](const int64_t* strides) {
      return static_cast<int64_t>(strided_index(s.batch, strides, static_cast<size_t>(index)));
    };
    const A* a = ctx.in<A>(0) + (matrix(s.a_strides) * s.m + row) * s.k;
    const B* b = ctx.in<B>(1) + matrix(s.b_strides) * s.k * s.n;
    int32_t* out = ctx.out<int32_t>() + item * s.n;
    const int32_t za = a_zero == nullptr ? 0 : a_zero[s.row_zeros ? row : 0];
    std::fill_n(out, s.n, 0);
    uint32_t sum = 0;  // of a's steps
    for (int64_t i = 0; i < s.k; ++i, b += s.n) {
      const int32_t step = a[i] - za;
      sum += static_cast<uint32_t>(step);
      if (step == 0) continue;
      for (int64_t j = 0; j < s.n; ++j) {
        out[j] = static_cast<int32_t>(static_cast<uint32_t>(out[j]) +
                                      static_cast<uint32_t>(step * b[j]));
      }
    }
    if (b_zero == nullptr) return;
    for (int64_t j = 0; j < s.n; ++j) {
      const auto zero = static_cast<uint32_t>(int32_t{b_zero[s.column_zeros ? j : 0]});
      out[j] = static_cast<int32_t>(static_cast<uint32_t>(out[j]) - sum * zero);
    }
  };
  ctx.pool.parallel_for(static_cast<size_t>(s.batches * s.m), static_cast<uint64_t>(s.k * s.n),
                        [&](size_t begin, size_t end, size_t) {
                          for (size_t i = begin; i < end; ++i) line(static_cast<int64_t>(i));
                        });
}

template <class A>
void multiply(const RunContext& ctx) {
  if (ctx.node.input(1).type == DType::S8) {
    multiply<A, int8_t>(ctx);
  } else {
    multiply<A, uint8_t>(ctx);
  }
}

class IntegerMatMulKernel : public OpKernel {
 public:
  const char* name() const override { return "integer_mat_mul__scalar"; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& a = node.shape_in(context.shapes, 0);
    const Shape& b = node.shape_in(context.shapes, 1);
    const Shape& out = node.shape_out(context.shapes, 0);
    const auto batch = [](const Shape& shape) {
      return Shape(shape.begin(), static_cast<size_t>(shape.rank() - 2));
    };
    State& s = context.make<State>();
    s.m = out[out.rank() - 2];
    s.k = a.last();
    s.n = out.last();
    s.batch = batch(out);
    s.batches = s.batch.elements();
    broadcast_strides(batch(a), s.batch, s.a_strides);
    broadcast_strides(batch(b), s.batch, s.b_strides);
    s.row_zeros = node.has_input(2) && node.shape_in(context.shapes, 2).elements() > 1;
    s.column_zeros = node.has_input(3) && node.shape_in(context.shapes, 3).elements() > 1;
    return {};
  }

  void run(const RunContext& ctx) const override {
    if (ctx.node.input(0).type == DType::S8) {
      multiply<int8_t>(ctx);
    } else {
      multiply<uint8_t>(ctx);
    }
  }
};

}  // namespace

const OpDef kIntegerMatMulOp = {choose_only<IntegerMatMulKernel>};

}  // namespace qrt::rt
