// TransposedConv2D: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& options = node.options<fb::TransposedConv2D>();
  QRT_RETURN_IF_ERROR(
      check_convolution(node, *options.window(), options.groups(), options.clamp()));
  if (options.window()->padding() != fb::Padding::Explicit) {
    return node.fail(Code::InvalidModel, "must have explicit padding");
  }
  if (options.output_padding_h() < 0 || options.output_padding_w() < 0) {
    return node.fail(Code::InvalidModel, "has a negative padding of its output");
  }
  return {};
}

// (in - 1) * stride + extent of the kernel + what the output gets more, less the padding.
int32_t output_size(Dims& dims, int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                    int32_t more, int32_t before, int32_t after) {
  const int64_t constant = (int64_t{kernel} - 1) * dilation + 1 + more - before - after - stride;
  if (constant <= kFirstSymbol || constant > INT32_MAX) return kInvalidDim;
  return dims.add(dims.mul(in, stride), static_cast<int32_t>(constant));
}

Status infer(Inference& x) {
  const Node& node = x.node();
  const auto& options = node.options<fb::TransposedConv2D>();
  const fb::Window2D& w = *options.window();
  const Shape &in = x.in(0), &weights = node.input(1).shape;
  if (in.rank() != 4) {
    return node.fail(Code::InvalidModel, "takes an input [N,H,W,C], not %s", x.text(in).c_str());
  }
  QRT_RETURN_IF_ERROR(check_groups(node, options.groups(), in));
  Dims& dims = x.dims();
  const int32_t out_h = output_size(dims, in[1], weights[1], w.stride_h(), w.dilation_h(),
                                    options.output_padding_h(), w.pad_top(), w.pad_bottom());
  const int32_t out_w = output_size(dims, in[2], weights[2], w.stride_w(), w.dilation_w(),
                                    options.output_padding_w(), w.pad_left(), w.pad_right());
  for (int32_t out : {out_h, out_w}) {
    if (out == kInvalidDim || (is_number(out) && out < 1)) {
      return node.fail(Code::InvalidModel, "its kernel of %dx%d does not fit its input, %s",
                       weights[1], weights[2], x.text(in).c_str());
    }
  }
  x.out(0, {in[0], out_h, out_w, weights[0]});
  return {};
}

// Each input pixel meets every weight of its group once.
uint64_t macs(const Node& node, const Shapes& shapes) {
  const Shape& in = node.shape_in(shapes, 0);
  return static_cast<uint64_t>(in.elements(0, 3)) *
         static_cast<uint64_t>(node.input(1).shape.elements());
}

constexpr OpSpec row() {
  OpSpec row = weighted_row(fb::OpOptions::TransposedConv2D);
  row.signatures =
      "f32, const f32, [const f32] -> f32; q8, const w8, [const bias] -> q8; "
      "q16, const w8, [const bias/s64] -> q16";
  row.check = check;
  row.infer = infer;
  row.macs = macs;
  return row;
}

}  // namespace

extern const OpSpec kTransposedConv2DSpec;
const OpSpec kTransposedConv2DSpec = row();

}  // namespace qrt::rt
