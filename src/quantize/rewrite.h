// A float graph with its plan becomes one of integers: pairs of Quantize and Dequantize go around
// the operators that are to compute in integers, and the passes that read such pairs in trained
// models (graph/fuse_qdq.cc) do the rest.
#pragma once

#include <map>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/quantize/plan.h"
#include "src/quantize/weights.h"

namespace qrt::quantize {

// `codes`: by node, the weights of all Weighted nodes that are not float.
rt::Status rewrite(const Plan& plan, const std::map<size_t, IntegerCodes>& codes,
                   graph::Graph* graph);

}  // namespace qrt::quantize
