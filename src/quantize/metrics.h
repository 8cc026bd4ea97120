// How good a model is: a number from its outputs on labelled samples. Nothing here reads files;
// the tool reads labels (src/cli/labels.h), and a search for a mix of schemes uses the same
// metrics.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/quantize/run_sample.h"

namespace qrt::quantize {

// What is right for a sample; each metric has its own part.
struct Label {
  int64_t number = 0;                // top1, top5: the class; auc: 0 or 1
  std::string text;                  // cer: UTF-8
  std::vector<RealTensor> expected;  // mse: all outputs; miou: one, class numbers [H,W]
};

// Which part of a label a metric wants.
enum class LabelKind : uint8_t { None, Number, Text, Tensors, Map };

class Metric {
 public:
  virtual ~Metric() = default;

  virtual const char* name() const = 0;
  virtual LabelKind label_kind() const = 0;
  virtual bool higher_is_better() const { return true; }
  // A share, which people read in percent.
  virtual bool is_share() const { return true; }

  // The sample's part of value(). An error says what in the outputs or the label does not fit.
  virtual rt::Status add(const std::vector<RealTensor>& outputs, const Label& label) = 0;
  // An error where the samples so far allow no value.
  virtual rt::Result<double> value() const = 0;
  // A number a sample, whose mean is value() and whose spread tells how sure it is; for metrics
  // that are no means, to first order (auc: DeLong and others, 1988). For paired_difference. Empty:
  // the metric knows of none.
  virtual std::vector<double> contributions() const = 0;
  // The same metric with no samples; null if it cannot be made (no room for a command's files).
  virtual std::unique_ptr<Metric> fresh() const = 0;
};

struct MetricOptions {
  size_t output = 0;                  // the model's output that is looked at; mse: all of them
  std::vector<std::string> alphabet;  // cer: the characters of classes, without the blank's
  size_t blank = 0;                   // cer: the class that stands for no character
  int64_t ignored = 255;              // miou: pixels of this label do not count
};

// - top1, top5: the share of samples whose class is among the highest scores; of equal scores the
//   first counts as higher
// - auc: the area under the ROC curve; the score is the output's one element, or the second of two
// - mse: the mean squared error, over all elements of all outputs
// - cer: the output [T, classes] read as CTC (the best class a step, repeated ones once, no blanks;
//   where there is one class more than the alphabet and the blank, it is a space);
//   edits divided by characters, of all samples together
// - miou: the mean, over classes, of intersection over union; the output holds scores of classes
//   [H,W,C] or [C,H,W], or class numbers [H,W]
// Null: there is no such metric.
std::unique_ptr<Metric> make_metric(const std::string& name, const MetricOptions& options);
const std::vector<std::string>& metric_names();

// The text of an output [T, classes]; an error if it has another shape.
rt::Result<std::string> ctc_text(const RealTensor& output, const MetricOptions& options);
// Insertions, deletions and substitutions of code points that make one text of the other.
size_t edit_distance(const std::string& a, const std::string& b);
size_t code_points(const std::string& text);

}  // namespace qrt::quantize
