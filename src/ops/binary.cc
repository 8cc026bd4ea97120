// Binary: checks, shapes and broadcasting.
#include "src/ops/binary.h"

#include <algorithm>

namespace qrt::rt {
namespace {

bool is_comparison(fb::BinaryKind kind) {
  return kind >= fb::BinaryKind::Equal && kind <= fb::BinaryKind::GreaterEqual;
}

Choice choose(const Node& node, const ChooseContext& context) {
  const bool compares = is_comparison(node.options<fb::Binary>().kind());
  if (node.input(0).type == DType::S8 && !compares) {
    return choose_binary_s8(node, context);
  }
  if (node.input(0).type == DType::S16 && !compares) return choose_binary_s16(node, context);
  return choose_binary_plain(node);
}

}  // namespace

BroadcastPlan plan_broadcast(const Shape& a, const Shape& b, const Shape& out) {
  constexpr int64_t kShort = 128;  // elements of a run that are worth laying out again
  int64_t sa[kMaxRank] = {}, sb[kMaxRank] = {};
  broadcast_strides(a, out, sa);
  broadcast_strides(b, out, sb);
  BroadcastPlan plan;
  for (int i = 0; i < out.rank(); ++i) plan.outer.add(out[i], {sa[i], sb[i]});
  if (plan.outer.rank() == 0) return plan;
  const auto run = plan.outer.take(plan.outer.rank() - 1);
  plan.run = run.size;
  plan.a_step = static_cast<size_t>(run.strides[0]);
  plan.b_step = static_cast<size_t>(run.strides[1]);
  if (plan.run >= kShort || plan.a_step + plan.b_step != 2 || plan.outer.rank() == 0) return plan;
  const auto& lines = plan.outer.axis(plan.outer.rank() - 1);
  if (lines.strides[0] == 0 && lines.strides[1] == plan.run) plan.repeated = BroadcastPlan::kA;
  if (lines.strides[1] == 0 && lines.strides[0] == plan.run) plan.repeated = BroadcastPlan::kB;
  if (plan.repeated != BroadcastPlan::kNone)
    plan.lines = plan.outer.take(plan.outer.rank() - 1).size;
  return plan;
}

Status plan_binary(const Node& node, PlanContext& context) {
  BroadcastState& state = context.make<BroadcastState>();
  BroadcastPlan& plan = state.plan;
  plan = plan_broadcast(node.shape_in(context.shapes, 0), node.shape_in(context.shapes, 1),
                        node.shape_out(context.shapes, 0));
  const bool repeats = plan.repeated != BroadcastPlan::kNone;
  if (repeats) state.block = std::clamp<int64_t>(kRepeatElements / plan.run, 1, plan.lines);
  state.blocks = ceil_div(plan.lines, state.block);
  state.outer = plan.outer.count();
  state.one_run = state.outer * state.blocks == 1 && !repeats;
  return {};
}

const OpDef kBinaryOp = {choose};

}  // namespace qrt::rt
