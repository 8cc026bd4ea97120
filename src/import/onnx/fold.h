// Arithmetic on small constants while a model is imported. Exporters compute shapes with chains of
// Shape, Gather, Concat, Slice...; libqrt's attributes need the numbers that come out of them.
// Weights are not evaluated here: that is the fold_constants pass.
#pragma once

#include <optional>
#include <vector>

#include "src/import/onnx/numbers.h"

namespace qrt::import::onnx_import {

// Each returns nothing where it does not know how to evaluate; the node is imported instead.
// Operands broadcast to `shape`.
std::optional<Numbers> fold_binary(fb::BinaryKind kind, const Numbers& a, const Numbers& b,
                                   const Shape& shape);
std::optional<Numbers> fold_unary(fb::UnaryKind kind, const Numbers& a);
std::optional<Numbers> fold_reduce(fb::ReduceKind kind, const Numbers& a,
                                   const std::vector<int>& axes, const Shape& shape);
std::optional<Numbers> fold_cast(const Numbers& a, DType type);
Numbers fold_select(const Numbers& condition, const Numbers& a, const Numbers& b,
                    const Shape& shape);
Numbers fold_broadcast(const Numbers& a, const Shape& shape);
// indices are within the axis; the result's shape is data's with the axis replaced by theirs.
Numbers fold_gather(const Numbers& data, int axis, const Numbers& indices, const Shape& shape);
// One begin and step per axis.
Numbers fold_slice(const Numbers& a, const std::vector<int64_t>& begins,
                   const std::vector<int64_t>& steps, const Shape& shape);
Numbers fold_concat(const std::vector<Numbers>& parts, int axis, const Shape& shape);

}  // namespace qrt::import::onnx_import
