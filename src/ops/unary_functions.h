// The real functions behind Unary, in double: tables are built from them, float runs through them.
#pragma once

#include "src/opspec/node.h"

namespace qrt::rt {

// The function before the clamp. alpha, beta: see schema/qrt.fbs.
double unary_function(fb::UnaryKind kind, double x, double alpha, double beta);

// What a Unary node gives for a quantized value: in double, rounded half to even, within [min,
// max]. Functions that jump are computed as float_table.h says.
int32_t quantized_unary(const Node& node, int32_t q, int32_t min, int32_t max);

}  // namespace qrt::rt
