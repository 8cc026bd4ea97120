// The factors by which kernels turn exact integers into steps of an output. They are made here and
// nowhere else, for an infinite one would give infinity times zero, which every instruction set
// clamps to another byte.
#pragma once

#include "src/opspec/node.h"

namespace qrt::rt {

// *multiplier = float(exact). Refuses the node if the product with an integer of up to `largest` in
// size might be infinite. One too small for a float's whole precision is no fault: its products
// with 32-bit integers are less than half a step.
Status make_multiplier(const Node& node, double exact, float* multiplier, double largest = 1.0);

// Of sums of products of inputs 0 and 1, per tensor: scale_0 * scale_1 / scale_out.
double product_ratio(const Node& node);
// Of input i alone: scale_i / scale_out.
double scale_ratio(const Node& node, size_t i = 0);

// 1 / scale of output 0: steps in a real number. Refuses a scale whose inverse is not normal, since
// some CPUs take such numbers for zero.
Status make_inverse_scale(const Node& node, float* inverse);

}  // namespace qrt::rt
