// Where memory comes from: the caller's allocator, which may fail at any call, and the caller's
// arena.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "tests/api/api_models.h"

namespace qrt::test {
namespace {

// Counts, fails at one call, and checks that every block comes back with its size.
class CountingAllocator {
 public:
  CountingAllocator() {
    raw_.user = this;
    raw_.allocate = [](void* self, size_t bytes, size_t alignment) {
      return static_cast<CountingAllocator*>(self)->allocate(bytes, alignment);
    };
    raw_.deallocate = [](void* self, void* memory, size_t bytes) {
      static_cast<CountingAllocator*>(self)->deallocate(memory, bytes);
    };
  }
  const Allocator* raw() const { return &raw_; }
  void fail_at(int call) { fail_at_ = call, calls_ = 0; }
  int calls() const { return calls_; }
  size_t live_bytes() const { return live_bytes_; }
  size_t live_blocks() const { return blocks_.size(); }

 private:
  void* allocate(size_t bytes, size_t alignment) {
    if (calls_++ == fail_at_) return nullptr;
    EXPECT_GT(bytes, 0u);
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, bytes) != 0) return nullptr;
    blocks_.insert(memory);
    live_bytes_ += bytes;
    return memory;
  }
  void deallocate(void* memory, size_t bytes) {
    EXPECT_EQ(blocks_.erase(memory), 1u);
    live_bytes_ -= bytes;
    std::free(memory);
  }

  Allocator raw_;
  int fail_at_ = -1, calls_ = 0;
  std::set<void*> blocks_;
  size_t live_bytes_ = 0;
};

// Loads, runs and resizes; the first Status that is not ok.
Status use(const ModelBytes& bytes, const Allocator* allocator) {
  ModelOptions model_options;
  model_options.allocator = allocator;
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size, model_options);
  if (!model.ok()) return model.status();
  ProgramOptions program_options;
  program_options.allocator = allocator;
  auto program = Program::create(*model, program_options);
  if (!program.ok()) return program.status();
  auto session = Session::create(*program);
  if (!session.ok()) return session.status();
  const TensorInfo info = session->input_info(0);
  std::vector<int32_t> dims(info.dims, info.dims + info.rank);
  for (int32_t rows : {30, 90}) {
    dims[0] = rows;
    if (Status status = session->resize_input(0, dims); !status.ok()) {
      // It is as it was.
      EXPECT_TRUE(session->run().ok());
      return status;
    }
    if (Status status = session->run(); !status.ok()) return status;
  }
  return {};
}

TEST(Memory, EveryAllocationMayFail) {
  graph::Graph open = network();
  for (graph::Value& value : open.values) {
    if (!value.constant() && value.shape.size() == 4) value.shape[0] = -1;
  }
  for (const graph::Graph& g : {open, doubler()}) {
    const ModelBytes bytes(g);
    CountingAllocator allocator;
    const Status status = use(bytes, allocator.raw());
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(allocator.live_blocks(), 0u);
    const int calls = allocator.calls();
    EXPECT_GE(calls, 3) << "an arena for each larger shape";
    for (int i = 0; i < calls; ++i) {
      allocator.fail_at(i);
      const Status failed = use(bytes, allocator.raw());
      EXPECT_EQ(failed.code(), QRT_OUT_OF_MEMORY) << "call " << i << ": " << failed.message();
      EXPECT_STRNE(failed.message(), "");
      EXPECT_EQ(allocator.live_blocks(), 0u) << "call " << i;
    }
  }
}

