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

// What has been changed in subgraphs, some of which stand in others or are gone by now.
void collect_records(Graph& main) {
  for (Graph& graph : main.subgraphs) {
    for (const auto& [name, count] : graph.record.fused) main.record.fused[name] += count;
    for (const auto& [name, count] : graph.record.upgraded) main.record.upgraded[name] += count;
    main.record.folded += graph.record.folded;
    graph.record = {};
  }
}

}  // namespace

rt::Status optimize(Graph& main, const OptimizeOptions& options) {
  QRT_RETURN_IF_ERROR(inline_calls(main));
  if (options.fuse) QRT_RETURN_IF_ERROR(run(main, {fuse_functions}));
  // Quantization comes first: folding would turn quantized weights back into float.
  QRT_RETURN_IF_ERROR(run(main, {fuse_qdq, u8_to_s8, fold_constants}));
  collect_records(main);
  // A condition may be known by now.
  QRT_RETURN_IF_ERROR(inline_calls(main));
  drop_unreachable(main);
  QRT_RETURN_IF_ERROR(run(main, {remove_dead}));
  if (options.fuse) QRT_RETURN_IF_ERROR(run(main, {fuse_patterns, fold_constants}));
  QRT_RETURN_IF_ERROR(run(main, {fuse_activations, remove_dead}));
  collect_records(main);
  return {};
}

}  // namespace qrt::graph
