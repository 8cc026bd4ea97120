// The real functions behind Unary, in double: tables are built from them, float runs through them.
#pragma once

#include "qrt_generated.h"

namespace qrt::rt {

// The function before the clamp. alpha, beta: see schema/qrt.fbs.
double unary_function(fb::UnaryKind kind, double x, double alpha, double beta);

}  // namespace qrt::rt
