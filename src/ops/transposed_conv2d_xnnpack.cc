// Float TransposedConv2D by XNNPACK's deconvolution.
#include <algorithm>

#include "src/ops/transposed_conv2d.h"
#include "src/ops/xnn_kernel.h"

namespace qrt::rt {
namespace {

// One axis of the output: what it loses at its end, or what it gets more.
struct End {
  uint32_t pad, more;

  End(int32_t padding, int32_t output_padding)
      : pad(static_cast<uint32_t>(std::max<int64_t>(int64_t{padding} - output_padding, 0))),
        more(static_cast<uint32_t>(std::max<int64_t>(int64_t{output_padding} - padding, 0))) {}
};

class XnnTransposedConv final : public XnnKernel {
 public:
  const char* name() const override { return "f32_transposed_conv__xnnpack"; }

  static XnnLayer layer_of(const Node& node) {
    const auto& options = node.options<fb::TransposedConv2D>();
    const fb::Window2D& window = *options.window();
    XnnLayer layer = window_layer(node, window, options.groups(), clamp_limits(options.clamp()));
    layer.kind = XnnLayer::TransposedConvolution;
    layer.pad_top = static_cast<uint32_t>(window.pad_top());
    layer.pad_left = static_cast<uint32_t>(window.pad_left());
    const End bottom(window.pad_bottom(), options.output_padding_h());
    const End right(window.pad_right(), options.output_padding_w());
    layer.pad_bottom = bottom.pad;
    layer.pad_right = right.pad;
    layer.more_h = bottom.more;
    layer.more_w = right.more;
    return layer;
  }

 private:
  XnnLayer layer(const Node& node, const Shape&, const Shape&) const override {
    return layer_of(node);
  }
};

// The smallest output of an axis whose input has this size; -1: any.
int64_t least_output(int32_t in, uint32_t kernel, uint32_t stride, uint32_t dilation, uint32_t more,
                     uint32_t pads) {
  return (int64_t{in < 0 ? 1 : in} - 1) * stride + int64_t{kernel - 1} * dilation + 1 + more - pads;
}

// XNNPACK computes an output by its phases, and reads elsewhere if some have no element.
bool has_all_phases(const Node& node, const XnnLayer& layer) {
  const Shape& in = node.input(0).shape;
  return least_output(in[1], layer.kernel_h, layer.stride_h, layer.dilation_h, layer.more_h,
                      layer.pad_top + layer.pad_bottom) >= layer.stride_h &&
         least_output(in[2], layer.kernel_w, layer.stride_w, layer.dilation_w, layer.more_w,
                      layer.pad_left + layer.pad_right) >= layer.stride_w;
}

}  // namespace

Choice choose_transposed_conv2d_xnnpack(const Node& node, const ChooseContext& context) {
  const XnnLayer layer = XnnTransposedConv::layer_of(node);
  const bool takes =
      layer.more_h < layer.stride_h && layer.more_w < layer.stride_w && has_all_phases(node, layer);
  if (!takes || !xnn_may_run(node, {layer.min, layer.max}, context)) return Choice(nullptr);
  return make_kernel<XnnTransposedConv>();
}

}  // namespace qrt::rt
