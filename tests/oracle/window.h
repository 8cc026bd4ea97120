// Convolution and pooling over [N,H,W,C].
#pragma once

#include "tests/oracle/tensor.h"

namespace oracle {

enum class Padding { Explicit, Same, SameLower };

// A window along one axis.
struct Side {
  int32_t kernel = 1, stride = 1, dilation = 1;
  int32_t before = 0, after = 0;  // of explicit padding

  int32_t extent() const { return (kernel - 1) * dilation + 1; }
};

struct Window {
  Side y, x;
  Padding padding = Padding::Explicit;

  int32_t outputs(const Side& side, int32_t in) const;
  // How far the first window begins before the first element.
  int32_t first(const Side& side, int32_t in) const;
};

// weights [O,KH,KW,I/groups], bias [O] or empty. What lies outside counts as zero.
Tensor conv2d(const Tensor& in, const Tensor& weights, const std::vector<double>& bias,
              const Window& window, int32_t groups);

// Each output is `result` of the values of its window that lie inside the input.
Tensor pool2d(const Tensor& in, const Window& window,
              const std::function<double(const std::vector<double>& inside)>& result);

// Zeros in the shape that a window gives.
Tensor window_output(const Tensor& in, const Window& window, int32_t channels);

}  // namespace oracle
