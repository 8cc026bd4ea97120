// What the inputs of operators with weights were, as far as rounding the weights needs to know: the
// mean of x x^T over the (unfolded) inputs x of an output. With it the squared error that any
// change of an output's weights makes, w^T H w, is known without data.
#pragma once

#include <map>
#include <memory>

#include "src/graph/graph.h"
#include "src/model/model.h"
#include "src/quantize/progress.h"
#include "src/quantize/samples.h"
#include "src/quantize/statistics.h"

namespace qrt::quantize {

struct GramOptions {
  size_t threads = 1;
  size_t samples = 64;         // that are used, spread evenly
  size_t places = 64;          // of each sample: outputs whose inputs are taken, spread evenly
  size_t most_weights = 2048;  // of an output; operators with more are left out
  Progress progress;
};

// By node of the main graph: of FullyConnected and Conv2D with float weights. `graph` is the
// model's.
rt::Result<std::map<size_t, Gram>> collect_grams(const std::shared_ptr<const rt::Model>& model,
                                                 const graph::Graph& graph,
                                                 const SampleSource& samples,
                                                 const GramOptions& options);

}  // namespace qrt::quantize
