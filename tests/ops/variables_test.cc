// Variables: what is read keeps what it was, in whatever order memory is planned and passes run;
// what they start as; saved and restored.
#include <gtest/gtest.h>

#include "src/graph/passes.h"
#include "tests/model/one_node.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Numbers = std::vector<int32_t>;

int add_variable(Graph& g, const char* name, std::vector<int32_t> shape, const Numbers& start) {
  const int index = g.add_tensor(name, DType::S32, std::move(shape));
  g.value(index).variable = true;
  if (start.empty()) return index;
  const auto* bytes = reinterpret_cast<const uint8_t*>(start.data());
  g.value(index).data =
      std::make_shared<const graph::Bytes>(bytes, bytes + start.size() * sizeof(int32_t));
  return index;
}

int read(Graph& g, int variable) {
  const int out = g.add_tensor("read", DType::S32, g.value(variable).shape);
  g.add_node("read", fb::ReadVariableT(), {variable}, {out});
  return out;
}

void assign(Graph& g, int variable, int value) {
  g.add_node("assign", fb::AssignVariableT(), {variable, value}, {});
}

int add(Graph& g, int a, int b) {
  const int out = g.add_tensor("sum", DType::S32, g.value(a).shape);
  g.add_node("sum", fb::BinaryT(), {a, b}, {out});
  return out;
}

// before = total; total += in; after = total; outputs: before, after, before + after.
Graph accumulator(const Numbers& start = {}) {
  Graph g;
  const int in = g.add_tensor("in", DType::S32, {2});
  const int total = add_variable(g, "total", {2}, start);
  const int before = read(g, total);
  assign(g, total, add(g, before, in));
  const int after = read(g, total);
  g.inputs = {in};
  g.outputs = {before, after, add(g, before, after)};
  return g;
}

void expect_outputs(const Loaded& loaded, const std::vector<Numbers>& expected) {
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(loaded.get<int32_t>(i), expected[i]) << i;
}

TEST(Variables, AReadBeforeAnAssignmentKeepsWhatItRead) {
  for (const bool optimized : {false, true}) {
    Graph g = accumulator();
    if (optimized) {
      ASSERT_TRUE(graph::optimize(g).ok());
    }
    Loaded loaded = must_load(g);
    ASSERT_NE(loaded.session, nullptr);
    loaded.set<int32_t>(0, {1, 10});
    loaded.run();
    expect_outputs(loaded, {{0, 0}, {1, 10}, {1, 10}});
    loaded.run();
    expect_outputs(loaded, {{1, 10}, {2, 20}, {3, 30}});
    loaded.session->reset_state();
    loaded.run();
    expect_outputs(loaded, {{0, 0}, {1, 10}, {1, 10}});
  }
}

TEST(Variables, StartAsTheModelSaysAndDoSoAgainWhenReset) {
  Loaded loaded = must_load(accumulator({100, -5}));
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {1, 1});
  loaded.run();
  loaded.run();
  expect_outputs(loaded, {{101, -4}, {102, -3}});
  std::vector<uint8_t> saved(loaded.session->state_bytes());
  ASSERT_TRUE(loaded.session->save_state(saved.data(), saved.size()).ok());
  loaded.session->reset_state();
  loaded.run();
  expect_outputs(loaded, {{100, -5}, {101, -4}});
  ASSERT_TRUE(loaded.session->restore_state(saved.data(), saved.size()).ok());
  loaded.run();
  expect_outputs(loaded, {{102, -3}, {103, -2}});
}

TEST(Variables, ExchangeWhatTheyHold) {
  Graph g;
  const int in = g.add_tensor("in", DType::S32, {2});
  const int a = add_variable(g, "a", {2}, {1, 2}), b = add_variable(g, "b", {2}, {3, 4});
  const int of_a = read(g, a), of_b = read(g, b);
  assign(g, a, of_b);
  assign(g, b, of_a);
  g.inputs = {in};
  g.outputs = {add(g, in, of_a), add(g, in, of_b)};
  ASSERT_TRUE(graph::optimize(g).ok());
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {0, 0});
  loaded.run();
  expect_outputs(loaded, {{1, 2}, {3, 4}});
  loaded.run();
  expect_outputs(loaded, {{3, 4}, {1, 2}});
}

