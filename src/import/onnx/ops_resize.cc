// Resize in its many coordinate systems. libqrt's Resize knows those of TensorFlow Lite; a nearest
// neighbour of another kind becomes a Gather of rows and columns.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

// One axis that changes its size.
struct Scaling {
  int axis;
  int32_t in, out;
  double scale;  // ONNX's: output per input
};

struct Coordinates {
  std::string transform, rounding;
};

// Where output `i` lies in the input.
double source(const Scaling& s, const std::string& transform, int32_t i) {
  if (transform == "asymmetric") return i / s.scale;
  if (transform == "align_corners") {
    return s.out == 1 ? 0 : static_cast<double>(i) * (s.in - 1) / (s.out - 1);
  }
  if (transform == "pytorch_half_pixel" && s.out == 1) return 0;
  if (transform == "half_pixel" || transform == "pytorch_half_pixel") {
    return (i + 0.5) / s.scale - 0.5;
  }
  unsupported("coordinate_transformation_mode='%s'", transform.c_str());
}

int32_t nearest(const Scaling& s, const Coordinates& coordinates, int32_t i) {
  const double at = source(s, coordinates.transform, i);
  double index;
  if (coordinates.rounding == "floor") {
    index = std::floor(at);
  } else if (coordinates.rounding == "ceil") {
    index = std::ceil(at);
  } else if (coordinates.rounding == "round_prefer_floor") {
    index = std::ceil(at - 0.5);
  } else if (coordinates.rounding == "round_prefer_ceil") {
    index = std::floor(at + 0.5);
  } else {
    unsupported("nearest_mode='%s'", coordinates.rounding.c_str());
  }
  return static_cast<int32_t>(std::clamp(index, 0.0, static_cast<double>(s.in - 1)));
}

// libqrt's nearest neighbour, without aligned corners: in the kernel's own float arithmetic.
int32_t own_nearest(const Scaling& s, bool half_pixel, int32_t i) {
  const float scale = static_cast<float>(s.in) / static_cast<float>(s.out);
  const float at = (static_cast<float>(i) + (half_pixel ? 0.5f : 0.0f)) * scale;
  return std::min(static_cast<int32_t>(std::floor(at)), s.in - 1);
}

// A form in which the scaled axes are where libqrt's Resize has height and width; {} if there is
// none, as for a tensor of another rank.
Order resize_order(const Tensor& x, const std::vector<Scaling>& scalings) {
  if (x.rank() != 4 || scalings.size() > 2) return {};
  const auto is_plane = [&](int h, int w) {
    return std::all_of(scalings.begin(), scalings.end(),
                       [&](const Scaling& s) { return s.axis == h || s.axis == w; });
  };
  if (is_plane(2, 3)) return channels_last(4);
  if (is_plane(1, 2)) return plain_order(4);
  return {};
}

void emit_resize(Call& c, Tensor& x, const Order& order, const Shape& shape, fb::ResizeMode mode,
                 bool align_corners, bool half_pixel) {
  const Shape lying = arranged(shape, order);
  fb::ResizeT options;
  options.mode = mode;
  options.out_h = lying[1];
  options.out_w = lying[2];
  options.align_corners = align_corners;
  options.half_pixel_centers = half_pixel;
  c.move(std::move(options), x, order, shape, order);
}

void resize_nearest(Call& c, Tensor& x, const std::vector<Scaling>& scalings, const Shape& shape,
                    const Coordinates& coordinates) {
  std::vector<std::vector<int32_t>> indices;
  bool own[2] = {true, true};  // libqrt's two ways, without and with half pixels
  for (const Scaling& s : scalings) {
    c.b.charge(static_cast<uint64_t>(s.out) * sizeof(int32_t));
    indices.emplace_back();
    for (int32_t i = 0; i < s.out; ++i) {
      indices.back().push_back(nearest(s, coordinates, i));
      for (int half = 0; half < 2; ++half) {
        own[half] = own[half] && indices.back().back() == own_nearest(s, half == 1, i);
      }
    }
  }
  const Order order = resize_order(x, scalings);
  if (!order.empty() && (own[0] || own[1])) {
    return emit_resize(c, x, order, shape, fb::ResizeMode::Nearest, false, !own[0]);
  }
  const Order lying = x.order();
  int value = c.b.form(x, lying);
  for (size_t i = 0; i < scalings.size(); ++i) {
    const bool last = i + 1 == scalings.size();
    value = emit_gather(c, value, position(lying, scalings[i].axis), indices[i],
                        last ? c.output_name(0) : c.temporary("rows"));
  }
  c.out_value(0, value, shape, lying);
}