TEST(Memory, PackedWeightsAndArenasComeFromTheAllocator) {
  const ModelBytes bytes(network());
  CountingAllocator allocator, of_session;
  ProgramOptions program_options;
  program_options.allocator = allocator.raw();
  program_options.isa = "scalar";  // XNNPACK of 2022 packs into memory of its own
  SessionOptions session_options;
  session_options.allocator = of_session.raw();
  {
    auto session = session_of(bytes, program_options, session_options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    const MemoryInfo memory = session->memory();
    EXPECT_GE(allocator.live_bytes(), memory.packed_bytes);
    EXPECT_GE(of_session.live_bytes(), memory.arena_bytes);
  }
  EXPECT_EQ(allocator.live_blocks() + of_session.live_blocks(), 0u);
}

TEST(Memory, ReturningToShapesAllocatesNothing) {
  graph::Graph open = network();
  for (graph::Value& value : open.values) {
    if (!value.constant() && value.shape.size() == 4) value.shape[0] = -1;
  }
  const ModelBytes bytes(open);
  CountingAllocator allocator;
  ProgramOptions program_options;
  program_options.allocator = allocator.raw();
  program_options.isa = "scalar";  // XNNPACK of 2022 has memory of its own
  auto session = session_of(bytes, program_options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  const TensorInfo info = session->input_info(0);
  std::vector<int32_t> dims(info.dims, info.dims + info.rank);
  const auto resize = [&](int32_t rows) {
    dims[0] = rows;
    const Status status = session->resize_input(0, dims);
    ASSERT_TRUE(status.ok()) << status.message();
  };
  resize(5);
  const int calls = allocator.calls();
  const size_t arena = session->memory().arena_bytes, beside = session->memory().beside_bytes;
  // Smaller ones fit into the same arena; what else they need is counted.
  for (int32_t rows : {1, 2, 3, 5, 3, 2}) resize(rows);
  EXPECT_EQ(allocator.calls(), calls);
  EXPECT_EQ(session->memory().arena_bytes, arena);
  EXPECT_GT(session->memory().beside_bytes, beside);
  // A larger one takes a larger arena, once.
  resize(7);
  EXPECT_EQ(allocator.calls(), calls + 1);
  for (int32_t rows : {5, 7, 2, 7}) resize(rows);
  EXPECT_EQ(allocator.calls(), calls + 1);
  EXPECT_GT(session->memory().arena_bytes, arena);
}

TEST(Memory, AnAllocatorHasBothFunctions) {
  const ModelBytes bytes(doubler());
  Allocator half;
  half.allocate = [](void*, size_t, size_t) -> void* { return nullptr; };
  ProgramOptions options;
  options.allocator = &half;
  EXPECT_EQ(session_of(bytes, options).status().code(), QRT_INVALID_ARGUMENT);
}

TEST(Memory, AllWorkIsDoneInTheCallersArena) {
  const ModelBytes bytes(recurrent());
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok());
  auto program = Program::create(*model);
  ASSERT_TRUE(program.ok());
  const auto required = program->required_arena();
  ASSERT_TRUE(required.ok()) << required.status().message();

  // As large as it says, and one byte less.
  const auto memory = rt::allocate_aligned(*required + 64);
  std::memset(memory.get(), 0x5A, *required + 64);
  CountingAllocator allocator;
  SessionOptions options;
  options.allocator = allocator.raw();
  options.arena = memory.get();
  options.arena_bytes = *required - 1;
  const Status small = Session::create(*program, options).status();
  EXPECT_EQ(small.code(), QRT_OUT_OF_MEMORY);
  EXPECT_NE(std::string(small.message()).find(std::to_string(*required)), std::string::npos)
      << small.message();
  options.arena = memory.get() + 16;
  options.arena_bytes = *required;
  EXPECT_EQ(Session::create(*program, options).status().code(), QRT_INVALID_ARGUMENT)
      << "alignment";

  options.arena = memory.get();
  auto session = Session::create(*program, options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_EQ(allocator.live_bytes(), 0u);
  EXPECT_EQ(session->memory().arena_bytes, *required);
  auto ordinary = Session::create(*program);
  ASSERT_TRUE(ordinary.ok());
  for (int i = 0; i < 3; ++i) {
    const std::vector<float> x = {0.5f, static_cast<float>(i)};
    ASSERT_TRUE(session->set_input(0, x).ok());
    ASSERT_TRUE(ordinary->set_input(0, x).ok());
    ASSERT_TRUE(session->run().ok());
    ASSERT_TRUE(ordinary->run().ok());
    EXPECT_EQ(*session->output<float>(0), *ordinary->output<float>(0));
  }
  const auto* in = session->input<uint8_t>(0);
  EXPECT_TRUE(in >= memory.get() && in < memory.get() + *required);
  for (size_t i = 0; i < 64; ++i)
    ASSERT_EQ(memory.get()[*required + i], 0x5A) << "behind the arena";
}

TEST(Memory, AResizeThatTheArenaCannotHoldChangesNothing) {
  const ModelBytes bytes(doubler());
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok());
  auto program = Program::create(*model);
  ASSERT_TRUE(program.ok());
  SessionOptions options;
  const InputShape shape = {0, 2, {100, 3}};
  options.input_shapes = &shape;
  options.input_shape_count = 1;
  const auto required = program->required_arena(options);
  ASSERT_TRUE(required.ok());
  const auto memory = rt::allocate_aligned(*required);
  options.input_shape_count = 0;
  options.arena = memory.get();
  options.arena_bytes = *required;
  auto session = Session::create(*program, options);
  ASSERT_TRUE(session.ok()) << session.status().message();

  using Dims = std::vector<int32_t>;
  ASSERT_TRUE(session->resize_input(0, Dims{100, 3}).ok());
  session->input<int8_t>(0)[299] = 20;
  EXPECT_EQ(session->resize_input(0, Dims{200, 3}).code(), QRT_OUT_OF_MEMORY);
  EXPECT_EQ(session->input_info(0).dims[0], 100);
  ASSERT_TRUE(session->run().ok());
  EXPECT_EQ(session->output<int8_t>(0)[299], 40);
}

TEST(Memory, ALimitIsAnErrorThatNamesIt) {
  SessionOptions options;
  options.max_arena_bytes = 64;
  const ModelBytes bytes(network());
  const Status status = session_of(bytes, {}, options).status();
  EXPECT_EQ(status.code(), QRT_OUT_OF_MEMORY);
  EXPECT_NE(std::string(status.message()).find("64"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace qrt::test
