// Pad: the input with elements before and after it along every axis: one value, or the input's own
// elements mirrored at its edge (Reflect, without the edge itself) or beside it (Symmetric).
#include <cmath>
#include <cstring>

#include "src/ops/strided.h"

namespace qrt::rt {
namespace {

// The bit pattern of one element.
struct Pattern {
  uint64_t bits = 0;
};

// What integers an element type that is not quantized can hold: [min, max), exact in double.
bool integer_limits(DType type, double* min, double* max) {
  const double half = std::ldexp(1.0, static_cast<int>(dtype_bits(type)) - 1);
  switch (type) {
    case DType::S8:
    case DType::S16:
    case DType::S32:
    case DType::S64:
      *min = -half;
      *max = half;
      return true;
    case DType::U8:
      *min = 0;
      *max = 256;
      return true;
    case DType::Bool:
      *min = 0;
      *max = 2;
      return true;
    default:
      return false;
  }
}

// The value, in real units, as an element of the tensors' type; false if that has no such value.
bool encode(const Node& node, Pattern* pattern) {
  const float value = node.options<fb::Pad>().value();
  const Tensor& tensor = node.input(0);
  if (tensor.type == DType::F32) {
    std::memcpy(&pattern->bits, &value, sizeof value);
    return true;
  }
  if (tensor.type == DType::F16) return value == 0;
  double integer = value, min, max;
  if (!integer_limits(tensor.type, &min, &max)) return false;
  const Quantization& q = tensor.quantization;
  if (q.present()) {
    integer = std::nearbyint(integer / static_cast<double>(q.scale())) + q.zero_point();
  }
  if (!(integer >= min && integer < max) || integer != std::floor(integer)) return false;
  const auto element = static_cast<int64_t>(integer);
  std::memcpy(&pattern->bits, &element, sizeof element);
  return true;
}

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_movable(node));
  const Shape& in = node.shape_in(shapes, 0);
  const auto& pad = node.options<fb::Pad>();
  const auto rank = static_cast<unsigned>(in.rank());
  if (pad.mode() > fb::PadMode::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown mode %d", static_cast<int>(pad.mode()));
  }
  if (pad.before()->size() != rank || pad.after()->size() != rank) {
    return node.fail(Code::InvalidModel, "pads %u and %u axes, the input has %u",
                     pad.before()->size(), pad.after()->size(), rank);
  }
  Shape out = in;
  for (unsigned i = 0; i < rank; ++i) {
    const int axis = static_cast<int>(i);
    const int32_t before = pad.before()->Get(i), after = pad.after()->Get(i);
    if (before < 0 || after < 0 || !checked_add(out[axis], before, &out[axis]) ||
        !checked_add(out[axis], after, &out[axis])) {
      return node.fail(Code::InvalidModel, "pads axis %u, of %d elements, by %d and %d", i,
                       in[axis], before, after);
    }
    const int32_t most = in[axis] - (pad.mode() == fb::PadMode::Reflect ? 1 : 0);
    if (pad.mode() != fb::PadMode::Constant && (before > most || after > most)) {
      return node.fail(Code::InvalidModel, "mirrors %d and %d of the %d elements of axis %u",
                       before, after, in[axis], i);
    }
  }
  Pattern pattern;
  if (pad.mode() == fb::PadMode::Constant && !encode(node, &pattern)) {
    return node.fail(Code::InvalidModel, "its value %g cannot be expressed in its %s tensors",
                     static_cast<double>(pad.value()), dtype_name(node.input(0).type));
  }
  set_output(node, shapes, 0, out);
  return {};
}

template <class T>
void fill(const Pattern& pattern, uint8_t* to, int64_t elements) {
  T value;
  std::memcpy(&value, &pattern.bits, sizeof value);  // little-endian, as the model's format is
  std::fill_n(reinterpret_cast<T*>(to), elements, value);
}

// The input element that stands at position i of an axis, which may be outside; -1: none.
int64_t source(int64_t i, int64_t dim, fb::PadMode mode) {
  if (i >= 0 && i < dim) return i;
  if (mode == fb::PadMode::Constant) return -1;
  const int64_t edge = mode == fb::PadMode::Reflect ? 1 : 0;
  return i < 0 ? -i - 1 + edge : 2 * dim - 1 - edge - i;
}

