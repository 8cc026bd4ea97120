// Tries what repairs there are and keeps those that bring the outputs closer to the float model's,
// each with what it gained.
#pragma once

#include "src/quantize/quantizer.h"
#include "src/quantize/reference.h"
#include "src/quantize/samples.h"

namespace qrt::quantize {

// A choice, judged by the outputs' SQNR on samples of the calibration data.
struct Gain {
  std::string name;  // "bias correction"
  double without_db = 0, with_db = 0;
  bool kept = false;
};

struct Tuned {
  Prepared prepared;  // perhaps equalized
  Statistics statistics;
  Wishes wishes;  // all decided
  Quantized quantized;
  double sqnr_db = 0;  // of its outputs, on the samples it was judged by
  std::vector<Gain> gains;
  std::vector<std::string> doubts;  // what may be wrong with the data (calibrate.h)
};

struct TuneOptions {
  size_t threads = 1;
  size_t judged = 32;  // samples that candidates are judged by
  Progress progress;
};

// Calibrates on the samples, and tries.
rt::Result<Tuned> tune(Prepared prepared, const SampleSource& samples, const Wishes& wishes,
                       const TuneOptions& options);

}  // namespace qrt::quantize
