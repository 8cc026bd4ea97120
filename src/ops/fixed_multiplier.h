// The factors of s16 operators (kernels/fixed_point.h), made from scales as TensorFlow Lite makes
// them, with as many bits, so that results are the same integers.
#pragma once

#include "kernels/fixed_point.h"
#include "src/opspec/node.h"

namespace qrt::rt {

// exact, 0 or positive, rounded to 31 bits; what is below 2^-32 is 0. Refuses the node from
// 2^most on: at 2^15 a step of what is scaled is as large as the range of an s16 output.
Status make_fixed(const Node& node, double exact, kernels::FixedPoint* factor, int most = 15);
// The same with 15 bits, which is what 64-bit sums are multiplied by.
kernels::FixedPoint reduced(kernels::FixedPoint factor);

// scale_0 * scale_1 / scale_out, each operation but the division in double rounded to float where
// `product_in_float`.
double product_ratio_s16(const Node& node, bool product_in_float);

// The range of an s16 output under a fused clamp.
kernels::RangeS16 range_s16(const fb::Clamp* clamp, const Tensor& output);

}  // namespace qrt::rt
