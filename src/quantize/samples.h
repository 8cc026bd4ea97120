// What calibration and evaluation run a model on: samples by number, each with elements for all of
// the model's inputs. Where they come from is the caller's affair: the tool reads files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/shape.h"
#include "src/base/status.h"

namespace qrt::quantize {

// Elements of an input, of its type and in its layout; dimensions that the model leaves open may
// differ from sample to sample.
struct SampleInput {
  rt::Shape shape;
  std::vector<uint8_t> bytes;
};

struct Sample {
  std::string name;                 // for messages: a file, "digits.npy[17]"
  std::vector<SampleInput> inputs;  // in the model's order
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual size_t size() const = 0;
  // The same sample each time that a number is asked for; numbers in any order.
  virtual rt::Result<Sample> load(size_t i) const = 0;
};

}  // namespace qrt::quantize
