// From which cost on work is shared among a session's threads: found in its first runs.
//
// What a hand-over costs depends on the machine (how far apart its cores are, who else uses them,
// whether threads fell asleep since the last run) and what it gains on the operators around: data
// that one thread computed is in its cache. So nothing but the model itself tells, as it is run.
// The first runs try a few limits in turn, and the fastest stays. Results are the same bits with
// any limit.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace qrt::rt {

class Sharing {
 public:
  // Least costs of a part, as ThreadPool counts (sixteenths of a nanosecond): a quarter of a
  // microsecond, one microsecond, and nothing at all. The first stays unless another is clearly
  // faster. (Between a quarter and half a microsecond nothing changed on models of 20 to 800
  // microseconds, x86. Limits between suit single operators and lose on whole models: where every
  // other operator is shared, data moves from cache to cache.)
  static constexpr uint64_t kNever = UINT64_MAX;
  static constexpr std::array<uint64_t, 3> kLimits = {4096, 16384, kNever};
  // Runs in a row with each limit, since the first finds the data where the one before left it;
  // and how often each has its turn.
  static constexpr size_t kRunsInRow = 4, kTurns = 2;
  // No more is tried after this long: in runs that take milliseconds, hand-overs do not count.
  static constexpr uint64_t kMostNs = 20'000'000;

  // With one thread there is nothing to find.
  explicit Sharing(bool threads = false) : trying_(threads) { best_.fill(UINT64_MAX); }

  bool trying() const { return trying_; }
  // For the next run.
  uint64_t limit() const { return kLimits[chosen_]; }
  // Says how long a run with limit() took.
  void took(uint64_t ns) {
    best_[chosen_] = std::min(best_[chosen_], ns);
    spent_ += std::min(ns, kMostNs);
    ++runs_;
    trying_ = runs_ < kRunsInRow * kLimits.size() * kTurns && spent_ < kMostNs;
    chosen_ = trying_ ? runs_ / kRunsInRow % kLimits.size() : fastest();
  }

 private:
  size_t fastest() const {
    const auto fastest = std::min_element(best_.begin(), best_.end());
    // Times of the same work differ by a few percent.
    const bool clearly = *fastest < best_[0] - best_[0] / 32;
    return clearly ? static_cast<size_t>(fastest - best_.begin()) : 0;
  }

  bool trying_;
  size_t runs_ = 0, chosen_ = 0;
  uint64_t spent_ = 0;
  std::array<uint64_t, kLimits.size()> best_;  // nanoseconds, by limit
};

}  // namespace qrt::rt
