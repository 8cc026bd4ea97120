#include "src/graph/passes.h"

namespace qrt::graph {

rt::Status optimize(Graph& graph) {
  // Quantization comes first: folding would turn quantized weights back into float.
  QRT_RETURN_IF_ERROR(fuse_qdq(graph));
  QRT_RETURN_IF_ERROR(u8_to_s8(graph));
  QRT_RETURN_IF_ERROR(fold_constants(graph));
  QRT_RETURN_IF_ERROR(remove_dead(graph));
  QRT_RETURN_IF_ERROR(fuse_activations(graph));
  return remove_dead(graph);
}

}  // namespace qrt::graph
