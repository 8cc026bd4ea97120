// State without copies: which tensors are computed and read in a variable's memory, and that nobody
// can tell.
#include "src/runtime/state_sharing.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Floats = std::vector<float>;

// Graphs over f32 [4] and a variable of that shape.
struct Builder {
  Graph g;
  int x, state;

  Builder() : x(tensor("x")), state(tensor("state")) {
    g.inputs = {x};
    g.value(state).variable = true;
  }
  int tensor(const char* name) { return g.add_tensor(name, DType::F32, {4}); }
  int read() {
    const int out = tensor("read");
    g.add_node("read", fb::ReadVariableT(), {state}, {out});
    return out;
  }
  void assign(int value) { g.add_node("assign", fb::AssignVariableT(), {state, value}, {}); }
  int add(int a, int b) {
    const int out = tensor("sum");
    g.add_node("add", fb::BinaryT(), {a, b}, {out});
    return out;
  }
  int reversed(int in) {
    fb::SliceT options;
    options.begins = {-1}, options.ends = {0}, options.strides = {-1};
    options.end_mask = 1;
    const int out = tensor("reversed");
    g.add_node("reverse", std::move(options), {in}, {out});
    return out;
  }
  int renamed(int in) {
    fb::ReshapeT options;
    options.shape = {4};
    const int out = tensor("renamed");
    g.add_node("rename", std::move(options), {in}, {out});
    return out;
  }
  // x at the place that the second input says.
  int replaced(int data) {
    const int place = g.add_tensor("place", DType::S64, {1});
    const int one = g.add_tensor("one", DType::F32, {1});
    g.inputs.push_back(place);
    g.inputs.push_back(one);
    const int out = tensor("replaced");
    fb::TensorScatterT options;
    options.axis = 0;
    g.add_node("replace", options, {data, one, place}, {out});
    return out;
  }
  Loaded load(std::vector<int> outputs) {
    g.outputs = std::move(outputs);
    return must_load(g);
  }
};

bool shares(const Loaded& loaded, int tensor, int variable) {
  return loaded.session->tensor_data(tensor) == loaded.session->tensor_data(variable);
}

Floats step(Loaded& loaded, const Floats& x) {
  loaded.set(0, x);
  loaded.run();
  return loaded.get<float>();
}

TEST(StateSharing, UpdatesInPlace) {
  Builder b;
  const int next = b.replaced(b.state), sum = b.add(next, b.x);
  b.assign(next);
  Loaded loaded = b.load({sum});
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_TRUE(shares(loaded, next, b.state));
  loaded.set<int64_t>(1, {2});
  loaded.set<float>(2, {7});
  EXPECT_EQ(step(loaded, {1, 1, 1, 1}), (Floats{1, 1, 8, 1}));
  loaded.set<int64_t>(1, {0});
  loaded.set<float>(2, {5});
  EXPECT_EQ(step(loaded, {0, 0, 0, 1}), (Floats{5, 0, 7, 1}));
  loaded.set<int64_t>(1, {4});
  const rt::Status status = loaded.session->run();
  EXPECT_NE(status.message().find("'state' has 4 places; 1 more do not fit behind the first 4"),
            std::string::npos)
      << status.message();
  loaded.set<int64_t>(1, {3});
  EXPECT_EQ(step(loaded, {0, 0, 0, 0}), (Floats{5, 0, 7, 5})) << "a failure changes nothing";
}

TEST(StateSharing, ReadsWhereItStandsThroughReadVariableAndNewNames) {
  Builder b;
  const int old = b.read(), next = b.replaced(b.renamed(old)), again = b.renamed(next);
  b.assign(again);
  Loaded loaded = b.load({b.add(next, b.x)});
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_TRUE(shares(loaded, old, b.state));
  EXPECT_TRUE(shares(loaded, next, b.state));
  loaded.set<int64_t>(1, {1});
  loaded.set<float>(2, {3});
  EXPECT_EQ(step(loaded, {1, 0, 0, 0}), (Floats{1, 3, 0, 0}));
  loaded.set<int64_t>(1, {2});
  EXPECT_EQ(step(loaded, {1, 0, 0, 0}), (Floats{1, 3, 3, 0}));
}