class PadKernel : public OpKernel {
 public:
  explicit PadKernel(const Pattern& pattern) : pattern_(pattern) {}
  const char* name() const override { return "pad"; }

  void run(const RunContext& ctx) const override {
    Job job(ctx);
    ctx.pool.parallel_for(static_cast<size_t>(ctx.shape_out().elements(0, job.axis)),
                          job.bytes(ctx.shape_out()[job.axis]),
                          [&](size_t begin, size_t end, size_t) {
                            for (size_t row = begin; row < end; ++row) {
                              pad_row(ctx, job, static_cast<int64_t>(row));
                            }
                          });
  }

 private:
  // A row is the innermost axis that is padded, of units of `run` elements that stay together.
  struct Job {
    explicit Job(const RunContext& ctx)
        : in(ctx.shape_in(0)), pad(ctx.node.options<fb::Pad>()), axis(in.rank() - 1) {
      while (axis > 0 && before(axis) == 0 && after(axis) == 0) --axis;
      run = in.elements(axis + 1, in.rank());
      element = dtype_bytes(ctx.node.input(0).type);
    }
    int64_t before(int i) const { return pad.before()->Get(static_cast<unsigned>(i)); }
    int64_t after(int i) const { return pad.after()->Get(static_cast<unsigned>(i)); }
    size_t bytes(int64_t units) const { return static_cast<size_t>(units * run) * element; }

    const Shape& in;
    const fb::Pad& pad;
    int axis;
    int64_t run;
    size_t element;
  };

  // Which of the input's rows stands in this row of the output; -1: none.
  static int64_t source_row(const RunContext& ctx, const Job& job, int64_t row) {
    int64_t from = 0, stride = 1;
    for (int i = job.axis - 1; i >= 0; --i) {
      const int64_t dim = job.in[i], out_dim = ctx.shape_out()[i];
      const int64_t position = source(row % out_dim - job.before(i), dim, job.pad.mode());
      if (position < 0) return -1;
      from += position * stride;
      stride *= dim;
      row /= out_dim;
    }
    return from;
  }

  void pad_row(const RunContext& ctx, const Job& job, int64_t row) const {
    const int64_t dim = job.in[job.axis];
    const int64_t before = job.before(job.axis), after = job.after(job.axis);
    uint8_t* to = ctx.out<uint8_t>() + static_cast<size_t>(row) * job.bytes(before + dim + after);
    const int64_t from_row = source_row(ctx, job, row);
    if (from_row < 0) return fill_units(job, to, before + dim + after);
    const uint8_t* from = ctx.in<uint8_t>(0) + static_cast<size_t>(from_row) * job.bytes(dim);
    pad_side(job, from, to, -before, before);
    std::memcpy(to + job.bytes(before), from, job.bytes(dim));
    pad_side(job, from, to + job.bytes(before + dim), dim, after);
  }

  // `count` units that stand from position `first` of a row, outside of the input.
  void pad_side(const Job& job, const uint8_t* from, uint8_t* to, int64_t first,
                int64_t count) const {
    if (job.pad.mode() == fb::PadMode::Constant) return fill_units(job, to, count);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t unit = source(first + i, job.in[job.axis], job.pad.mode());
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

  const Pattern pattern_;
};

// A scalar has no axes to pad.
Move describe_scalar(const Node&, const Shapes&) { return {}; }

Status prepare(const Node& node, const BuildContext&, std::unique_ptr<OpKernel>* kernel) {
  Pattern pattern;
  (void)encode(node, &pattern);
  if (node.input(0).shape.rank() == 0) {
    *kernel = make_move_kernel("pad", describe_scalar);
  } else {
    *kernel = std::make_unique<PadKernel>(pattern);
  }
  return {};
}

}  // namespace

const OpDef kPadOp = {fb::OpOptions::Pad, infer, prepare, false};

}  // namespace qrt::rt
