// From a float model and what calibration has seen of it to one that computes in integers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/graph/graph.h"
#include "src/model/model.h"
#include "src/quantize/plan.h"
#include "src/quantize/progress.h"
#include "src/quantize/samples.h"
#include "src/quantize/scheme.h"
#include "src/quantize/statistics.h"

namespace qrt::quantize {

// A float model that is ready to be calibrated: every value has a name of its own.
struct Prepared {
  std::shared_ptr<const rt::Model> model;
  graph::Graph graph;  // the same: values and nodes are numbered as the model's main graph is
};
// An error if there is nothing to quantize: the model is one of integers, or has no operator that
// has an integer form.
rt::Result<Prepared> prepare(const rt::Model& model);

// calibrate (calibrate.h), with all that quantize wants to know.
rt::Result<Statistics> calibrate(const Prepared& prepared, const SampleSource& samples,
                                 size_t threads, const Progress& progress);

// The same model with its weights equalized (equalize.h), which must be calibrated anew; `pairs`:
// how many pairs of operators that has changed.
rt::Result<Prepared> equalized(const Prepared& prepared, const Statistics& statistics,
                               size_t* pairs);

// What became of an operator, for reports.
struct OperatorResult {
  std::string name, kind;
  Scheme scheme = Scheme::Float;
  std::string reason;
  uint64_t macs = 0;              // with open dimensions at 1
  double largest_correction = 0;  // of its bias, in units of its output's scale
};

struct Quantized {
  graph::Bytes file;
  Plan plan;
  std::vector<OperatorResult> operators;  // by node of the float graph
};
rt::Result<Quantized> quantize(const Prepared& prepared, const Statistics& statistics,
                               const Wishes& wishes);

}  // namespace qrt::quantize
