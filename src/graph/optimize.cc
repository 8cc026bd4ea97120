#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

using Pass = rt::Status (*)(Graph&);

rt::Status run(Graph& main, std::initializer_list<Pass> passes) {
  for (int32_t g = 0; g < graph_count(main); ++g) {
    for (const Pass pass : passes) QRT_RETURN_IF_ERROR(pass(graph_at(main, g)));
  }
  return {};
}

}  // namespace

rt::Status optimize(Graph& main) {
  QRT_RETURN_IF_ERROR(inline_calls(main));
  // Quantization comes first: folding would turn quantized weights back into float.
  QRT_RETURN_IF_ERROR(run(main, {fuse_qdq, u8_to_s8, fold_constants}));
  // A condition may be known by now.
  QRT_RETURN_IF_ERROR(inline_calls(main));
  drop_unreachable(main);
  return run(main, {remove_dead, fuse_activations, remove_dead});
}

}  // namespace qrt::graph
