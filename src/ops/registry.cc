// The operators of this build. A smaller build leaves lines out: what is not listed is not linked.
#include "src/runtime/op.h"

namespace qrt::rt {

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

// Each is defined by its file in this folder.
#define QRT_DECLARE(name) extern const OpDef k##name##Op;
QRT_OPS(QRT_DECLARE)
#undef QRT_DECLARE

const OpDef* find_op(fb::OpOptions type) {
  switch (type) {
#define QRT_CASE(name)      \
  case fb::OpOptions::name: \
    return &k##name##Op;
    QRT_OPS(QRT_CASE)
#undef QRT_CASE
    default:
      return nullptr;
  }
}

}  // namespace qrt::rt
