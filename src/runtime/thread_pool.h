// Splits loops over a pthreadpool; with one thread there is no pool and no cost.
#pragma once

#include <pthreadpool.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "src/runtime/sharing.h"
#include "src/runtime/thread_order.h"

namespace qrt::rt {

// What multiply-accumulates cost in parallel_for, at `throughput` of them a nanosecond.
inline uint64_t mac_cost(uint64_t macs, size_t throughput) {
  return std::min(macs, UINT64_MAX / 16) * 16 / throughput;
}

class ThreadPool {
 public:
  // threads <= 1: none. Falls back to one thread if the system gives no more.
  explicit ThreadPool(size_t threads)
      : pool_(threads > 1 ? pthreadpool_create(threads) : nullptr), owned_(true) {}
  // Uses the caller's pool, which must outlive this; null is one thread.
  explicit ThreadPool(pthreadpool_t pool) : pool_(pool), owned_(false) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() {
    if (owned_ && pool_ != nullptr) pthreadpool_destroy(pool_);
  }

  size_t threads() const { return pool_ != nullptr ? pthreadpool_get_threads_count(pool_) : 1; }
  // Work is shared in parts that cost this or more, counted as parallel_for does.
  void share_from(uint64_t least_cost) { least_cost_ = least_cost; }
  // For a library that splits work by itself: the pool, or null if work of this cost is not to be
  // shared, now or (most_for) with any limit.
  pthreadpool_t handle_for(uint64_t cost) const {
    return cost / 2 >= least_cost_ ? pool_ : nullptr;
  }
  pthreadpool_t most_for(uint64_t cost) const {
    return cost / 2 >= Sharing::kLimits[0] ? pool_ : nullptr;
  }

  // The most ranges that parallel_for makes: how many slots of scratch memory a loop may need.
  size_t max_ranges() const { return pool_ != nullptr ? threads() * kRangesPerThread : 1; }

  // Calls body(begin, end, range) for ranges that cover [0, items), range < max_ranges().
  // `item_cost` is the work of one item in sixteenths of a nanosecond, roughly: about the bytes
  // that a simple loop reads and writes. A range has at least the cost that work is shared from, so
  // that small loops stay on the calling thread.
  template <class Body>
  void parallel_for(size_t items, uint64_t item_cost, const Body& body) {
    if (items == 0) return;
    const size_t ranges = pool_ == nullptr ? 1 : ranges_of(items, std::max<uint64_t>(item_cost, 1));
    if (ranges <= 1) {
      body(size_t{0}, items, size_t{0});
      return;
    }
    struct Job {
      const Body* body;
      size_t items, ranges;
      char started, ended;  // their addresses stand for these moments
      // Ranges differ by one item at most: a thread with less to do would take work from the
      // others, with data that is in their caches.
      static void call(void* self, size_t range) {
        Job& job = *static_cast<Job*>(self);
        happens_after(&job.started);
        (*job.body)(job.begin(range), job.begin(range + 1), range);
        happens_before(&job.ended);
      }
      size_t begin(size_t range) const {
        return items / ranges * range + items % ranges * range / ranges;
      }
    } job{&body, items, ranges, 0, 0};
    happens_before(&job.started);
    pthreadpool_parallelize_1d(pool_, &Job::call, &job, ranges, 0);
    happens_after(&job.ended);
  }

 private:
  // How many ranges pay, 0 or 1: none is to be made.
  size_t ranges_of(size_t items, uint64_t item_cost) const {
    if (least_cost_ == Sharing::kNever) return 0;
    uint64_t worthwhile = items;
    if (item_cost < least_cost_) {  // so that nothing wraps around
      worthwhile = items / least_cost_ * item_cost + items % least_cost_ * item_cost / least_cost_;
    }
    return static_cast<size_t>(std::min<uint64_t>({max_ranges(), worthwhile, items}));
  }

  // More ranges than threads, so that a thread that is held up does not hold up all. (4 were up to
  // 15 % slower: what a thread takes from another is in the other's cache, now and in the next
  // operator. 1 is 0 to 3 % faster on cores that are equal and idle.)
  static constexpr size_t kRangesPerThread = 2;

  pthreadpool_t pool_;
  uint64_t least_cost_ = Sharing::kLimits[0];
  bool owned_;
};

}  // namespace qrt::rt
