#include "src/runtime/memory_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "src/base/memory.h"

namespace qrt::rt {
namespace {

// The most bytes alive at one step: no arena can be smaller.
size_t peak(const std::vector<BufferRequest>& requests, int steps) {
  size_t most = 0;
  for (int step = 0; step < steps; ++step) {
    size_t alive = 0;
    for (const BufferRequest& r : requests)
      alive += r.first <= step && step <= r.last ? r.bytes : 0;
    most = std::max(most, alive);
  }
  return most;
}

void check(const std::vector<BufferRequest>& requests, int steps) {
  const Result<MemoryPlan> plan = plan_memory(requests, SIZE_MAX);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  ASSERT_EQ(plan->offsets.size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    const size_t begin = plan->offsets[i], end = begin + requests[i].bytes;
    EXPECT_EQ(begin % kAlignment, 0u);
    EXPECT_LE(end, plan->bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool together =
          requests[i].first <= requests[j].last && requests[j].first <= requests[i].last;
      const bool apart = end <= plan->offsets[j] || plan->offsets[j] + requests[j].bytes <= begin;
      EXPECT_TRUE(!together || apart) << "requests " << j << " and " << i;
    }
  }
  EXPECT_GE(plan->bytes, peak(requests, steps));
  EXPECT_TRUE(plan_memory(requests, plan->bytes).ok());
  if (plan->bytes == 0) return;
  const Result<MemoryPlan> refused = plan_memory(requests, plan->bytes - 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::OutOfMemory);
}

TEST(MemoryPlanner, BuffersAliveTogetherNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const int steps = 1 + static_cast<int>(random() % 30);
    std::vector<BufferRequest> requests(random() % 60);
    for (BufferRequest& r : requests) {
      r.bytes = random() % (random() % 2 == 0 ? 100 : 100000);
      r.first = static_cast<int>(random() % static_cast<unsigned>(steps + 1)) - 1;
      r.last = r.first + static_cast<int>(random() % static_cast<unsigned>(steps - r.first));
    }
    check(requests, steps);
  }
}

TEST(MemoryPlanner, AChainNeedsTwoBuffers) {
  std::vector<BufferRequest> requests;
  for (int i = 0; i < 10; ++i) requests.push_back({1024, i, i + 1});
  const Result<MemoryPlan> plan = plan_memory(requests, 2048);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->bytes, 2048u);
}

TEST(MemoryPlanner, RefusesWhatIsTooMuch) {
  const Result<MemoryPlan> one = plan_memory({{100, 0, 0}, {5000, 1, 1}}, 4096);
  ASSERT_FALSE(one.ok());
  EXPECT_EQ(one.status().code(), Code::OutOfMemory);
  EXPECT_EQ(one.status().message(),
            "a tensor needs 5000 bytes of working memory, the limit is 4096");
  const Result<MemoryPlan> sum = plan_memory({{3000, 0, 1}, {3000, 1, 2}}, 4096);
  ASSERT_FALSE(sum.ok());
  EXPECT_EQ(sum.status().message(),
            "the model needs more than 4096 bytes of working memory, which is the limit");
}

TEST(MemoryPlanner, SizesThatOverflowAreRefused) {
  for (size_t limit : {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2}) {
    EXPECT_FALSE(plan_memory({{SIZE_MAX, 0, 0}}, limit).ok());
    EXPECT_FALSE(plan_memory({{SIZE_MAX - 10, 0, 0}, {100, 0, 0}}, limit).ok());
    EXPECT_FALSE(plan_memory({{SIZE_MAX / 2, 0, 0}, {SIZE_MAX / 2, 0, 0}}, limit).ok());
  }
}

}  // namespace
}  // namespace qrt::rt
