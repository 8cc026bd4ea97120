// The caller's memory bound to an input and an output at once: updated in place, or refused.
#include <gtest/gtest.h>

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::Bound;
using rt::DType;
using Floats = std::vector<float>;

// A cache of four rows of two, of which one is replaced; and sums over it.
struct Cache {
  Graph g;
  int cache, row, place;

  Cache()
      : cache(input("cache", DType::F32, {4, 2})),
        row(input("row", DType::F32, {1, 2})),
        place(input("place", DType::S64, {2})) {}
  int input(const char* name, DType type, std::vector<int32_t> shape) {
    g.inputs.push_back(g.add_tensor(name, type, std::move(shape)));
    return g.inputs.back();
  }
  int updated() {
    const int next = g.add_tensor("next", DType::F32, {4, 2});
    g.add_node("update", fb::DynamicUpdateSliceT(), {cache, row, place}, {next});
    return next;
  }
  int sum(int of) {
    const int out = g.add_tensor("sum", DType::F32, {2});
    fb::ReduceT options;
    options.kind = fb::ReduceKind::Sum;
    options.axes = {0};
    g.add_node("sum", std::move(options), {of}, {out});
    return out;
  }
};

// Memory for 8 floats, with what kernels read behind them.
struct Memory {
  alignas(64) float floats[24] = {};
  static constexpr size_t kBytes = sizeof(floats);
  Floats get() const { return Floats(floats, floats + 8); }
};

rt::Status bind_both(rt::Session& session, void* memory, size_t bytes, bool output_first = false) {
  if (output_first) {
    rt::Status status = session.bind_output(0, memory, bytes);
    return status.ok() ? session.bind_input(0, memory, bytes) : status;
  }
  rt::Status status = session.bind_input(0, memory, bytes);
  return status.ok() ? session.bind_output(0, memory, bytes) : status;
}

TEST(InPlaceBinding, ACacheIsUpdatedWhereItIs) {
  for (const bool output_first : {false, true}) {
    Cache c;
    const int next = c.updated();
    c.g.outputs = {next, c.sum(next)};
    Loaded loaded = must_load(c.g);
    ASSERT_NE(loaded.session, nullptr);
    Memory memory;
    const rt::Status status =
        bind_both(*loaded.session, memory.floats, Memory::kBytes, output_first);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(loaded.session->input_bound(0), Bound::Directly);
    EXPECT_EQ(loaded.session->output_bound(0), Bound::Directly);
    EXPECT_EQ(loaded.session->output_data(0), memory.floats);
    for (int i = 0; i < 4; ++i) {
      loaded.set<float>(1, {1.0f + static_cast<float>(i), 10});
      loaded.set<int64_t>(2, {3 - i, 0});
      loaded.run();
    }
    EXPECT_EQ(memory.get(), (Floats{4, 10, 3, 10, 2, 10, 1, 10}));
    EXPECT_EQ(loaded.get<float>(1), (Floats{10, 40}));
    // Apart again, the input stays as it was.
    ASSERT_TRUE(loaded.session->bind_output(0, nullptr, 0).ok());
    loaded.set<float>(1, {0, 0});
    loaded.run();
    EXPECT_EQ(memory.get(), (Floats{4, 10, 3, 10, 2, 10, 1, 10}));
    EXPECT_EQ(loaded.get<float>(0), (Floats{0, 0, 3, 10, 2, 10, 1, 10}));
  }
}

void expect_refused(const Graph& g, size_t bytes, size_t offset, const std::string& words) {
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  Memory memory;
  const rt::Status status =
      bind_both(*loaded.session, reinterpret_cast<uint8_t*>(memory.floats) + offset, bytes);
  EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
  EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
  // Only the output was refused.
  EXPECT_NE(loaded.session->input_bound(0), Bound::No);
  EXPECT_EQ(loaded.session->output_bound(0), Bound::No);
  loaded.run();
}

TEST(InPlaceBinding, RefusedWhereTheInputIsStillRead) {
  {
    Cache c;
    const int next = c.updated();
    c.g.outputs = {next, c.sum(c.cache)};
    expect_refused(c.g, Memory::kBytes, 0, "is that of input 'cache', which is still read");
  }
  {
    // No kernel reverses in place.
    Cache c;
    fb::SliceT reverse;
    reverse.begins = {-1, 0}, reverse.ends = {0, 2}, reverse.strides = {-1, 1};
    reverse.end_mask = 1;
    const int next = c.g.add_tensor("next", DType::F32, {4, 2});
    c.g.add_node("reverse", std::move(reverse), {c.cache}, {next});
    c.g.outputs = {next};
    expect_refused(c.g, Memory::kBytes, 0, "is that of input 'cache', which is still read");
  }
  {
    // The output's memory is written before the input is read.
    Cache c;
    const int doubled = c.g.add_tensor("doubled", DType::F32, {4, 2});
    const int other = c.input("other", DType::F32, {4, 2});
    c.g.add_node("double", fb::BinaryT(), {other, other}, {doubled});
    const int next = c.g.add_tensor("next", DType::F32, {4, 2});
    c.g.add_node("add", fb::BinaryT(), {doubled, c.cache}, {next});
    c.g.outputs = {next};
    expect_refused(c.g, Memory::kBytes, 0, "is that of input 'cache', which is still read");
  }
  {
    Cache c;
    const int next = c.g.add_tensor("next", DType::F32, {4, 2});
    fb::ReshapeT same;
    same.shape = {4, 2};
    c.g.add_node("rename", std::move(same), {c.cache}, {next});
    c.g.outputs = {next};
    expect_refused(c.g, Memory::kBytes, 0, "is that of input 'cache', which is still read");
  }
}

TEST(InPlaceBinding, RefusedWhereItWouldBeCopied) {
  Cache c;
  c.g.outputs = {c.updated()};
  expect_refused(c.g, 64, 2, "cannot be used as it is: it is not aligned to an element");
}

TEST(InPlaceBinding, APartOfTheSameMemoryIsRefused) {
  Cache c;
  c.g.outputs = {c.updated()};
  Loaded loaded = must_load(c.g);
  ASSERT_NE(loaded.session, nullptr);
  Memory memory;
  ASSERT_TRUE(loaded.session->bind_input(0, memory.floats, Memory::kBytes).ok());
  const rt::Status status = loaded.session->bind_output(0, memory.floats + 2, Memory::kBytes - 8);
  EXPECT_NE(status.message().find("overlaps that of 'cache'"), std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace qrt::test
