// Float layers that XNNPACK runs: what Conv2D, TransposedConv2D and FullyConnected have in common.
#pragma once

#include "src/ops/common.h"
#include "src/runtime/xnn.h"

namespace qrt::rt {

// Whether it may run this layer. It reads a little past its input, which a file's memory may not
// allow, and takes no empty interval to clamp to.
inline bool xnn_may_run(const Node& node, const Limits& limits, const ChooseContext& context) {
  return context.library && !node.input(0).unpadded && limits.min < limits.max;
}

class XnnKernel : public OpKernel {
 public:
  // Packs the weights if sessions can share them; else each session does.
  Status pack(const Node& node, WeightStore& store) final;
  size_t reads_past(size_t input) const final { return input == 0 ? kXnnReadsPast : 0; }
  Status plan(const Node& node, PlanContext& context) const final;
  Status bind(const RunContext& context) const final;
  void run(const RunContext& context) const final;

 protected:
  // A layer without its padding, of a node whose weights are [O,KH,KW,I/groups].
  static XnnLayer window_layer(const Node& node, const fb::Window2D& window, int32_t groups,
                               const Limits& limits);

 private:
  struct State;

  // The layer for an input and an output of these shapes, of which dimensions may be open (-1).
  virtual XnnLayer layer(const Node& node, const Shape& in, const Shape& out) const = 0;
  virtual XnnSizes sizes(const Shape& in) const;  // of [N,H,W,C]

  const XnnWeights* weights_ = nullptr;  // the store's
};

}  // namespace qrt::rt
