// Small files that ask for more memory than there is, or than a CPU of 32 bits can count in a
// size_t: they are refused in one sentence, before anything of that size is made.
#include <algorithm>

#include "src/runtime/memory_planner.h"
#include "src/runtime/storage.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/kernel_rows.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using rt::DType;

constexpr int32_t kMega = 1 << 20;
const graph::Quantization kScale = {{0.5f}, {0}, -1, 0};

void expect_out_of_memory(const graph::Graph& graph, const rt::SessionOptions& options = {},
                          const char* isa = nullptr) {
  const auto loaded = load(graph, options, isa);
  ASSERT_FALSE(loaded.ok()) << "accepted";
  EXPECT_EQ(loaded.status().code(), rt::Code::OutOfMemory) << loaded.status().message();
}

TEST(LargeModels, BytesOfATensor) {
  const auto bytes = [](DType type, const rt::Shape& shape) {
    rt::Tensor tensor;
    tensor.type = type;
    return rt::bytes_of(tensor, shape);
  };
  EXPECT_EQ(bytes(DType::F32, {128 * kMega}), uint64_t{512} * kMega);
  EXPECT_EQ(bytes(DType::S8, {1024 * kMega}), uint64_t{1024} * kMega);
  EXPECT_EQ(bytes(DType::S64, {1024, kMega}), uint64_t{8192} * kMega);
  EXPECT_EQ(bytes(DType::S4, {kMega, 3}), uint64_t{kMega} * 3 / 2);
}

// 32 bits hold none of the 2^32 bits of such a tensor.
TEST(LargeModels, ATensorOf2To32Bits) {
  graph::Graph g;
  g.inputs = {g.add_tensor("in", DType::F32, {128 * kMega})};
  g.outputs = {g.add_tensor("out", DType::F32, {128 * kMega})};
  fb::UnaryT abs;
  abs.kind = fb::UnaryKind::Abs;
  g.add_node("abs", abs, g.inputs, g.outputs);
  rt::SessionOptions options;
  options.max_arena_bytes = 64 * kMega;
  expect_out_of_memory(g, options);
}

TEST(LargeModels, ManyTensorsOfModerateSize) {
  graph::Graph g;
  for (int i = 0; i < 5; ++i) {
    g.inputs.push_back(g.add_tensor("in", DType::S8, {1000 * kMega}));
  }
  g.outputs = g.inputs;
  expect_out_of_memory(g);
  rt::SessionOptions options;
  options.max_arena_bytes = UINT64_MAX;  // the caller's limit is no help on 32 bits
  if (sizeof(size_t) == 4) expect_out_of_memory(g, options);
}

TEST(LargeModels, VariablesOfModerateSize) {
  graph::Graph g;
  for (int i = 0; i < 5; ++i) {
    const int variable = g.add_tensor("state", DType::S8, {1000 * kMega});
    g.value(variable).variable = true;
    g.outputs.push_back(variable);
  }
  expect_out_of_memory(g);
}

// Sums of all gates of all steps: 2^32 bytes, and the tensors themselves are within the limit.
TEST(LargeModels, AnLstmOfMillionsOfSteps) {
  constexpr int32_t kSteps = 16 * kMega, kUnits = 16;
  graph::Graph g;
  const int x = g.add_tensor("x", DType::S8, {1, kSteps, 1}, kScale);
  const auto weights = [&](int32_t inputs) {
    return g.add_constant("w", {4 * kUnits, inputs},
                          std::vector<int8_t>(static_cast<size_t>(4 * kUnits * inputs), 1), kScale);
  };
  const int w = weights(1), r = weights(kUnits);
  const int bias = g.add_constant("bias", {4 * kUnits}, std::vector<int32_t>(4 * kUnits, 0));
  const int h = g.add_tensor("h", DType::S8, {1, kUnits}, kScale);
  const int c = g.add_tensor("c", DType::S16, {1, kUnits}, kScale);
  g.value(h).variable = g.value(c).variable = true;
  const int out = g.add_tensor("out", DType::S8, {1, kSteps, kUnits}, kScale);
  g.add_node("lstm", fb::LstmT(), {x, w, r, bias, h, c}, {out});
  g.inputs = {x};
  g.outputs = {out};
  expect_out_of_memory(g);
}

// The copy of a row that windows 2^26 columns apart read: 2^32 bytes and more, for a row of 8
// pixels.
TEST(LargeModels, ADepthwiseWindowOfMillionsOfColumns) {
  constexpr int32_t kApart = 64 * kMega, kCovered = 6 * kApart + 1;
  graph::Graph g;
  const int in = g.add_tensor("in", DType::S8, {1, 8, 8, 2}, kScale);
  const int w = g.add_constant("w", {2, 1, 7, 1}, std::vector<int8_t>(14, 1), kScale);
  const int out = g.add_tensor("out", DType::S8, {1, 8, 8, 2}, kScale);
  fb::Conv2DT options;
  options.groups = 2;
  options.window = std::make_unique<fb::Window2DT>();
  options.window->dilation_w = kApart;
  options.window->pad_left = kCovered / 2;
  options.window->pad_right = kCovered - 1 - kCovered / 2;
  g.add_node("depthwise", options, {in, w}, {out});
  g.inputs = {in};
  g.outputs = {out};
  Loaded scalar = must_load(g, {}, "scalar");
  ASSERT_NE(scalar.session, nullptr);
  scalar.set(0, random_s8(128, 1));
  EXPECT_TRUE(scalar.session->run().ok());
  for (const std::string& isa : runnable_instruction_sets()) {
    auto loaded = load(g, {}, isa.c_str());
    if (!loaded.ok()) {
      EXPECT_EQ(loaded.status().code(), rt::Code::OutOfMemory) << loaded.status().message();
      continue;
    }
    loaded->set(0, random_s8(128, 1));
    EXPECT_TRUE(loaded->session->run().ok());
    EXPECT_EQ(loaded->get<int8_t>(), scalar.get<int8_t>()) << isa;
  }
}

