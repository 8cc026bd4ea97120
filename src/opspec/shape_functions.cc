#include "src/opspec/shape_functions.h"

#include <algorithm>

namespace qrt::rt {

Status require_axis(Inference& x, int32_t axis, int rank, int* resolved) {
  if (resolve_axis(axis, rank, resolved)) return {};
  return x.node().fail(Code::InvalidModel, "axis %d does not exist in %s", axis,
                       x.text_in(0).c_str());
}

bool broadcast(Dims& dims, const Shape& a, const Shape& b, Shape* out) {
  *out = Shape::ones(std::max(a.rank(), b.rank()));
  for (int i = 1; i <= out->rank(); ++i) {
    const int32_t da = i <= a.rank() ? a[a.rank() - i] : 1;
    const int32_t db = i <= b.rank() ? b[b.rank() - i] : 1;
    int32_t& to = (*out)[out->rank() - i];
    if (da == db || db == 1) {
      to = da;
    } else if (da == 1) {
      to = db;
    } else if (is_number(da) && is_number(db)) {
      return false;
    } else if (is_number(da) || is_number(db)) {
      // The other can only be that number or 1.
      to = is_number(da) ? da : db;
    } else {
      to = dims.max(da, db);
    }
  }
  return true;
}

bool broadcast(const Shape& a, const Shape& b, Shape* out) {
  *out = Shape::ones(std::max(a.rank(), b.rank()));
  for (int i = 1; i <= out->rank(); ++i) {
    const int32_t da = i <= a.rank() ? a[a.rank() - i] : 1;
    const int32_t db = i <= b.rank() ? b[b.rank() - i] : 1;
    if (da != db && da != 1 && db != 1) return false;
    (*out)[out->rank() - i] = da == 1 ? db : da;
  }
  return true;
}

int32_t product(Dims& dims, const Shape& shape, int first, int last) {
  int32_t result = 1;
  for (int i = first; i < last; ++i) result = dims.mul(result, shape[i]);
  return result;
}

Status infer_same_shape(Inference& x) {
  x.out(0, Shape(x.in(0)));
  return {};
}

Status infer_rows(Inference& x) {
  if (x.in(0).rank() < 1) {
    return x.node().fail(Code::InvalidModel, "needs at least one axis");
  }
  return infer_same_shape(x);
}

bool keeps_all_places(const Node&, const Shapes&, size_t, int) { return true; }

Status check_clamp(const Node& node, const fb::Clamp* clamp) {
  if (clamp == nullptr || clamp->min() <= clamp->max()) return {};
  return node.fail(Code::InvalidModel, "clamps to [%g, %g]", static_cast<double>(clamp->min()),
                   static_cast<double>(clamp->max()));
}

Status check_window(const Node& node, const fb::Window2D& w, int32_t kernel_h, int32_t kernel_w) {
  if (kernel_h < 1 || kernel_w < 1) {
    return node.fail(Code::InvalidModel, "has a kernel of %dx%d", kernel_h, kernel_w);
  }
  if (w.stride_h() < 1 || w.stride_w() < 1 || w.dilation_h() < 1 || w.dilation_w() < 1) {
    return node.fail(Code::InvalidModel,
                     "has strides %d,%d and dilations %d,%d; all must be positive", w.stride_h(),
                     w.stride_w(), w.dilation_h(), w.dilation_w());
  }
  if (w.pad_top() < 0 || w.pad_bottom() < 0 || w.pad_left() < 0 || w.pad_right() < 0) {
    return node.fail(Code::InvalidModel, "has a negative padding");
  }
  if (w.padding() > fb::Padding::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind of padding, %d",
                     static_cast<int>(w.padding()));
  }
  return {};
}

