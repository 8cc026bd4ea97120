#include "src/quantize/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace qrt::quantize {
namespace {

using rt::Code;
using rt::error;
using rt::Shape;

rt::Status no_samples() { return error(Code::InvalidArgument, "there are no samples"); }

// The output that a metric looks at.
rt::Result<const RealTensor*> chosen(const std::vector<RealTensor>& outputs, size_t number) {
  if (number < outputs.size()) return &outputs[number];
  return error(Code::InvalidArgument, "output %zu is wanted, but the model has %zu", number,
               outputs.size());
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Dimensions other than 1.
std::vector<int32_t> inner(const Shape& shape) {
  std::vector<int32_t> dims;
  for (int32_t dim : shape) {
    if (dim != 1) dims.push_back(dim);
  }
  return dims;
}

// Metrics that are a mean of what single samples score.
class MeanMetric : public Metric {
 public:
  rt::Result<double> value() const override {
    if (scores_.empty()) return no_samples();
    return mean(scores_);
  }
  std::vector<double> contributions() const override { return scores_; }

 protected:
  std::vector<double> scores_;
};

class Top : public MeanMetric {
 public:
  Top(const MetricOptions& options, size_t k) : options_(options), k_(k) {}
  const char* name() const override { return k_ == 1 ? "top1" : "top5"; }
  LabelKind label_kind() const override { return LabelKind::Number; }
  std::unique_ptr<Metric> fresh() const override { return std::make_unique<Top>(options_, k_); }

  rt::Status add(const std::vector<RealTensor>& outputs, const Label& label) override {
    QRT_ASSIGN_OR_RETURN(const RealTensor* output, chosen(outputs, options_.output));
    if (inner(output->shape).size() != 1) {
      return error(Code::InvalidArgument,
                   "an output of shape %s holds no scores of classes, a number each",
                   output->shape.str().c_str());
    }
    const std::vector<double>& scores = output->values;
    if (label.number < 0 || static_cast<uint64_t>(label.number) >= scores.size()) {
      return error(Code::InvalidArgument, "the label is class %lld, the output has %zu scores",
                   static_cast<long long>(label.number), scores.size());
    }
    const auto wanted = static_cast<size_t>(label.number);
    // Not-a-number is below all.
    const auto key = [&](size_t i) { return std::isnan(scores[i]) ? -HUGE_VAL : scores[i]; };
    size_t above = std::isnan(scores[wanted]) ? k_ : 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      if (key(i) > key(wanted) || (key(i) == key(wanted) && i < wanted)) ++above;
    }
    scores_.push_back(above < k_ ? 1 : 0);
    return {};
  }

 private:
  MetricOptions options_;
  size_t k_;
};

class Mse : public MeanMetric {
 public:
  explicit Mse(const MetricOptions& options) : options_(options) {}
  const char* name() const override { return "mse"; }
  LabelKind label_kind() const override { return LabelKind::Tensors; }
  bool higher_is_better() const override { return false; }
  bool is_share() const override { return false; }
  std::unique_ptr<Metric> fresh() const override { return std::make_unique<Mse>(options_); }

  rt::Status add(const std::vector<RealTensor>& outputs, const Label& label) override {
    if (outputs.size() != label.expected.size()) {
      return error(Code::InvalidArgument, "%zu outputs are expected, the model has %zu",
                   label.expected.size(), outputs.size());
    }
    double sum = 0, count = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::vector<double>& a = outputs[i].values;
      const std::vector<double>& b = label.expected[i].values;
      if (a.size() != b.size()) {
        return error(Code::InvalidArgument, "output %zu is %s, %s is expected", i,
                     outputs[i].shape.str().c_str(), label.expected[i].shape.str().c_str());
      }
      for (size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
      count += static_cast<double>(a.size());
    }
    scores_.push_back(count > 0 ? sum / count : 0);
    return {};
  }

 private:
  MetricOptions options_;
};

class Auc : public Metric {
 public:
  explicit Auc(const MetricOptions& options) : options_(options) {}
  const char* name() const override { return "auc"; }
  LabelKind label_kind() const override { return LabelKind::Number; }
  std::unique_ptr<Metric> fresh() const override { return std::make_unique<Auc>(options_); }

  rt::Status add(const std::vector<RealTensor>& outputs, const Label& label) override {
    QRT_ASSIGN_OR_RETURN(const RealTensor* output, chosen(outputs, options_.output));
    if (output->values.empty() || output->values.size() > 2) {
      return error(Code::InvalidArgument,
                   "auc wants an output with one score, or the scores of two classes, not %s",
                   output->shape.str().c_str());
    }
    if (label.number != 0 && label.number != 1) {
      return error(Code::InvalidArgument, "auc wants labels 0 and 1, not %lld",
                   static_cast<long long>(label.number));
    }
    if (std::isnan(output->values.back())) {
      return error(Code::InvalidArgument, "the score is not a number");
    }
    scores_.emplace_back(output->values.back(), label.number == 1);
    return {};
  }

