#include "src/quantize/timing.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "src/quantize/calibrate.h"

namespace qrt::quantize {

rt::Result<Times> time_operators(const std::shared_ptr<const rt::Model>& model,
                                 const Sample& sample, size_t threads, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kLeastRuns = 5;
  QRT_ASSIGN_OR_RETURN(Runner runner, Runner::create(model, threads));
  QRT_RETURN_IF_ERROR(runner.run(sample));  // warms caches
  rt::Session& session = runner.session();
  session.set_profiling(true);
  std::vector<double> runs;
  const Clock::time_point begin = Clock::now();
  const auto us = [](Clock::duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
  };
  while (runs.size() < kLeastRuns || us(Clock::now() - begin) < 1e6 * seconds) {
    session.reset_state();
    const Clock::time_point start = Clock::now();
    QRT_RETURN_IF_ERROR(session.run());
    runs.push_back(us(Clock::now() - start));
  }
  Times times;
  std::nth_element(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2),
                   runs.end());
  times.run_us = runs[runs.size() / 2];
  const auto count = static_cast<double>(std::max<uint64_t>(session.profiled_runs(), 1));
  for (size_t n = 0; n < session.profile_ns().size(); ++n) {
    times.operators[session.program().nodes()[n].name()] +=
        static_cast<double>(session.profile_ns()[n]) / 1e3 / count;
  }
  return times;
}

}  // namespace qrt::quantize
