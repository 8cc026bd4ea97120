// ArgReduce: where the largest (or smallest) element of an axis stands; of equal ones the first. A
// NaN is found only where it stands first, for it is neither larger nor smaller than anything.
#include <algorithm>

#include "kernels/arg_x8.h"
#include "src/ops/common.h"
#include "src/ops/kernel_choice.h"

namespace qrt::rt {
namespace {

// The input as [outer, size, inner], searched along `size`.
struct Extent {
  int64_t outer, size, inner;
};
using Search = void (*)(const Extent&, const void* in, void* out, ThreadPool&);

template <bool kMin, class T>
bool better(T candidate, T best) {
  return kMin ? candidate < best : candidate > best;
}

// inner == 1. Rows are searched some at a time: one row alone is a chain of comparisons, each of
// which waits for the one before.
template <class T, class Index, bool kMin>
void search_rows(const Extent& e, const T* in, Index* out, ThreadPool& pool) {
  constexpr int kRows = 4;
  const auto search = [&e](const T* rows, Index* found, auto count) {
    T best[kRows];
    int32_t where[kRows] = {};
    for (int r = 0; r < count; ++r) best[r] = rows[r * e.size];
    for (int32_t i = 1; i < e.size; ++i) {
      for (int r = 0; r < count; ++r) {
        const T candidate = rows[r * e.size + i];
        const bool wins = better<kMin>(candidate, best[r]);
        best[r] = wins ? candidate : best[r];
        where[r] = wins ? i : where[r];
      }
    }
    for (int r = 0; r < count; ++r) found[r] = where[r];
  };
  pool.parallel_for(static_cast<size_t>(e.outer), static_cast<size_t>(e.size),
                    [&](size_t begin, size_t end, size_t) {
                      const auto last = static_cast<int64_t>(end);
                      auto row = static_cast<int64_t>(begin);
                      for (; row + kRows <= last; row += kRows) {
                        search(in + row * e.size, out + row, std::integral_constant<int, kRows>());
                      }
                      for (; row < last; ++row) {
                        search(in + row * e.size, out + row, std::integral_constant<int, 1>());
                      }
                    });
}

// inner > 1: a strip of neighbours is searched at once, which compilers turn into vector code.
template <class T, class Index, bool kMin>
void search_planes(const Extent& e, const T* in, Index* out, ThreadPool& pool) {
  constexpr int64_t kStrip = 64;
  const int64_t strips = ceil_div(e.inner, kStrip);
  const auto search = [&](int64_t item) {
    const int64_t plane = item / strips, first = item % strips * kStrip;
    const int64_t count = std::min(kStrip, e.inner - first);
    const T* from = in + plane * e.size * e.inner + first;
    T best[kStrip];
    int32_t where[kStrip] = {};
    std::copy_n(from, count, best);
    for (int32_t i = 1; i < e.size; ++i) {
      const T* line = from + i * e.inner;
      for (int64_t j = 0; j < count; ++j) {
        const bool wins = better<kMin>(line[j], best[j]);
        best[j] = wins ? line[j] : best[j];
        where[j] = wins ? i : where[j];
      }
    }
    std::copy_n(where, count, out + plane * e.inner + first);
  };
  pool.parallel_for(static_cast<size_t>(e.outer * strips), static_cast<uint64_t>(kStrip * e.size),
                    [&](size_t begin, size_t end, size_t) {
                      for (size_t item = begin; item < end; ++item) {
                        search(static_cast<int64_t>(item));
                      }
                    });
}

template <class T, class Index, bool kMin>
void search(const Extent& e, const void* in, void* out, ThreadPool& pool) {
  const T* from = static_cast<const T*>(in);
  Index* to = static_cast<Index*>(out);
  if (e.inner == 1) {
    search_rows<T, Index, kMin>(e, from, to, pool);
  } else {
    search_planes<T, Index, kMin>(e, from, to, pool);
  }
}

template <class T>
Search choose_search(bool wide, bool min) {
  if (wide) return min ? search<T, int64_t, true> : search<T, int64_t, false>;
  return min ? search<T, int32_t, true> : search<T, int32_t, false>;
}

Search choose_search(DType type, bool wide, bool min) {
  switch (type) {
    case DType::S8:
      return choose_search<int8_t>(wide, min);
    case DType::U8:
      return choose_search<uint8_t>(wide, min);
    case DType::S16:
      return choose_search<int16_t>(wide, min);
    case DType::S32:
      return choose_search<int32_t>(wide, min);
    default:
      return choose_search<float>(wide, min);
  }
}

uint8_t flip_of(DType type, bool min) {
  if (type == DType::S8) return min ? kernels::kSmallestS8 : kernels::kLargestS8;
  return min ? kernels::kSmallestU8 : kernels::kLargestU8;
}

class ArgReduceKernel : public OpKernel {
 public:
  // `rows`: the kernel for bytes along an axis of neighbours; null for other types.
  ArgReduceKernel(const Node& node, const kernels::ArgX8Kernel* rows)
      : rows_(rows),
        wide_(node.output(0).type == DType::S64),
        flip_(flip_of(node.input(0).type, node.options<fb::ArgReduce>().min())),
        search_(choose_search(node.input(0).type, wide_, node.options<fb::ArgReduce>().min())) {}
  const char* name() const override { return rows_ != nullptr ? rows_->name : "arg_reduce"; }
  CpuFeatures needs() const override { return rows_ != nullptr ? rows_->needs : 0; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Shape& in = node.shape_in(context.shapes, 0);
    int axis;
    (void)resolve_axis(node.options<fb::ArgReduce>().axis(), in.rank(), &axis);
    State& state = context.make<State>();
    state.extent = {in.elements(0, axis), in[axis], in.elements(axis + 1, in.rank())};
    return {};
  }

  void run(const RunContext& ctx) const override {
    const Extent& extent = ctx.planned<State>().extent;
    if (rows_ != nullptr && extent.inner == 1) {
      search_bytes(extent, ctx.in<uint8_t>(0), ctx.out<void>(), ctx.pool);
    } else {
      search_(extent, ctx.in<void>(0), ctx.out<void>(), ctx.pool);
    }
  }

 private:
  struct State : OpState {
    Extent extent;
  };

  void search_bytes(const Extent& e, const uint8_t* in, void* out, ThreadPool& pool) const {
    const auto n = static_cast<size_t>(e.size);
    pool.parallel_for(static_cast<size_t>(e.outer), n, [&](size_t begin, size_t end, size_t) {
      if (!wide_) {
        rows_->run(in + begin * n, end - begin, n, flip_, static_cast<int32_t*>(out) + begin);
        return;
      }
      constexpr size_t kRows = 256;
      int32_t found[kRows];
      for (size_t r = begin; r < end; r += kRows) {
        const size_t count = std::min(kRows, end - r);
        rows_->run(in + r * n, count, n, flip_, found);
        std::copy_n(found, count, static_cast<int64_t*>(out) + r);
      }
    });
  }

  const kernels::ArgX8Kernel* const rows_;
  const bool wide_;
  const uint8_t flip_;
  const Search search_;
};

Choice choose(const Node& node, const ChooseContext& context) {
  const bool bytes = dtype_bits(node.input(0).type) == 8;
  return make_kernel<ArgReduceKernel>(
      node, bytes ? &choose_kernel(kernels::arg_x8_kernels, context.features) : nullptr);
}

}  // namespace

const OpDef kArgReduceOp = {choose};

}  // namespace qrt::rt
