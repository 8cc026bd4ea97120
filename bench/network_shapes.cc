#include "bench/network_shapes.h"

#include <algorithm>

namespace qrt::bench {
namespace {

// The feature map as it passes through a network; adds each convolution's shape to a list.
class Network {
 public:
  Network(std::vector<NetworkShape>* shapes, std::string name, size_t size, size_t channels = 3)
      : shapes_(shapes), name_(std::move(name)), size_(size), channels_(channels) {}

  size_t channels() const { return channels_; }
  void conv(size_t outputs, size_t kernel, size_t stride = 1, size_t dilation = 1) {
    advance(square_convolution(size_, channels_, outputs, kernel, stride, dilation, 1));
  }
  void depthwise(size_t kernel, size_t stride, size_t dilation = 1) {
    advance(square_convolution(size_, channels_, channels_, kernel, stride, dilation, channels_));
  }
  // A branch beside the main path, which stays where it is.
  void branch(size_t outputs, size_t kernel, size_t stride) {
    Network(*this).conv(outputs, kernel, stride);
  }
  void pool(size_t stride) { size_ = (size_ + stride - 1) / stride; }
  void global_pool() { size_ = 1; }

 private:
  void advance(const ConvShape& shape) {
    const std::string name = shape_name(shape);
    const auto same = std::find_if(shapes_->begin(), shapes_->end(), [&](const NetworkShape& s) {
      return shape_name(s.shape) == name;
    });
    if (same == shapes_->end()) {
      shapes_->push_back({name_, shape});
    } else if (same->networks.find(name_) == std::string::npos) {
      same->networks += ", " + name_;
    }
    size_ = shape.window.out_h;
    channels_ = shape.out_channels;
  }