// An operator in place may not write over a variable, nor over what was read and is read again.
TEST(Variables, AreNotOverwrittenInPlace) {
  Graph g;
  const int in = g.add_tensor("in", DType::S32, {2});
  const int state = add_variable(g, "state", {2}, {1, 2});
  const int first = read(g, state);
  const int changed = add(g, first, in);
  const int again = add(g, changed, first);
  assign(g, state, again);
  g.inputs = {in};
  g.outputs = {read(g, state)};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {1, 1});
  loaded.run();
  expect_outputs(loaded, {{3, 5}});
  loaded.run();
  expect_outputs(loaded, {{7, 11}});
}

TEST(Variables, AnAssignmentIsNoneOfTheThingsThatNobodyNeeds) {
  Graph g;
  const int in = g.add_tensor("in", DType::S32, {2});
  const int state = add_variable(g, "state", {2}, {});
  const int fixed = g.add_constant<int32_t>("fixed", {2}, {7, 8});
  g.inputs = {in};
  const int out = read(g, state);
  g.outputs = {add(g, out, in)};
  assign(g, state, fixed);
  ASSERT_TRUE(graph::optimize(g).ok());
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {1, 1});
  loaded.run();
  expect_outputs(loaded, {{1, 1}});
  loaded.run();
  expect_outputs(loaded, {{8, 9}});
}

TEST(Variables, OfU8BecomeS8WithWhatTheyStartAs) {
  const graph::Quantization scale = {{0.5f}, {3}, -1, 0};
  Graph g;
  const int in = g.add_tensor("in", DType::U8, {2}, scale);
  const int state = g.add_tensor("state", DType::U8, {2}, scale);
  g.value(state).variable = true;
  g.value(state).data = std::make_shared<const graph::Bytes>(graph::Bytes{200, 3});
  const int out = g.add_tensor("out", DType::U8, {2}, scale);
  g.add_node("read", fb::ReadVariableT(), {state}, {out});
  g.add_node("assign", fb::AssignVariableT(), {state, in}, {});
  g.inputs = {in};
  g.outputs = {out};
  ASSERT_TRUE(graph::optimize(g).ok());
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<uint8_t>(0, {255, 0});
  loaded.run();
  EXPECT_EQ(loaded.get<uint8_t>(), (std::vector<uint8_t>{200, 3}));
  loaded.run();
  EXPECT_EQ(loaded.get<uint8_t>(), (std::vector<uint8_t>{255, 0}));
}

// Tensors: 0 in, 1 total, 2 before, 3 sum, 4 after, 5 out. Operators: read, sum, assign, read, sum.
TEST(Variables, DamagedOnesAreRefused) {
  const Graph sound = accumulator({1, 2});
  struct Case {
    const char* what;
    std::function<void(ModelFile&)> apply;
    const char* words;
    rt::Code code = rt::Code::InvalidModel;
  };
  const std::vector<Case> cases = {
      {"start outside", [](auto& f) { f.tensor(1).data_offset = 1 << 20; },
       "its data lies outside the weights segment"},
      {"start misaligned", [](auto& f) { f.tensor(1).data_offset = 4; },
       "its data lies outside the weights segment or is misaligned"},
      {"start too short", [](auto& f) { f.tensor(1).data_bytes = 4; }, "has 4 bytes of data"},
      {"no variable", [](auto& f) { f.tensor(1).is_variable = false; },
       "has data but is no constant"},
      {"reads an input", [](auto& f) { f.op(0).inputs[0] = 0; }, "must be a variable"},
      {"assigns to an input", [](auto& f) { f.op(2).inputs[0] = 0; }, "must be a variable"},
      {"assigns another shape",
       [](auto& f) {
         f.tensor(1).shape = {1, 2};
       },
       "computes 1x2 for output 0, the model declares 2"},
      {"assigns another type",
       [](auto& f) {
         f.tensor(1).type = fb::DType::F32;
         f.tensor(2).type = fb::DType::F32;
       },
       "cannot run on", rt::Code::Unsupported},
      {"assigns nothing", [](auto& f) { f.op(2).inputs.pop_back(); }, "has 1 inputs, takes 2"},
      {"assigns to an output", [](auto& f) { f.op(2).outputs = {3}; }, "already has a value"},
  };
  EXPECT_TRUE(run_file(serialized(sound)).ok());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    ModelFile file(sound);
    c.apply(file);
    expect_refused(file.pack(), c.words, c.code);
  }
}

