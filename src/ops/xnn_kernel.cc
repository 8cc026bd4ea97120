#include "src/ops/xnn_kernel.h"

namespace qrt::rt {
namespace {

// Multiply-accumulates that its kernels make in a nanosecond, roughly.
constexpr uint64_t kMacsPerNs = 32;

}  // namespace

struct XnnKernel::State : OpState {
  size_t bytes() const override { return static_cast<size_t>(op->indirection_bytes(sizes)); }
  const void* packed() const override { return kXnnSharesWeights ? nullptr : op.get(); }
  size_t packed_bytes() const override { return static_cast<size_t>(op->packed_bytes()); }

  // Shared by a session's shapes where the operator owns its weights.
  std::shared_ptr<XnnOperator> op;
  XnnSizes sizes;
  pthreadpool* threads = nullptr;
};

Status XnnKernel::pack(const Node& node, WeightStore& store) {
  weights_ = &store.add_xnn_weights();
  if (!kXnnSharesWeights) return {};
  return XnnOperator::create(layer(node, node.input(0).shape, node.output(0).shape), *weights_)
      .status();
}

Status XnnKernel::plan(const Node& node, PlanContext& context) const {
  const Shape& in = node.shape_in(context.shapes, 0);
  const XnnLayer description = layer(node, in, node.shape_out(context.shapes, 0));
  State& state = context.make<State>();
  state.sizes = sizes(in);
  const uint64_t macs = static_cast<uint64_t>(node.shape_out(context.shapes, 0).elements()) *
                        description.kernel_h * description.kernel_w * description.group_inputs;
  state.threads = context.pool->handle_for(macs / kMacsPerNs * 16);
  const auto* previous = static_cast<const State*>(context.previous);
  if (!kXnnSharesWeights && previous != nullptr &&
      same_padding(previous->op->layer(), description)) {
    state.op = previous->op;
  } else {
    QRT_ASSIGN_OR_RETURN(XnnOperator op, XnnOperator::create(description, *weights_));
    state.op = std::make_shared<XnnOperator>(std::move(op));
  }
  size_t workspace = 0;
  QRT_RETURN_IF_ERROR(state.op->shape(state.sizes, state.threads, &workspace));
  context.scratch_bytes = workspace;
  return {};
}

Status XnnKernel::bind(const RunContext& context) const {
  const auto* state = static_cast<const State*>(context.state);
  return state->op->bind(state->sizes, context.scratch, context.in<float>(0), context.out<float>(),
                         state->threads);
}

void XnnKernel::run(const RunContext& context) const {
  const auto* state = static_cast<const State*>(context.state);
  state->op->run(state->threads);
}

}  // namespace qrt::rt
