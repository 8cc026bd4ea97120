// Binary: checks, shapes and broadcasting.
#include "src/ops/binary.h"

#include <algorithm>

namespace qrt::rt {
namespace {

bool is_comparison(fb::BinaryKind kind) {
  return kind >= fb::BinaryKind::Equal && kind <= fb::BinaryKind::GreaterEqual;
}
bool is_logical(fb::BinaryKind kind) {
  return kind == fb::BinaryKind::And || kind == fb::BinaryKind::Or;
}

Status check_types(const Node& node, fb::BinaryKind kind) {
  const Tensor &a = node.input(0), &b = node.input(1), &out = node.output(0);
  const char* name = fb::EnumNameBinaryKind(kind);
  if (a.type != b.type) {
    return node.fail(Code::InvalidModel, "%s of %s and %s", name, dtype_name(a.type),
                     dtype_name(b.type));
  }
  if (is_logical(kind) || is_comparison(kind)) {
    if (out.type != DType::Bool || (is_logical(kind) && a.type != DType::Bool)) {
      return node.fail(Code::InvalidModel, "%s of %s cannot give %s", name, dtype_name(a.type),
                       dtype_name(out.type));
    }
    if (a.quantization.present() && !same_quantization(a.quantization, b.quantization)) {
      return node.fail(Code::Unsupported, "compares values of different quantization");
    }
    return {};
  }
  if (out.type != a.type || a.type == DType::Bool) {
    return node.fail(Code::InvalidModel, "%s of %s cannot give %s", name, dtype_name(a.type),
                     dtype_name(out.type));
  }
  const bool plain = a.type == DType::F32 || a.type == DType::S32 || a.type == DType::S64;
  if (plain && !a.quantization.present() && !b.quantization.present()) return {};
  if (!is_qs8(a) || !is_qs8(b) || !is_qs8(out)) {
    return node.fail(Code::Unsupported, "%s of %s without one scale each", name,
                     dtype_name(a.type));
  }
  return {};
}

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(2, 2, 1));
  const auto& options = node.options<fb::Binary>();
  if (options.kind() > fb::BinaryKind::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind, %d",
                     static_cast<int>(options.kind()));
  }
  QRT_RETURN_IF_ERROR(check_types(node, options.kind()));
  QRT_RETURN_IF_ERROR(check_clamp(node, options.clamp()));
  Shape out;
  if (!broadcast(node.shape_in(shapes, 0), node.shape_in(shapes, 1), &out)) {
    return node.fail(Code::InvalidModel, "cannot broadcast %s with %s",
                     node.shape_in(shapes, 0).str().c_str(),
                     node.shape_in(shapes, 1).str().c_str());
  }
  set_output(node, shapes, 0, out);
  return {};
}

Status prepare(const Node& node, const BuildContext& context, std::unique_ptr<OpKernel>* kernel) {
  const bool compares = is_comparison(node.options<fb::Binary>().kind());
  if (node.input(0).type == DType::S8 && !compares) {
    return prepare_binary_s8(node, context, kernel);
  }
  return prepare_binary_plain(node, kernel);
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

const OpDef kBinaryOp = {fb::OpOptions::Binary, infer, prepare};

}  // namespace qrt::rt