void resize_linear(Call& c, Tensor& x, const std::vector<Scaling>& scalings, const Shape& shape,
                   const std::string& transform) {
  const Order order = resize_order(x, scalings);
  if (order.empty()) unsupported("linear resizing of other axes than height and width");
  for (const Scaling& s : scalings) {
    source(s, transform, 0);  // refuses what it does not know
    // libqrt takes the scale from the sizes.
    const double by_sizes = static_cast<double>(s.out) / s.in;
    if (transform != "align_corners" && std::fabs(by_sizes - s.scale) > 1e-6 * by_sizes) {
      unsupported("a scale that is not the quotient of the sizes");
    }
    if (transform == "pytorch_half_pixel" && s.out == 1) unsupported("resizing to one element");
  }
  emit_resize(c, x, order, shape, fb::ResizeMode::Bilinear, transform == "align_corners",
              transform == "half_pixel" || transform == "pytorch_half_pixel");
}

// From scales or sizes, one for each of `axes`.
std::vector<Scaling> read_scalings(Call& c, const Tensor& x, size_t scales_input,
                                   size_t sizes_input, const std::vector<int>& axes) {
  std::vector<Scaling> scalings;
  const auto given = [&](size_t i) { return c.has(i) && c.in(i).shape != Shape{0}; };
  std::vector<double> scales;
  std::vector<int64_t> sizes;
  if (given(sizes_input)) {
    sizes = c.integers(sizes_input, "sizes");
  } else if (given(scales_input)) {
    const auto numbers = numbers_of(c.b, c.floats(scales_input));
    if (!numbers) unsupported("scales that are known only at run time");
    scales.assign(numbers->floats.begin(), numbers->floats.end());
  } else {
    invalid("neither scales nor sizes");
  }
  if (sizes.size() + scales.size() != axes.size()) {
    invalid("%zu sizes for %zu axes", sizes.size() + scales.size(), axes.size());
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const int32_t in = x.shape[static_cast<size_t>(axes[i])];
    Scaling s{axes[i], in, in, 1};
    if (sizes.empty()) {
      const double out = std::floor(in * scales[i]);
      if (!(scales[i] > 0) || !(out >= 1) || out > INT32_MAX) invalid("a scale of %g", scales[i]);
      s.out = static_cast<int32_t>(out);
      s.scale = scales[i];
    } else {
      s.out = checked_shape({sizes[i]})[0];
      s.scale = static_cast<double>(s.out) / in;
    }
    if (s.out != in || s.scale != 1) scalings.push_back(s);
  }
  return scalings;
}

void resize(Call& c, const std::vector<Scaling>& scalings, const std::string& mode,
            const Coordinates& coordinates) {
  Tensor& x = c.in(0);
  Shape shape = x.shape;
  for (const Scaling& s : scalings) shape[static_cast<size_t>(s.axis)] = s.out;
  checked_elements(shape);
  if (scalings.empty()) return c.out_same(0, c.pointer(0));
  if (mode == "nearest") return resize_nearest(c, x, scalings, shape, coordinates);
  if (mode == "linear")
    return resize_linear(c, c.floats(0), scalings, shape, coordinates.transform);
  unsupported("mode='%s'", mode.c_str());
}

// Inputs: X, roi, scales, sizes.
void import_resize(Call& c) {
  Attributes& a = c.attributes;
  const std::string mode = a.word("mode", "nearest");
  Coordinates coordinates{a.word("coordinate_transformation_mode", "half_pixel"),
                          a.word("nearest_mode", "round_prefer_floor")};
  a.ignore("cubic_coeff_a");
  a.ignore("exclude_outside");
  a.ignore("extrapolation_value");
  if (a.flag("antialias", false)) unsupported("antialias");
  if (a.word("keep_aspect_ratio_policy", "stretch") != "stretch") {
    unsupported("keep_aspect_ratio_policy");
  }
  const Tensor& x = c.in(0);
  checked_elements(x.shape);
  std::vector<int> axes = plain_order(x.rank());
  if (const std::vector<int64_t> given = a.integers("axes"); !given.empty()) {
    checked_axes(given, x.rank());
    axes.clear();
    for (int64_t axis : given) axes.push_back(checked_axis(axis, x.rank()));
  }
  resize(c, read_scalings(c, x, 2, 3, axes), mode, coordinates);
}

// Resize's predecessor, which exporters still write by that name. Inputs: X, scales.
void import_upsample(Call& c) {
  const Tensor& x = c.in(0);
  checked_elements(x.shape);
  const std::string mode = c.attributes.word("mode", "nearest");
  resize(c, read_scalings(c, x, 1, 2, plain_order(x.rank())), mode, {"asymmetric", "floor"});
}

constexpr Row kRows[] = {
    {"Resize", 1, 4, import_resize},
    {"Upsample", 2, 3, import_upsample},
};

}  // namespace

rt::Span<const Row> resize_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
