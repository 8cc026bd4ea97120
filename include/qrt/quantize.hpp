// Quantizing a float model from C++: what the command `qrt quantize` does, for programs that make
// models. In the converter's library (CMake target qrt_convert), not in the runtime: it allocates
// freely, and takes seconds to minutes.
//
//   qrt::QuantizeOptions options;
//   options.scheme = "s8";
//   qrt::QuantizedModel result;
//   auto status = qrt::quantize_model(*model, count, sample, options, &result);
//   if (!status.ok()) return fail(status.message());
//   ... result.file holds the bytes of a .qrt file
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "qrt/qrt.hpp"

namespace qrt {

// Elements of one input, of the model's own type, in C order. Dimensions that the model leaves open
// may differ from sample to sample.
struct QuantizeInput {
  std::vector<int32_t> shape;
  std::vector<uint8_t> bytes;
};

// Gives the inputs of sample i, in the model's order: the same each time that i is asked for.
using QuantizeSample = std::function<std::vector<QuantizeInput>(size_t i)>;

// Words are those of `qrt quantize --help`; "auto" is what brings the outputs closest to the float
// model's.
struct QuantizeOptions {
  std::string scheme = "s8";
  // A scheme for operators whose name or kind ("Conv2D") matches a pattern with * for any text; the
  // last that matches counts.
  std::vector<std::pair<std::string, std::string>> overrides;
  bool per_tensor = false;  // weights: one scale, not one for each output
  std::string observer = "auto";
  std::string equalize = "auto", bias_correction = "auto", column_rounding = "auto";
  size_t threads = 1;
  // Told what is done and how far it is, by the calling thread; false stops (QRT_CANCELLED).
  std::function<bool(const char* what, size_t done, size_t total)> progress;
};

// What became of an operator of the float model.
struct QuantizedOperator {
  std::string name, kind, scheme;
  std::string reason;  // why it stayed float, where that was not wished for
};

struct QuantizedModel {
  std::vector<uint8_t> file;
  double sqnr_db = 0;  // of its outputs, on samples of the calibration
  std::vector<QuantizedOperator> operators;
  std::vector<std::string> notes;  // what to know of the data and the result: sentences
};

// Calibrates on samples 0 to count - 1 and quantizes the model's first entry. Any number of threads
// may call at once. Errors, besides those of running the model: QRT_INVALID_ARGUMENT for a word
// that is not known, for a model with nothing to quantize, and for samples that do not fit or bring
// values that are no finite numbers. On an error *result is as it was.
Status quantize_model(const Model& model, size_t count, const QuantizeSample& sample,
                      const QuantizeOptions& options, QuantizedModel* result);

}  // namespace qrt
