#include "src/runtime/xnn.h"

#include <algorithm>

#include "src/base/checked.h"

#ifdef QRT_HAVE_XNNPACK
#include <xnnpack.h>

#include <type_traits>
#endif

namespace qrt::rt {

#ifdef QRT_HAVE_XNNPACK
namespace {

static_assert(XNN_EXTRA_BYTES <= kXnnReadsPast);

// Creates with the caches that this version's function takes before its last argument: none, one of
// weights, one of code and one of weights.
template <class Function, class... Args>
xnn_status create_with_caches(Function create, [[maybe_unused]] const XnnWeights& weights,
                              xnn_operator_t* op, Args... args) {
  if constexpr (std::is_invocable_v<Function, Args..., xnn_operator_t*>) {
    return create(args..., op);
  } else {
#ifdef QRT_XNNPACK_WEIGHTS_PROVIDER
    xnn_weights_cache_provider* provider = weights.provider();
#else
    const std::nullptr_t provider = nullptr;
#endif
    if constexpr (std::is_invocable_v<Function, Args..., decltype(provider), xnn_operator_t*>) {
      return create(args..., provider, op);
    } else {
      return create(args..., nullptr, provider, op);
    }
  }
}

Status check(xnn_status status, const char* what) {
  if (status == xnn_status_success) return {};
  const Code code = status == xnn_status_out_of_memory ? Code::OutOfMemory : Code::Unsupported;
  return error(code, "XNNPACK could not %s (its status %d)", what, static_cast<int>(status));
}

}  // namespace

bool xnn_available() {
  static const bool available = xnn_initialize(nullptr) == xnn_status_success;
  return available;
}

void XnnOperator::Delete::operator()(xnn_operator* op) const { xnn_delete_operator(op); }

Result<XnnOperator> XnnOperator::create(const XnnLayer& layer, const XnnWeights& weights) {
  const XnnLayer& l = layer;
  const size_t inputs = l.groups * l.group_inputs, outputs = l.groups * l.group_outputs;
  xnn_operator_t op = nullptr;
  // Both convolutions.
  const auto create_window = [&](auto* create) {
    return create_with_caches(create, weights, &op, l.pad_top, l.pad_right, l.pad_bottom,
                              l.pad_left, l.kernel_h, l.kernel_w, l.stride_h, l.stride_w,
                              l.dilation_h, l.dilation_w, l.groups, l.group_inputs, l.group_outputs,
                              inputs, outputs, l.weights, l.bias, l.min, l.max, 0u);
  };
  switch (l.kind) {
    case XnnLayer::Convolution:
      QRT_RETURN_IF_ERROR(
          check(create_window(xnn_create_convolution2d_nhwc_f32), "create a convolution"));
      break;
    case XnnLayer::TransposedConvolution:
      QRT_RETURN_IF_ERROR(check(create_window(xnn_create_deconvolution2d_nhwc_f32),
                                "create a transposed convolution"));
      break;
    case XnnLayer::FullyConnected:
      QRT_RETURN_IF_ERROR(
          check(create_with_caches(xnn_create_fully_connected_nc_f32, weights, &op, inputs, outputs,
                                   inputs, outputs, l.weights, l.bias, l.min, l.max, 0u),
                "create a fully connected layer"));
      break;
  }
  XnnOperator result;
  result.op_.reset(op);
  result.layer_ = layer;
  return result;
}

#ifdef QRT_XNNPACK_RESHAPE
namespace {

// Until May 2025 the function told an alignment for the workspace, too, which was never more than
// that of all our memory.
template <class Function>
xnn_status reshape_convolution(Function reshape, xnn_operator_t op, const XnnSizes& s,
                               size_t* workspace_bytes, pthreadpool_t threads) {
  size_t out_h = 0, out_w = 0;
  if constexpr (std::is_invocable_v<Function, xnn_operator_t, size_t, size_t, size_t, size_t*,
                                    size_t*, size_t*, pthreadpool_t>) {
    return reshape(op, s.batch, s.height, s.width, workspace_bytes, &out_h, &out_w, threads);
  } else {
    size_t alignment = 0;
    return reshape(op, s.batch, s.height, s.width, workspace_bytes, &alignment, &out_h, &out_w,
                   threads);
  }
}

}  // namespace

Status XnnOperator::shape(const XnnSizes& sizes, pthreadpool* threads, size_t* workspace_bytes) {
  *workspace_bytes = 0;
  size_t out_h = 0, out_w = 0;
  switch (layer_.kind) {
    case XnnLayer::Convolution:
      return check(reshape_convolution(xnn_reshape_convolution2d_nhwc_f32, op_.get(), sizes,
                                       workspace_bytes, threads),
                   "shape a convolution");
    case XnnLayer::TransposedConvolution:
      return check(xnn_reshape_deconvolution2d_nhwc_f32(op_.get(), sizes.batch, sizes.height,
                                                        sizes.width, layer_.more_h, layer_.more_w,
                                                        &out_h, &out_w, threads),
                   "shape a transposed convolution");
    case XnnLayer::FullyConnected:
      break;
  }
  return check(xnn_reshape_fully_connected_nc_f32(op_.get(), sizes.batch, threads),
               "shape a fully connected layer");
}

Status XnnOperator::bind(const XnnSizes&, void* workspace, const float* input, float* output,
                         pthreadpool*) {
  switch (layer_.kind) {
    case XnnLayer::Convolution:
      return check(xnn_setup_convolution2d_nhwc_f32(op_.get(), workspace, input, output),
                   "set up a convolution");
    case XnnLayer::TransposedConvolution:
      return check(xnn_setup_deconvolution2d_nhwc_f32(op_.get(), input, output),
                   "set up a transposed convolution");
    case XnnLayer::FullyConnected:
      break;
  }
  return check(xnn_setup_fully_connected_nc_f32(op_.get(), input, output),
               "set up a fully connected layer");
}

#else

Status XnnOperator::shape(const XnnSizes&, pthreadpool*, size_t* workspace_bytes) {
  *workspace_bytes = 0;
  return {};
}

Status XnnOperator::bind(const XnnSizes& sizes, void*, const float* input, float* output,
                         pthreadpool* threads) {
  switch (layer_.kind) {
    case XnnLayer::Convolution:
      return check(xnn_setup_convolution2d_nhwc_f32(op_.get(), sizes.batch, sizes.height,
                                                    sizes.width, input, output, threads),
                   "set up a convolution");
    case XnnLayer::TransposedConvolution:
      return check(
          xnn_setup_deconvolution2d_nhwc_f32(op_.get(), sizes.batch, sizes.height, sizes.width,
                                             layer_.more_h, layer_.more_w, input, output, threads),
          "set up a transposed convolution");
    case XnnLayer::FullyConnected:
      break;
  }
  return check(xnn_setup_fully_connected_nc_f32(op_.get(), sizes.batch, input, output, threads),
               "set up a fully connected layer");
}

#endif

// Binding has checked everything that running could refuse.
void XnnOperator::run(pthreadpool* threads) { (void)xnn_run_operator(op_.get(), threads); }

#else

bool xnn_available() { return false; }
void XnnOperator::Delete::operator()(xnn_operator*) const {}
Result<XnnOperator> XnnOperator::create(const XnnLayer&, const XnnWeights&) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
Status XnnOperator::shape(const XnnSizes&, pthreadpool*, size_t*) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
Status XnnOperator::bind(const XnnSizes&, void*, const float*, float*, pthreadpool*) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
void XnnOperator::run(pthreadpool*) {}

#endif

bool same_padding(const XnnLayer& a, const XnnLayer& b) {
  return a.pad_top == b.pad_top && a.pad_right == b.pad_right && a.pad_bottom == b.pad_bottom &&
         a.pad_left == b.pad_left;
}

namespace {

uint64_t taps(const XnnLayer& l) { return uint64_t{l.kernel_h} * l.kernel_w; }

// Transposed convolutions run by phases of the stride where each phase has taps: XNNPACK's own
// rule.
bool by_phases(const XnnLayer& l) {
  return std::max(l.stride_h, l.stride_w) > 1 && std::max(l.dilation_h, l.dilation_w) == 1 &&
         l.stride_h <= l.kernel_h && l.stride_w <= l.kernel_w;
}

// XNNPACK's pointers for a transposed convolution. Output pixels are taken in tiles of at most 16.
uint64_t transposed_indirection_bytes(const XnnLayer& l, const XnnSizes& sizes) {
  constexpr uint64_t kTile = 16;
  const auto outputs = [](uint64_t in, uint64_t kernel, uint64_t dilation, uint64_t stride,
                          uint64_t more, uint64_t lost) {
    return (in - 1) * stride + (kernel - 1) * dilation + 1 + more - lost;
  };
  const uint64_t out_h = outputs(sizes.height, l.kernel_h, l.dilation_h, l.stride_h, l.more_h,
                                 uint64_t{l.pad_top} + l.pad_bottom);
  const uint64_t out_w = outputs(sizes.width, l.kernel_w, l.dilation_w, l.stride_w, l.more_w,
                                 uint64_t{l.pad_left} + l.pad_right);
  if (!by_phases(l)) return size_product(taps(l), align_up(out_h * out_w, kTile), sizeof(void*));
  // Room for all taps in each row, though a row meets those of one phase.
  return size_product(taps(l), out_h, l.stride_w,
                      align_up(ceil_div<uint64_t>(out_w, l.stride_w), kTile), sizeof(void*));
}

}  // namespace

uint64_t XnnOperator::indirection_bytes(const XnnSizes& sizes) const {
  const XnnLayer& l = layer_;
  if (l.kind == XnnLayer::TransposedConvolution) return transposed_indirection_bytes(l, sizes);
  const bool padded = l.pad_top + l.pad_right + l.pad_bottom + l.pad_left > 0;
  if (taps(l) == 1 && l.stride_h == 1 && l.stride_w == 1 && !padded) return 0;  // a matrix product
  const auto outputs = [](uint64_t in, uint64_t kernel, uint64_t dilation, uint64_t stride) {
    const uint64_t window = (kernel - 1) * dilation + 1;
    return in < window ? 0 : (in - window) / stride + 1;
  };
  const uint64_t out_h = outputs(uint64_t{sizes.height} + l.pad_top + l.pad_bottom, l.kernel_h,
                                 l.dilation_h, l.stride_h);
  const uint64_t out_w = outputs(uint64_t{sizes.width} + l.pad_left + l.pad_right, l.kernel_w,
                                 l.dilation_w, l.stride_w);
  // Depthwise kernels share columns of pointers between neighbours in a row.
  const bool depthwise = l.group_inputs == 1 && l.group_outputs == 1;
  const uint64_t step =
      depthwise && l.dilation_w == 1 ? std::min(l.stride_w, l.kernel_w) : l.kernel_w;
  return out_h * (taps(l) + out_w * step * l.kernel_h) * sizeof(void*);
}

uint64_t XnnOperator::packed_bytes() const {
  if (kXnnSharesWeights) return 0;
  constexpr uint64_t kColumns = 16;
  const XnnLayer& l = layer_;
  const auto in_columns = [](uint64_t n) { return ceil_div(n, kColumns) * kColumns; };
  const bool transposed = l.kind == XnnLayer::TransposedConvolution;
  const bool depthwise = !transposed && l.group_inputs == 1 && l.group_outputs == 1;
  const uint64_t columns =
      depthwise ? in_columns(l.groups) : l.groups * in_columns(l.group_outputs);
  // A bias for each phase.
  const uint64_t biases = transposed && by_phases(l) ? uint64_t{l.stride_h} * l.stride_w : 1;
  return columns * (taps(l) * l.group_inputs + biases) * sizeof(float);
}

}  // namespace qrt::rt