  std::vector<NetworkShape>* shapes_;
  std::string name_;
  size_t size_, channels_;
};

// Howard et al., "MobileNets", table 1.
void mobilenet_v1(Network n) {
  constexpr struct {
    size_t outputs, stride;
  } kLayers[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2},  {256, 1},
                 {512, 2}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  n.conv(32, 3, 2);
  for (const auto& layer : kLayers) {
    n.depthwise(3, layer.stride);
    n.conv(layer.outputs, 1);
  }
  n.global_pool();
  n.conv(1001, 1);
}

// Expand, filter each channel, project: the block of all later mobile networks.
void inverted_residual(Network& n, size_t kernel, size_t expanded, size_t squeezed, size_t outputs,
                       size_t stride) {
  if (expanded != n.channels()) n.conv(expanded, 1);
  n.depthwise(kernel, stride);
  if (squeezed > 0) {  // squeeze and excite
    Network gate = n;
    gate.global_pool();
    gate.conv(squeezed, 1);
    gate.conv(expanded, 1);
  }
  n.conv(outputs, 1);
}

struct Stage {
  size_t kernel, expansion, outputs, repeats, stride;
};
template <size_t N>
void stages(Network n, const Stage (&table)[N]) {
  n.conv(32, 3, 2);
  for (const Stage& stage : table) {
    for (size_t i = 0; i < stage.repeats; ++i) {
      inverted_residual(n, stage.kernel, n.channels() * stage.expansion, 0, stage.outputs,
                        i == 0 ? stage.stride : 1);
    }
  }
  n.conv(1280, 1);
}

// Sandler et al., "MobileNetV2", table 2.
constexpr Stage kMobileNetV2[] = {{3, 1, 16, 1, 1}, {3, 6, 24, 2, 2}, {3, 6, 32, 3, 2},
                                  {3, 6, 64, 4, 2}, {3, 6, 96, 3, 1}, {3, 6, 160, 3, 2},
                                  {3, 6, 320, 1, 1}};
// Tan and Le, "EfficientNet", table 1, without squeeze and excite, as the Lite models have it.
constexpr Stage kEfficientNetLite0[] = {{3, 1, 16, 1, 1}, {3, 6, 24, 2, 2},  {5, 6, 40, 2, 2},
                                        {3, 6, 80, 3, 2}, {5, 6, 112, 3, 1}, {5, 6, 192, 4, 2},
                                        {3, 6, 320, 1, 1}};

struct Bneck {
  size_t kernel, expanded, outputs;
  bool squeeze;
  size_t stride;
};
template <size_t N>
void mobilenet_v3(Network n, const Bneck (&table)[N], size_t last, size_t features) {
  n.conv(16, 3, 2);
  for (const Bneck& b : table) {
    // A quarter, rounded to a multiple of 8 (never up or down by more than a tenth).
    size_t squeezed = std::max<size_t>(8, (b.expanded / 4 + 4) / 8 * 8);
    if (10 * squeezed < 9 * (b.expanded / 4)) squeezed += 8;
    inverted_residual(n, b.kernel, b.expanded, b.squeeze ? squeezed : 0, b.outputs, b.stride);
  }
  n.conv(last, 1);
  n.global_pool();
  n.conv(features, 1);
}

// Howard et al., "Searching for MobileNetV3", tables 1 and 2.
constexpr Bneck kMobileNetV3Large[] = {
    {3, 16, 16, false, 1},  {3, 64, 24, false, 2},  {3, 72, 24, false, 1},  {5, 72, 40, true, 2},
    {5, 120, 40, true, 1},  {3, 240, 80, false, 2}, {3, 200, 80, false, 1}, {3, 184, 80, false, 1},
    {3, 480, 112, true, 1}, {3, 672, 112, true, 1}, {5, 672, 160, true, 2}, {5, 960, 160, true, 1}};
constexpr Bneck kMobileNetV3Small[] = {
    {3, 16, 16, true, 2},  {3, 72, 24, false, 2}, {3, 88, 24, false, 1},
    {5, 96, 40, true, 2},  {5, 240, 40, true, 1}, {5, 120, 48, true, 1},
    {5, 144, 48, true, 1}, {5, 288, 96, true, 2}, {5, 576, 96, true, 1}};

// He et al., "Deep Residual Learning", section 4.2 in the form of MLPerf Tiny.
void resnet_8(Network n) {
  n.conv(16, 3);
  n.conv(16, 3);
  for (size_t width : {32, 64}) {
    n.branch(width, 1, 2);
    n.conv(width, 3, 2);
    n.conv(width, 3);
  }
}

// The same paper, table 1. Strides are in the 3x3 layer of a bottleneck, as usual since.
void resnet(Network n, bool bottleneck) {
  n.conv(64, 7, 2);
  n.pool(2);
  for (size_t width : {64, 128, 256, 512}) {
    // All blocks of a stage after the second are alike.
    for (int block = 0; block < 2; ++block) {
      const size_t stride = block == 0 && width > 64 ? 2 : 1;
      const size_t outputs = bottleneck ? 4 * width : width;
      if (n.channels() != outputs) n.branch(outputs, 1, stride);
      if (bottleneck) n.conv(width, 1);
      n.conv(width, 3, stride);
      bottleneck ? n.conv(outputs, 1) : n.conv(outputs, 3);
    }
  }
}

void sweeps(std::vector<NetworkShape>* shapes) {
  for (size_t kernel : {3, 5}) {
    for (size_t channels : {24, 144}) {
      const auto n = [&] { return Network(shapes, "sweep", 56, channels); };
      n().depthwise(kernel, 1);
      n().depthwise(kernel, 2);
      n().depthwise(kernel, 1, 2);
    }
  }
  constexpr struct {
    size_t inputs, outputs;
  } kProducts[] = {{64, 32}, {64, 64}, {100, 50}, {128, 128}, {256, 256}, {512, 512}};
  for (const auto& p : kProducts) Network(shapes, "sweep", 28, p.inputs).conv(p.outputs, 1);
  for (const auto& p : kProducts) Network(shapes, "sweep", 14, p.inputs).conv(p.outputs, 3);
  Network(shapes, "sweep", 28, 128).conv(128, 3, 1, 2);
}

}  // namespace

std::vector<NetworkShape> network_shapes() {
  std::vector<NetworkShape> shapes;
  const auto network = [&](const char* name, size_t size = 224) {
    return Network(&shapes, name, size);
  };
  mobilenet_v1(network("mobilenet_v1"));
  stages(network("mobilenet_v2"), kMobileNetV2);
  stages(network("efficientnet_lite0"), kEfficientNetLite0);
  mobilenet_v3(network("mobilenet_v3_large"), kMobileNetV3Large, 960, 1280);
  mobilenet_v3(network("mobilenet_v3_small"), kMobileNetV3Small, 576, 1024);
  resnet_8(network("resnet_8", 32));
  resnet(network("resnet_18"), false);
  resnet(network("resnet_50"), true);
  sweeps(&shapes);
  return shapes;
}

}  // namespace qrt::bench