// What the state was is read after its next value is there.
TEST(StateSharing, CopiesWhereTheOldValueIsStillRead) {
  Builder b;
  const int next = b.add(b.state, b.x), both = b.add(next, b.state);
  b.assign(next);
  Loaded loaded = b.load({both});
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_FALSE(shares(loaded, next, b.state));
  EXPECT_EQ(step(loaded, {1, 2, 3, 4}), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(step(loaded, {1, 2, 3, 4}), (Floats{3, 6, 9, 12}));
}

TEST(StateSharing, CopiesWhatIsReadAfterAnAssignment) {
  Builder b;
  const int old = b.read();
  b.assign(b.x);
  Loaded loaded = b.load({b.add(old, b.reversed(old))});
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_FALSE(shares(loaded, old, b.state));
  EXPECT_EQ(step(loaded, {1, 2, 3, 4}), (Floats{0, 0, 0, 0}));
  EXPECT_EQ(step(loaded, {0, 0, 0, 0}), (Floats{5, 5, 5, 5}));
}

TEST(StateSharing, CopiesWhatNoKernelWritesOverItsInput) {
  Builder b;
  const int next = b.reversed(b.state);
  b.assign(next);
  Loaded loaded = b.load({b.add(next, b.x)});
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_FALSE(shares(loaded, next, b.state));
}

TEST(StateSharing, CopiesAnOutputAnInputAndWhatIsAssignedElsewhere) {
  {
    Builder b;
    const int next = b.add(b.state, b.x);
    b.assign(next);
    Loaded loaded = b.load({next});
    EXPECT_FALSE(shares(loaded, next, b.state)) << "a graph output";
    EXPECT_EQ(step(loaded, {1, 2, 3, 4}), (Floats{1, 2, 3, 4}));
    loaded.session->reset_state();
    EXPECT_EQ(loaded.get<float>(), (Floats{1, 2, 3, 4})) << "outputs stay";
  }
  Builder b;
  const int sum = b.add(b.x, b.x);
  const int second = b.tensor("second");
  b.g.value(second).variable = true;
  b.assign(sum);
  b.assign(b.x);
  b.g.add_node("assign", fb::AssignVariableT(), {second, sum}, {});
  Loaded loaded = b.load({b.add(second, b.state)});
  EXPECT_FALSE(shares(loaded, sum, b.state)) << "the variable is assigned again meanwhile";
  EXPECT_TRUE(shares(loaded, sum, second));
  EXPECT_EQ(step(loaded, {1, 2, 3, 4}), (Floats{3, 6, 9, 12}));
}

// A stream: the last frames are kept, joined with a new one, and cut.
TEST(StateSharing, ARingIsCutInPlace) {
  Graph g;
  const int frame = g.add_tensor("frame", DType::F32, {1, 3});
  const int ring = g.add_tensor("ring", DType::F32, {2, 3});
  g.value(ring).variable = true;
  const int old = g.add_tensor("old", DType::F32, {2, 3});
  g.add_node("read", fb::ReadVariableT(), {ring}, {old});
  const int all = g.add_tensor("all", DType::F32, {3, 3});
  g.add_node("join", fb::ConcatT(), {old, frame}, {all});
  fb::SliceT last;
  last.begins = {1, 0}, last.ends = {3, 3}, last.strides = {1, 1};
  const int next = g.add_tensor("next", DType::F32, {2, 3});
  g.add_node("cut", std::move(last), {all}, {next});
  g.add_node("keep", fb::AssignVariableT(), {ring, next}, {});
  g.inputs = {frame};
  g.outputs = {all};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_TRUE(shares(loaded, old, ring));
  EXPECT_TRUE(shares(loaded, next, ring));
  EXPECT_EQ(step(loaded, {1, 2, 3}), (Floats{0, 0, 0, 0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(step(loaded, {4, 5, 6}), (Floats{0, 0, 0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(step(loaded, {7, 8, 9}), (Floats{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

// Programs of reads, assignments, sums and reversals of two variables, in any order, against a
// plain interpreter.
TEST(StateSharing, RandomProgramsDoWhatTheySay) {
  size_t shared = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
    Builder b;
    const int second = b.tensor("second");
    b.g.value(second).variable = true;
    const std::vector<int> variables = {b.state, second};
    std::vector<int> values = {b.x};
    struct Op {
      char kind;
      int a, b, out;
    };
    std::vector<Op> program;
    const auto value = [&] {
      return pick(3) == 0 ? variables[pick(2)]
                          : values[values.size() - 1 - pick(std::min<size_t>(values.size(), 4))];
    };
    for (size_t i = 0; i < 12; ++i) {
      const int a = value(), other = value(), variable = variables[pick(2)];
      switch (pick(4)) {
        case 0:
          b.g.add_node("read", fb::ReadVariableT(), {variable},
                       {values.emplace_back(b.tensor("r"))});
          program.push_back({'r', variable, 0, values.back()});
          break;
        case 1:
          b.g.add_node("assign", fb::AssignVariableT(), {variable, a}, {});
          program.push_back({'w', a, 0, variable});
          break;
        case 2:
          values.push_back(b.add(a, other));
          program.push_back({'+', a, other, values.back()});
          break;
        default:
          values.push_back(b.reversed(a));
          program.push_back({'v', a, 0, values.back()});
          break;
      }
    }
    b.g.outputs = {values.back() == b.x ? b.add(b.x, b.x) : values.back()};
    if (values.back() == b.x) program.push_back({'+', b.x, b.x, b.g.outputs[0]});
    Loaded loaded = must_load(b.g);
    ASSERT_NE(loaded.session, nullptr);
    for (int v : values) {
      shared += shares(loaded, v, b.state) || shares(loaded, v, second) ? 1 : 0;
    }
    std::vector<Floats> memory(b.g.values.size(), Floats(4, 0));
    for (int run = 0; run < 4; ++run) {
      for (float& f : memory[static_cast<size_t>(b.x)]) f = static_cast<float>(pick(5)) - 2;
      const Floats got = step(loaded, memory[static_cast<size_t>(b.x)]);
      for (const Op& op : program) {
        const Floats a = memory[static_cast<size_t>(op.a)],
                     other = memory[static_cast<size_t>(op.b)];
        Floats out = a;
        for (size_t i = 0; i < 4; ++i) {
          if (op.kind == '+') out[i] = a[i] + other[i];
          if (op.kind == 'v') out[i] = a[3 - i];
        }
        memory[static_cast<size_t>(op.out)] = out;
      }
      ASSERT_EQ(got, memory[static_cast<size_t>(b.g.outputs[0])])
          << "seed " << seed << " run " << run;
    }
  }
  EXPECT_GT(shared, 300u) << "of " << 400 * 4;
}

}  // namespace
}  // namespace qrt::test
