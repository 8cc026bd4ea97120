#include "src/quantize/equalize.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "src/graph/node_spec.h"
#include "src/quantize/plan.h"
#include "src/quantize/weights.h"

namespace qrt::quantize {
namespace {

using graph::Graph;
using graph::Node;

size_t at(int i) { return static_cast<size_t>(i); }

constexpr int kRounds = 40;        // over all pairs; they settle long before
constexpr double kSettled = 1e-3;  // no factor further from 1 than that
constexpr double kLeast = 1e-8;    // channels that are all zero keep their scale

struct Pair {
  size_t first, second;       // nodes
  std::vector<double> least;  // by channel: a factor is no less (1 / how far it may grow)
  std::vector<double> most;
};

class Equalizer {
 public:
  Equalizer(const Statistics& statistics, Graph* graph) : statistics_(statistics), graph_(*graph) {
    readers_.resize(graph_.values.size());
    is_output_.resize(graph_.values.size(), false);
    for (int v : graph_.outputs) is_output_[at(v)] = true;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      for (int v : graph_.nodes[n].inputs) {
        if (v != graph::kAbsent) readers_[at(v)].push_back(n);
      }
    }
  }

  size_t run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) find_pair(n);
    for (int round = 0; round < kRounds; ++round) {
      double furthest = 0;
      for (Pair& pair : pairs_) furthest = std::max(furthest, scale(&pair));
      if (furthest < kSettled) break;
    }
    for (auto& [n, weights] : weights_) store(n, weights);
    return pairs_.size();
  }

 private:
  // The one reader of a value, if there is one and no output needs it.
  int only_reader(int v) const {
    return is_output_[at(v)] || readers_[at(v)].size() != 1 ? -1
                                                            : static_cast<int>(readers_[at(v)][0]);
  }

  // Operators that work on each channel by itself, and for which a factor makes no difference.
  bool keeps_channels(const Node& node) const {
    if (node.outputs.size() != 1) return false;
    const graph::Value& in = graph_.value(node.inputs[0]);
    const graph::Value& out = graph_.value(node.outputs[0]);
    if (const auto* pool = node.options.AsPool2D()) return pool->clamp == nullptr;
    if (in.shape.empty() || out.shape.empty() || in.shape.back() != out.shape.back()) return false;
    if (node.type() == fb::OpOptions::Reshape) return in.shape.back() > 0;
    if (const auto* reduce = node.options.AsReduce()) {
      const int last = static_cast<int>(in.shape.size()) - 1;
      return reduce->kind != fb::ReduceKind::Prod &&
             std::none_of(reduce->axes.begin(), reduce->axes.end(),
                          [last](int axis) { return axis == last || axis == -1; });
    }
    return false;
  }

  void find_pair(size_t first) {
    if (!has_float_weights(graph_, graph_.nodes[first])) return;
    const int made = graph_.nodes[first].outputs[0];
    int reader = only_reader(made);
    while (reader >= 0 && keeps_channels(graph_.nodes[at(reader)])) {
      reader = only_reader(graph_.nodes[at(reader)].outputs[0]);
    }
    if (reader < 0 || !has_float_weights(graph_, graph_.nodes[at(reader)])) return;
    Pair pair = {first, at(reader), {}, {}};
    if (weights(first).outputs != weights(pair.second).in_channels * weights(pair.second).groups) {
      weights_.erase(pair.second);
      return;
    }
    if (set_limits(made, &pair)) pairs_.push_back(std::move(pair));
  }

  // What a clamp between the two allows; false: it allows no factor at all.
  bool set_limits(int made, Pair* pair) {
    constexpr double kFree = 1e30;
    const size_t channels = weights(pair->first).outputs;
    pair->least.assign(channels, 1 / kFree);
    pair->most.assign(channels, kFree);
    const std::unique_ptr<fb::ClampT>* clamp = graph::clamp_of(graph_.nodes[pair->first]);
    if (clamp == nullptr || *clamp == nullptr) return true;
    const bool keeps_sign = (*clamp)->min == 0 || std::isinf((*clamp)->min);
    if (!keeps_sign) return false;
    if (std::isinf((*clamp)->max)) return true;
    const ChannelStatistics& seen = statistics_.values[at(made)].channels;
    if (seen.max.size() != channels) return false;
    const auto limit = static_cast<double>((*clamp)->max);
    for (size_t c = 0; c < channels; ++c) {
      const auto reached = static_cast<double>(seen.max[c]);
      if (reached >= limit) {
        pair->least[c] = pair->most[c] = 1;
      } else {
        pair->least[c] = std::max(reached, 0.0) / limit;
      }
    }
    return true;
  }

  FloatWeights& weights(size_t n) {
    const auto found = weights_.find(n);
    if (found != weights_.end()) return found->second;
    return weights_[n] = float_weights(graph_, graph_.nodes[n]);
  }

  // One step for a pair; how far the factors were from 1.
  double scale(Pair* pair) {
    FloatWeights& a = weights(pair->first);
    FloatWeights& b = weights(pair->second);
    std::vector<double> made(a.outputs, 0), read(a.outputs, 0);
    for (size_t i = 0; i < a.elements.size(); ++i) {
      double& size = made[i / a.per_output];
      size = std::max(size, std::fabs(static_cast<double>(a.elements[i])));
    }
    for (size_t i = 0; i < b.elements.size(); ++i) {
      double& size = read[b.channel(i / b.per_output, i % b.per_output)];
      size = std::max(size, std::fabs(static_cast<double>(b.elements[i])));
    }
    std::vector<double> factor(a.outputs, 1);
    double furthest = 0;
    for (size_t c = 0; c < a.outputs; ++c) {
      if (made[c] < kLeast || read[c] < kLeast) continue;
      factor[c] = std::clamp(std::sqrt(made[c] / read[c]), pair->least[c], pair->most[c]);
      pair->least[c] /= factor[c];
      pair->most[c] /= factor[c];
      furthest = std::max(furthest, std::fabs(factor[c] - 1));
    }
    for (size_t i = 0; i < a.elements.size(); ++i) {
      divide(factor[i / a.per_output], &a.elements[i]);
    }
    for (size_t c = 0; c < a.bias.size(); ++c) divide(factor[c], &a.bias[c]);
    for (size_t i = 0; i < b.elements.size(); ++i) {
      divide(1 / factor[b.channel(i / b.per_output, i % b.per_output)], &b.elements[i]);
    }
    return furthest;
  }
  static void divide(double factor, float* x) {
    *x = static_cast<float>(static_cast<double>(*x) / factor);
  }

  void store(size_t n, const FloatWeights& w) {
    Node& node = graph_.nodes[n];
    // Others may read the constants.
    const graph::Value old = graph_.value(node.inputs[1]);
    node.inputs[1] = graph_.add_constant(old.name, old.shape, w.elements);
    if (w.bias.empty()) return;
    const graph::Value bias = graph_.value(node.inputs[2]);
    node.inputs[2] = graph_.add_constant(bias.name, bias.shape, w.bias);
  }

  const Statistics& statistics_;
  Graph& graph_;
  std::vector<std::vector<size_t>> readers_;
  std::vector<bool> is_output_;
  std::vector<Pair> pairs_;
  std::map<size_t, FloatWeights> weights_;  // of nodes that are in pairs
};

}  // namespace

size_t equalize(const Statistics& statistics, Graph* graph) {
  return Equalizer(statistics, graph).run();
}

}  // namespace qrt::quantize
