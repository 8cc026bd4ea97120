// The convolutions of networks that people run, from the tables of the papers that published them.
#pragma once

#include <string>
#include <vector>

#include "bench/convolution.h"

namespace qrt::bench {

struct NetworkShape {
  std::string networks;  // that have it: "mobilenet_v2, efficientnet_lite0"
  ConvShape shape;
};

// Every shape of MobileNetV1, MobileNetV2, MobileNetV3 (Large and Small), EfficientNet-Lite0,
// ResNet-18 and ResNet-50 for pictures of 224x224, and of ResNet-8 for 32x32; then sweeps that no
// network has: depthwise windows, strides and dilations, and matrix products of rising size. Each
// shape once, in the order in which networks run them.
std::vector<NetworkShape> network_shapes();

}  // namespace qrt::bench
