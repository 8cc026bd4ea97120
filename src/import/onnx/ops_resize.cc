// Resize. Heights and widths are libqrt's Resize with ONNX's coordinates, or with TensorFlow Lite's
// where they mean the same; other axes become heights one after the other, or, for a nearest
// neighbour, a Gather. What libqrt's Resize does not know is a sum of weighted Gathers.
#include <algorithm>
#include <cmath>
#include <optional>

#include "src/base/dtype.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/resize_taps.h"
#include "src/ops/resize_axis.h"

namespace qrt::import::onnx_import {
namespace {

using rt::ResizeAxis;

// One axis that is scaled; its size may stay.
struct Scaling {
  int axis;
  Dim in, out;
  float scale;  // ONNX's: output per input; 0: the quotient of the sizes
};

struct Coordinates {
  fb::ResizeCoordinates transform = fb::ResizeCoordinates::HalfPixel;
  fb::ResizeRounding rounding = fb::ResizeRounding::RoundPreferFloor;
};

fb::ResizeCoordinates read_transform(const std::string& word) {
  if (word == "half_pixel") return fb::ResizeCoordinates::HalfPixel;
  if (word == "pytorch_half_pixel") return fb::ResizeCoordinates::PytorchHalfPixel;
  if (word == "asymmetric") return fb::ResizeCoordinates::Asymmetric;
  if (word == "align_corners") return fb::ResizeCoordinates::AlignCorners;
  unsupported("coordinate_transformation_mode='%s'", word.c_str());
}

fb::ResizeRounding read_rounding(const std::string& word) {
  if (word == "round_prefer_floor") return fb::ResizeRounding::RoundPreferFloor;
  if (word == "round_prefer_ceil") return fb::ResizeRounding::RoundPreferCeil;
  if (word == "floor") return fb::ResizeRounding::Floor;
  if (word == "ceil") return fb::ResizeRounding::Ceil;
  unsupported("nearest_mode='%s'", word.c_str());
}

ResizeAxis onnx_axis(const Scaling& s, const Coordinates& coordinates) {
  ResizeAxis axis;
  axis.in = s.in;
  axis.out = s.out;
  axis.coordinates = coordinates.transform;
  axis.scale = s.scale;
  axis.rounding = coordinates.rounding;
  return axis;
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

// TensorFlow Lite's flags.
struct Flags {
  bool align_corners, half_pixel_centers;
};

// The flags that take every pixel from where ONNX's coordinates do; nothing if none do.
template <class Source>
std::optional<Flags> same_by_flags(Call& c, const std::vector<Scaling>& scalings,
                                   const Coordinates& coordinates, const Source& source) {
  for (const Scaling& s : scalings) {
    c.b.charge(static_cast<uint64_t>(int32_t{s.out}) * sizeof(int32_t));
  }
  for (const Flags flags : {Flags{false, false}, Flags{false, true}, Flags{true, false}}) {
    const bool same = std::all_of(scalings.begin(), scalings.end(), [&](const Scaling& s) {
      const ResizeAxis onnx = onnx_axis(s, coordinates);
      ResizeAxis own;
      own.in = s.in;
      own.out = s.out;
      own.align_corners = flags.align_corners;
      own.half_pixel_centers = flags.half_pixel_centers;
      int32_t i = 0;
      while (i < s.out && source(own, i) == source(onnx, i)) ++i;
      return i == s.out;
    });
    if (same) return flags;
  }
  return std::nullopt;
}

void emit_resize(Call& c, Tensor& x, const Order& order, const Shape& shape, fb::ResizeMode mode,
                 const std::vector<Scaling>& scalings, const Coordinates& coordinates,
                 std::optional<Flags> flags) {
  const Shape lying = arranged(shape, order);
  fb::ResizeT options;
  options.mode = mode;
  options.out_h = lying[1];
  options.out_w = lying[2];
  if (flags) {
    options.align_corners = flags->align_corners;
    options.half_pixel_centers = flags->half_pixel_centers;
    return c.move(std::move(options), x, order, order);
  }
  options.coordinates = coordinates.transform;
  if (mode == fb::ResizeMode::Nearest) options.rounding = coordinates.rounding;
  for (const Scaling& s : scalings) {
    (position(order, s.axis) == 1 ? options.scale_h : options.scale_w) = s.scale;
  }
  c.move(std::move(options), x, order, order);
}

void resize_nearest(Call& c, Tensor& x, const std::vector<Scaling>& scalings, const Shape& shape,
                    const Coordinates& coordinates) {
  const auto flags = same_by_flags(c, scalings, coordinates, rt::resize_nearest);
  if (const Order order = resize_order(x, scalings); !order.empty()) {
    return emit_resize(c, x, order, shape, fb::ResizeMode::Nearest, scalings, coordinates, flags);
  }
  const Order lying = x.order();
  int value = c.b.form(x, lying);
  for (size_t i = 0; i < scalings.size(); ++i) {
    std::vector<int32_t> indices;
    for (int32_t k = 0; k < scalings[i].out; ++k) {
      indices.push_back(rt::resize_nearest(onnx_axis(scalings[i], coordinates), k));
    }
    const bool last = i + 1 == scalings.size();
    value = emit_gather(c, value, position(lying, scalings[i].axis), indices,
                        last ? c.output_name(0) : c.temporary("rows"));
  }
  c.out_value(0, value, lying);
}

int32_t elements_between(const Shape& shape, size_t first, size_t last) {
  const Shape part(shape.begin() + static_cast<std::ptrdiff_t>(first),
                   shape.begin() + static_cast<std::ptrdiff_t>(last));
  return static_cast<int32_t>(checked_elements(part));
}

// One axis after the other, as the height of an image whose pixels are what lies behind it.
void resize_axes(Call& c, Tensor& x, const std::vector<Scaling>& scalings,
                 const Coordinates& coordinates) {
  int value = c.b.plain(x);
  const Quantization q = c.moved_quantization(value);
  Shape shape = x.shape;
  for (const Scaling& s : scalings) {
    const auto axis = static_cast<size_t>(s.axis);
    const int32_t inner = elements_between(shape, axis + 1, shape.size());
    fb::ResizeT options;
    options.mode = fb::ResizeMode::Bilinear;
    options.coordinates = coordinates.transform;
    if (axis > 0 && shape[0].open()) {  // a batch that stays one; the axis is a width
      const int32_t outer = elements_between(shape, 1, axis);
      value = c.b.reshaped(value, {shape[0], outer, s.in, inner}, c.temporary("image"));
      options.out_h = outer;
      options.out_w = s.out;
      options.scale_w = s.scale;
    } else {
      const int32_t outer = elements_between(shape, 0, axis);
      value = c.b.reshaped(value, {outer, s.in, 1, inner}, c.temporary("image"));
      options.out_h = s.out;
      options.out_w = 1;
      options.scale_h = s.scale;
    }
    const int resized = c.b.value(c.temporary("resized"), x.type, q);
    c.emit(std::move(options), {value}, {resized});
    shape[axis] = s.out;
    const bool last = &s == &scalings.back();
    value = c.b.reshaped(resized, shape, last ? c.output_name(0) : c.temporary("axis"));
  }
  c.out_value(0, value, plain_order(shape.size()));
}

void resize_linear(Call& c, Tensor& x, const std::vector<Scaling>& scalings, const Shape& shape,
                   const Coordinates& coordinates) {
  const Order order = resize_order(x, scalings);
  if (order.empty()) return resize_axes(c, x, scalings, coordinates);
  const auto flags = same_by_flags(c, scalings, coordinates, rt::resize_position);
  emit_resize(c, x, order, shape, fb::ResizeMode::Bilinear, scalings, coordinates, flags);
}

double real(Dim dim) { return static_cast<int32_t>(dim); }

// Numbers that are broadcast along the axis at this position.
int along_axis(Call& c, const std::vector<float>& numbers, size_t rank, int position) {
  std::vector<int32_t> shape(rank, 1);
  shape[static_cast<size_t>(position)] = static_cast<int32_t>(numbers.size());
  c.b.charge(numbers.size() * sizeof(float));
  return c.b.graph.add_constant(c.temporary("weights"), std::move(shape), numbers);
}

int emit_sum(Call& c, fb::BinaryKind kind, int a, int b, const std::string& name) {
  const int result = c.b.value(name, DType::F32);
  fb::BinaryT options;
  options.kind = kind;
  c.emit(std::move(options), {a, b}, {result});
  return result;
}

// One axis: the sum of as many weighted Gathers as an element has taps.
int resize_by_taps(Call& c, int value, const Scaling& s, const Order& order,
                   const TapOptions& options, float extrapolation) {
  const int place = position(order, s.axis);
  const double scale = s.scale != 0 ? double{s.scale} : real(s.out) / real(s.in);
  c.b.charge(static_cast<uint64_t>(int32_t{s.out}) * 2 * sizeof(Taps));
  const std::vector<Taps> all = resize_taps(s.in, s.out, scale, options);
  size_t most = 0;
  bool outside = false;
  for (const Taps& taps : all) {
    most = std::max(most, taps.weights.size());
    outside = outside || taps.weights.empty();
  }
  constexpr size_t kMostTaps = 256;
  if (most > kMostTaps) unsupported("sums of %zu elements", most);
  int sum = -1;
  for (size_t k = 0; k < std::max(most, size_t{1}); ++k) {
    std::vector<int32_t> elements;
    std::vector<float> weights;
    for (const Taps& taps : all) {
      const bool has = k < taps.weights.size();
      elements.push_back(has ? taps.elements[k] : 0);
      weights.push_back(has ? static_cast<float>(taps.weights[k]) : 0.0f);
    }
    const std::string name = c.temporary("tap") + std::to_string(k);
    const int taken = emit_gather(c, value, place, elements, name);
    const int weighted = emit_sum(c, fb::BinaryKind::Mul, taken,
                                  along_axis(c, weights, order.size(), place), name + "/weighted");
    sum = k == 0 ? weighted : emit_sum(c, fb::BinaryKind::Add, sum, weighted, name + "/sum");
  }
  if (!outside || extrapolation == 0) return sum;
  std::vector<float> beside;
  for (const Taps& taps : all) beside.push_back(taps.weights.empty() ? extrapolation : 0.0f);
  return emit_sum(c, fb::BinaryKind::Add, sum, along_axis(c, beside, order.size(), place),
                  c.temporary("outside"));
}

// What scales or sizes say, one for each of `axes`.
struct Scalings {
  std::vector<Scaling> of_axes;  // those that are scaled
  int sizes = graph::kAbsent;    // the value that holds all sizes, if some of them are open
  const std::vector<int>& axes;
};

// [N,C,L] of which L is scaled, as the width of an image.
void resize_open_row(Call& c, Tensor& x, const Scalings& scalings, fb::ResizeMode mode,
                     const Coordinates& coordinates) {
  const bool row = x.rank() == 3 && scalings.of_axes.size() == 1 && scalings.of_axes[0].axis == 2 &&
                   !x.shape[1].open();
  if (!row) needs_size();
  const Scaling& s = scalings.of_axes[0];
  const int image =
      c.b.reshaped(c.b.plain(x), {x.shape[0], x.shape[1], x.shape[2], 1}, c.temporary("image"));
  const Quantization q = c.moved_quantization(image);
  fb::ResizeT options;
  options.mode = mode;
  options.coordinates = coordinates.transform;
  if (mode == fb::ResizeMode::Nearest) options.rounding = coordinates.rounding;
  options.out_h = x.shape[1];
  std::vector<int> inputs = {image};
  if (scalings.sizes != graph::kAbsent) {
    const auto place = std::find(scalings.axes.begin(), scalings.axes.end(), 2);
    const int length =
        emit_gather(c, scalings.sizes, 0, {static_cast<int32_t>(place - scalings.axes.begin())},
                    c.temporary("length"));
    const int channels = c.b.vector_constant<int64_t>(c.temporary("channels"), {x.shape[1]});
    const int both = c.b.value(c.temporary("size"), DType::S64);
    c.emit(fb::ConcatT{}, {channels, length}, {both});
    options.out_w = 1;
    inputs.push_back(both);
  } else {
    options.scale_w = s.scale;
    options.out_w = s.out.open() ? 0 : s.out.symbol();
  }
  const int resized = c.b.value(c.temporary("resized"), x.type, q);
  c.emit(std::move(options), inputs, {resized});
  const Shape shape = c.b.shape(resized);
  c.out_value(0, c.b.reshaped(resized, {shape[0], shape[1], shape[2]}, c.output_name(0)),
              plain_order(3));
}

// A plane of open sizes: its scales say how large it becomes, or the sizes are read in a run.
void resize_open(Call& c, Tensor& x, const Scalings& scalings, fb::ResizeMode mode,
                 const Coordinates& coordinates) {
  const Order order = resize_order(x, scalings.of_axes);
  if (order.empty()) return resize_open_row(c, x, scalings, mode, coordinates);
  fb::ResizeT options;
  options.mode = mode;
  options.coordinates = coordinates.transform;
  if (mode == fb::ResizeMode::Nearest) options.rounding = coordinates.rounding;
  std::vector<int> inputs = {c.b.form(x, order)};
  std::vector<int32_t> places;  // of height and width among the sizes
  for (size_t i : {size_t{1}, size_t{2}}) {
    const auto& of_axes = scalings.of_axes;
    const auto s = std::find_if(of_axes.begin(), of_axes.end(),
                                [&](const Scaling& one) { return one.axis == order[i]; });
    const Dim same = x.shape[static_cast<size_t>(order[i])];
    const Scaling scaling = s != of_axes.end() ? *s : Scaling{order[i], same, same, 1};
    (i == 1 ? options.scale_h : options.scale_w) = scaling.scale;
    (i == 1 ? options.out_h : options.out_w) = scaling.out.open() ? 0 : scaling.out.symbol();
    const auto place = std::find(scalings.axes.begin(), scalings.axes.end(), order[i]);
    if (place != scalings.axes.end()) {
      places.push_back(static_cast<int32_t>(place - scalings.axes.begin()));
    }
  }
  if (scalings.sizes != graph::kAbsent) {
    if (places.size() != 2) needs_size();
    options.scale_h = options.scale_w = 0;
    options.out_h = options.out_w = 1;
    inputs.push_back(emit_gather(c, scalings.sizes, 0, places, c.temporary("size")));
  }
  const Quantization q = c.moved_quantization(inputs[0]);
  c.emit(std::move(options), inputs, {c.out(0, x.type, order, q)});
}

// From scales or sizes, one for each of `axes`.
Scalings read_scalings(Call& c, const Tensor& x, size_t scales_input, size_t sizes_input,
                       const std::vector<int>& axes) {
  Scalings scalings{{}, graph::kAbsent, axes};
  const auto given = [&](size_t i) { return c.has(i) && c.in(i).shape != Shape{0}; };
  std::vector<float> scales;
  Shape sizes;
  if (given(sizes_input)) {
    sizes = c.sizes(sizes_input, "sizes");
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
    const Dim dim = x.shape[static_cast<size_t>(axes[i])];
    // An open size that stays, as that of a batch does, need not be known.
    if (dim.open() && (sizes.empty() ? scales[i] == 1 : sizes[i] == dim)) continue;
    Scaling s{axes[i], dim, dim, 0};
    if (sizes.empty()) {
      // Rounded down in float, in which 20 * 1.3 is 26.
      const float out = static_cast<float>(dim.open() ? 1 << 20 : dim.symbol()) * scales[i];
      if (!(scales[i] > 0) || !(out >= 1) || !(out < 0x1p31f) || !std::isnormal(scales[i])) {
        invalid("a scale of %g", static_cast<double>(scales[i]));
      }
      s.out = dim.open() ? dim : Dim(static_cast<int32_t>(out));
      s.scale = scales[i];
    } else if (sizes[i].open()) {
      s.out = sizes[i];
      scalings.sizes = c.b.plain(c.in(sizes_input));
    } else {
      s.out = checked_shape({sizes[i]})[0];
    }
    if (s.out != s.in || (s.scale != 0 && s.scale != 1)) scalings.of_axes.push_back(s);
  }
  return scalings;
}

// ONNX Runtime copies where no size changes, whatever the scales say.
bool keeps_sizes(const std::vector<Scaling>& scalings) {
  return std::all_of(scalings.begin(), scalings.end(),
                     [](const Scaling& s) { return !s.in.open() && s.out == s.in; });
}

void resize(Call& c, const Scalings& all, const std::string& mode, const Coordinates& coordinates) {
  Tensor& x = c.in(0);
  const std::vector<Scaling>& scalings = all.of_axes;
  bool open = std::any_of(scalings.begin(), scalings.end(),
                          [](const Scaling& s) { return s.in.open() || s.out.open(); });
  // A plane of which one side is scaled has both sizes.
  if (const Order order = resize_order(x, scalings); !order.empty() && !scalings.empty()) {
    open = open || x.shape[static_cast<size_t>(order[1])].open() ||
           x.shape[static_cast<size_t>(order[2])].open();
  }
  if (open && mode == "nearest")
    return resize_open(c, x, all, fb::ResizeMode::Nearest, coordinates);
  if (open && mode == "linear") {
    return resize_open(c, c.floats(0), all, fb::ResizeMode::Bilinear, coordinates);
  }
  Shape shape = x.shape;
  for (const Scaling& s : scalings) shape[static_cast<size_t>(s.axis)] = s.out;
  check_size(shape);
  if (keeps_sizes(scalings)) return c.out_same(0, c.pointer(0));
  if (mode == "nearest") return resize_nearest(c, x, scalings, shape, coordinates);
  if (mode == "linear") return resize_linear(c, c.floats(0), scalings, shape, coordinates);
  unsupported("mode='%s'", mode.c_str());
}

std::optional<TapOptions::Coordinates> tap_coordinates(const std::string& word) {
  using Kind = TapOptions::Coordinates;
  if (word == "half_pixel") return Kind::HalfPixel;
  if (word == "pytorch_half_pixel") return Kind::PytorchHalfPixel;
  if (word == "asymmetric") return Kind::Asymmetric;
  if (word == "align_corners") return Kind::AlignCorners;
  if (word == "half_pixel_symmetric") return Kind::HalfPixelSymmetric;
  if (word == "tf_crop_and_resize") return Kind::CropAndResize;
  return std::nullopt;
}

// Of an operator that libqrt's Resize cannot be; false if it can.
bool resize_all_by_taps(Call& c, const std::string& mode, const std::string& word,
                        const Scalings& scalings) {
  Attributes& a = c.attributes;
  TapOptions options;
  options.cubic = mode == "cubic";
  options.antialias = a.flag("antialias", false) && mode != "nearest";
  options.exclude_outside = a.flag("exclude_outside", false);
  options.cubic_a = double{a.number("cubic_coeff_a", -0.75f)};
  const float extrapolation = a.number("extrapolation_value", 0);
  const auto coordinates = tap_coordinates(word);
  const bool crops = coordinates == TapOptions::Coordinates::CropAndResize;
  const bool own = crops || coordinates == TapOptions::Coordinates::HalfPixelSymmetric;
  if (!coordinates || mode == "nearest" || !(options.cubic || options.antialias || own)) {
    return false;
  }
  options.coordinates = *coordinates;
  std::optional<Numbers> crop;
  if (crops) {
    crop = c.has(1) ? numbers_of(c.b, c.floats(1)) : std::nullopt;
    if (!crop) unsupported("a region that is known only at run time");
    if (crop->size() != 2 * scalings.axes.size()) {
      invalid("a region of %zu numbers for %zu axes", crop->size(), scalings.axes.size());
    }
  }
  if (!crops && keeps_sizes(scalings.of_axes)) {
    c.out_same(0, c.pointer(0));
    return true;
  }
  Tensor& x = c.floats(0);
  const Order order = x.order();
  int value = c.b.form(x, order);
  bool changed = false;
  for (size_t i = 0; i < scalings.axes.size(); ++i) {
    const int axis = scalings.axes[i];
    const Dim dim = x.shape[static_cast<size_t>(axis)];
    const auto found = std::find_if(scalings.of_axes.begin(), scalings.of_axes.end(),
                                    [&](const Scaling& one) { return one.axis == axis; });
    if (crops) {
      options.begin = double{crop->floats[i]};
      options.end = double{crop->floats[scalings.axes.size() + i]};
    }
    const bool whole = !crops || (options.begin == 0 && options.end == 1);
    if (found == scalings.of_axes.end() && whole) continue;
    const Scaling scaling = found != scalings.of_axes.end() ? *found : Scaling{axis, dim, dim, 1};
    value = resize_by_taps(c, value, scaling, order, options, extrapolation);
    changed = true;
  }
  if (changed) {
    c.out_value(0, value, order);
  } else {
    c.out_same(0, c.pointer(0));
  }
  return true;
}

// Sizes by which an input fits into those given, or covers them, and keeps its proportions.
void keep_proportions(Scalings* scalings, const Tensor& x, bool inside) {
  double scale = 0;
  for (int axis : scalings->axes) {
    const Dim dim = x.shape[static_cast<size_t>(axis)];
    const auto found = std::find_if(scalings->of_axes.begin(), scalings->of_axes.end(),
                                    [&](const Scaling& one) { return one.axis == axis; });
    const double own = found == scalings->of_axes.end() ? 1.0 : real(found->out) / real(dim);
    scale = scale == 0 ? own : inside ? std::min(scale, own) : std::max(scale, own);
  }
  scalings->of_axes.clear();
  for (int axis : scalings->axes) {
    const Dim dim = x.shape[static_cast<size_t>(axis)];
    const double size = std::floor(scale * real(dim) + 0.5);
    if (!(size >= 1) || !(size <= INT32_MAX)) invalid("a size of %g", size);
    const Scaling s{axis, dim, Dim(static_cast<int32_t>(size)), static_cast<float>(scale)};
    if (s.out != s.in) scalings->of_axes.push_back(s);
  }
}

// Inputs: X, roi, scales, sizes.
void import_resize(Call& c) {
  Attributes& a = c.attributes;
  const std::string mode = a.word("mode", "nearest");
  const std::string transform = a.word("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = a.word("nearest_mode", "round_prefer_floor");
  const std::string policy = a.word("keep_aspect_ratio_policy", "stretch");
  const Tensor& x = c.in(0);
  check_size(x.shape);
  std::vector<int> axes = plain_order(x.rank());
  if (const std::vector<int64_t> given = a.integers("axes"); !given.empty()) {
    checked_axes(given, x.rank());
    axes.clear();
    for (int64_t axis : given) axes.push_back(checked_axis(axis, x.rank()));
  }
  Scalings scalings = read_scalings(c, x, 2, 3, axes);
  if (policy == "not_larger" || policy == "not_smaller") {
    if (c.has(3)) keep_proportions(&scalings, x, policy == "not_larger");
  } else if (policy != "stretch") {
    invalid("keep_aspect_ratio_policy='%s'", policy.c_str());
  }
  if (resize_all_by_taps(c, mode, transform, scalings)) return;
  resize(c, scalings, mode, {read_transform(transform), read_rounding(rounding)});
}

// Resize's predecessor, which exporters still write by that name. Inputs: X, scales.
void import_upsample(Call& c) {
  const Tensor& x = c.in(0);
  check_size(x.shape);
  const std::string mode = c.attributes.word("mode", "nearest");
  resize(c, read_scalings(c, x, 1, 2, plain_order(x.rank())), mode,
         {fb::ResizeCoordinates::Asymmetric, fb::ResizeRounding::Floor});
}

constexpr Row kRows[] = {
    {"Resize", 1, 4, import_resize},
    {"Upsample", 2, 3, import_upsample},
};

}  // namespace

rt::Span<const Row> resize_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
