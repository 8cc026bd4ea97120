// Operators on feature maps that are not convolutions.
#include <algorithm>
#include <cmath>

#include "src/export/onnx/ops.h"
#include "src/export/onnx/window_attributes.h"

namespace qrt::onnx_export {
namespace {

using graph::channels_first;

// Scales that give these sizes, for feature maps of which some dimension is known only at run time.
std::string resize_scales(Call& c, const Shape& in, const Shape& out) {
  std::vector<float> scales;
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] < 0 && i != 0) throw Unsupported("a size that is known only at run time");
    float scale = in[i] < 0 ? 1.0f : static_cast<float>(out[i]) / static_cast<float>(in[i]);
    const auto too_small = [&] {
      return std::floor(static_cast<float>(in[i]) * scale) < static_cast<float>(out[i]);
    };
    if (in[i] > 0 && too_small()) scale = std::nextafter(scale, INFINITY);
    scales.push_back(scale);
  }
  return c.m.vector(c.wanted() + "/scales", scales);
}

void export_pool(Call& c) {
  const auto& options = *c.node.options.AsPool2D();
  const Order order = channels_first(4);
  const int x = c.in(0);
  Attributes attributes =
      window_attributes(*options.window, c.t.shape(x), options.kernel_h, options.kernel_w);
  if (options.ceil_mode) attributes.push_back({"ceil_mode", int64_t{1}});
  if (options.kind == fb::PoolKind::Max) {
    const std::string y = c.m.node("MaxPool", {c.t.codes(x, order)}, c.wanted(), attributes);
    return c.give_codes(order, y, options.clamp.get());
  }
  if (options.window->dilation_h != 1 || options.window->dilation_w != 1) {
    throw Unsupported("an average over windows with holes");
  }
  if (options.count_include_pad) attributes.push_back({"count_include_pad", int64_t{1}});
  const std::string y = c.m.node("AveragePool", {c.t.numbers(x, order)}, c.wanted(), attributes);
  c.give_numbers(order, y, options.clamp.get());
}

// ONNX's words for where pixels lie and how the nearest is found.
Attributes resize_words(const fb::ResizeT& options) {
  std::string transform = options.align_corners        ? "align_corners"
                          : options.half_pixel_centers ? "half_pixel"
                                                       : "asymmetric";
  // TensorFlow Lite's ways round halves up, where they round, and count from the corner of a pixel
  // without.
  std::string rounding = transform == "asymmetric" ? "floor" : "round_prefer_ceil";
  constexpr const char* kTransforms[] = {"", "asymmetric", "half_pixel", "pytorch_half_pixel",
                                         "align_corners"};
  constexpr const char* kRoundings[] = {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"};
  if (options.coordinates > fb::ResizeCoordinates::MAX ||
      options.rounding > fb::ResizeRounding::MAX) {
    throw Unsupported("coordinates that are not known");
  }
  if (options.coordinates != fb::ResizeCoordinates::ByFlags) {
    transform = kTransforms[static_cast<size_t>(options.coordinates)];
    rounding = kRoundings[static_cast<size_t>(options.rounding)];
  }
  const bool nearest = options.mode == fb::ResizeMode::Nearest;
  Attributes words = {{"mode", std::string(nearest ? "nearest" : "linear")},
                      {"coordinate_transformation_mode", transform}};
  if (nearest) words.push_back({"nearest_mode", rounding});
  return words;
}

// The scales that the operator was given, as far as they give its sizes.
std::string given_scales(Call& c, const fb::ResizeT& options, const Shape& in, const Shape& out) {
  std::vector<float> scales = {1, 1, options.scale_h, options.scale_w};
  for (size_t i = 2; i < 4; ++i) {
    if (out[i] == 0) continue;  // it is what the scale gives
    if (scales[i] == 0) scales[i] = static_cast<float>(out[i]) / static_cast<float>(in[i]);
    if (in[i] < 0 ||
        static_cast<int32_t>(std::min(static_cast<float>(in[i]) * scales[i], 0x1p30f)) != out[i]) {
      throw Unsupported("sizes that its scales do not give");
    }
  }
  return c.m.vector(c.wanted() + "/scales", scales);
}

void export_resize(Call& c) {
  const auto& options = *c.node.options.AsResize();
  const Order order = channels_first(4);
  const int x = c.in(0);
  const bool nearest = options.mode == fb::ResizeMode::Nearest;
  if (c.node.inputs.size() > 1) throw Unsupported("a size that is computed when the model runs");
  const Shape in = graph::arranged(c.t.shape(x), order);
  Shape out = in;
  out[2] = options.out_h;
  out[3] = options.out_w;
  Names inputs = {nearest ? c.t.codes(x, order) : c.t.numbers(x, order), ""};
  if (options.scale_h != 0 || options.scale_w != 0) {
    inputs.push_back(given_scales(c, options, in, out));
  } else if (std::find(in.begin(), in.end(), -1) == in.end()) {
    inputs.insert(inputs.end(), {"", c.m.vector(c.wanted() + "/sizes",
                                                std::vector<int64_t>(out.begin(), out.end()))});
  } else {
    inputs.push_back(resize_scales(c, in, out));
  }
  const std::string y = c.m.node("Resize", std::move(inputs), c.wanted(), resize_words(options));
  nearest ? c.give_codes(order, y) : c.give_numbers(order, y);
}

constexpr Row kRows[] = {
    {fb::OpOptions::Pool2D, export_pool},
    {fb::OpOptions::Resize, export_resize},
};

}  // namespace

rt::Span<const Row> window_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
