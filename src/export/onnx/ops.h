// The exporter's rules: one function an operator of schema/qrt.fbs. Each throws Unsupported for
// what ONNX cannot express.
#pragma once

#include "src/export/onnx/call.h"

namespace qrt::onnx_export {

using Rule = void (*)(Call&);
// Null for an operator without a rule.
Rule find_rule(fb::OpOptions type);

// ops_weighted.cc
void export_conv(Call& c);
void export_fully_connected(Call& c);
void export_matmul(Call& c);
// ops_window.cc
void export_pool(Call& c);
void export_resize(Call& c);
// ops_elementwise.cc
void export_binary(Call& c);
void export_select(Call& c);
// ops_unary.cc
void export_unary(Call& c);
// ops_convert.cc
void export_quantize(Call& c);
void export_dequantize(Call& c);
void export_cast(Call& c);
// ops_lstm.cc
void export_lstm(Call& c);
// ops_reduce.cc
void export_reduce(Call& c);
void export_arg_reduce(Call& c);
void export_softmax(Call& c);
// ops_move.cc
void export_reshape(Call& c);
void export_transpose(Call& c);
void export_concat(Call& c);
void export_split(Call& c);
void export_slice(Call& c);
void export_pad(Call& c);
// ops_index.cc
void export_gather(Call& c);
void export_gather_nd(Call& c);
void export_broadcast_to(Call& c);
void export_tile(Call& c);
void export_depth_to_space(Call& c);
void export_space_to_depth(Call& c);

}  // namespace qrt::onnx_export
