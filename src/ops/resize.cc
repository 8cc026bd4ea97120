// Resize: nearest and bilinear scaling of [N,H,W,C].
#include "kernels/resize_bilinear.h"

#include <algorithm>
#include <cstring>

#include "src/ops/common.h"
#include "src/ops/kernel_choice.h"

namespace qrt::rt {
namespace {

using Tap = kernels::ResizeTap;

float axis_scale(int32_t in, int32_t out, bool align_corners) {
  if (align_corners && out > 1) return static_cast<float>(in - 1) / static_cast<float>(out - 1);
  return static_cast<float>(in) / static_cast<float>(out);
}

void bilinear_taps(int32_t in, int32_t out, bool align_corners, bool half_pixel, Tap* taps) {
  const float scale = axis_scale(in, out, align_corners);
  for (int32_t i = 0; i < out; ++i) {
    const float position =
        half_pixel ? (static_cast<float>(i) + 0.5f) * scale - 0.5f : static_cast<float>(i) * scale;
    const float from = std::clamp(position, 0.0f, static_cast<float>(in - 1));
    const auto first = static_cast<int32_t>(from);
    const float weight = from - static_cast<float>(first);
    taps[i] = {first, std::min(first + 1, in - 1), weight,
               static_cast<int32_t>(
                   std::nearbyint(weight * static_cast<float>(1 << kernels::kResizeBits)))};
  }
}

void nearest_taps(int32_t in, int32_t out, bool align_corners, bool half_pixel, Tap* taps) {
  const float scale = axis_scale(in, out, align_corners);
  for (int32_t i = 0; i < out; ++i) {
    const float position = (static_cast<float>(i) + (half_pixel ? 0.5f : 0.0f)) * scale;
    const float rounded = align_corners ? std::round(position) : std::floor(position);
    const auto from = static_cast<int32_t>(std::clamp(rounded, 0.0f, static_cast<float>(in - 1)));
    taps[i] = {from, from, 0, 0};
  }
}

class ResizeImage final : public OpKernel {
 public:
  explicit ResizeImage(const kernels::ResizeBilinearKernel& kernel) : kernel_(kernel) {}
  const char* name() const override { return kernel_.name; }

  Status plan(const Node& node, PlanContext& context) const override {
    const auto& options = node.options<fb::Resize>();
    const Shape& in = node.shape_in(context.shapes, 0);
    const auto make = options.mode() == fb::ResizeMode::Nearest ? nearest_taps : bilinear_taps;
    auto state = std::make_unique<State>();
    state->y.resize(static_cast<size_t>(options.out_h()));
    state->x.resize(static_cast<size_t>(options.out_w()));
    make(in[1], options.out_h(), options.align_corners(), options.half_pixel_centers(),
         state->y.data());
    make(in[2], options.out_w(), options.align_corners(), options.half_pixel_centers(),
         state->x.data());
    context.state = std::move(state);
    return {};
  }

  void run(const RunContext& context) const override {
    const State& state = *static_cast<const State*>(context.state);
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
              kernel_.bilinear_s8(args, reinterpret_cast<const int8_t*>(top),
                                  reinterpret_cast<const int8_t*>(bottom), y.fixed_weight,
                                  reinterpret_cast<int8_t*>(out));
            } else {
              kernel_.bilinear_f32(args, reinterpret_cast<const float*>(top),
                                   reinterpret_cast<const float*>(bottom), y.weight,
                                   reinterpret_cast<float*>(out));
            }
          }
        });
  }

 private:
  struct State : OpState {
    std::vector<Tap> y, x;
  };

  static void copy_row(const State& state, const uint8_t* from, size_t pixel, uint8_t* out) {
    for (const Tap& x : state.x) {
      std::memcpy(out, from + static_cast<size_t>(x.first) * pixel, pixel);
      out += pixel;
    }
  }

  const kernels::ResizeBilinearKernel& kernel_;
};

Status prepare(const Node&, const BuildContext& context, std::unique_ptr<OpKernel>* kernel) {
  *kernel =
      std::make_unique<ResizeImage>(choose_kernel(kernels::resize_bilinear_kernels, context.features));
  return {};
}

}  // namespace

const OpDef kResizeOp = {prepare};

}  // namespace qrt::rt
