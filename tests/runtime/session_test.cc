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
