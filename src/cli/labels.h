// --labels: what is right for each sample of a data set, in the form that a metric wants.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/cli/dataset.h"
#include "src/quantize/metrics.h"

namespace qrt::cli {

class Labels {
 public:
  virtual ~Labels() = default;
  virtual size_t size() const = 0;
  // Of the sample with this number.
  virtual rt::Result<quantize::Label> load(size_t i) const = 0;
};

struct LabelArguments {
  std::vector<std::string> labels;
  std::string names;  // a file whose line i names class i; "": the model's own
};

// The labels of a data set's samples, as many as there are. The model is asked for names of classes
// (of `output`) and for the shapes of outputs; it and the data set must outlive the labels.
// - numbers: a text file with a class (its number or name) a line; an .npy of integers; or
//   "folders": the folder that a sample's file lies in names its class
// - texts: a text file with a text a line
// - tensors: data for the outputs, as --data for inputs
// - maps: pictures in grey, or .npy, of class numbers
rt::Result<std::unique_ptr<Labels>> open_labels(quantize::LabelKind kind,
                                                const LabelArguments& arguments,
                                                const Dataset& dataset, const OpenModel& open,
                                                size_t output);

}  // namespace qrt::cli
