// Reshape: the same elements in the same order under another shape; nothing is moved.
#include "src/ops/common.h"

namespace qrt::rt {
namespace {

Status infer(const Node& node, Shapes& shapes) {
  QRT_RETURN_IF_ERROR(node.check_arity(1, 1, 1));
  QRT_RETURN_IF_ERROR(check_same_kind(node));
  const auto& wanted = *node.options<fb::Reshape>().shape();
  const Shape& in = node.shape_in(shapes, 0);
  if (wanted.size() > static_cast<unsigned>(kMaxRank)) {
    return node.fail(Code::InvalidModel, "has %u dimensions, more than %d", wanted.size(),
                     kMaxRank);
  }
  Shape out = Shape::ones(static_cast<int>(wanted.size()));
  int unknown = -1;
  uint64_t known = 1;
  for (int i = 0; i < out.rank(); ++i) {
    const int32_t dim = wanted.Get(static_cast<unsigned>(i));
    if (dim == -1 && unknown < 0) {
      unknown = i;
    } else if (dim < 1 || !checked_mul<uint64_t>(known, static_cast<uint64_t>(dim), &known)) {
      return node.fail(Code::InvalidModel, "its shape has an impossible dimension, %d", dim);
    } else {
      out[i] = dim;
    }
  }
  const auto elements = static_cast<uint64_t>(in.elements());
  if (unknown >= 0 && elements % known == 0 && elements / known <= INT32_MAX) {
    out[unknown] = static_cast<int32_t>(elements / known);
    known = elements;
  }
  if (known != elements) {
    return node.fail(Code::InvalidModel, "cannot give %s the shape %s", in.str().c_str(),
                     out.str().c_str());
  }
  set_output(node, shapes, 0, out);
  return {};
}

}  // namespace

const OpDef kReshapeOp = {fb::OpOptions::Reshape, infer, nullptr, /*alias=*/true};

}  // namespace qrt::rt
