#include "tests/oracle/window.h"

#include <algorithm>

namespace oracle {

int32_t Window::outputs(const Side& side, int32_t in) const {
  if (padding != Padding::Explicit) return (in + side.stride - 1) / side.stride;
  return (in + side.before + side.after - side.extent()) / side.stride + 1;
}

int32_t Window::first(const Side& side, int32_t in) const {
  if (padding == Padding::Explicit) return side.before;
  const int32_t total = std::max((outputs(side, in) - 1) * side.stride + side.extent() - in, 0);
  return padding == Padding::Same ? total / 2 : total - total / 2;
}

Tensor window_output(const Tensor& in, const Window& window, int32_t channels) {
  return Tensor({in.dim(0), window.outputs(window.y, in.dim(1)),
                 window.outputs(window.x, in.dim(2)), channels});
}

Tensor conv2d(const Tensor& in, const Tensor& weights, const std::vector<double>& bias,
              const Window& window, int32_t groups) {
  const int32_t outputs = weights.dim(0), depth = weights.dim(3);
  Tensor out = window_output(in, window, outputs);
  const int32_t top = window.first(window.y, in.dim(1)), left = window.first(window.x, in.dim(2));
  size_t at = 0;
  for (int32_t n = 0; n < out.dim(0); ++n) {
    for (int32_t oy = 0; oy < out.dim(1); ++oy) {
      for (int32_t ox = 0; ox < out.dim(2); ++ox) {
        for (int32_t o = 0; o < outputs; ++o) {
          const int32_t group = o / (outputs / groups);
          double sum = bias.empty() ? 0 : bias[static_cast<size_t>(o)];
          for (int32_t ky = 0; ky < window.y.kernel; ++ky) {
            const int32_t y = oy * window.y.stride + ky * window.y.dilation - top;
            if (y < 0 || y >= in.dim(1)) continue;
            for (int32_t kx = 0; kx < window.x.kernel; ++kx) {
              const int32_t x = ox * window.x.stride + kx * window.x.dilation - left;
              if (x < 0 || x >= in.dim(2)) continue;
              for (int32_t i = 0; i < depth; ++i) {
                sum += in.at(n, y, x, group * depth + i) * weights.at(o, ky, kx, i);
              }
            }
          }
          out.values[at++] = sum;
        }
      }
    }
  }
  return out;
}

Tensor pool2d(const Tensor& in, const Window& window,
              const std::function<double(const std::vector<double>& inside)>& result) {
  Tensor out = window_output(in, window, in.dim(3));
  const int32_t top = window.first(window.y, in.dim(1)), left = window.first(window.x, in.dim(2));
  for_each_index(out.shape, [&](const Dims& o) {
    std::vector<double> inside;
    for (int32_t ky = 0; ky < window.y.kernel; ++ky) {
      for (int32_t kx = 0; kx < window.x.kernel; ++kx) {
        const int32_t y = o[1] * window.y.stride + ky * window.y.dilation - top;
        const int32_t x = o[2] * window.x.stride + kx * window.x.dilation - left;
        if (y < 0 || y >= in.dim(1) || x < 0 || x >= in.dim(2)) continue;
        inside.push_back(in.at(o[0], y, x, o[3]));
      }
    }
    out.at(o) = result(inside);
  });
  return out;
}

}  // namespace oracle
