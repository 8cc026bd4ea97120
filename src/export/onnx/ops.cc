#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {

Rule find_rule(fb::OpOptions type) {
  switch (type) {
    case fb::OpOptions::Conv2D:
      return export_conv;
    case fb::OpOptions::FullyConnected:
      return export_fully_connected;
    case fb::OpOptions::MatMul:
      return export_matmul;
    case fb::OpOptions::Binary:
      return export_binary;
    case fb::OpOptions::Unary:
      return export_unary;
    case fb::OpOptions::Pool2D:
      return export_pool;
    case fb::OpOptions::Reduce:
      return export_reduce;
    case fb::OpOptions::Reshape:
      return export_reshape;
    case fb::OpOptions::Transpose:
      return export_transpose;
    case fb::OpOptions::Softmax:
      return export_softmax;
    case fb::OpOptions::Concat:
      return export_concat;
    case fb::OpOptions::Split:
      return export_split;
    case fb::OpOptions::Slice:
      return export_slice;
    case fb::OpOptions::Pad:
      return export_pad;
    case fb::OpOptions::Resize:
      return export_resize;
    case fb::OpOptions::Quantize:
      return export_quantize;
    case fb::OpOptions::Dequantize:
      return export_dequantize;
    case fb::OpOptions::Cast:
      return export_cast;
    case fb::OpOptions::Gather:
      return export_gather;
    case fb::OpOptions::GatherNd:
      return export_gather_nd;
    case fb::OpOptions::ArgReduce:
      return export_arg_reduce;
    case fb::OpOptions::Select:
      return export_select;
    case fb::OpOptions::BroadcastTo:
      return export_broadcast_to;
    case fb::OpOptions::Tile:
      return export_tile;
    case fb::OpOptions::DepthToSpace:
      return export_depth_to_space;
    case fb::OpOptions::SpaceToDepth:
      return export_space_to_depth;
    case fb::OpOptions::Lstm:
      return export_lstm;
    case fb::OpOptions::ShapeOf:
    case fb::OpOptions::NONE:
      break;
  }
  return nullptr;
}

}  // namespace qrt::onnx_export
