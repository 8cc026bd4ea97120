// What the rows' shape functions and checks share.
#pragma once

#include "src/opspec/spec.h"

namespace qrt::rt {

// A row's attributes: its table of the schema.
template <class Options>
const Options& as(const void* options) {
  return *static_cast<const Options*>(options);
}

// Resolves an axis that may count from the end; false if it is out of range.
[[nodiscard]] inline bool resolve_axis(int32_t axis, int rank, int* resolved) {
  *resolved = axis < 0 ? axis + rank : axis;
  return *resolved >= 0 && *resolved < rank;
}
// The same, or an error that names the axis.
Status require_axis(Inference& x, int32_t axis, int rank, int* resolved);

// numpy's broadcasting; false if the shapes cannot agree.
[[nodiscard]] bool broadcast(Dims& dims, const Shape& a, const Shape& b, Shape* out);
[[nodiscard]] bool broadcast(const Shape& a, const Shape& b, Shape* out);

// The product of the dimensions from axis `first` up to, not including, axis `last`.
int32_t product(Dims& dims, const Shape& shape, int first, int last);

// Output 0 has the shape of input 0.
Status infer_same_shape(Inference& x);
// The same, and an input of at least one axis.
Status infer_rows(Inference& x);

// The `keeps_places` of an operator that computes each element of its output from elements at its
// place along all axes that the output has, too.
bool keeps_all_places(const Node& node, const Shapes& shapes, size_t input, int axis);

// A clamp is two numbers in order; null is none.
Status check_clamp(const Node& node, const fb::Clamp* clamp);

// Checks a window's attributes.
Status check_window(const Node& node, const fb::Window2D& window, int32_t kernel_h,
                    int32_t kernel_w);
// The height and width that a window over `in`, [N,H,W,C], gives; `ceil`: Pool2D's ceil_mode.
Status infer_window(Inference& x, const fb::Window2D& window, const Shape& in, int32_t kernel_h,
                    int32_t kernel_w, int32_t* out_h, int32_t* out_w, bool ceil = false);

// Weights [O,KH,KW,C/groups] (input 1) of a convolution over `in`, [N,H,W,C]. Symbols and -1 are
// taken to fit.
Status check_groups(const Node& node, int32_t groups, const Shape& in);
// Attributes, weights and bias of a convolution, transposed or not.
Status check_convolution(const Node& node, const fb::Window2D& window, int32_t groups,
                         const fb::Clamp* clamp);

// Sums of this many products of bytes stay within 32 bits: 2^16 * 2^7 * 2^8 (a weight less its zero
// point).
inline constexpr int64_t kMaxProducts = 65536;
// An s64 bias is no larger, so that sums of s16 products stay below 2^47.
inline constexpr int64_t kMostBias = int64_t{1} << 46;

// Weights (input 1) [outputs, ...] and bias (input 2, may be absent) of a Weighted operator.
Status check_weights(const Node& node);
// What the rows of Weighted operators have in common.
constexpr OpSpec weighted_row(fb::OpOptions type) {
  OpSpec row;
  row.type = type;
  row.signatures =
      "f32, const f32, [const f32] -> f32; f32, const w8/w4, [const f32] -> f32; "
      "q8, const w8/w4, [const bias] -> q8; q16, const w8/w4, [const bias/s64] -> q16";
  row.quantized = QuantizedAs::Weighted;
  row.clamp = OpSpec::Clamp::Requantizes;
  return row;
}

// Constant indices (input 1) are of axes of data's shape `dim_of(element)`; symbols are not judged.
template <class DimOf>
Status check_constant_indices(const Node& node, const DimOf& dim_of) {
  const Tensor& indices = node.input(1);
  if (!indices.constant) return {};
  for (int64_t e = 0; e < indices.shape.elements(); ++e) {
    const int64_t index =
        indices.type == DType::S32 ? int64_t{indices.as<int32_t>()[e]} : indices.as<int64_t>()[e];
    const int32_t size = dim_of(e);
    if (is_number(size) && (index < -int64_t{size} || index >= size)) {
      return node.fail(Code::InvalidModel, "its index %lld is outside an axis of %d elements",
                       static_cast<long long>(index), size);
    }
  }
  return {};
}

// An axis that indices count in has elements, where its size is known.
Status check_indexed_axis(Inference& x, int axis);
// The same of `axis`; indices (input 1) of as many dimensions as data, none larger along the other
// axes; constant ones within the axis.
Status check_element_indices(Inference& x, int axis);

// What ScatterNd and ScatterElements accept.
const char* scatter_signatures(fb::ScatterReduction reduction);
Status check_reduction(const Node& node, fb::ScatterReduction reduction);

}  // namespace qrt::rt