namespace {

// One axis of a window; 0 or less, or kInvalidDim, if it does not fit.
int32_t window_axis(Dims& dims, int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                    fb::Padding padding, int32_t before, int32_t after, bool ceil) {
  if (padding != fb::Padding::Explicit) return dims.ceil_div(in, stride);
  const int64_t extent = (int64_t{kernel} - 1) * dilation + 1;
  const int64_t less = extent - before - after;
  if (is_number(in)) {
    const int64_t room = in - less;
    if (room < 0) return 0;
    int64_t out = room / stride + 1;
    if (ceil && room % stride != 0 && out * stride < int64_t{in} + before) ++out;
    return out <= INT32_MAX ? static_cast<int32_t>(out) : kInvalidDim;
  }
  if (less <= kFirstSymbol || less > INT32_MAX) return kInvalidDim;
  const int32_t room = dims.sub(in, static_cast<int32_t>(less));
  if (!ceil) return dims.add(dims.floor_div(room, stride), 1);
  // A last window that begins behind the input is left out.
  return after + stride <= extent ? dims.add(dims.ceil_div(room, stride), 1) : dims.open();
}

// Elements of padding along one axis of numbers.
int64_t padding_of(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t dilation,
                   fb::Padding padding, int32_t before, int32_t after) {
  if (padding == fb::Padding::Explicit) return int64_t{before} + after;
  const int64_t extent = (int64_t{kernel} - 1) * dilation + 1;
  return std::max<int64_t>((int64_t{out} - 1) * stride + extent - in, 0);
}

}  // namespace

Status infer_window(Inference& x, const fb::Window2D& w, const Shape& in, int32_t kernel_h,
                    int32_t kernel_w, int32_t* out_h, int32_t* out_w, bool ceil) {
  if (in.rank() != 4) {
    return x.node().fail(Code::InvalidModel, "takes an input [N,H,W,C], not %s",
                         x.text(in).c_str());
  }
  *out_h = window_axis(x.dims(), in[1], kernel_h, w.stride_h(), w.dilation_h(), w.padding(),
                       w.pad_top(), w.pad_bottom(), ceil);
  *out_w = window_axis(x.dims(), in[2], kernel_w, w.stride_w(), w.dilation_w(), w.padding(),
                       w.pad_left(), w.pad_right(), ceil);
  for (int32_t out : {*out_h, *out_w}) {
    if (out == kInvalidDim || (is_number(out) && out < 1)) {
      return x.node().fail(Code::InvalidModel, "its kernel of %dx%d does not fit its input, %s",
                           kernel_h, kernel_w, x.text(in).c_str());
    }
  }
  if (!is_number(in[1]) || !is_number(in[2])) return {};
  const int64_t rows = padding_of(in[1], *out_h, kernel_h, w.stride_h(), w.dilation_h(),
                                  w.padding(), w.pad_top(), w.pad_bottom());
  const int64_t columns = padding_of(in[2], *out_w, kernel_w, w.stride_w(), w.dilation_w(),
                                     w.padding(), w.pad_left(), w.pad_right());
  // Positions in a padded input are unsigned numbers of 32 bits on some CPUs, and in XNNPACK.
  if (in[1] + rows <= UINT32_MAX && in[2] + columns <= UINT32_MAX) return {};
  return x.node().fail(Code::Unsupported, "pads its input, %s, by %lld rows and %lld columns",
                       x.text(in).c_str(), static_cast<long long>(rows),
                       static_cast<long long>(columns));
}

Status check_groups(const Node& node, int32_t groups, const Shape& in) {
  const Shape& weights = node.input(1).shape;
  const int32_t channels = in.rank() == 4 ? in[3] : -1;
  if (groups >= 1 && weights[0] % groups == 0 &&
      (channels < 0 || (channels % groups == 0 && weights[3] == channels / groups))) {
    return {};
  }
  return node.fail(Code::InvalidModel, "its weights %s and %d groups do not fit its input, %s",
                   weights.str().c_str(), groups, in.str().c_str());
}

Status check_convolution(const Node& node, const fb::Window2D& window, int32_t groups,
                         const fb::Clamp* clamp) {
  const Shape& weights = node.input(1).shape;
  if (weights.rank() != 4) {
    return node.fail(Code::InvalidModel, "takes weights [O,KH,KW,I], not %s",
                     weights.str().c_str());
  }
  QRT_RETURN_IF_ERROR(check_window(node, window, weights[1], weights[2]));
  QRT_RETURN_IF_ERROR(check_clamp(node, clamp));
  QRT_RETURN_IF_ERROR(check_groups(node, groups, node.input(0).shape));
  return check_weights(node);
}

