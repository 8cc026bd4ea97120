// The geometry of a model's quantized layers, for peers that have operators but no models.
#pragma once

#include <vector>

#include "bench/convolution.h"

namespace qrt::bench {

// The Conv2D and FullyConnected operators with s8 inputs and weights, in execution order. A fully
// connected layer is a 1x1 convolution of one-pixel feature maps.
std::vector<ConvShape> quantized_convolutions(const rt::Program& program);

}  // namespace qrt::bench
