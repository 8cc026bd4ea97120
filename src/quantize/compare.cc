#include "src/quantize/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace qrt::quantize {
namespace {

using rt::Code;
using rt::error;

// Floats, or integers that stand for real numbers.
bool is_real(const rt::Tensor& tensor) {
  switch (tensor.type) {
    case rt::DType::F32:
    case rt::DType::F64:
    case rt::DType::F16:
    case rt::DType::BF16:
      return true;
    default:
      return tensor.quantization.present() && tensor.quantization.per_tensor();
  }
}

// A real tensor that an operator computes.
struct Made {
  int tensor;
  size_t node, output;
};

// All of them, in order of execution.
std::vector<Made> made_by(const rt::Program& program) {
  std::vector<Made> all;
  std::vector<bool> seen(program.tensors().size());
  for (size_t n = 0; n < program.nodes().size(); ++n) {
    const rt::Node& node = program.nodes()[n];
    for (size_t i = 0; i < node.outputs(); ++i) {
      const int tensor = node.output_index(i);
      const auto at = static_cast<size_t>(tensor);
      if (seen[at] || !is_real(program.tensors()[at]) || node.output(i).name[0] == '\0') continue;
      seen[at] = true;
      all.push_back({tensor, n, i});
    }
  }
  return all;
}

// Operators that TensorFlow Lite fused have their names joined by semicolons, not always all.
std::string first_name(const std::string& name) { return name.substr(0, name.find(';')); }

// What a tensor is called, in four ways, of which the first that finds one tensor in the other
// model counts: its name; its name without what converters add; the first of several joined names;
// its operator, for models trained with fake quantization name their tensors after that.
constexpr int kWays = 4;

std::string key_of(const rt::Program& program, const Made& made, int way) {
  const std::string name = program.tensors()[static_cast<size_t>(made.tensor)].name;
  if (way == 0) return name;
  if (way == 1) return plain_name(name);
  if (way == 2) return first_name(plain_name(name));
  const rt::Node& node = program.nodes()[made.node];
  if (node.name()[0] == '\0') return "";
  return rt::operator_name(node.type(), node.raw_options()) + "\n" + node.name() + "\n" +
         std::to_string(made.output);
}

// The tensors of a model by one way of calling them.
class Names {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  Names(const rt::Program& program, const std::vector<Made>& made, int way) {
    for (size_t i = 0; i < made.size(); ++i) {
      const auto [at, is_new] = numbers_.emplace(key_of(program, made[i], way), i);
      // Of several of one plain name, the first that is made; what is less certain must be unique.
      if (!is_new && way > 1) at->second = kNone;
    }
    numbers_.erase("");
  }
  size_t find(const std::string& key) const {
    const auto at = numbers_.find(key);
    return at == numbers_.end() ? kNone : at->second;
  }

