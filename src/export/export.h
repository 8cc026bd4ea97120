// Writing libqrt's graphs in other frameworks' formats, for users who run the same model elsewhere
// and for comparing runtimes on the same weights.
#pragma once

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::onnx_export {

// The bytes of an ONNX model that computes what `graph` does: quantized operators as float ones
// between QuantizeLinear and DequantizeLinear, feature maps as [N,C,H,W] inside (src/export/onnx).
// The graph has been optimized (src/graph/passes.h), and a Program of it can be built: attributes
// are not checked again. What ONNX cannot express is one message that lists all of it.
rt::Result<graph::Bytes> export_onnx(const graph::Graph& graph);

}  // namespace qrt::onnx_export