TEST(LargeModels, AWindowWhoseElements32BitsDoNotCount) {
  constexpr int32_t kSide = 65536;
  graph::Graph g;
  const int in = g.add_tensor("in", DType::S8, {1, 1, 1, 1}, kScale);
  const int out = g.add_tensor("out", DType::S8, {1, 1, 1, 1}, kScale);
  fb::Pool2DT pool;
  pool.kernel_h = pool.kernel_w = kSide;
  pool.window = std::make_unique<fb::Window2DT>();
  pool.window->pad_top = pool.window->pad_left = kSide - 1;
  g.add_node("pool", pool, {in}, {out});
  g.inputs = {in};
  g.outputs = {out};
  const auto loaded = load(g);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("has a window of 4294967296 elements"),
            std::string::npos)
      << loaded.status().message();
}

TEST(LargeModels, PaddingBeyond32Bits) {
  graph::Graph g;
  const int in = g.add_tensor("in", DType::S8, {1, 4, 4, 1}, kScale);
  const int out = g.add_tensor("out", DType::S8, {1, 2, 4, 1}, kScale);
  fb::Pool2DT pool;
  pool.kernel_h = pool.kernel_w = 1;
  pool.window = std::make_unique<fb::Window2DT>();
  pool.window->pad_top = pool.window->pad_bottom = INT32_MAX;
  pool.window->stride_h = INT32_MAX;
  g.add_node("pool", pool, {in}, {out});
  g.inputs = {in};
  g.outputs = {out};
  const auto loaded = load(g);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("pads its input, 1x4x4x1, by 4294967294 rows"),
            std::string::npos)
      << loaded.status().message();
}

TEST(LargeModels, PlansCountIn64Bits) {
  const std::vector<rt::BufferRequest> requests = {{uint64_t{1} << 32, 0, 1}, {64, 0, 1}};
  const auto limited = rt::plan_memory(requests, uint64_t{1} << 30);
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.status().code(), rt::Code::OutOfMemory);
  EXPECT_NE(limited.status().message().find("4294967296 bytes"), std::string::npos)
      << limited.status().message();
  EXPECT_EQ(rt::plan_memory(requests, UINT64_MAX).ok(), sizeof(size_t) > 4);
  EXPECT_FALSE(rt::plan_memory({{UINT64_MAX, 0, 0}}, UINT64_MAX).ok());
}

// Blocks of a convolution with a million pixels: their numbers' products leave 32 bits.
TEST(LargeModels, EveryPixelOfAMillionIsComputed) {
  graph::Graph g;
  const graph::Quantization one = {{1.0f}, {0}, -1, 0};
  const int in = g.add_tensor("in", DType::S8, {1, 1100, 1100, 1}, one);
  const int w = g.add_constant("w", {1, 1, 1, 1}, std::vector<int8_t>{1}, one);
  const int out = g.add_tensor("out", DType::S8, {1, 1100, 1100, 1}, one);
  fb::Conv2DT options;
  options.window = std::make_unique<fb::Window2DT>();
  g.add_node("copy", options, {in, w}, {out});
  g.inputs = {in};
  g.outputs = {out};
  for (const std::string& isa : runnable_instruction_sets()) {
    Loaded loaded = must_load(g, {}, isa.c_str());
    ASSERT_NE(loaded.session, nullptr);
    const auto pixels = random_s8(1100 * 1100, 1);
    loaded.set(0, pixels);
    EXPECT_TRUE(loaded.session->run().ok());
    EXPECT_TRUE(loaded.get<int8_t>() == pixels) << isa;
  }
}

// The cost of a loop is no number of bytes, but wraps around as easily.
TEST(LargeModels, LoopsOfAnyCostAreSplit) {
  rt::ThreadPool pool(2);
  if (pool.threads() < 2) GTEST_SKIP() << "the system gives no second thread";
  const auto ranges_of = [&](size_t items, uint64_t cost) {
    size_t largest = 0;
    std::vector<size_t> seen(pool.max_ranges(), 0);
    pool.parallel_for(items, cost,
                      [&](size_t begin, size_t end, size_t range) { seen[range] = end - begin; });
    for (size_t count : seen) largest += count > 0;
    return largest;
  };
  EXPECT_EQ(ranges_of(size_t{1} << 16, uint64_t{1} << 48), pool.max_ranges());
  EXPECT_EQ(ranges_of(size_t{1} << 20, 4096), pool.max_ranges());
  EXPECT_EQ(ranges_of(size_t{1} << 20, UINT64_MAX), pool.max_ranges());
  EXPECT_EQ(ranges_of(4095, 1), 1u);
  EXPECT_EQ(ranges_of(2 * 4096, 1), 2u);
  EXPECT_EQ(ranges_of(1, UINT64_MAX), 1u);
  EXPECT_EQ(rt::mac_cost(1000, 16), 1000u);
  EXPECT_GE(rt::mac_cost(uint64_t{1} << 62, 1), uint64_t{1} << 59);
}

}  // namespace
}  // namespace qrt::test
