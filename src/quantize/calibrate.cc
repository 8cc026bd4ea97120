#include "src/quantize/calibrate.h"

#include <set>

#include "src/base/fingerprint.h"

namespace qrt::quantize {
namespace {

using rt::Code;
using rt::error;

// What a session's watch adds to.
class Collector {
 public:
  Collector(rt::Session& session, const CalibrateOptions& options, Statistics* statistics)
      : session_(session), options_(options), statistics_(*statistics) {
    const rt::Program& program = session.program();
    statistics_.values.resize(program.record().tensors()->size());
    for (size_t v = 0; v < statistics_.values.size(); ++v) {
      statistics_.values[v].name = program.tensors()[v].name;
    }
  }

  void begin(size_t sample) { sample_ = sample; }
  const rt::Status& problem() const { return problem_; }

  static void watch(void* self, size_t node) { static_cast<Collector*>(self)->add_outputs(node); }

  void add_inputs() {
    const rt::Span<const int32_t> inputs = session_.program().inputs();
    for (size_t i = 0; i < inputs.size(); ++i) add(inputs[i]);
  }

 private:
  void add_outputs(size_t n) {
    const rt::Node& node = session_.program().nodes()[n];
    for (size_t i = 0; i < node.outputs(); ++i) add(node.output_index(i));
  }

  void add(int tensor) {
    const auto v = static_cast<size_t>(tensor);
    const rt::Tensor& facts = session_.program().tensors()[v];
    if (v >= statistics_.values.size() || facts.type != rt::DType::F32 || !problem_.ok()) return;
    const rt::Shape& shape = session_.tensor_shape(tensor);
    const auto n = static_cast<size_t>(shape.elements());
    const bool by_channel = v < options_.by_channel.size() && options_.by_channel[v];
    const size_t channels = by_channel && shape.rank() > 0 ? static_cast<size_t>(shape.last()) : 0;
    const auto* values = static_cast<const float*>(session_.tensor_data(tensor));
    const size_t bad = add_values(values, n, channels, sample_, &statistics_.values[v]);
    if (bad == n) return;
    problem_ = error(Code::InvalidArgument,
                     "element %zu of '%s' is %g: with such values there is no range to choose", bad,
                     facts.name, static_cast<double>(values[bad]));
  }

  rt::Session& session_;
  const CalibrateOptions& options_;
  Statistics& statistics_;
  size_t sample_ = 0;
  rt::Status problem_;
};

uint64_t fingerprint_of(const Sample& sample) {
  rt::Fingerprint print;
  for (const SampleInput& input : sample.inputs) print.add(input.bytes.data(), input.bytes.size());
  return print.value();
}

}  // namespace

rt::Result<Runner> Runner::create(std::shared_ptr<const rt::Model> model, size_t threads) {
  QRT_ASSIGN_OR_RETURN(auto program, rt::Program::build(std::move(model)));
  rt::SessionOptions options;
  options.threads = threads;
  options.max_arena_bytes = uint64_t{1} << 34;
  QRT_ASSIGN_OR_RETURN(auto session, rt::Session::create(std::move(program), options));
  return Runner(std::move(session));
}

rt::Result<Statistics> calibrate(const std::shared_ptr<const rt::Model>& model,
                                 const SampleSource& samples, const CalibrateOptions& options) {
  if (samples.size() == 0) return error(Code::InvalidArgument, "there are no samples");
  QRT_ASSIGN_OR_RETURN(Runner runner, Runner::create(model, options.threads));
  Statistics statistics;
  Collector collector(runner.session(), options, &statistics);
  runner.session().set_watch(Collector::watch, &collector);
  std::set<uint64_t> seen;
  rt::Fingerprint data;
  for (size_t i = 0; i < samples.size(); ++i) {
    QRT_RETURN_IF_ERROR(tell(options.progress, "calibrating", i, samples.size()));
    QRT_ASSIGN_OR_RETURN(const Sample sample, samples.load(i));
    const uint64_t print = fingerprint_of(sample);
    data.add(print);
    if (!seen.insert(print).second) ++statistics.repeated;
    collector.begin(i);
    QRT_RETURN_IF_ERROR(runner.run(sample));
    collector.add_inputs();
    QRT_RETURN_IF_ERROR(collector.problem().within(sample.name));
  }
  QRT_RETURN_IF_ERROR(tell(options.progress, "calibrating", samples.size(), samples.size()));
  statistics.samples = samples.size();
  statistics.data = data.value();
  return statistics;
}

std::vector<std::string> doubts(const Statistics& s) {
  std::vector<std::string> found;
  constexpr size_t kEnough = 32;
  if (s.samples < kEnough) {
    found.push_back(std::to_string(s.samples) + " sample" + (s.samples == 1 ? "" : "s") +
                    " may not show all that the model will see; 100 or more are better");
  }
  if (s.repeated > 0) {
    found.push_back(std::to_string(s.repeated) + " of " + std::to_string(s.samples) +
                    " samples are the same as one before");
  }
  // Named are the first few; the rest are counted.
  constexpr size_t kNamed = 3;
  std::vector<std::string> same, decided;
  for (const ValueStatistics& value : s.values) {
    if (value.samples < 2) continue;
    if (!value.changes) same.push_back("'" + value.name + "'");
    const auto alone = [](const Extreme& e) {
      return e.first * e.first > 4 * e.second * e.second && e.first != e.second;
    };
    const float size = std::max(value.high.first, -value.low.first);
    const Extreme& far = size == value.high.first ? value.high : value.low;
    if (value.changes && alone(far)) {
      decided.push_back("'" + value.name + "' (sample " + std::to_string(far.sample) + ")");
    }
  }
  const auto list = [&](const std::vector<std::string>& names, const std::string& what) {
    if (names.empty()) return;
    std::string text = what;
    for (size_t i = 0; i < names.size() && i < kNamed; ++i)
      text += (i == 0 ? " " : ", ") + names[i];
    if (names.size() > kNamed) {
      text += " and " + std::to_string(names.size() - kNamed) + " more";
    }
    found.push_back(text);
  };
  list(same, "the samples make no difference to");
  list(decided, "one sample alone reaches more than twice as far as all others in");
  return found;
}

}  // namespace qrt::quantize
