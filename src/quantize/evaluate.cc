#include "src/quantize/evaluate.h"

#include <chrono>

namespace qrt::quantize {

rt::Status evaluate(rt::Session* session, const SampleSource& samples, const LabelOf& label_of,
                    Metric* metric, const Progress& progress, const char* what,
                    std::vector<double>* times_us) {
  using Clock = std::chrono::steady_clock;
  for (size_t i = 0; i < samples.size(); ++i) {
    QRT_RETURN_IF_ERROR(tell(progress, what, i, samples.size()));
    QRT_ASSIGN_OR_RETURN(const Sample sample, samples.load(i));
    QRT_RETURN_IF_ERROR(feed_sample(session, sample));
    const Clock::time_point start = Clock::now();
    QRT_RETURN_IF_ERROR(session->run().within(sample.name));
    const std::chrono::duration<double, std::micro> time = Clock::now() - start;
    if (times_us != nullptr) times_us->push_back(time.count());
    auto label = label_of(i);
    if (!label.ok()) return label.status().within(sample.name);
    QRT_RETURN_IF_ERROR(metric->add(real_outputs(*session), *label).within(sample.name));
  }
  return {};
}

}  // namespace qrt::quantize
