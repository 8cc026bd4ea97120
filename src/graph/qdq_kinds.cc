#include "src/graph/qdq_kinds.h"

#include <algorithm>

namespace qrt::graph {
namespace {

QdqKind binary_kind(const Node& node) {
  switch (node.options.AsBinary()->kind) {
    case fb::BinaryKind::Add:
    case fb::BinaryKind::Sub:
    case fb::BinaryKind::Mul:
    case fb::BinaryKind::Div:
    case fb::BinaryKind::Min:
    case fb::BinaryKind::Max:
    case fb::BinaryKind::Pow:
    case fb::BinaryKind::SquaredDifference:
      return QdqKind::Compute;
    default:
      return QdqKind::Float;  // truth values, and functions that jump
  }
}

QdqKind reduce_kind(const Node& node) {
  switch (node.options.AsReduce()->kind) {
    case fb::ReduceKind::Mean:
    case fb::ReduceKind::Sum:
      return QdqKind::Compute;
    case fb::ReduceKind::Max:
    case fb::ReduceKind::Min:
      return QdqKind::Move;
    default:
      return QdqKind::Float;
  }
}

}  // namespace

QdqKind qdq_kind(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == kAbsent) return QdqKind::Float;
  switch (node.type()) {
    case fb::OpOptions::Conv2D:
    case fb::OpOptions::FullyConnected:
      return QdqKind::Weighted;
    case fb::OpOptions::MatMul:
      return QdqKind::Compute;
    case fb::OpOptions::Binary:
      return binary_kind(node);
    case fb::OpOptions::Unary:
      return node.options.AsUnary()->kind == fb::UnaryKind::Not ? QdqKind::Float : QdqKind::Compute;
    case fb::OpOptions::Pool2D:
      if (node.options.AsPool2D()->kind == fb::PoolKind::Average) return QdqKind::Compute;
      // A clamp between two quantized values would not survive.
      return node.options.AsPool2D()->clamp == nullptr ? QdqKind::Move : QdqKind::Float;
    case fb::OpOptions::Reduce:
      return reduce_kind(node);
    case fb::OpOptions::Softmax:
      return node.options.AsSoftmax()->log ? QdqKind::Float : QdqKind::Compute;
    case fb::OpOptions::Resize:
      return node.options.AsResize()->mode == fb::ResizeMode::Nearest ? QdqKind::Move
                                                                      : QdqKind::Join;
    case fb::OpOptions::Concat:
    case fb::OpOptions::Select:
      return QdqKind::Join;
    case fb::OpOptions::ArgReduce:
      return QdqKind::Find;
    case fb::OpOptions::Pad:
      // A value that is not added, or that every quantization holds exactly.
      return node.options.AsPad()->mode != fb::PadMode::Constant || node.options.AsPad()->value == 0
                 ? QdqKind::Move
                 : QdqKind::Join;
    case fb::OpOptions::Reshape:
    case fb::OpOptions::Transpose:
    case fb::OpOptions::Split:
    case fb::OpOptions::Slice:
    case fb::OpOptions::Gather:
    case fb::OpOptions::GatherNd:
    case fb::OpOptions::BroadcastTo:
    case fb::OpOptions::Tile:
    case fb::OpOptions::DepthToSpace:
    case fb::OpOptions::SpaceToDepth:
      // Tables of indices and shapes are moved, too; only numbers are quantized.
      return graph.value(node.inputs[0]).type == DType::F32 ? QdqKind::Move : QdqKind::Float;
    default:
      return QdqKind::Float;
  }
}

InputRange quantized_inputs(const Node& node, QdqKind kind) {
  switch (kind) {
    case QdqKind::Compute:
      return {0, node.inputs.size()};
    case QdqKind::Join:
      return {node.type() == fb::OpOptions::Select ? size_t{1} : size_t{0}, node.inputs.size()};
    default:
      return {0, 1};
  }
}

std::unique_ptr<fb::ClampT>* qdq_clamp(Node& node) {
  switch (node.type()) {
    case fb::OpOptions::Conv2D:
      return &node.options.AsConv2D()->clamp;
    case fb::OpOptions::FullyConnected:
      return &node.options.AsFullyConnected()->clamp;
    case fb::OpOptions::Binary:
      return &node.options.AsBinary()->clamp;
    case fb::OpOptions::Pool2D:
      return &node.options.AsPool2D()->clamp;
    default:
      return nullptr;
  }
}

}  // namespace qrt::graph
