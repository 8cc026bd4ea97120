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
  int64_t sa[kMaxRank] = {}, sb[kMaxRank] = {};
  broadcast_strides(a, out, sa);
  broadcast_strides(b, out, sb);
  BroadcastPlan plan;
  // The run grows inwards out while each input either walks on or stands still.
  int axis = out.rank() - 1;
  while (axis >= 0 && out[axis] == 1) --axis;
  if (axis >= 0) {
    plan.a_step = sa[axis] != 0;
    plan.b_step = sb[axis] != 0;
    for (; axis >= 0; --axis) {
      if (out[axis] == 1) continue;
      const auto run = static_cast<int64_t>(plan.run);
      if (sa[axis] != (plan.a_step ? run : 0) || sb[axis] != (plan.b_step ? run : 0)) break;
      plan.run *= static_cast<size_t>(out[axis]);
    }
  }
  plan.outer_rank = axis + 1;
  for (int i = 0; i <= axis; ++i) {
    plan.outer_dims[i] = static_cast<size_t>(out[i]);
    plan.a_strides[i] = static_cast<size_t>(sa[i]);
    plan.b_strides[i] = static_cast<size_t>(sb[i]);
  }
  return plan;
}

const OpDef kBinaryOp = {fb::OpOptions::Binary, infer, prepare};

}  // namespace qrt::rt
