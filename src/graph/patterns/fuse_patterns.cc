#include "src/graph/passes.h"
#include "src/graph/patterns/patterns.h"

namespace qrt::graph {

rt::Status fuse_functions(Graph& graph) {
  Rewriter rewriter(graph);
  fuse_hard_swish(rewriter);
  fuse_gelu(rewriter);
  rewriter.finish();
  return {};
}

// Longer ones first: a part of one may look like another.
rt::Status fuse_patterns(Graph& graph) {
  Rewriter rewriter(graph);
  fuse_gelu_tanh(rewriter);
  fuse_hard_swish(rewriter);
  fuse_gelu(rewriter);
  fuse_mish(rewriter);
  fuse_silu(rewriter);
  fuse_layer_normalization(rewriter);
  fuse_rotary_embedding(rewriter);
  fuse_attention(rewriter);
  cancel_transposes(rewriter);
  fuse_channel_scales(rewriter);
  fuse_pads(rewriter);
  rewriter.finish();
  return {};
}

}  // namespace qrt::graph
