#include "src/cli/measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

namespace qrt::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMinRuns = 3;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The smallest value that at least `fraction` of all do not exceed.
double percentile(const std::vector<double>& sorted, double fraction) {
  const auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

void fill_random(Session& session) {
  std::mt19937 random(1);
  for (size_t i = 0; i < session.inputs(); ++i) {
    const TensorInfo info = session.input_info(i);
    auto* bytes = session.input<uint8_t>(i);
    const size_t size = info.bytes;
    switch (static_cast<rt::DType>(info.type)) {
      case rt::DType::F32:
        for (size_t k = 0; k < size / sizeof(float); ++k) {
          const float value = static_cast<float>(random() >> 8) / static_cast<float>(1 << 23) - 1;
          std::memcpy(bytes + k * sizeof value, &value, sizeof value);
        }
        break;
      case rt::DType::Bool:
        for (size_t k = 0; k < size; ++k) bytes[k] = random() & 1;
        break;
      case rt::DType::S8:
      case rt::DType::U8:
      case rt::DType::S4:
        for (size_t k = 0; k < size; ++k) bytes[k] = static_cast<uint8_t>(random());
        break;
      case rt::DType::S16:
        if (info.scale_count > 0) {
          for (size_t k = 0; k < size; ++k) bytes[k] = static_cast<uint8_t>(random());
          break;
        }
        [[fallthrough]];
      default:
        std::memset(bytes, 0, size);
        break;
    }
  }
}

rt::Status run_anew(Session& session) {
  if (session.run().ok()) return {};
  session.reset_state();
  return status_of(session.run());
}

rt::Result<Timings> measure(Session& session, double seconds, const Progress& progress) {
  std::vector<double> us;
  us.reserve(1 << 16);
  bool anew = false;
  const auto start = Clock::now();
  for (double passed = 0; us.size() < kMinRuns || passed < seconds;) {
    const auto begin = Clock::now();
    const qrt::Status status = session.run();
    const auto end = Clock::now();
    if (!status.ok()) {
      if (anew) return status_of(status);
      anew = true;
      session.reset_state();
      continue;
    }
    anew = false;
    us.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
    passed = seconds_since(start);
    progress(passed);
  }
  std::sort(us.begin(), us.end());
  Timings timings;
  timings.runs = us.size();
  timings.min_us = us.front();
  timings.median_us = percentile(us, 0.5);
  timings.p90_us = percentile(us, 0.9);
  timings.p99_us = percentile(us, 0.99);
  timings.mean_us = std::accumulate(us.begin(), us.end(), 0.0) / static_cast<double>(us.size());
  return timings;
}

rt::Result<std::vector<double>> profile(Session& session, double seconds,
                                        const Progress& progress) {
  session.set_profiling(true);
  size_t runs = 0;
  const auto start = Clock::now();
  for (double passed = 0; runs < kMinRuns || passed < seconds; ++runs) {
    QRT_RETURN_IF_ERROR(run_anew(session));
    passed = seconds_since(start);
    progress(passed);
  }
  session.set_profiling(false);
  std::vector<double> ns;
  for (size_t i = 0; i < session.operators(); ++i) {
    const OpInfo info = session.operator_info(i);
    ns.push_back(static_cast<double>(info.time_ns) / static_cast<double>(info.runs));
  }
  return ns;
}

uint64_t peak_rss_bytes() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
  return static_cast<uint64_t>(usage.ru_maxrss);
#else
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
#endif
}

}  // namespace qrt::cli
