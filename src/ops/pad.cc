// Pad: the input with elements before and after it along every axis: one value, or the input's own
// elements mirrored at its edge (Reflect, without the edge itself) or beside it (Symmetric), or its
// outermost ones (Edge).
#include <cmath>
#include <cstring>

#include "src/ops/strided.h"
#include "src/opspec/element.h"

namespace qrt::rt {
namespace {

template <class T>
void fill(uint64_t pattern, uint8_t* to, int64_t elements) {
  T value;
  std::memcpy(&value, &pattern, sizeof value);  // little-endian, as the model's format is
  std::fill_n(reinterpret_cast<T*>(to), elements, value);
}

// The input element that stands at position i of an axis, which may be outside; -1: none.
int64_t source(int64_t i, int64_t dim, fb::PadMode mode) {
  if (i >= 0 && i < dim) return i;
  if (mode == fb::PadMode::Constant) return -1;
  if (mode == fb::PadMode::Edge) return i < 0 ? 0 : dim - 1;
  const int64_t edge = mode == fb::PadMode::Reflect ? 1 : 0;
  return i < 0 ? -i - 1 + edge : 2 * dim - 1 - edge - i;
}

class PadKernel : public OpKernel {
 public:
  explicit PadKernel(uint64_t pattern) : pattern_(pattern) {}
  const char* name() const override { return "pad"; }

  Status plan(const Node& node, PlanContext& context) const override {
    context.make<Job>(node, context.shapes);
    return {};
  }

  void run(const RunContext& ctx) const override {
    const Job& job = ctx.planned<Job>();
    ctx.pool.parallel_for(job.rows, job.bytes(job.out[job.axis]),
                          [&](size_t begin, size_t end, size_t) {
                            for (size_t row = begin; row < end; ++row) {
                              pad_row(ctx, job, static_cast<int64_t>(row));
                            }
                          });
  }

 private:
  // A row is the innermost axis that is padded, of units of `run` elements that stay together.
  struct Job : OpState {
    Job(const Node& node, const Shapes& shapes)
        : in(node.shape_in(shapes, 0)), out(node.shape_out(shapes, 0)), axis(in.rank() - 1) {
      const auto& pad = node.options<fb::Pad>();
      mode = pad.mode();
      for (int i = 0; i < in.rank(); ++i) {
        before[i] = pad.before()->Get(static_cast<unsigned>(i));
        after[i] = pad.after()->Get(static_cast<unsigned>(i));
      }
      while (axis > 0 && before[axis] == 0 && after[axis] == 0) --axis;
      run = in.elements(axis + 1, in.rank());
      rows = static_cast<size_t>(out.elements(0, axis));
      element = dtype_bytes(node.input(0).type);
    }
    size_t bytes(int64_t units) const { return static_cast<size_t>(units * run) * element; }

    const Shape in, out;
    fb::PadMode mode;
    int axis;
    int64_t before[kMaxRank] = {}, after[kMaxRank] = {};
    int64_t run;
    size_t rows, element;
  };

  // Which of the input's rows stands in this row of the output; -1: none.
  static int64_t source_row(const Job& job, int64_t row) {
    int64_t from = 0, stride = 1;
    for (int i = job.axis - 1; i >= 0; --i) {
      const int64_t dim = job.in[i], out_dim = job.out[i];
      const int64_t position = source(row % out_dim - job.before[i], dim, job.mode);
      if (position < 0) return -1;
      from += position * stride;
      stride *= dim;
      row /= out_dim;
    }
    return from;
  }

  void pad_row(const RunContext& ctx, const Job& job, int64_t row) const {
    const int64_t dim = job.in[job.axis];
    const int64_t before = job.before[job.axis], after = job.after[job.axis];
    uint8_t* to = ctx.out<uint8_t>() + static_cast<size_t>(row) * job.bytes(before + dim + after);
    const int64_t from_row = source_row(job, row);
    if (from_row < 0) return fill_units(job, to, before + dim + after);
    const uint8_t* from = ctx.in<uint8_t>(0) + static_cast<size_t>(from_row) * job.bytes(dim);
    pad_side(job, from, to, -before, before);
    std::memcpy(to + job.bytes(before), from, job.bytes(dim));
    pad_side(job, from, to + job.bytes(before + dim), dim, after);
  }

  // `count` units that stand from position `first` of a row, outside of the input.
  void pad_side(const Job& job, const uint8_t* from, uint8_t* to, int64_t first,
                int64_t count) const {
    if (job.mode == fb::PadMode::Constant) return fill_units(job, to, count);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t unit = source(first + i, job.in[job.axis], job.mode);
      std::memcpy(to + job.bytes(i), from + job.bytes(unit), job.bytes(1));
    }
  }

  void fill_units(const Job& job, uint8_t* to, int64_t units) const {
    const int64_t elements = units * job.run;
    switch (job.element) {
      case 1:
        return fill<uint8_t>(pattern_, to, elements);
      case 2:
        return fill<uint16_t>(pattern_, to, elements);
      case 4:
        return fill<uint32_t>(pattern_, to, elements);
      default:
        return fill<uint64_t>(pattern_, to, elements);
    }
  }

  const uint64_t pattern_;  // the bits of one element
};

// A scalar has no axes to pad.
Move describe_scalar(const Node&, const Shapes&) { return {}; }

Choice choose(const Node& node, const ChooseContext&) {
  if (node.input(0).shape.rank() == 0) return make_move_kernel("pad", describe_scalar);
  uint64_t pattern = 0;
  (void)encode_element(node.input(0), node.options<fb::Pad>().value(), &pattern);
  return make_kernel<PadKernel>(pattern);
}

}  // namespace

const OpDef kPadOp = {choose};

}  // namespace qrt::rt