 private:
  std::map<std::string, size_t> numbers_;
};

// Calls back for some tensors of a session, once a run each.
class Watcher {
 public:
  explicit Watcher(rt::Session* session) : session_(*session) {
    by_node_.resize(session_.program().nodes().size());
    session_.set_watch([](void* self, size_t node) { static_cast<Watcher*>(self)->look(node); },
                       this);
  }
  ~Watcher() { session_.set_watch(nullptr, nullptr); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Tensors are numbered in the order in which they are added.
  void add(Made made) {
    by_node_[made.node].push_back({made.tensor, values_.size()});
    values_.emplace_back();
    shapes_.emplace_back();
    done_.push_back(false);
  }
  void begin() { std::fill(done_.begin(), done_.end(), false); }
  bool done(size_t i) const { return done_[i]; }
  const std::vector<double>& values(size_t i) const { return values_[i]; }
  const rt::Shape& shape(size_t i) const { return shapes_[i]; }
  // What is called for each tensor; without, its values are kept.
  std::function<void(size_t i, const rt::Shape& shape, std::vector<double> values)> seen;

 private:
  struct Wanted {
    int tensor;
    size_t number;
  };

  void look(size_t node) {
    for (const Wanted& wanted : by_node_[node]) {
      if (done_[wanted.number]) continue;
      done_[wanted.number] = true;
      const rt::Shape& shape = session_.tensor_shape(wanted.tensor);
      std::vector<double> values =
          decode(session_.program().tensors()[static_cast<size_t>(wanted.tensor)],
                 session_.tensor_data(wanted.tensor), static_cast<size_t>(shape.elements()));
      if (seen) {
        seen(wanted.number, shape, std::move(values));
      } else {
        values_[wanted.number] = std::move(values);
        shapes_[wanted.number] = shape;
      }
    }
  }

  rt::Session& session_;
  std::vector<std::vector<Wanted>> by_node_;
  std::vector<std::vector<double>> values_;
  std::vector<rt::Shape> shapes_;
  std::vector<bool> done_;
};

struct Pair {
  size_t a, b;  // in either's list of made tensors
};

std::vector<Pair> match(const rt::Program& a, const std::vector<Made>& made_a, const rt::Program& b,
                        const std::vector<Made>& made_b) {
  std::vector<size_t> partner(made_b.size(), Names::kNone);
  std::vector<bool> taken(made_a.size());
  for (int way = 0; way < kWays; ++way) {
    const Names names(a, made_a, way);
    for (size_t i = 0; i < made_b.size(); ++i) {
      if (partner[i] != Names::kNone) continue;
      const size_t found = names.find(key_of(b, made_b[i], way));
      if (found == Names::kNone || taken[found]) continue;
      taken[found] = true;
      partner[i] = found;
    }
  }
  std::vector<Pair> pairs;
  for (size_t i = 0; i < made_b.size(); ++i) {
    if (partner[i] != Names::kNone) pairs.push_back({partner[i], i});
  }
  return pairs;
}

// For each output of b the one of a that it stands for: of its name, or else of its number.
std::vector<size_t> match_outputs(const rt::Session& a, const rt::Session& b) {
  std::vector<size_t> partners;
  for (size_t i = 0; i < b.outputs(); ++i) {
    size_t found = i;
    for (size_t k = 0; k < a.outputs(); ++k) {
      if (plain_name(a.output(k).name) == plain_name(b.output(i).name)) found = k;
    }
    partners.push_back(found);
  }
  return partners;
}

}  // namespace

std::string plain_name(std::string name) {
  static const char* const kAdded[] = {"/s8",          "/s16",
                                       "/q",           "/float",
                                       "/requantized", "_QuantizeLinear_Output",
                                       "_quantized",   "_DequantizeLinear_Output",
                                       "_int8"};
  for (bool found = true; found;) {
    found = false;
    for (const std::string added : kAdded) {
      if (name.size() <= added.size()) continue;
      if (name.compare(name.size() - added.size(), added.size(), added) != 0) continue;
      name.resize(name.size() - added.size());
      found = true;
    }
  }
  return name;
}

void Closeness::add(const std::vector<double>& a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      ++not_finite;
      continue;
    }
    const bool first = count++ == 0;
    low_a = first ? a[i] : std::min(low_a, a[i]);
    high_a = first ? a[i] : std::max(high_a, a[i]);
    low_b = first ? b[i] : std::min(low_b, b[i]);
    high_b = first ? b[i] : std::max(high_b, b[i]);
    const double difference = b[i] - a[i];
    squares_a += a[i] * a[i];
    squares_b += b[i] * b[i];
    products += a[i] * b[i];
    squared_errors += difference * difference;
    largest_error = std::max(largest_error, std::abs(difference));
  }
}

double Closeness::sqnr_db() const {
  if (squared_errors == 0) return HUGE_VAL;
  return 10 * std::log10(squares_a / squared_errors);
}

double Closeness::cosine() const {
  if (squares_a == 0 || squares_b == 0) return squares_a == squares_b ? 1 : 0;
  return products / std::sqrt(squares_a) / std::sqrt(squares_b);
}

