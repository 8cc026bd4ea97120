// Resize: see schema/qrt.fbs.
#include <algorithm>
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

bool nearest(const void* options) {
  return as<fb::Resize>(options).mode() == fb::ResizeMode::Nearest;
}

const char* signatures(const void* options) {
  return nearest(options) ? "movable, [index] -> =0" : "f32/s8/q8, [index] -> =0";
}

Status check_coordinates(const Node& node, const fb::Resize& options) {
  if (options.coordinates() > fb::ResizeCoordinates::MAX ||
      options.rounding() > fb::ResizeRounding::MAX) {
    return node.fail(Code::InvalidModel, "has unknown coordinates, %d and %d",
                     static_cast<int>(options.coordinates()), static_cast<int>(options.rounding()));
  }
  for (float scale : {options.scale_h(), options.scale_w()}) {
    if (scale != 0 && !(std::isnormal(scale) && scale > 0)) {
      return node.fail(Code::InvalidModel, "has a scale of %g", static_cast<double>(scale));
    }
  }
  const bool flags = options.align_corners() || options.half_pixel_centers();
  const bool others = options.scale_h() != 0 || options.scale_w() != 0 ||
                      options.rounding() != fb::ResizeRounding::Floor;
  if (options.coordinates() == fb::ResizeCoordinates::ByFlags ? others : flags) {
    return node.fail(Code::InvalidModel, "says twice where pixels lie");
  }
  return {};
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Resize>();
  if (options.mode() > fb::ResizeMode::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown mode, %d",
                     static_cast<int>(options.mode()));
  }
  if (options.align_corners() && options.half_pixel_centers()) {
    return node.fail(Code::InvalidModel, "both aligns corners and centres pixels");
  }
  return check_coordinates(node, options);
}

// floor(in * scale) in float; 0 or less if that is no size.
int32_t scaled(Dims& dims, int32_t in, float scale) {
  if (is_number(in)) {
    const float out = static_cast<float>(in) * scale;
    return out < 0x1p31f ? static_cast<int32_t>(out) : kInvalidDim;
  }
  // Exact in float for all sizes that there are.
  if (scale == std::floor(scale) && scale < 0x1p10f) {
    return dims.mul(in, static_cast<int32_t>(scale));
  }
  return dims.open();
}

Status output_size(Inference& x, int32_t* height, int32_t* width) {
  const auto& options = x.node().options<fb::Resize>();
  if (!x.node().has_input(1)) {
    const Shape& in = x.in(0);
    if (options.out_h() < 0 || options.out_w() < 0) {
      return x.node().fail(Code::InvalidModel, "cannot resize %s to %dx%d", x.text(in).c_str(),
                           options.out_h(), options.out_w());
    }
    *height = options.out_h() != 0 ? options.out_h() : scaled(x.dims(), in[1], options.scale_h());
    *width = options.out_w() != 0 ? options.out_w() : scaled(x.dims(), in[2], options.scale_w());
    return {};
  }
  Integers size;
  if (!x.integers(1, &size)) {
    return x.node().fail(Code::Unsupported,
                         "its size '%s' depends on values that are known only in a run",
                         x.node().input(1).name);
  }
  if (size.size() != 2) {
    return x.node().fail(Code::InvalidModel, "its size '%s' has %zu elements, not 2",
                         x.node().input(1).name, size.size());
  }
  *height = size[0];
  *width = size[1];
  return {};
}

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  if (in.rank() != 4) {
    return x.node().fail(Code::InvalidModel, "cannot resize %s, which is not [N,H,W,C]",
                         x.text(in).c_str());
  }
  int32_t height = kInvalidDim, width = kInvalidDim;
  QRT_RETURN_IF_ERROR(output_size(x, &height, &width));
  const auto no_size = [](int32_t dim) {
    return dim == kInvalidDim || (is_number(dim) && dim < 1);
  };
  if (no_size(height) || no_size(width)) {
    return x.node().fail(Code::InvalidModel, "cannot resize %s to %sx%s", x.text(in).c_str(),
                         x.dims().text(height).c_str(), x.dims().text(width).c_str());
  }
  // Positions are exact in float up to 2^24, and each pixel of a side keeps an entry in a table.
  constexpr int32_t kMaxSide = 1 << 22;
  if (std::max({in[1], in[2], height, width}) > kMaxSide) {
    return x.node().fail(Code::Unsupported, "cannot resize %s to %sx%s, sides over %d",
                         x.text(in).c_str(), x.dims().text(height).c_str(),
                         x.dims().text(width).c_str(), kMaxSide);
  }
  x.out(0, {in[0], height, width, in[3]});
  return {};
}

QuantizedAs quantized(const void* options) {
  return nearest(options) ? QuantizedAs::Moves : QuantizedAs::Joins;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Resize;
  row.signatures_of = signatures;
  row.check = check;
  row.infer = infer;
  row.quantized_of = quantized;
  return row;
}

}  // namespace

extern const OpSpec kResizeSpec;
const OpSpec kResizeSpec = row();

}  // namespace qrt::rt