  rt::Result<double> value() const override {
    const std::vector<double> shares = contributions();
    if (!shares.empty()) return mean(shares);
    return error(Code::InvalidArgument,
                 "auc wants samples of both labels, 0 and 1; there are %zu of one and none of the "
                 "other",
                 scores_.size());
  }

  // For each sample the share of the others' scores on whose right side it is, an equal one being a
  // half; weighted so that the mean is the area.
  std::vector<double> contributions() const override {
    std::vector<double> sorted[2];
    for (const auto& [score, positive] : scores_) sorted[positive].push_back(score);
    if (sorted[0].empty() || sorted[1].empty()) return {};
    const auto all = static_cast<double>(scores_.size());
    for (std::vector<double>& values : sorted) std::sort(values.begin(), values.end());
    const auto share = [&](double score, bool positive) {
      const std::vector<double>& other = sorted[!positive];
      const auto [low, high] = std::equal_range(other.begin(), other.end(), score);
      const auto below = static_cast<double>(low - other.begin());
      const auto above = static_cast<double>(other.end() - high);
      const auto equal = static_cast<double>(high - low);
      return ((positive ? below : above) + equal / 2) / static_cast<double>(other.size());
    };
    double area = 0;
    for (double score : sorted[1]) area += share(score, true);
    area /= static_cast<double>(sorted[1].size());
    std::vector<double> shares;
    for (const auto& [score, positive] : scores_) {
      const double weight = all / static_cast<double>(sorted[positive].size());
      shares.push_back(area + (share(score, positive) - area) * weight);
    }
    return shares;
  }

 private:
  MetricOptions options_;
  std::vector<std::pair<double, bool>> scores_;
};

// A quotient of two sums over samples, each of which adds to both.
class RatioMetric : public Metric {
 public:
  rt::Result<double> value() const override {
    if (parts_.empty()) return no_samples();
    const auto [above, below] = sums();
    if (below > 0) return above / below;
    return error(Code::InvalidArgument, "all labels are empty");
  }
  std::vector<double> contributions() const override {
    const auto [above, below] = sums();
    if (below <= 0) return {};
    const double ratio = above / below, each = below / static_cast<double>(parts_.size());
    std::vector<double> values;
    for (const auto& [a, b] : parts_) values.push_back(ratio + (a - ratio * b) / each);
    return values;
  }

 protected:
  std::vector<std::pair<double, double>> parts_;

 private:
  std::pair<double, double> sums() const {
    double above = 0, below = 0;
    for (const auto& [a, b] : parts_) {
      above += a;
      below += b;
    }
    return {above, below};
  }
};

class Cer : public RatioMetric {
 public:
  explicit Cer(const MetricOptions& options) : options_(options) {}
  const char* name() const override { return "cer"; }
  LabelKind label_kind() const override { return LabelKind::Text; }
  bool higher_is_better() const override { return false; }
  std::unique_ptr<Metric> fresh() const override { return std::make_unique<Cer>(options_); }

  rt::Status add(const std::vector<RealTensor>& outputs, const Label& label) override {
    QRT_ASSIGN_OR_RETURN(const RealTensor* output, chosen(outputs, options_.output));
    QRT_ASSIGN_OR_RETURN(const std::string text, ctc_text(*output, options_));
    parts_.emplace_back(static_cast<double>(edit_distance(text, label.text)),
                        static_cast<double>(code_points(label.text)));
    return {};
  }

 private:
  MetricOptions options_;
};

class Miou : public Metric {
 public:
  explicit Miou(const MetricOptions& options) : options_(options) {}
  const char* name() const override { return "miou"; }
  LabelKind label_kind() const override { return LabelKind::Map; }
  std::unique_ptr<Metric> fresh() const override { return std::make_unique<Miou>(options_); }

  rt::Status add(const std::vector<RealTensor>& outputs, const Label& label) override {
    QRT_ASSIGN_OR_RETURN(const RealTensor* output, chosen(outputs, options_.output));
    const RealTensor& map = label.expected.at(0);
    QRT_ASSIGN_OR_RETURN(const std::vector<int64_t> classes, classes_of(*output, map.shape));
    Sample sample;
    for (size_t i = 0; i < classes.size(); ++i) {
      const auto wanted = static_cast<int64_t>(map.values[i]);
      if (wanted == options_.ignored) continue;
      if (wanted == classes[i]) {
        ++sample[wanted].both;
        ++sample[wanted].any;
      } else {
        ++sample[wanted].any;
        ++sample[classes[i]].any;
      }
    }
    samples_.push_back(std::move(sample));
    return {};
  }

  rt::Result<double> value() const override {
    const Sample all = sums();
    if (all.empty()) return no_samples();
    double sum = 0;
    for (const auto& [number, area] : all) sum += area.both / area.any;
    return sum / static_cast<double>(all.size());
  }

