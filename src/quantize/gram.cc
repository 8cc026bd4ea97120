#include "src/quantize/gram.h"

#include <algorithm>

#include "src/quantize/calibrate.h"
#include "src/quantize/plan.h"
#include "src/quantize/weights.h"

namespace qrt::quantize {
namespace {

// Where the inputs of an operator's outputs lie.
struct Layer {
  size_t node;
  const fb::Conv2DT* conv;  // null: FullyConnected
  size_t kernel_h, kernel_w, in_channels, groups;
};

class Collector {
 public:
  Collector(rt::Session& session, const graph::Graph& graph, const GramOptions& options)
      : session_(session), options_(options) {
    readers_.resize(graph.values.size());
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const graph::Node& node = graph.nodes[n];
      const bool conv = node.type() == fb::OpOptions::Conv2D;
      if (!has_float_weights(graph, node) ||
          (!conv && node.type() != fb::OpOptions::FullyConnected)) {
        continue;
      }
      const FloatWeights weights = float_weights(graph, node);
      if (weights.per_output > options.most_weights) continue;
      Layer layer = {n, node.options.AsConv2D(), 1, 1, weights.in_channels, weights.groups};
      if (conv) {
        layer.kernel_h = static_cast<size_t>(weights.shape[1]);
        layer.kernel_w = static_cast<size_t>(weights.shape[2]);
      }
      Gram& gram = grams_[n];
      gram.k = weights.per_output;
      gram.groups = weights.groups;
      gram.sums.assign(gram.groups * gram.k * gram.k, 0.0);
      readers_[static_cast<size_t>(node.inputs[0])].push_back(layer);
    }
  }

  static void watch(void* self, size_t n) {
    auto& collector = *static_cast<Collector*>(self);
    const rt::Node& node = collector.session_.program().nodes()[n];
    for (size_t i = 0; i < node.outputs(); ++i) collector.add(node.output_index(i));
  }
  void add_inputs() {
    const rt::Span<const int32_t> inputs = session_.program().inputs();
    for (size_t i = 0; i < inputs.size(); ++i) add(inputs[i]);
  }

  std::map<size_t, Gram> take() {
    // One half has been added to.
    for (auto& [n, gram] : grams_) {
      for (size_t g = 0; g < gram.groups; ++g) {
        double* h = gram.sums.data() + g * gram.k * gram.k;
        for (size_t i = 0; i < gram.k; ++i) {
          for (size_t j = 0; j < i; ++j) h[i * gram.k + j] = h[j * gram.k + i];
        }
      }
    }
    return std::move(grams_);
  }

 private:
  void add(int tensor) {
    const auto v = static_cast<size_t>(tensor);
    if (v >= readers_.size()) return;
    const auto* values = static_cast<const float*>(session_.tensor_data(tensor));
    const rt::Shape& shape = session_.tensor_shape(tensor);
    for (const Layer& layer : readers_[v]) {
      if (layer.conv != nullptr) {
        add_pixels(layer, values, shape);
      } else {
        add_rows(layer, values, shape);
      }
    }
  }

  // `count` places, of which some are taken, spread evenly.
  template <class Take>
  void spread(size_t count, const Take& take) const {
    const size_t taken = std::min(count, options_.places);
    for (size_t i = 0; i < taken; ++i) take(i * count / taken);
  }

  void add_rows(const Layer& layer, const float* values, const rt::Shape& shape) {
    const size_t rows = static_cast<size_t>(shape.elements()) / layer.in_channels;
    spread(rows, [&](size_t row) { add_vector(layer.node, 0, values + row * layer.in_channels); });
  }

  void add_pixels(const Layer& layer, const float* values, const rt::Shape& shape) {
    const fb::Window2DT& window = *layer.conv->window;
    const auto height = static_cast<size_t>(shape[1]), width = static_cast<size_t>(shape[2]);
    const auto channels = static_cast<size_t>(shape[3]);
    const auto pixels = static_cast<size_t>(shape[0]) * height * width;
    // The window stands with its middle at each pixel, whatever the stride: as many inputs, and of
    // the same kind.
    spread(pixels, [&](size_t pixel) {
      const size_t image = pixel / (height * width), y = pixel / width % height, x = pixel % width;
      for (size_t g = 0; g < layer.groups; ++g) {
        vector_.clear();
        for (size_t ky = 0; ky < layer.kernel_h; ++ky) {
          for (size_t kx = 0; kx < layer.kernel_w; ++kx) {
            const auto iy = static_cast<int64_t>(y) + place(ky, layer.kernel_h, window.dilation_h);
            const auto ix = static_cast<int64_t>(x) + place(kx, layer.kernel_w, window.dilation_w);
            const bool inside = iy >= 0 && ix >= 0 && iy < static_cast<int64_t>(height) &&
                                ix < static_cast<int64_t>(width);
            const float* from = inside ? values +
                                             ((image * height + static_cast<size_t>(iy)) * width +
                                              static_cast<size_t>(ix)) *
                                                 channels +
                                             g * layer.in_channels
                                       : nullptr;
            for (size_t c = 0; c < layer.in_channels; ++c) {
              vector_.push_back(inside ? from[c] : 0.0f);
            }
          }
        }
        add_vector(layer.node, g, vector_.data());
      }
    });
  }
  static int64_t place(size_t tap, size_t taps, int32_t dilation) {
    return (static_cast<int64_t>(tap) - static_cast<int64_t>(taps / 2)) * dilation;
  }

  void add_vector(size_t node, size_t g, const float* x) {
    Gram& gram = grams_[node];
    double* h = gram.sums.data() + g * gram.k * gram.k;
    for (size_t i = 0; i < gram.k; ++i) {
      if (x[i] == 0) continue;
      const auto xi = static_cast<double>(x[i]);
      for (size_t j = i; j < gram.k; ++j) h[i * gram.k + j] += xi * static_cast<double>(x[j]);
    }
    if (g == 0) ++gram.count;
  }

  rt::Session& session_;
  const GramOptions& options_;
  std::vector<std::vector<Layer>> readers_;  // by value
  std::map<size_t, Gram> grams_;
  std::vector<float> vector_;
};

}  // namespace

rt::Result<std::map<size_t, Gram>> collect_grams(const std::shared_ptr<const rt::Model>& model,
                                                 const graph::Graph& graph,
                                                 const SampleSource& samples,
                                                 const GramOptions& options) {
  QRT_ASSIGN_OR_RETURN(Runner runner, Runner::create(model, options.threads));
  Collector collector(runner.session(), graph, options);
  runner.session().set_watch(Collector::watch, &collector);
  const std::vector<size_t> numbers = spread(samples.size(), options.samples);
  for (size_t i = 0; i < numbers.size(); ++i) {
    QRT_RETURN_IF_ERROR(tell(options.progress, "looking at inputs", i, numbers.size()));
    QRT_ASSIGN_OR_RETURN(const Sample sample, samples.load(numbers[i]));
    QRT_RETURN_IF_ERROR(runner.run(sample));
    collector.add_inputs();
  }
  return collector.take();
}

}  // namespace qrt::quantize
