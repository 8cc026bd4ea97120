// Inputs and outputs that become state.
#include "src/graph/keep_state.h"

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using Dims = std::vector<int32_t>;
using graph::DType;
using Floats = std::vector<float>;

// y = x + h, hn = y, or hn = h + h beside it.
graph::Graph adder(Dims x_shape = {2}, DType type = DType::F32) {
  graph::Graph g;
  const int x = g.add_tensor("x", DType::F32, std::move(x_shape));
  const int h = g.add_tensor("h", type, {2});
  const int y = g.add_tensor("y", DType::F32, {2}), hn = g.add_tensor("hn", DType::F32, {2});
  g.inputs = {x, h};
  g.outputs = {y, hn};
  g.add_node("add", fb::BinaryT(), {x, h}, {y});
  g.add_node("next", fb::BinaryT(), {y, x}, {hn});
  return g;
}

Floats step(Loaded& loaded, const Floats& x) {
  loaded.set(0, x);
  loaded.run();
  return loaded.get<float>();
}

TEST(KeepState, GoesFromRunToRun) {
  graph::Graph g = adder();
  ASSERT_TRUE(graph::keep_state(g, "h", "hn").ok());
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  EXPECT_EQ(loaded.session->inputs(), 1u);
  EXPECT_EQ(loaded.session->outputs(), 1u);
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(step(loaded, {1, 2}), (Floats{1, 2}));    // h is 2, 4
    EXPECT_EQ(step(loaded, {10, 0}), (Floats{12, 4}));  // h is 22, 4
    EXPECT_EQ(step(loaded, {0, 1}), (Floats{22, 5}));
    loaded.session->reset_state();
  }
}

// Two states that change places: each is what the other was.
TEST(KeepState, StatesThatChangePlaces) {
  for (const bool first : {true, false}) {
    graph::Graph g;
    const int x = g.add_tensor("x", DType::F32, {2});
    const int a = g.add_tensor("a", DType::F32, {2}), b = g.add_tensor("b", DType::F32, {2});
    const int y = g.add_tensor("y", DType::F32, {2}), sum = g.add_tensor("sum", DType::F32, {2});
    const int renamed = g.add_tensor("an", DType::F32, {2});
    g.inputs = {x, a, b};
    g.add_node("add", fb::BinaryT(), {x, a}, {sum});
    g.add_node("add2", fb::BinaryT(), {sum, b}, {y});
    fb::ReshapeT same;
    same.shape = {2};
    g.add_node("rename", std::move(same), {b}, {renamed});
    // a becomes b, b becomes x + a.
    g.outputs = {y, renamed, sum};
    ASSERT_TRUE(graph::keep_state(g, first ? "a" : "b", first ? "an" : "sum").ok());
    ASSERT_TRUE(graph::keep_state(g, first ? "b" : "a", first ? "sum" : "an").ok());
    Loaded loaded = must_load(g);
    ASSERT_NE(loaded.session, nullptr);
    float a0 = 0, b0 = 0;
    for (float v : {1.0f, 10.0f, 100.0f, 1000.0f}) {
      EXPECT_EQ(step(loaded, {v, 0}), (Floats{v + a0 + b0, 0}));
      const float old = a0;
      a0 = b0;
      b0 = v + old;
    }
  }
}

// An input that is given as it is: it is the state of the run before.
TEST(KeepState, AnOutputThatIsTheInput) {
  graph::Graph g = adder();
  g.outputs.push_back(g.inputs[1]);
  ASSERT_TRUE(graph::keep_state(g, "h", "hn").ok());
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  (void)step(loaded, {1, 2});
  (void)step(loaded, {10, 0});
  EXPECT_EQ(loaded.get<float>(1), (Floats{2, 4}));
}

TEST(KeepState, Refuses) {
  const auto refused = [](graph::Graph g, const char* input, const char* output,
                          const std::string& words) {
    const rt::Status status = graph::keep_state(g, input, output);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
    EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
    EXPECT_EQ(g.inputs.size(), 2u);
    EXPECT_EQ(g.outputs.size(), 2u);
  };
  refused(adder(), "k", "hn", "there is no input 'k' to keep as state; the model has 'x', 'h'");
  refused(adder(), "h", "kn", "there is no output 'kn' to keep as state; the model has 'y', 'hn'");
  refused(adder({-1}), "x", "hn", "'x' is f32 ?: a state has a fixed shape, which --shape can");
  refused(adder({1}), "x", "hn", "'x' is f32 1 and 'hn' is f32 2: a state stays what it is");
  refused(adder({2}, DType::F64), "h", "hn", "'h' is f64 2 and 'hn' is f32 2");
}

// One star in both names stands for the same text.
TEST(KeepState, FindsStatesByPatterns) {
  graph::Graph g;
  const auto values = [&](std::vector<int>* list, const std::vector<const char*>& names) {
    for (const char* name : names) list->push_back(g.add_tensor(name, DType::F32, {1}));
  };
  values(&g.inputs, {"x", "past.0.key", "past.0.value", "past.1.key", "h"});
  values(&g.outputs, {"present.0.key", "present.0.value", "present.1.key", "hn"});
  const auto found = [&](const std::vector<graph::KeptState>& wanted) {
    std::vector<graph::KeptState> states;
    const rt::Status status = graph::find_states(g, wanted, &states);
    std::string text = status.ok() ? "" : "! " + status.message();
    for (const graph::KeptState& state : states) {
      if (status.ok())
        text += state.input + ">" + state.output + ":" + std::to_string(state.most) + " ";
    }
    return text;
  };
  EXPECT_EQ(found({{"past.*", "present.*", 7}, {"h", "hn", 0}}),
            "past.0.key>present.0.key:7 past.0.value>present.0.value:7 past.1.key>present.1.key:7 "
            "h>hn:0 ");
  EXPECT_EQ(found({{"past.*.key", "present.*.key", 2}}),
            "past.0.key>present.0.key:2 past.1.key>present.1.key:2 ");
  EXPECT_EQ(found({{"past.0.key*", "present.0.key*", 2}}), "past.0.key>present.0.key:2 ");
  const auto refused = [&](const std::vector<graph::KeptState>& wanted, const std::string& words) {
    EXPECT_NE(found(wanted).find(words), std::string::npos) << found(wanted);
  };
  refused({{"past.*", "later.*", 1}}, "! there is no output 'later.0.key' to keep as state");
  refused({{"late.*", "present.*", 1}}, "! there is no input 'late.*' to keep as state");
  refused({{"past.*", "hn", 1}}, "do not have one '*' each");
  refused({{"*.*", "*.*", 1}}, "do not have one '*' each");
  refused({{"past.*", "present.*", 1}, {"past.1.key", "hn", 0}},
          "! 'past.1.key' and 'present.1.key' are to be a state, and so are 'past.1.key' and 'hn'");
}

}  // namespace
}  // namespace qrt::test
