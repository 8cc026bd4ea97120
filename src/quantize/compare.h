// Two models on the same samples, tensor by tensor: where along the network does a quantized model
// leave the float one? Tensors are the same that have the same name, or operators of the same name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/quantize/progress.h"
#include "src/quantize/run_sample.h"

namespace qrt::quantize {

// How close the numbers b are to the numbers a; sums in double, over all samples.
struct Closeness {
  uint64_t count = 0;
  uint64_t not_finite = 0;  // of these pairs one is no finite number; they count for nothing else
  double squares_a = 0, squares_b = 0, products = 0, squared_errors = 0;
  double largest_error = 0;
  double low_a = 0, high_a = 0, low_b = 0, high_b = 0;

  void add(const std::vector<double>& a, const std::vector<double>& b);
  // 10 log10 of a's power over the error's, in dB; infinite where all are equal.
  double sqnr_db() const;
  // Of the angle between a and b; 1 where both are zero, 0 where one is.
  double cosine() const;
};

struct TensorCloseness {
  std::string name_a, name_b;
  std::string
      kind;  // of the operator in b that makes it: "Conv2D"; "" for an output that none makes
  rt::DType type_a = rt::DType::F32, type_b = rt::DType::F32;
  Closeness closeness;
};

struct Comparison {
  size_t samples = 0;
  std::vector<TensorCloseness> tensors;  // in b's order of execution, outputs of the model too
  std::vector<TensorCloseness> outputs;
  // Real tensors that operators compute and that have no counterpart in the other model.
  size_t unmatched_a = 0, unmatched_b = 0;
};

// The sessions' watches are taken. Sources have as many samples, for either model's own inputs.
rt::Result<Comparison> compare(rt::Session* a, rt::Session* b, const SampleSource& samples_a,
                               const SampleSource& samples_b, const Progress& progress);

// A tensor's name without what the converters add when they make integers of it: "/s8", "/q",
// "_QuantizeLinear_Output", ... so that a float model's tensor has the same.
std::string plain_name(std::string name);

}  // namespace qrt::quantize