rt::Result<Comparison> compare(rt::Session* a, rt::Session* b, const SampleSource& samples_a,
                               const SampleSource& samples_b, const Progress& progress) {
  if (samples_a.size() != samples_b.size()) {
    return error(Code::InvalidArgument, "%zu samples for one model, %zu for the other",
                 samples_a.size(), samples_b.size());
  }
  if (a->outputs() != b->outputs()) {
    return error(Code::InvalidArgument, "the models have %zu and %zu outputs", a->outputs(),
                 b->outputs());
  }
  const std::vector<Made> made_a = made_by(a->program()), made_b = made_by(b->program());
  const std::vector<Pair> pairs = match(a->program(), made_a, b->program(), made_b);
  const auto tensor_of = [](const rt::Session& session, Made made) -> const rt::Tensor& {
    return session.program().tensors()[static_cast<size_t>(made.tensor)];
  };
  Comparison result;
  result.samples = samples_a.size();
  result.unmatched_a = made_a.size() - pairs.size();
  result.unmatched_b = made_b.size() - pairs.size();
  Watcher watch_a(a), watch_b(b);
  for (const Pair& pair : pairs) {
    watch_a.add(made_a[pair.a]);
    watch_b.add(made_b[pair.b]);
    const rt::Tensor& in_a = tensor_of(*a, made_a[pair.a]);
    const rt::Tensor& in_b = tensor_of(*b, made_b[pair.b]);
    const rt::Node& node = b->program().nodes()[made_b[pair.b].node];
    result.tensors.push_back({in_a.name,
                              in_b.name,
                              rt::operator_name(node.type(), node.raw_options()),
                              in_a.type,
                              in_b.type,
                              {}});
  }
  std::vector<bool> other_shape(pairs.size());
  watch_b.seen = [&](size_t i, const rt::Shape& shape, const std::vector<double>& values) {
    if (!watch_a.done(i)) return;
    if (watch_a.shape(i) == shape) {
      result.tensors[i].closeness.add(watch_a.values(i), values);
    } else {
      other_shape[i] = true;
    }
  };
  const std::vector<size_t> partners = match_outputs(*a, *b);
  for (size_t i = 0; i < b->outputs(); ++i) {
    const rt::Tensor &in_a = a->output(partners[i]), &in_b = b->output(i);
    result.outputs.push_back({in_a.name, in_b.name, "", in_a.type, in_b.type, {}});
  }

  for (size_t s = 0; s < samples_a.size(); ++s) {
    QRT_RETURN_IF_ERROR(tell(progress, "comparing", s, samples_a.size()));
    watch_a.begin();
    watch_b.begin();
    QRT_ASSIGN_OR_RETURN(const Sample for_a, samples_a.load(s));
    QRT_RETURN_IF_ERROR(run_sample(a, for_a));
    QRT_ASSIGN_OR_RETURN(const Sample for_b, samples_b.load(s));
    QRT_RETURN_IF_ERROR(run_sample(b, for_b));
    const std::vector<RealTensor> outputs_a = real_outputs(*a), outputs_b = real_outputs(*b);
    for (size_t i = 0; i < outputs_b.size(); ++i) {
      const RealTensor &from_a = outputs_a[partners[i]], &from_b = outputs_b[i];
      if (from_a.values.size() != from_b.values.size()) {
        return error(Code::InvalidArgument, "output '%s' is %s in one model, %s in the other",
                     result.outputs[i].name_b.c_str(), from_a.shape.str().c_str(),
                     from_b.shape.str().c_str());
      }
      result.outputs[i].closeness.add(from_a.values, from_b.values);
    }
  }
  // Tensors of one name and two shapes are not the same, after all.
  std::vector<TensorCloseness> same;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!other_shape[i]) {
      same.push_back(std::move(result.tensors[i]));
      continue;
    }
    ++result.unmatched_a;
    ++result.unmatched_b;
  }
  result.tensors = std::move(same);
  return result;
}

}  // namespace qrt::quantize
