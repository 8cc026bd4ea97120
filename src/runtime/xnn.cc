#include "src/runtime/xnn.h"

#ifdef QRT_HAVE_XNNPACK
#include <xnnpack.h>

#include <cmath>
#include <type_traits>
#endif

namespace qrt::rt {

#ifdef QRT_HAVE_XNNPACK
namespace {

// Creates with as many caches (none, weights, code and weights) as this version's function takes
// before its last argument.
template <class Function, class... Args>
xnn_status create_with_caches(Function create, xnn_operator_t* op, Args... args) {
  if constexpr (std::is_invocable_v<Function, Args..., xnn_operator_t*>) {
    return create(args..., op);
  } else if constexpr (std::is_invocable_v<Function, Args..., std::nullptr_t, xnn_operator_t*>) {
    return create(args..., nullptr, op);
  } else {
    return create(args..., nullptr, nullptr, op);
  }
}

#ifdef QRT_XNNPACK_RESHAPE
// Until May 2025 the function told an alignment for the workspace, too, which was never more than
// that of all our memory.
template <class Function>
xnn_status reshape_convolution(Function reshape, xnn_operator_t op, size_t batch, size_t height,
                               size_t width, size_t* workspace_bytes, pthreadpool_t threads) {
  size_t out_h = 0, out_w = 0;
  if constexpr (std::is_invocable_v<Function, xnn_operator_t, size_t, size_t, size_t, size_t*,
                                    size_t*, size_t*, pthreadpool_t>) {
    return reshape(op, batch, height, width, workspace_bytes, &out_h, &out_w, threads);
  } else {
    size_t alignment = 0;
    return reshape(op, batch, height, width, workspace_bytes, &alignment, &out_h, &out_w, threads);
  }
}
#endif

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

Result<XnnOperator> XnnOperator::create(const XnnConvolution& c) {
  XnnOperator result;
  xnn_operator_t op = nullptr;
  const size_t in_stride = c.groups * c.group_inputs, out_stride = c.groups * c.group_outputs;
  QRT_RETURN_IF_ERROR(check(
      create_with_caches(xnn_create_convolution2d_nhwc_f32, &op, c.pad_top, c.pad_right,
                         c.pad_bottom, c.pad_left, c.kernel_h, c.kernel_w, c.stride_h, c.stride_w,
                         c.dilation_h, c.dilation_w, c.groups, c.group_inputs, c.group_outputs,
                         in_stride, out_stride, c.weights, c.bias, c.min, c.max, 0u),
      "create a convolution"));
  result.op_.reset(op);
  return result;
}

Result<XnnOperator> XnnOperator::create(const XnnFullyConnected& f) {
  XnnOperator result;
  xnn_operator_t op = nullptr;
  QRT_RETURN_IF_ERROR(
      check(create_with_caches(xnn_create_fully_connected_nc_f32, &op, f.inputs, f.outputs,
                               f.inputs, f.outputs, f.weights, f.bias, f.min, f.max, 0u),
            "create a fully connected layer"));
  result.op_.reset(op);
  return result;
}

#ifdef QRT_XNNPACK_RESHAPE

Status XnnOperator::bind_convolution(size_t batch, size_t height, size_t width, const float* input,
                                     float* output, pthreadpool* threads) {
  size_t bytes = 0;
  QRT_RETURN_IF_ERROR(check(reshape_convolution(xnn_reshape_convolution2d_nhwc_f32, op_.get(),
                                                batch, height, width, &bytes, threads),
                            "shape a convolution"));
  workspace_ = allocate_aligned(bytes);
  if (workspace_ == nullptr) return error(Code::OutOfMemory, "no memory for XNNPACK's workspace");
  return check(xnn_setup_convolution2d_nhwc_f32(op_.get(), workspace_.get(), input, output),
               "set up a convolution");
}

Status XnnOperator::bind_fully_connected(size_t rows, const float* input, float* output,
                                         pthreadpool* threads) {
  QRT_RETURN_IF_ERROR(check(xnn_reshape_fully_connected_nc_f32(op_.get(), rows, threads),
                            "shape a fully connected layer"));
  return check(xnn_setup_fully_connected_nc_f32(op_.get(), input, output),
               "set up a fully connected layer");
}

#else

Status XnnOperator::bind_convolution(size_t batch, size_t height, size_t width, const float* input,
                                     float* output, pthreadpool* threads) {
  return check(
      xnn_setup_convolution2d_nhwc_f32(op_.get(), batch, height, width, input, output, threads),
      "set up a convolution");
}

Status XnnOperator::bind_fully_connected(size_t rows, const float* input, float* output,
                                         pthreadpool* threads) {
  return check(xnn_setup_fully_connected_nc_f32(op_.get(), rows, input, output, threads),
               "set up a fully connected layer");
}

#endif

// Binding has checked everything that running could refuse.
void XnnOperator::run(pthreadpool* threads) { (void)xnn_run_operator(op_.get(), threads); }

#else

bool xnn_available() { return false; }
void XnnOperator::Delete::operator()(xnn_operator*) const {}
Result<XnnOperator> XnnOperator::create(const XnnConvolution&) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
Result<XnnOperator> XnnOperator::create(const XnnFullyConnected&) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
Status XnnOperator::bind_convolution(size_t, size_t, size_t, const float*, float*, pthreadpool*) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
Status XnnOperator::bind_fully_connected(size_t, const float*, float*, pthreadpool*) {
  return error(Code::Unsupported, "this build has no XNNPACK");
}
void XnnOperator::run(pthreadpool*) {}

#endif

}  // namespace qrt::rt
