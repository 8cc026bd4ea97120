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

}  // namespace

Choice choose_transposed_conv2d_xnnpack(const Node& node, const ChooseContext& context) {
  const XnnLayer layer = XnnTransposedConv::layer_of(node);
  const bool takes = layer.more_h < layer.stride_h && layer.more_w < layer.stride_w;
  if (!takes || !xnn_may_run(node, {layer.min, layer.max}, context)) return Choice(nullptr);
  return make_kernel<XnnTransposedConv>();
}

}  // namespace qrt::rt
