// What exporters spell out because the operator set they write has no operator for it, as one
// operator again. A function a file, which says who writes what.
#pragma once

#include "src/graph/patterns/rewriter.h"

namespace qrt::graph {

// Whether a window's explicit padding is none.
inline bool pads_nothing(const fb::Window2DT& window) {
  return window.pad_top == 0 && window.pad_bottom == 0 && window.pad_left == 0 &&
         window.pad_right == 0;
}

void fuse_hard_swish(Rewriter& graph);
void fuse_gelu(Rewriter& graph);
void fuse_gelu_tanh(Rewriter& graph);
void fuse_silu(Rewriter& graph);
void fuse_mish(Rewriter& graph);
void fuse_layer_normalization(Rewriter& graph);
void fuse_rotary_embedding(Rewriter& graph);
void fuse_attention(Rewriter& graph);
void fuse_pads(Rewriter& graph);
void fuse_channel_scales(Rewriter& graph);
void cancel_transposes(Rewriter& graph);

}  // namespace qrt::graph
