// The C++ API on a model made here, as an app would use it.
#include "qrt/qrt.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "src/graph/writer.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

// y = clamp(2 x, 0, 1) on a quantized [N,3], N unknown.
graph::Graph doubler() {
  graph::Graph g;
  const graph::Quantization q = {{1.0f / 128}, {0}, -1, 0};
  const int x = g.add_tensor("x", rt::DType::S8, {-1, 3}, q);
  const int two = g.add_constant<int8_t>("two", {1}, {64}, {{1.0f / 32}, {0}, -1, 0});
  const int y = g.add_tensor("y", rt::DType::S8, {-1, 3}, q);
  fb::BinaryT mul;
  mul.kind = fb::BinaryKind::Mul;
  mul.clamp = graph::make_clamp(0, 1);
  g.add_node("double", std::move(mul), {x, two}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

struct Bytes {
  rt::AlignedBuffer memory;
  size_t size = 0;
  explicit Bytes(const graph::Graph& g) {
    auto file = graph::serialize(g);
    EXPECT_TRUE(file.ok()) << file.status().message();
    size = file->size();
    memory = rt::allocate_aligned(size);
    std::memcpy(memory.get(), file->data(), size);
  }
};

TEST(CppApi, RunsAndResizes) {
  const Bytes bytes(doubler());
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model) << model.error().message();
  auto session = Session::create(*model);
  ASSERT_TRUE(session) << session.error().message();
  EXPECT_EQ(session->input_info(0).dims[0], 1);
  ASSERT_FALSE(session->set_input(0, {0.25f, -0.5f, 0.75f}));
  ASSERT_FALSE(session->run());
  std::vector<float> y;
  ASSERT_FALSE(session->get_output(0, &y));
  EXPECT_EQ(y, (std::vector<float>{0.5f, 0.0f, 127.0f / 128}));

  ASSERT_FALSE(session->resize_input(0, {2, 3}));
  ASSERT_FALSE(session->set_input(0, {0.125f, 0, 0, 0, 0, 0.25f}));
  ASSERT_FALSE(session->run());
  ASSERT_FALSE(session->get_output(0, &y));
  EXPECT_EQ(y, (std::vector<float>{0.25f, 0, 0, 0, 0, 0.5f}));

  const Error error = session->resize_input(0, {2, 4, 1});
  EXPECT_EQ(error.status(), QRT_INVALID_ARGUMENT);
  EXPECT_EQ(session->input_info(0).dims[0], 2) << "a refused resize changes nothing";
}

TEST(CppApi, RefusesAnUnalignedBuffer) {
  const Bytes bytes(doubler());
  std::vector<uint8_t> copy(bytes.size + 64);
  uint8_t* aligned = copy.data() + (64 - reinterpret_cast<uintptr_t>(copy.data()) % 64);
  std::memcpy(aligned + 1, bytes.memory.get(), bytes.size - 64);
  auto model = Model::load_buffer(aligned + 1, bytes.size - 64);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().status(), QRT_INVALID_ARGUMENT);
}

TEST(CppApi, SessionsOfOneProgramRunAtOnce) {
  const Bytes bytes(doubler());
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model);
  auto program = Program::create(*model);
  ASSERT_TRUE(program) << program.error().message();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      auto session = Session::create(*program);
      if (!session) {
        ++wrong[t];
        return;
      }
      for (int i = 0; i < 200; ++i) {
        const auto x = static_cast<int8_t>((i + static_cast<int>(t)) % 60);
        for (int k = 0; k < 3; ++k) session->input<int8_t>(0)[k] = x;
        if (session->run() || session->output<int8_t>(0)[2] != 2 * x) ++wrong[t];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int w : wrong) EXPECT_EQ(w, 0);
}

}  // namespace
}  // namespace qrt::test
