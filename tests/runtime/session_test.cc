// A session from outside: several inputs resized at once, and runs that are cancelled.
#include "src/runtime/session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

// z = x + y on two f32 [N,3]; then `more` times z = z + y.
graph::Graph sum(int more = 0) {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {-1, 3});
  const int y = g.add_tensor("y", rt::DType::F32, {-1, 3});
  int z = x;
  for (int i = 0; i <= more; ++i) {
    const int next = g.add_tensor("z" + std::to_string(i), rt::DType::F32, {-1, 3});
    fb::BinaryT add;
    add.kind = fb::BinaryKind::Add;
    g.add_node("add" + std::to_string(i), std::move(add), {z, y}, {next});
    z = next;
  }
  g.inputs = {x, y};
  g.outputs = {z};
  return g;
}

TEST(Session, ResizesInputsThatFitOnlyTogether) {
  Loaded loaded = must_load(sum());
  ASSERT_NE(loaded.session, nullptr);
  rt::Session& session = *loaded.session;
  const rt::InputShape both[] = {{0, {2, 3}}, {1, {2, 3}}};
  const rt::Status status = session.resize_inputs({both, 2});
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(session.output_shape(0), (rt::Shape{2, 3}));
  loaded.set<float>(0, {1, 2, 3, 4, 5, 6});
  loaded.set<float>(1, {10, 20, 30, 40, 50, 60});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{11, 22, 33, 44, 55, 66}));

  // 2 and 4 rows do not broadcast; nothing has changed, not even contents.
  const rt::InputShape wrong[] = {{0, {2, 3}}, {1, {4, 3}}};
  EXPECT_EQ(session.resize_inputs({wrong, 2}).code(), rt::Code::InvalidArgument);
  const rt::InputShape missing[] = {{0, {4, 3}}, {2, {4, 3}}};
  EXPECT_EQ(session.resize_inputs({missing, 2}).code(), rt::Code::InvalidArgument);
  EXPECT_EQ(session.input_shape(1), (rt::Shape{2, 3}));
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{11, 22, 33, 44, 55, 66}));
}

// What the model says of its sizes may have been taken for granted when it was made.
TEST(Session, KeepsDimensionsThatTheModelFixes) {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {-1, 2});
  g.inputs = g.outputs = {x};
  Loaded loaded = must_load(g);
  ASSERT_TRUE(loaded.session->resize_input(0, {5, 2}).ok());
  const rt::Status status = loaded.session->resize_input(0, {5, 3});
  EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
  EXPECT_EQ(status.message(),
            "input 'x' cannot have the shape 5x3: the model fixes dimension 1 at 2 (qrt convert "
            "--shape can leave it open)");
  EXPECT_EQ(loaded.session->input_shape(0), (rt::Shape{5, 2}));
}

// x [N,H,W,2] is convolved and averaged: [N,3].
graph::Graph reshaping() {
  graph::Graph g;
  const graph::Quantization q = {{0.5f}, {3}, -1, 0};
  const int x = g.add_tensor("x", rt::DType::S8, {-1, -1, -1, 2}, q);
  const int weights =
      g.add_constant<int8_t>("weights", {3, 1, 1, 2}, {1, -2, 3, 4, -5, 6}, {{0.25f}, {}, -1, 0});
  const int conv = g.add_tensor("conv", rt::DType::S8, {-1, -1, -1, 3}, q);
  const int out = g.add_tensor("out", rt::DType::S8, {-1, 3}, q);
  fb::Conv2DT convolve;
  convolve.window = std::make_unique<fb::Window2DT>();
  g.add_node("conv", std::move(convolve), {x, weights}, {conv});
  fb::ReduceT mean;
  mean.kind = fb::ReduceKind::Mean;
  mean.axes = {1, 2};
  g.add_node("mean", std::move(mean), {conv}, {out});
  g.inputs = {x};
  g.outputs = {out};
  return g;
}

std::vector<int8_t> run_at(Loaded& loaded, const rt::Shape& shape) {
  const rt::Status status = loaded.session->resize_input(0, shape);
  EXPECT_TRUE(status.ok()) << status.message();
  std::vector<int8_t> in(static_cast<size_t>(shape.elements()));
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int8_t>(i * 29 % 256);
  loaded.set(0, in);
  loaded.run();
  return loaded.get<int8_t>();
}

TEST(Session, ReturnsToShapesAsIfTheyWereNew) {
  const std::vector<rt::Shape> shapes = {{1, 4, 4, 2}, {2, 3, 5, 2}, {1, 9, 9, 2},
                                         {3, 1, 1, 2}, {1, 2, 8, 2}, {4, 4, 4, 2}};
  std::vector<std::vector<int8_t>> expected;
  for (const rt::Shape& shape : shapes) {
    Loaded fresh = must_load(reshaping());
    expected.push_back(run_at(fresh, shape));
  }
  Loaded loaded = must_load(reshaping());
  // More shapes than a session remembers, in turns and to and fro.
  for (size_t i : {0, 1, 0, 1, 1, 2, 3, 0, 4, 5, 0, 5, 4, 3, 2, 1, 0, 0, 2, 4, 1, 3, 5}) {
    EXPECT_EQ(run_at(loaded, shapes[i]), expected[i]) << "shape " << i;
  }
}

