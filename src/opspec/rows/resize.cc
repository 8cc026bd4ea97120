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
  return nearest(options) ? "movable -> =0" : "f32/s8/q8 -> =0";
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

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::Resize>();
  const Shape& in = x.in(0);
  if (in.rank() != 4 || options.out_h() < 1 || options.out_w() < 1) {
    return x.node().fail(Code::InvalidModel, "cannot resize %s to %dx%d", x.text(in).c_str(),
                         options.out_h(), options.out_w());
  }
  // Positions are exact in float up to 2^24, and each pixel of a side keeps an entry in a table.
  constexpr int32_t kMaxSide = 1 << 22;
  if (std::max({in[1], in[2], options.out_h(), options.out_w()}) > kMaxSide) {
    return x.node().fail(Code::Unsupported, "cannot resize %s to %dx%d, sides over %d",
                         x.text(in).c_str(), options.out_h(), options.out_w(), kMaxSide);
  }
  x.out(0, {in[0], options.out_h(), options.out_w(), in[3]});
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