TEST(Variables, AssignsOnlyItsOwnShape) {
  Graph g;
  const int state = add_variable(g, "state", {3}, {});
  const int in = g.add_tensor("in", DType::S32, {2});
  assign(g, state, in);
  g.inputs = {in};
  g.outputs = {read(g, state)};
  expect_refused(serialized(g), "assigns 2 to variable 'state' of 3");
}

// A Reshape shares its input's memory.
TEST(Variables, MayNotChangeUnderAnotherName) {
  const auto renamed = [](bool read_after) {
    Graph g;
    const int in = g.add_tensor("in", DType::S32, {2});
    const int state = add_variable(g, "state", {1, 2}, {});
    const int flat = g.add_tensor("flat", DType::S32, {2});
    fb::ReshapeT reshape;
    reshape.shape = {2};
    g.add_node("flatten", reshape, {state}, {flat});
    const int sum = add(g, flat, in);
    const int row = g.add_tensor("row", DType::S32, {1, 2});
    reshape.shape = {1, 2};
    g.add_node("unflatten", reshape, {sum}, {row});
    assign(g, state, row);
    g.inputs = {in};
    g.outputs = {read_after ? add(g, flat, in) : sum};
    return g;
  };
  expect_refused(serialized(renamed(true)),
                 "renames variable 'state', which operator 3 updates before it is last read");
  Loaded loaded = must_load(renamed(false));
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {1, 2});
  loaded.run();
  loaded.run();
  expect_outputs(loaded, {{2, 4}});
}

TEST(Variables, AnLstmUpdatesBothOfItsStates) {
  for (const std::string renamed : {"hidden", "cell"}) {
    Graph g;
    const int in = g.add_value(tensor(DType::F32, {1, 1, 3}));
    const int w = g.add_value(constant(tensor(DType::F32, {8, 3})));
    const int r = g.add_value(constant(tensor(DType::F32, {8, 2})));
    const int b = g.add_value(constant(tensor(DType::F32, {8})));
    const int hidden = g.add_value(variable(tensor(DType::F32, {1, 2})));
    const int cell = g.add_value(variable(tensor(DType::F32, {1, 2})));
    g.value(hidden).name = "hidden";
    g.value(cell).name = "cell";
    const int flat = g.add_tensor("flat", DType::F32, {2});
    fb::ReshapeT reshape;
    reshape.shape = {2};
    g.add_node("flatten", reshape, {renamed == "cell" ? cell : hidden}, {flat});
    const int y = g.add_tensor("y", DType::F32, {1, 1, 2});
    g.add_node("lstm", fb::LstmT(), {in, w, r, b, hidden, cell}, {y});
    const int sum = g.add_tensor("sum", DType::F32, {2});
    g.add_node("sum", fb::BinaryT(), {flat, flat}, {sum});
    g.inputs = {in};
    g.outputs = {y, sum};
    expect_refused(serialized(g), "renames variable '" + renamed +
                                      "', which operator 1 updates before it is last read");
  }
}

}  // namespace
}  // namespace qrt::test
