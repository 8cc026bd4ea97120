// Split: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& sizes = *node.options<fb::Split>().sizes();
  if (node.outputs() == 0) return node.fail(Code::InvalidModel, "splits into nothing");
  if (sizes.size() == 0 || sizes.size() == node.outputs()) return {};
  return node.fail(Code::InvalidModel, "has %zu outputs, gives %u", node.outputs(), sizes.size());
}

// Parts that are rounded up, and what is left.
Status infer_equal(Inference& x, int axis) {
  Dims& dims = x.dims();
  const Shape in = x.in(0);
  const auto count = static_cast<int32_t>(x.node().outputs());
  const int32_t part = dims.ceil_div(in[axis], count);
  for (int32_t i = 0; i < count; ++i) {
    Shape out = in;
    out[axis] = i + 1 < count ? part : dims.sub(in[axis], dims.mul(part, count - 1));
    if (is_number(out[axis]) && out[axis] < 0) {
      return x.node().fail(Code::InvalidModel, "cannot split %s elements into %d equal parts",
                           dims.text(in[axis]).c_str(), count);
    }
    x.out(static_cast<size_t>(i), out);
  }
  return {};
}

Status infer(Inference& x) {
  const auto& sizes = *x.node().options<fb::Split>().sizes();
  const Shape in = x.in(0);
  int axis;
  QRT_RETURN_IF_ERROR(require_axis(x, x.node().options<fb::Split>().axis(), in.rank(), &axis));
  Integers elements;
  const bool known = in.rank() == 1 && x.integers(0, &elements);
  if (sizes.size() == 0) return infer_equal(x, axis);
  int64_t sum = 0;
  for (unsigned i = 0; i < sizes.size(); ++i) {
    const int32_t size = sizes.Get(i);
    if (size < 0) return x.node().fail(Code::InvalidModel, "piece %u has %d elements", i, size);
    Shape out = in;
    out[axis] = size;
    x.out(i, out);
    if (known && sum + size <= static_cast<int64_t>(elements.size())) {
      const auto first = elements.begin() + static_cast<std::ptrdiff_t>(sum);
      x.out_integers(i, Integers(first, first + size));
    }
    sum += size;
  }
  if (sum > INT32_MAX || x.dims().differ(in[axis], static_cast<int32_t>(sum))) {
    return x.node().fail(Code::InvalidModel, "its pieces have %lld elements, axis %d has %s",
                         static_cast<long long>(sum), axis, x.dims().text(in[axis]).c_str());
  }
  return {};
}

bool keeps_places(const Node& node, const Shapes& shapes, size_t, int axis) {
  int along;
  (void)resolve_axis(node.options<fb::Split>().axis(), node.shape_in(shapes, 0).rank(), &along);
  return axis != along;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Split;
  row.signatures = "movable -> =0, =0..";
  row.check = check;
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kSplitSpec;
const OpSpec kSplitSpec = row();

}  // namespace qrt::rt
