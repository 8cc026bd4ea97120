#include "src/ops/xnn_kernel.h"

#include <algorithm>

#include "src/ops/quantized_weights.h"
#include "src/opspec/spec.h"

namespace qrt::rt {
namespace {

// Multiply-accumulates that its kernels make in a nanosecond, roughly.
constexpr uint64_t kMacsPerNs = 32;

// What a layer gives whose input has no elements: XNNPACK takes none.
void write_bias(const XnnLayer& layer, size_t count, float* out) {
  const size_t outputs = layer.groups * layer.group_outputs;
  for (size_t i = 0; i < count; ++i) {
    const float value = layer.bias != nullptr ? layer.bias[i % outputs] : 0.0f;
    out[i] = std::min(std::max(value, layer.min), layer.max);
  }
}

}  // namespace

struct XnnKernel::State : OpState {
  size_t bytes() const override {
    return op == nullptr ? 0 : static_cast<size_t>(op->indirection_bytes(sizes));
  }
  const void* packed() const override { return kXnnSharesWeights ? nullptr : op.get(); }
  size_t packed_bytes() const override {
    return op == nullptr ? 0 : static_cast<size_t>(op->packed_bytes());
  }

  // Shared by a session's shapes where the operator owns its weights. Null: the input is empty.
  std::shared_ptr<XnnOperator> op;
  XnnSizes sizes;
  uint64_t cost = 0;  // as ThreadPool counts
};

XnnLayer XnnKernel::window_layer(const Node& node, const fb::Window2D& window, int32_t groups,
                                 const Limits& limits) {
  const Shape& weights = node.input(1).shape;
  const auto u = [](int32_t v) { return static_cast<uint32_t>(v); };
  XnnLayer layer;
  layer.kernel_h = u(weights[1]);
  layer.kernel_w = u(weights[2]);
  layer.stride_h = u(window.stride_h());
  layer.stride_w = u(window.stride_w());
  layer.dilation_h = u(window.dilation_h());
  layer.dilation_w = u(window.dilation_w());
  layer.groups = u(groups);
  layer.group_inputs = static_cast<size_t>(weights[3]);
  layer.group_outputs = static_cast<size_t>(weights[0]) / layer.groups;
  layer.weights = node.input(1).as<float>();
  layer.bias = bias_data<float>(node);
  layer.min = limits.min;
  layer.max = limits.max;
  return layer;
}

XnnSizes XnnKernel::sizes(const Shape& in) const {
  XnnSizes sizes;
  sizes.batch = static_cast<size_t>(in[0]);
  sizes.height = static_cast<size_t>(in[1]);
  sizes.width = static_cast<size_t>(in[2]);
  return sizes;
}

Status XnnKernel::pack(const Node& node, WeightStore& store) {
  weights_ = &store.add_xnn_weights();
  if (!kXnnSharesWeights) return {};
  return XnnOperator::create(layer(node, node.input(0).shape, node.output(0).shape), *weights_)
      .status();
}

Status XnnKernel::plan(const Node& node, PlanContext& context) const {
  const Shape &in = node.shape_in(context.shapes, 0), &out = node.shape_out(context.shapes, 0);
  const XnnLayer description = layer(node, in, out);
  State& state = context.make<State>();
  if (in.elements() == 0) return {};
  // The kernel was chosen for the size that the model declares; a session may have taken another.
  const bool transposed = description.kind == XnnLayer::TransposedConvolution;
  if (transposed && (static_cast<uint32_t>(out[1]) < description.stride_h ||
                     static_cast<uint32_t>(out[2]) < description.stride_w)) {
    return node.fail(Code::Unsupported, "gives %s, less than its strides of %u and %u",
                     out.str().c_str(), description.stride_h, description.stride_w);
  }
  state.sizes = sizes(in);
  const uint64_t macs = find_spec(node.type())->macs(node, context.shapes);
  state.cost = macs / kMacsPerNs * 16;
  const auto* previous = static_cast<const State*>(context.previous);
  if (!kXnnSharesWeights && previous != nullptr && previous->op != nullptr &&
      same_padding(previous->op->layer(), description)) {
    state.op = previous->op;
  } else {
    QRT_ASSIGN_OR_RETURN(XnnOperator op, XnnOperator::create(description, *weights_));
    state.op = std::make_shared<XnnOperator>(std::move(op));
  }
  size_t workspace = 0;
  QRT_RETURN_IF_ERROR(state.op->shape(state.sizes, context.pool->most_for(state.cost), &workspace));
  context.scratch_bytes = workspace;
  return {};
}

Status XnnKernel::bind(const RunContext& context) const {
  const auto* state = static_cast<const State*>(context.state);
  if (state->op == nullptr) return {};
  return state->op->bind(state->sizes, context.scratch, context.in<float>(0), context.out<float>(),
                         context.pool.most_for(state->cost));
}

void XnnKernel::run(const RunContext& context) const {
  const auto* state = static_cast<const State*>(context.state);
  if (state->op == nullptr) {
    const Shape& out = context.shape_out();
    return write_bias(layer(context.node, context.shape_in(0), out),
                      static_cast<size_t>(out.elements()), context.out<float>());
  }
  state->op->run(context.pool.handle_for(state->cost));
}

}  // namespace qrt::rt
