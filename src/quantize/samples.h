// What calibration and evaluation run a model on: samples by number, each with elements for all of
// the model's inputs. Where they come from is the caller's affair: the tool reads files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
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

// Some samples of a source, which must outlive this.
class SampleView : public SampleSource {
 public:
  SampleView(const SampleSource& source, std::vector<size_t> numbers)
      : source_(source), numbers_(std::move(numbers)) {}

  size_t size() const override { return numbers_.size(); }
  rt::Result<Sample> load(size_t i) const override { return source_.load(numbers_[i]); }
  const std::vector<size_t>& numbers() const { return numbers_; }

 private:
  const SampleSource& source_;
  std::vector<size_t> numbers_;
};

// Numbers below n: k of them (all, if there are no more), spread evenly, so that data that are
// sorted by class give each its share.
std::vector<size_t> spread(size_t n, size_t k);
// Those below n that are not among `taken`: what is held back from a search.
std::vector<size_t> others(size_t n, const std::vector<size_t>& taken);
// From `begin` to before `end`.
std::vector<size_t> range(size_t begin, size_t end);

}  // namespace qrt::quantize
