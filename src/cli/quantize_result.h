// What `qrt quantize` has done, put together for people (a closing table), for programs (JSON) and
// for the page that explains it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/cli/json_output.h"
#include "src/quantize/compare.h"
#include "src/quantize/interval.h"
#include "src/quantize/mix.h"
#include "src/quantize/timing.h"
#include "src/quantize/tune.h"

namespace qrt::cli {

// Of the float model and the integer one, on samples that neither calibration nor search has seen.
struct Accuracy {
  std::string metric;
  bool higher_is_better = true, share = false;
  double before = 0, after = 0;
  quantize::Interval95 difference;
  size_t samples = 0;
};

struct QuantizeResult {
  std::string in, out;
  size_t bytes_before = 0, bytes_after = 0;
  size_t calibrated = 0;
  bool seen_before = false;  // the comparison had to use samples of the calibration
  quantize::Tuned tuned;
  std::optional<quantize::MixResult> mix;
  quantize::Comparison comparison;
  quantize::Times before, after;
  std::string isa;
  size_t threads = 1;
  std::optional<Accuracy> accuracy;

  const quantize::Quantized& quantized() const { return mix ? mix->quantized : tuned.quantized; }
  const quantize::Wishes& wishes() const { return mix ? mix->wishes : tuned.wishes; }
};

void print_result(const QuantizeResult& result);
Json json_of(const QuantizeResult& result);

// Wishes as JSON, to make a result again.
Json recipe_of(const quantize::Wishes& wishes);
rt::Result<quantize::Wishes> read_recipe(const std::string& path);

}  // namespace qrt::cli
