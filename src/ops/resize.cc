// Resize: nearest and bilinear scaling of [N,H,W,C].
#include "kernels/resize_bilinear.h"

#include <algorithm>
#include <cstring>

#include "src/ops/common.h"
#include "src/ops/resize_axis.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {
namespace {

using Tap = kernels::ResizeTap;

void bilinear_taps(const ResizeAxis& axis, Tap* taps) {
  for (int32_t i = 0; i < axis.out; ++i) {
    const float from = resize_position(axis, i);
    const auto first = static_cast<int32_t>(from);
    const float weight = from - static_cast<float>(first);
    taps[i] = {first, std::min(first + 1, axis.in - 1), weight,
               static_cast<int32_t>(
                   std::nearbyint(weight * static_cast<float>(1 << kernels::kResizeBits)))};
  }
}

void nearest_taps(const ResizeAxis& axis, Tap* taps) {
  for (int32_t i = 0; i < axis.out; ++i) {
    const int32_t from = resize_nearest(axis, i);
    taps[i] = {from, from, 0, 0};
  }
}

class ResizeImage final : public RowKernel<kernels::ResizeBilinearKernel> {
 public:
  explicit ResizeImage(const kernels::ResizeBilinearKernel& row) : RowKernel(row) {}

  Status plan(const Node& node, PlanContext& context) const override {
    const auto& options = node.options<fb::Resize>();
    const Shape& in = node.shape_in(context.shapes, 0);
    const Shape& out = node.shape_out(context.shapes, 0);
    const auto make = options.mode() == fb::ResizeMode::Nearest ? nearest_taps : bilinear_taps;
    State& state = context.make<State>();
    state.y.resize(static_cast<size_t>(out[1]));
    state.x.resize(static_cast<size_t>(out[2]));
    ResizeAxis axis;
    axis.coordinates = options.coordinates();
    axis.align_corners = options.align_corners();
    axis.half_pixel_centers = options.half_pixel_centers();
    axis.rounding = options.rounding();
    axis.in = in[1];
    axis.out = out[1];
    axis.scale = options.scale_h();
    make(axis, state.y.data());
    axis.in = in[2];
    axis.out = out[2];
    axis.scale = options.scale_w();
    make(axis, state.x.data());
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = context.planned<State>();
    const Shape& in = context.shape_in(0);
    const size_t rows = static_cast<size_t>(in[0]) * state.y.size();
    const size_t channels = static_cast<size_t>(in[3]);
    const bool nearest = context.node.options<fb::Resize>().mode() == fb::ResizeMode::Nearest;
    const DType type = context.node.input(0).type;
    const size_t pixel_bytes = channels * dtype_bytes(type);
    const size_t row_bytes = static_cast<size_t>(in[2]) * pixel_bytes;
    const kernels::ResizeRowArgs args = {state.x.data(), state.x.size(), channels};
    context.pool.parallel_for(
        rows, state.x.size() * pixel_bytes, [&](size_t begin, size_t end, size_t) {
          for (size_t r = begin; r < end; ++r) {
            const Tap& y = state.y[r % state.y.size()];
            const uint8_t* image = context.in<uint8_t>(0) +
                                   r / state.y.size() * static_cast<size_t>(in[1]) * row_bytes;
            const uint8_t* top = image + static_cast<size_t>(y.first) * row_bytes;
            const uint8_t* bottom = image + static_cast<size_t>(y.second) * row_bytes;
            uint8_t* out = context.out<uint8_t>() + r * state.x.size() * pixel_bytes;
            if (nearest) {
              copy_row(state, top, pixel_bytes, out);
            } else if (type == DType::S8) {
              row_.bilinear_s8(args, reinterpret_cast<const int8_t*>(top),
                               reinterpret_cast<const int8_t*>(bottom), y.fixed_weight,
                               reinterpret_cast<int8_t*>(out));
            } else {
              row_.bilinear_f32(args, reinterpret_cast<const float*>(top),
                                reinterpret_cast<const float*>(bottom), y.weight,
                                reinterpret_cast<float*>(out));
            }
          }
        });
  }

 private:
  struct State : OpState {
    size_t bytes() const override { return (y.size() + x.size()) * sizeof(Tap); }
    std::vector<Tap> y, x;
  };

  static void copy_row(const State& state, const uint8_t* from, size_t pixel, uint8_t* out) {
    for (const Tap& x : state.x) {
      std::memcpy(out, from + static_cast<size_t>(x.first) * pixel, pixel);
      out += pixel;
    }
  }
};

Choice choose(const Node&, const ChooseContext& context) {
  return make_kernel<ResizeImage>(
      choose_kernel(kernels::resize_bilinear_kernels, context.features));
}

}  // namespace

const OpDef kResizeOp = {choose};

}  // namespace qrt::rt
