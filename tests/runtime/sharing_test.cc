// From which cost on a session's threads share work: found by trying, without a change of bits.
#include "src/runtime/sharing.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "src/runtime/thread_pool.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using rt::Sharing;
constexpr size_t kTrials = Sharing::kRunsInRow * Sharing::kLimits.size() * Sharing::kTurns;

// Runs that take as long as `ns` says for a limit and the number of the run, until nothing more is
// tried; how many these were.
size_t try_all(Sharing& sharing, const std::function<uint64_t(uint64_t limit, size_t run)>& ns) {
  size_t runs = 0;
  for (; sharing.trying() && runs < 1000; ++runs) sharing.took(ns(sharing.limit(), runs));
  return runs;
}

TEST(Sharing, TheFastestLimitStays) {
  for (uint64_t fastest : Sharing::kLimits) {
    Sharing sharing(true);
    EXPECT_EQ(try_all(sharing, [&](uint64_t limit, size_t) { return limit == fastest ? 80 : 100; }),
              kTrials);
    EXPECT_EQ(sharing.limit(), fastest);
  }
}

TEST(Sharing, NoiseNeitherHidesNorMakesAGain) {
  Sharing gain(true);
  // Every run but one of each turn is disturbed.
  try_all(gain, [](uint64_t limit, size_t run) {
    return (limit == Sharing::kNever ? 70u : 100u) + (run % Sharing::kRunsInRow != 2 ? 1000u : 0u);
  });
  EXPECT_EQ(gain.limit(), Sharing::kNever);
  Sharing none(true);
  try_all(none, [](uint64_t limit, size_t) { return limit == Sharing::kLimits[0] ? 100u : 98u; });
  EXPECT_EQ(none.limit(), Sharing::kLimits[0]);
}

TEST(Sharing, LongRunsAreSharedAtOnce) {
  Sharing sharing(true);
  EXPECT_EQ(sharing.limit(), Sharing::kLimits[0]);
  EXPECT_EQ(try_all(sharing, [](uint64_t, size_t) { return UINT64_MAX - 1; }), 1u);
  EXPECT_EQ(sharing.limit(), Sharing::kLimits[0]);
  Sharing several(true);
  EXPECT_EQ(try_all(several, [](uint64_t, size_t) { return Sharing::kMostNs / 2; }), 2u);
  EXPECT_EQ(several.limit(), Sharing::kLimits[0]);
}

TEST(Sharing, OneThreadTriesNothing) {
  EXPECT_FALSE(Sharing(false).trying());
  EXPECT_FALSE(Sharing().trying());
}

TEST(Sharing, LoopsAreSplitByTheLimit) {
  rt::ThreadPool pool(2);
  if (pool.threads() < 2) GTEST_SKIP() << "the system gives no second thread";
  const auto ranges = [&](size_t items, uint64_t cost) {
    std::vector<size_t> items_of(pool.max_ranges(), 0);
    pool.parallel_for(items, cost, [&](size_t begin, size_t end, size_t range) {
      items_of[range] = end - begin;
    });
    size_t used = 0, covered = 0;
    for (size_t count : items_of) used += count > 0, covered += count;
    EXPECT_EQ(covered, items);
    return used;
  };
  EXPECT_EQ(ranges(2, 4096), 2u);
  EXPECT_NE(pool.handle_for(2 * 4096), nullptr);
  pool.share_from(16384);
  EXPECT_EQ(ranges(7, 4096), 1u);
  EXPECT_EQ(ranges(8, 4096), 2u);
  EXPECT_EQ(pool.handle_for(2 * 4096), nullptr);
  EXPECT_NE(pool.handle_for(2 * 16384), nullptr);
  pool.share_from(Sharing::kNever);
  EXPECT_EQ(ranges(1000, UINT64_MAX), 1u);
  EXPECT_EQ(pool.handle_for(UINT64_MAX), nullptr);
  EXPECT_NE(pool.most_for(2 * 4096), nullptr);
}

// x [1,32,32,8] convolved 3x3 and added to itself.
template <class Weight>
graph::Graph block(rt::DType type, const graph::Quantization& q, const graph::Quantization& w) {
  graph::Graph g;
  const int x = g.add_tensor("x", type, {1, 32, 32, 8}, q);
  std::vector<Weight> values(16 * 3 * 3 * 8);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<Weight>(int(i * 37 % 15) - 7);
  const int weights = g.add_constant<Weight>("weights", {16, 3, 3, 8}, values, w);
  const int conv = g.add_tensor("conv", type, {1, 30, 30, 16}, q);
  const int out = g.add_tensor("out", type, {1, 30, 30, 16}, q);
  fb::Conv2DT convolve;
  convolve.window = std::make_unique<fb::Window2DT>();
  g.add_node("conv", std::move(convolve), {x, weights}, {conv});
  fb::BinaryT add;
  add.kind = fb::BinaryKind::Add;
  g.add_node("add", std::move(add), {conv, conv}, {out});
  g.inputs = {x};
  g.outputs = {out};
  return g;
}

template <class T>
void expect_equal_runs(const graph::Graph& graph) {
  Loaded alone = must_load(graph);
  for (size_t threads : {2, 3}) {
    rt::SessionOptions options;
    options.threads = threads;
    Loaded shared = must_load(graph, options);
    ASSERT_NE(shared.session, nullptr);
    for (size_t run = 0; run < kTrials + 4; ++run) {
      std::vector<T> in(32 * 32 * 8);
      for (size_t i = 0; i < in.size(); ++i) {
        in[i] = static_cast<T>(static_cast<int>((i * 29 + run * 101) % 255) - 127);
      }
      alone.set(0, in);
      shared.set(0, in);
      alone.run();
      shared.run();
      ASSERT_EQ(alone.get<T>(), shared.get<T>()) << threads << " threads, run " << run;
    }
  }
}

TEST(Sharing, EveryRunGivesTheSameBits) {
  expect_equal_runs<int8_t>(
      block<int8_t>(rt::DType::S8, {{0.5f}, {3}, -1, 0}, {{0.02f}, {}, -1, 0}));
  expect_equal_runs<float>(block<float>(rt::DType::F32, {}, {}));
}

}  // namespace
}  // namespace qrt::test