namespace {

// What s16 activations ask of weights and bias beyond their types.
Status check_weights_of_s16(const Node& node) {
  const Quantization& weights = node.input(1).quantization;
  for (const int32_t zero_point : weights.zero_points) {
    if (zero_point == 0) continue;
    return node.fail(Code::Unsupported,
                     "its weights have a zero point of %d; with s16 activations it must be 0",
                     zero_point);
  }
  if (!node.has_input(2) || node.input(2).type != DType::S64 || !node.input(2).constant) return {};
  const Tensor& bias = node.input(2);
  for (int64_t i = 0; i < bias.shape.elements(); ++i) {
    const int64_t value = bias.as<int64_t>()[i];
    if (value <= kMostBias && value >= -kMostBias) continue;
    return node.fail(Code::InvalidModel, "its bias '%s' holds %lld, beyond the %lld of sums",
                     bias.name, static_cast<long long>(value), static_cast<long long>(kMostBias));
  }
  return {};
}

}  // namespace

Status check_weights(const Node& node) {
  const Tensor& weights = node.input(1);
  const int64_t outputs = weights.shape.rank() > 0 ? weights.shape[0] : 1;
  if ((weights.type == DType::S8 || weights.type == DType::S4) &&
      weights.shape.elements() / outputs > kMaxProducts) {
    return node.fail(Code::Unsupported, "sums %lld products an output, more than %lld",
                     static_cast<long long>(weights.shape.elements() / outputs),
                     static_cast<long long>(kMaxProducts));
  }
  if (!node.has_input(2) || node.input(2).shape.elements() == outputs) {
    return node.input(0).type == DType::S16 ? check_weights_of_s16(node) : Status();
  }
  const Tensor& bias = node.input(2);
  return node.fail(Code::InvalidModel, "its bias '%s' is %s of %s, needs %lld of %s", bias.name,
                   bias.shape.str().c_str(), dtype_name(bias.type), static_cast<long long>(outputs),
                   dtype_name(bias.type));
}

Status check_indexed_axis(Inference& x, int axis) {
  if (x.in(0)[axis] != 0) return {};
  return x.node().fail(Code::InvalidModel,
                       "has indices of an axis without elements: its data is %s",
                       x.text_in(0).c_str());
}

Status check_element_indices(Inference& x, int axis) {
  const Shape &data = x.in(0), &indices = x.in(1);
  bool fits = indices.rank() == data.rank();
  for (int i = 0; fits && i < data.rank(); ++i) {
    fits = i == axis || !is_number(data[i]) || !is_number(indices[i]) || indices[i] <= data[i];
  }
  if (!fits) {
    return x.node().fail(Code::InvalidModel, "has indices %s for data %s along axis %d",
                         x.text(indices).c_str(), x.text(data).c_str(), axis);
  }
  QRT_RETURN_IF_ERROR(check_indexed_axis(x, axis));
  return check_constant_indices(x.node(), [&](int64_t) { return data[axis]; });
}

const char* scatter_signatures(fb::ScatterReduction reduction) {
  switch (reduction) {
    case fb::ScatterReduction::None:
      return "movable, index, =0 -> =0";
    case fb::ScatterReduction::Max:
    case fb::ScatterReduction::Min:
      return "f32/s8/u8/s16/s32/s64/bool/q/q32, index, =0 -> =0";
    default:
      return "f32/s8/u8/s16/s32/s64/bool, index, =0 -> =0";
  }
}

Status check_reduction(const Node& node, fb::ScatterReduction reduction) {
  if (reduction <= fb::ScatterReduction::MAX) return {};
  return node.fail(Code::InvalidModel, "has an unknown reduction, %d", static_cast<int>(reduction));
}

}  // namespace qrt::rt
