#include "bench/interleave.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace qrt::bench {
namespace {

constexpr double kSampleSeconds = 200e-6;
constexpr size_t kMinSamples = 15;

double seconds_of(const std::function<void()>& call, size_t repeats) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (size_t i = 0; i < repeats; ++i) call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// How often to repeat a call for a sample. The calls made to find out warm it up.
size_t repeats_for(const std::function<void()>& call) {
  size_t repeats = 1;
  for (;;) {
    const double seconds = seconds_of(call, repeats);
    if (seconds >= kSampleSeconds) return repeats;
    const double factor = 1.1 * kSampleSeconds / std::max(seconds, 1e-9);
    repeats = static_cast<size_t>(std::ceil(static_cast<double>(repeats) * std::min(factor, 10.0)));
  }
}

}  // namespace

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> interleaved_seconds(const std::vector<std::function<void()>>& calls,
                                        double min_seconds) {
  std::vector<size_t> repeats;
  for (const auto& call : calls) repeats.push_back(repeats_for(call));
  std::vector<std::vector<double>> samples(calls.size());
  std::vector<double> passed(calls.size());
  const auto least = [&] { return *std::min_element(passed.begin(), passed.end()); };
  while (samples.front().size() < kMinSamples || least() < min_seconds) {
    for (size_t i = 0; i < calls.size(); ++i) {
      const double seconds = seconds_of(calls[i], repeats[i]);
      samples[i].push_back(seconds / static_cast<double>(repeats[i]));
      passed[i] += seconds;
    }
  }
  std::vector<double> medians;
  for (auto& s : samples) medians.push_back(median(std::move(s)));
  return medians;
}

}  // namespace qrt::bench