  std::vector<double> contributions() const override {
    const Sample all = sums();
    if (all.empty()) return {};
    const double value = *this->value();
    const double scale = static_cast<double>(samples_.size()) / static_cast<double>(all.size());
    std::vector<double> values;
    for (const Sample& sample : samples_) {
      double change = 0;
      for (const auto& [number, area] : sample) {
        const Area& whole = all.at(number);
        change += (area.both - whole.both / whole.any * area.any) / whole.any;
      }
      values.push_back(value + change * scale);
    }
    return values;
  }

 private:
  struct Area {
    double both = 0, any = 0;  // pixels: intersection and union
  };
  using Sample = std::map<int64_t, Area>;

  // The class of each of the label's pixels.
  static rt::Result<std::vector<int64_t>> classes_of(const RealTensor& output,
                                                     const Shape& wanted) {
    const std::vector<int32_t> map = inner(wanted);
    std::vector<int32_t> dims = inner(output.shape);
    std::vector<int64_t> classes;
    if (dims == map) {
      for (double v : output.values) classes.push_back(static_cast<int64_t>(std::llrint(v)));
      return classes;
    }
    const bool last =
        dims.size() == map.size() + 1 && std::equal(map.begin(), map.end(), dims.begin());
    const bool first =
        dims.size() == map.size() + 1 && std::equal(map.begin(), map.end(), dims.begin() + 1);
    if (!last && !first) {
      return error(Code::InvalidArgument,
                   "the label is a map of %s, the output %s is neither scores of its classes nor a "
                   "map of this size",
                   wanted.str().c_str(), output.shape.str().c_str());
    }
    const auto pixels = static_cast<size_t>(wanted.elements());
    const auto count = static_cast<size_t>(last ? dims.back() : dims.front());
    for (size_t i = 0; i < pixels; ++i) {
      size_t best = 0;
      const auto score = [&](size_t c) {
        return output.values[last ? i * count + c : c * pixels + i];
      };
      for (size_t c = 1; c < count; ++c) {
        if (score(c) > score(best)) best = c;
      }
      classes.push_back(static_cast<int64_t>(best));
    }
    return classes;
  }

  Sample sums() const {
    Sample all;
    for (const Sample& sample : samples_) {
      for (const auto& [number, area] : sample) {
        all[number].both += area.both;
        all[number].any += area.any;
      }
    }
    return all;
  }

  MetricOptions options_;
  std::vector<Sample> samples_;
};

// Bytes that begin a character of UTF-8, as numbers.
std::vector<uint32_t> decode_utf8(const std::string& text) {
  std::vector<uint32_t> points;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80 && !points.empty()) {
      points.back() = points.back() << 8 | byte;  // any number will do that differs
    } else {
      points.push_back(byte);
    }
  }
  return points;
}

}  // namespace

size_t code_points(const std::string& text) { return decode_utf8(text).size(); }

size_t edit_distance(const std::string& first, const std::string& second) {
  const std::vector<uint32_t> a = decode_utf8(first), b = decode_utf8(second);
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t k = 0; k < b.size(); ++k) {
      const size_t substituted = diagonal + (a[i] != b[k]);
      diagonal = row[k + 1];
      row[k + 1] = std::min({row[k] + 1, row[k + 1] + 1, substituted});
    }
  }
  return row.back();
}

rt::Result<std::string> ctc_text(const RealTensor& output, const MetricOptions& options) {
  const auto classes = static_cast<size_t>(output.shape.last());
  const size_t characters = options.alphabet.size();
  const bool fits = classes == characters + 1 || classes == characters + 2;
  if (output.shape.rank() < 2 || inner(output.shape).size() > 2 || !fits) {
    return error(Code::InvalidArgument,
                 "cer wants scores [steps, classes] of the alphabet's %zu characters and a blank; "
                 "the output is %s",
                 characters, output.shape.str().c_str());
  }
  if (options.blank >= classes) {
    return error(Code::InvalidArgument, "the blank is class %zu of %zu", options.blank, classes);
  }
  std::string text;
  size_t before = classes;
  for (size_t at = 0; at + classes <= output.values.size(); at += classes) {
    size_t best = 0;
    for (size_t c = 1; c < classes; ++c) {
      if (output.values[at + c] > output.values[at + best]) best = c;
    }
    if (best != before && best != options.blank) {
      const size_t character = best - (best > options.blank);
      text += character < characters ? options.alphabet[character] : " ";
    }
    before = best;
  }
  return text;
}

std::unique_ptr<Metric> make_metric(const std::string& name, const MetricOptions& options) {
  if (name == "top1") return std::make_unique<Top>(options, 1);
  if (name == "top5") return std::make_unique<Top>(options, 5);
  if (name == "auc") return std::make_unique<Auc>(options);
  if (name == "mse") return std::make_unique<Mse>(options);
  if (name == "cer") return std::make_unique<Cer>(options);
  if (name == "miou") return std::make_unique<Miou>(options);
  return nullptr;
}

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names = {"top1", "top5", "auc", "mse", "cer", "miou"};
  return names;
}

}  // namespace qrt::quantize
