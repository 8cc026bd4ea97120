#include "bench/xnnpack.h"

#ifdef QRT_BENCH_XNNPACK
#include <cpuinfo.h>
#include <xnnpack.h>

#include <type_traits>
#endif

namespace qrt::bench {

#ifdef QRT_BENCH_XNNPACK
namespace {

rt::Status check(xnn_status status, const char* what) {
  if (status == xnn_status_success) return {};
  return rt::error(rt::Code::Unsupported, "XNNPACK could not %s (its status %d)", what,
                   static_cast<int>(status));
}

#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64
// Takes back a feature that this version of cpuinfo may not know.
template <class Isa, class Field>
void hide(Isa& has, const Field& field) {
  if constexpr (std::is_invocable_v<Field, Isa&>) field(has) = false;
}
#define QRT_HIDE(has, name) hide(has, [](auto& isa) -> decltype((isa.name)) { return isa.name; })

// cpuinfo exports the structure behind its questions, for they are inline functions.
void hide_others_than(rt::CpuFeatures features) {
  cpuinfo_x86_isa& has = cpuinfo_isa;
  if (!rt::includes(features, QRT_CPU_AVX512VNNI)) has.avx512vnni = false;
  if (!rt::includes(features, QRT_CPU_AVXVNNI)) {
    QRT_HIDE(has, avxvnni);
    QRT_HIDE(has, avx_vnni_int8);
  }
  if (!rt::includes(features, QRT_CPU_AVX512)) {
    has.avx512f = has.avx512cd = has.avx512dq = has.avx512bw = has.avx512vl = has.avx512ifma =
        has.avx512vbmi = has.avx512vbmi2 = has.avx512bitalg = has.avx512vpopcntdq = has.avx512vnni =
            has.avx512bf16 = has.avx512vp2intersect = false;
    QRT_HIDE(has, avx512fp16);
    QRT_HIDE(has, amx_tile);
    QRT_HIDE(has, amx_int8);
  }
  if (!rt::includes(features, QRT_CPU_AVX2)) {
    has.ssse3 = has.sse4_1 = has.sse4_2 = has.sse4a = has.avx = has.xop = has.f16c = has.fma3 =
        has.fma4 = has.avx2 = false;
  }
}
#else
void hide_others_than(rt::CpuFeatures) {}
#endif

}  // namespace

rt::Status start_xnnpack(const rt::CpuFeatures* at_most) {
  rt::cpu_facts();  // asks cpuinfo for our own kernels, before anything is taken back
  if (at_most != nullptr) hide_others_than(*at_most);
  return check(xnn_initialize(nullptr), "start");
}

void XnnpackConvolution::Delete::operator()(xnn_operator* op) const { xnn_delete_operator(op); }

rt::Result<XnnpackConvolution> XnnpackConvolution::create(const ConvShape& shape,
                                                          const ConvData& data,
                                                          pthreadpool_t pool) {
  const rt::WindowGeometry& w = shape.window;
  const auto narrow = [](size_t x) { return static_cast<uint32_t>(x); };
  XnnpackConvolution peer;
  xnn_operator_t op = nullptr;
  const auto create_with = [&](auto* create, auto... caches) {
    return create(narrow(w.pad_top), narrow(w.pad_right), narrow(w.pad_bottom), narrow(w.pad_left),
                  narrow(w.kernel_h), narrow(w.kernel_w), narrow(w.stride_h), narrow(w.stride_w),
                  narrow(w.dilation_h), narrow(w.dilation_w), narrow(shape.groups),
                  shape.group_inputs(), shape.group_outputs(), w.channels, shape.out_channels,
                  data.in_zero_point, data.in_scale, data.weight_scales.data(), data.weights.data(),
                  data.bias.data(), data.out_zero_point, data.out_scale, int8_t{-128}, int8_t{127},
                  0u, caches..., &op);
  };
#if QRT_BENCH_XNNPACK == 2026
  const xnn_status created = create_with(xnn_create_convolution2d_nhwc_qs8_qc8w, nullptr);
#else
  const xnn_status created = create_with(xnn_create_convolution2d_nhwc_qc8);
#endif
  QRT_RETURN_IF_ERROR(check(created, "create a convolution"));
  peer.op_.reset(op);
  // It reads past the end of its input.
  peer.input_ = data.input;
  peer.input_.resize(data.input.size() + XNN_EXTRA_BYTES);
  peer.output_.resize(w.pixels() * shape.out_channels);
  peer.pool_ = pool;
#if QRT_BENCH_XNNPACK == 2026
  size_t workspace_bytes = 0, out_h = 0, out_w = 0;
  QRT_RETURN_IF_ERROR(
      check(xnn_reshape_convolution2d_nhwc_qs8_qc8w(op, w.batch, w.in_h, w.in_w, &workspace_bytes,
                                                    &out_h, &out_w, pool),
            "shape a convolution"));
  peer.workspace_ = rt::allocate_aligned(workspace_bytes);
  const xnn_status set_up = xnn_setup_convolution2d_nhwc_qs8_qc8w(
      op, peer.workspace_.get(), peer.input_.data(), peer.output_.data());
#else
  const xnn_status set_up = xnn_setup_convolution2d_nhwc_qc8(
      op, w.batch, w.in_h, w.in_w, peer.input_.data(), peer.output_.data(), pool);
#endif
  QRT_RETURN_IF_ERROR(check(set_up, "set up a convolution"));
  return peer;
}

// It has been set up, and then cannot fail.
void XnnpackConvolution::run() { (void)xnn_run_operator(op_.get(), pool_); }

#else

rt::Status start_xnnpack(const rt::CpuFeatures*) {
  return rt::error(rt::Code::Unsupported, "this build has no XNNPACK, or one of another interface");
}

void XnnpackConvolution::Delete::operator()(xnn_operator*) const {}

rt::Result<XnnpackConvolution> XnnpackConvolution::create(const ConvShape&, const ConvData&,
                                                          pthreadpool_t) {
  return start_xnnpack(nullptr);
}

void XnnpackConvolution::run() {}

#endif

}  // namespace qrt::bench
