// The operators of this build. A smaller build leaves lines out: what is not listed is not linked.
#pragma once

#include "src/runtime/op.h"

#define QRT_OPS(OP)  \
  OP(Conv2D)         \
  OP(FullyConnected) \
  OP(MatMul)         \
  OP(Binary)         \
  OP(Unary)          \
  OP(Pool2D)         \
  OP(Reduce)         \
  OP(Reshape)        \
  OP(Transpose)      \
  OP(Softmax)        \
  OP(Concat)         \
  OP(Split)          \
  OP(Slice)          \
  OP(Pad)            \
  OP(Resize)         \
  OP(Quantize)       \
  OP(Dequantize)     \
  OP(Cast)           \
  OP(Gather)         \
  OP(GatherNd)       \
  OP(ArgReduce)      \
  OP(Select)         \
  OP(BroadcastTo)    \
  OP(Tile)           \
  OP(DepthToSpace)   \
  OP(SpaceToDepth)   \
  OP(Lstm)

namespace qrt::rt {

// Each is defined by its file in this folder, which sees this declaration: without it a const would
// be private to its file.
#define QRT_DECLARE(name) extern const OpDef k##name##Op;
QRT_OPS(QRT_DECLARE)
#undef QRT_DECLARE

}  // namespace qrt::rt