TEST(Session, AResizeUnbindsAndClearsWhateverItReturnsTo) {
  Loaded loaded = must_load(reshaping());
  rt::Session& session = *loaded.session;
  const rt::Shape one = {1, 4, 4, 2}, other = {2, 4, 4, 2};
  const std::vector<int8_t> expected = run_at(loaded, one);
  run_at(loaded, other);
  for (const rt::Shape& next : {one, one, other, one}) {
    std::vector<int8_t> memory(session.input_bytes(0) + 64, 77);
    ASSERT_TRUE(session.bind_input(0, memory.data(), memory.size()).ok());
    ASSERT_TRUE(session.resize_input(0, next).ok());
    EXPECT_EQ(session.input_bound(0), rt::Bound::No);
    const auto* in = static_cast<const int8_t*>(session.input_data(0));
    ASSERT_NE(in, nullptr);
    for (size_t i = 0; i < session.input_bytes(0); ++i) ASSERT_EQ(in[i], 0);
  }
  EXPECT_EQ(run_at(loaded, one), expected);
}

TEST(Session, KeepsFewPlansAndCountsThem) {
  Loaded loaded = must_load(reshaping(), {}, "scalar");
  rt::Session& session = *loaded.session;
  std::vector<size_t> beside = {session.memory().beside};
  for (int32_t rows = 2; rows <= 12; ++rows) {
    run_at(loaded, {1, rows, 3, 2});
    beside.push_back(session.memory().beside);
  }
  // Each costs the same here, until there are four.
  ASSERT_GT(beside[0], 0u);
  for (size_t plans = 1; plans < beside.size(); ++plans) {
    EXPECT_EQ(beside[plans], beside[0] * std::min<size_t>(plans + 1, 4)) << plans;
  }
}

TEST(Session, PlansThatAreKeptStayWithinTheLimit) {
  size_t one;
  {
    Loaded loaded = must_load(reshaping(), {}, "scalar");
    run_at(loaded, {1, 8, 8, 2});
    run_at(loaded, {1, 2, 2, 2});
    const rt::MemoryFigures held = loaded.session->memory();
    one = held.arena + held.beside / 3;
  }
  rt::SessionOptions options;
  options.max_arena_bytes = one + one / 100;
  Loaded loaded = must_load(reshaping(), options, "scalar");
  for (int32_t rows : {8, 2, 8, 3, 2}) {
    run_at(loaded, {1, rows, 8, 2});
    const rt::MemoryFigures held = loaded.session->memory();
    EXPECT_LE(held.arena + held.beside, options.max_arena_bytes);
  }
}

TEST(Session, AnArenaThatIsTooSmallLeavesWhatWasThere) {
  const rt::Shape small = {1, 4, 4, 2}, large = {1, 40, 40, 2};
  Loaded plain = must_load(reshaping());
  const std::vector<int8_t> expected = run_at(plain, small);
  const size_t bytes = plain.session->memory().arena;
  const rt::AlignedBuffer arena = rt::allocate_aligned(bytes);
  rt::SessionOptions options;
  options.arena = arena.get();
  options.arena_bytes = bytes;
  Loaded loaded = must_load(reshaping(), options);
  EXPECT_EQ(run_at(loaded, small), expected);
  EXPECT_EQ(loaded.session->resize_input(0, large).code(), rt::Code::OutOfMemory);
  loaded.run();
  EXPECT_EQ(loaded.get<int8_t>(), expected);
  EXPECT_EQ(run_at(loaded, {1, 1, 1, 2}).size(), 3u);
  EXPECT_EQ(run_at(loaded, small), expected);
  EXPECT_EQ(loaded.session->memory().arena, bytes);
}

TEST(Session, ACancelWithoutARunChangesNothing) {
  Loaded loaded = must_load(sum());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {1, 2, 3});
  loaded.set<float>(1, {1, 1, 1});
  loaded.session->cancel();
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{2, 3, 4}));
}

TEST(Session, ARunIsCancelledFromAnotherThread) {
  constexpr int kOperators = 2000;
  Loaded loaded = must_load(sum(kOperators));
  ASSERT_NE(loaded.session, nullptr);
  rt::Session& session = *loaded.session;
  const rt::InputShape large[] = {{0, {5000, 3}}, {1, {5000, 3}}};
  ASSERT_TRUE(session.resize_inputs({large, 2}).ok());
  const std::vector<float> x(15000, 1), y(15000, 2);
  loaded.set(0, x);
  loaded.set(1, y);

  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) {
      session.cancel();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  // The run may end before the other thread starts: then it is tried again.
  rt::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = session.run();
  done = true;
  other.join();
  EXPECT_EQ(status.code(), rt::Code::Cancelled) << status.message();

  // Afresh, with the inputs as they were.
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), std::vector<float>(15000, 1 + 2 * (kOperators + 1)));
}

}  // namespace
}  // namespace qrt::test
