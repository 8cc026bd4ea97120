#include "src/ops/sums_s16.h"

#include <algorithm>

namespace qrt::rt {

// Which factors TensorFlow Lite multiplies by depends on the operator and the type of its bias
// (schema/README.md, "s16").
Status SumsS16::collect(const Node& node) {
  const Quantization& w = node.input(1).quantization;
  const auto outputs = static_cast<size_t>(node.input(1).shape[0]);
  const bool wide = node.has_input(2) && node.input(2).type == DType::S64;
  const bool narrow = node.has_input(2) && !wide;
  if (wide) bias64_ = node.input(2).as<int64_t>();
  if (narrow) bias32_ = node.input(2).as<int32_t>();
  const double in_scale = node.input(0).quantization.scale();
  const double out_scale = node.output(0).quantization.scale();
  const bool product = node.type() == fb::OpOptions::FullyConnected;
  if (product && wide) {
    real_factors_.resize(outputs);
    for (size_t o = 0; o < outputs; ++o) {
      real_factors_[o] = in_scale * static_cast<double>(w.scale(o)) / out_scale;
      kernels::FixedPoint checked;
      QRT_RETURN_IF_ERROR(make_fixed(node, real_factors_[o], &checked));
    }
    return {};
  }
  twice_ = narrow && node.type() == fb::OpOptions::TransposedConv2D;
  factors_.resize(outputs);
  for (size_t o = 0; o < outputs; ++o) {
    const double exact = product && w.per_tensor()
                             ? product_ratio_s16(node, true)
                             : in_scale * static_cast<double>(w.scale(o)) / out_scale;
    QRT_RETURN_IF_ERROR(make_fixed(node, exact, &factors_[o]));
    if (!product && !narrow) factors_[o] = reduced(factors_[o]);
  }
  return {};
}

void SumsS16::begin(size_t first, size_t n, int64_t* sums) const {
  if (bias64_ != nullptr) {
    std::copy_n(bias64_ + first, n, sums);
  } else if (bias32_ != nullptr) {
    std::copy_n(bias32_ + first, n, sums);
  } else {
    std::fill_n(sums, n, 0);
  }
}

void SumsS16::finish(const int64_t* sums, size_t first, size_t n, int16_t* out) const {
  if (factors_.empty()) {
    row_.requantize_real(sums, real_factors_.data() + first, n, range_, out);
  } else {
    const auto run = twice_ ? row_.requantize_twice : row_.requantize;
    run(sums, factors_.data() + first, n, range_, out);
  }
}

}  // namespace qrt::rt
