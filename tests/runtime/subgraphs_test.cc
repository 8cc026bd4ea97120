// Subgraphs that run subgraphs: Call, If and While, in memory that is planned for all of them, and
// what must be refused.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"
#include "tests/model/model_file.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Numbers = std::vector<int32_t>;

constexpr fb::BinaryKind kAdd = fb::BinaryKind::Add, kMul = fb::BinaryKind::Mul,
                         kLess = fb::BinaryKind::Less;

// Builds graphs of s32 tensors of two elements, if nothing else is said.
struct Part {
  Graph graph;

  explicit Part(const char* name = "") { graph.name = name; }

  int tensor(DType type = DType::S32, std::vector<int32_t> shape = {2}) {
    return graph.add_tensor("t" + std::to_string(graph.values.size()), type, std::move(shape));
  }
  int input(DType type = DType::S32, std::vector<int32_t> shape = {2}) {
    graph.inputs.push_back(tensor(type, std::move(shape)));
    return graph.inputs.back();
  }
  int constant(Numbers elements) {
    const auto count = static_cast<int32_t>(elements.size());
    return graph.add_constant<int32_t>("c", {count}, elements);
  }
  int binary(fb::BinaryKind kind, int a, int b) {
    fb::BinaryT options;
    options.kind = kind;
    const int out = tensor(kind == kLess ? DType::Bool : DType::S32, graph.value(a).shape);
    graph.add_node("b", std::move(options), {a, b}, {out});
    return out;
  }
  int reshape(int in, std::vector<int32_t> shape) {
    fb::ReshapeT options;
    options.shape = shape;
    const int out = tensor(graph.value(in).type, std::move(shape));
    graph.add_node("r", std::move(options), {in}, {out});
    return out;
  }
  int pick(int in, int index) {
    fb::SliceT options;
    options.begins = {index};
    options.ends = {index + 1};
    options.strides = {1};
    const int out = tensor(graph.value(in).type, {1});
    graph.add_node("s", std::move(options), {in}, {out});
    return out;
  }
  template <class Options>
  std::vector<int> control(Options options, std::vector<int> inputs, size_t outputs) {
    std::vector<int> results;
    for (size_t i = 0; i < outputs; ++i) results.push_back(tensor());
    graph.add_node("control", std::move(options), std::move(inputs), results);
    return results;
  }
  std::vector<int> call(int32_t subgraph, std::vector<int> inputs, size_t outputs) {
    fb::CallT options;
    options.subgraph = subgraph;
    return control(std::move(options), std::move(inputs), outputs);
  }
  std::vector<int> choose(int condition, std::vector<int> inputs, size_t outputs, int32_t yes = 1,
                          int32_t no = 2) {
    fb::IfT options;
    options.then_subgraph = yes;
    options.else_subgraph = no;
    inputs.insert(inputs.begin(), condition);
    return control(std::move(options), std::move(inputs), outputs);
  }
  std::vector<int> loop(std::vector<int> state, int32_t condition = 1, int32_t body = 2) {
    fb::WhileT options;
    options.condition_subgraph = condition;
    options.body_subgraph = body;
    const size_t count = state.size();
    return control(std::move(options), std::move(state), count);
  }
  int variable(const char* name, int id = -1) {
    const int v = tensor();
    graph.value(v).name = name;
    graph.value(v).variable = true;
    graph.value(v).variable_id = id;
    return v;
  }
  int read(int v) {
    const int out = tensor();
    graph.add_node("read", fb::ReadVariableT(), {v}, {out});
    return out;
  }
  void assign(int v, int value) { graph.add_node("assign", fb::AssignVariableT(), {v, value}, {}); }
};

Graph join(Part main, std::vector<Part> parts) {
  for (Part& part : parts) main.graph.subgraphs.push_back(std::move(part.graph));
  return std::move(main.graph);
}

// One input of numbers a run -> the outputs, as written and as optimized, on every run.
void expect_runs(const Graph& written, const std::vector<std::vector<Numbers>>& inputs,
                 const std::vector<std::vector<Numbers>>& outputs) {
  for (const bool optimized : {false, true}) {
    SCOPED_TRACE(optimized ? "optimized" : "as written");
    Graph graph = written;
    if (optimized) {
      ASSERT_TRUE(graph::optimize(graph).ok());
    }
    Loaded loaded = must_load(graph);
    ASSERT_NE(loaded.session, nullptr);
    for (size_t run = 0; run < inputs.size(); ++run) {
      SCOPED_TRACE(run);
      for (size_t i = 0; i < inputs[run].size(); ++i) loaded.set(i, inputs[run][i]);
      loaded.run();
      for (size_t i = 0; i < outputs[run].size(); ++i) {
        EXPECT_EQ(loaded.get<int32_t>(i), outputs[run][i]) << "output " << i;
      }
    }
  }
}

// (a, b) -> (a + b, a * b)
Part sum_and_product() {
  Part part("sum and product");
  const int a = part.input(), b = part.input();
  part.graph.outputs = {part.binary(kAdd, a, b), part.binary(kMul, a, b)};
  return part;
}

TEST(Subgraphs, ACallRunsAnotherOnItsTensors) {
  Part main;
  const int x = main.input(), y = main.input();
  const std::vector<int> first = main.call(1, {x, y}, 2);
  main.graph.outputs = main.call(1, {first[0], first[1]}, 2);
  main.graph.outputs.push_back(first[0]);
  const Graph graph = join(std::move(main), {sum_and_product()});
  expect_runs(graph, {{{1, 2}, {3, 4}}}, {{{7, 14}, {12, 48}, {4, 6}}});
}

TEST(Subgraphs, ACallMayGiveWhatItIsGivenOrAConstant) {
  Part main;
  const int x = main.input();
  main.graph.outputs = main.call(1, {x}, 4);
  Part part("passes on");
  const int in = part.input();
  const int fixed = part.constant({7, 8});
  const int sum = part.binary(kAdd, in, fixed);
  part.graph.outputs = {in, fixed, sum, sum};
  expect_runs(join(std::move(main), {std::move(part)}), {{{1, 2}}},
              {{{1, 2}, {7, 8}, {8, 10}, {8, 10}}});
}

TEST(Subgraphs, InliningLeavesNoCallAndNoSubgraph) {
  Part main;
  const int x = main.input(), y = main.input();
  main.graph.outputs = main.call(1, {x, y}, 2);
  Part outer("outer");
  const int a = outer.input(), b = outer.input();
  outer.graph.outputs = outer.call(2, {b, a}, 2);
  Graph graph = join(std::move(main), {std::move(outer), sum_and_product()});
  const std::vector<int> outputs = graph.outputs;
  ASSERT_TRUE(graph::optimize(graph).ok());
  EXPECT_TRUE(graph.subgraphs.empty());
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.outputs, outputs);
  for (const graph::Node& node : graph.nodes) EXPECT_EQ(node.type(), fb::OpOptions::Binary);
}

// x < y in element 0 ? (x + y, x) : (x * y, y)
Graph branching() {
  Part main;
  const int x = main.input(), y = main.input();
  const int less = main.binary(kLess, main.pick(x, 0), main.pick(y, 0));
  main.graph.outputs = main.choose(less, {x, y}, 2);
  Part yes("yes"), no("no");
  const int a = yes.input(), b = yes.input();
  yes.graph.outputs = {yes.binary(kAdd, a, b), a};
  const int c = no.input(), d = no.input();
  no.graph.outputs = {no.binary(kMul, c, d), d};
  return join(std::move(main), {std::move(yes), std::move(no)});
}

TEST(Subgraphs, AnIfRunsOneOfTwo) {
  expect_runs(branching(), {{{1, 2}, {3, 4}}, {{3, 4}, {1, 2}}, {{1, 5}, {3, 4}}},
              {{{4, 6}, {1, 2}}, {{3, 8}, {1, 2}}, {{4, 9}, {1, 5}}});
}

TEST(Subgraphs, AnIfWhoseConditionIsKnownIsGone) {
  Part main;
  const int x = main.input();
  const int always = main.binary(kLess, main.constant({1}), main.constant({2}));
  main.graph.outputs = main.choose(always, {x, x}, 2);
  Graph graph = branching();
  main.graph.subgraphs = std::move(graph.subgraphs);
  ASSERT_TRUE(graph::optimize(main.graph).ok());
  EXPECT_TRUE(main.graph.subgraphs.empty());
  Loaded loaded = must_load(main.graph);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {4, 5});
  loaded.run();
  EXPECT_EQ(loaded.get<int32_t>(0), (Numbers{8, 10}));
  EXPECT_EQ(loaded.get<int32_t>(1), (Numbers{4, 5}));
}

// Fibonacci's (a, b) -> (b, a + b) as long as a[0] < limit: parts of the state change places, and
// what the loop finds (`step`, the limit) outlives every round.
Graph fibonacci() {
  Part main;
  const int a = main.input(), b = main.input(), limit = main.input();
  const int before = main.binary(kAdd, limit, main.constant({0, 0}));
  main.graph.outputs = main.loop({a, b, before});
  main.graph.outputs.push_back(main.binary(kAdd, before, main.graph.outputs[0]));
  Part condition("condition"), body("body");
  const int x = condition.input();
  condition.input();
  const int most = condition.input();
  condition.graph.outputs = {
      condition.binary(kLess, condition.pick(x, 0), condition.pick(most, 0))};
  const int p = body.input(), q = body.input(), same = body.input();
  const int sum = body.binary(kAdd, p, q);
  body.graph.outputs = {q, body.reshape(body.reshape(sum, {1, 2}), {2}), same};
  return join(std::move(main), {std::move(condition), std::move(body)});
}

TEST(Subgraphs, AWhileGoesOnUntilItsConditionIsFalse) {
  expect_runs(fibonacci(),
              {{{0, 1}, {1, 1}, {10, 0}}, {{9, 9}, {1, 1}, {5, 5}}, {{0, 1}, {1, 1}, {100, 0}}},
              {{{13, 21}, {21, 34}, {10, 0}, {23, 21}},
               {{9, 9}, {1, 1}, {5, 5}, {14, 14}},
               {{144, 233}, {233, 377}, {100, 0}, {244, 233}}});
}

// The new state holds the old one under another name, which must not change before it is taken.
TEST(Subgraphs, AWhileMayRenameItsState) {
  Part main;
  const int a = main.input(), b = main.input();
  main.graph.outputs = main.loop({a, b});
  Part condition("condition"), body("body");
  const int x = condition.input();
  condition.input();
  condition.graph.outputs = {
      condition.binary(kLess, condition.pick(x, 0), condition.constant({3}))};
  const int p = body.input();
  body.input();
  const int next = body.binary(kAdd, p, body.constant({1, 1}));
  body.graph.outputs = {next, body.reshape(body.reshape(p, {1, 2}), {2})};
  expect_runs(join(std::move(main), {std::move(condition), std::move(body)}), {{{0, 5}, {7, 7}}},
              {{{3, 8}, {2, 7}}});
}

// total += rows of 1 + ... + n, by a loop in a loop: i < n { j = 0; while (j < i) { total += j } }
TEST(Subgraphs, LoopsWithinLoops) {
  Part main;
  const int i = main.input(DType::S32, {1}), n = main.input(DType::S32, {1}),
            total = main.input(DType::S32, {1});
  main.graph.outputs = main.loop({i, n, total}, 1, 2);
  const auto less = [](size_t inputs, size_t of, size_t limit) {
    Part condition("less");
    for (size_t k = 0; k < inputs; ++k) condition.input(DType::S32, {1});
    condition.graph.outputs = {
        condition.binary(kLess, condition.graph.inputs[of], condition.graph.inputs[limit])};
    return condition;
  };
  Part outer("outer"), inner("inner");
  const int oi = outer.input(DType::S32, {1}), on = outer.input(DType::S32, {1}),
            ototal = outer.input(DType::S32, {1});
  const int one = outer.constant({1});
  const int zero = outer.binary(fb::BinaryKind::Sub, oi, oi);
  const std::vector<int> rows = outer.loop({zero, oi, ototal}, 1, 3);
  const int next = outer.binary(kAdd, oi, one);
  outer.graph.outputs = {next, on, rows[2]};
  const int j = inner.input(DType::S32, {1}), limit = inner.input(DType::S32, {1}),
            sum = inner.input(DType::S32, {1});
  inner.graph.outputs = {inner.binary(kAdd, j, inner.constant({1})), limit,
                         inner.binary(kAdd, sum, j)};
  for (Part* part : {&main, &outer}) {
    for (graph::Node& node : part->graph.nodes) {
      for (int out : node.outputs) part->graph.value(out).shape = {1};
    }
  }
  const Graph graph = join(std::move(main), {less(3, 0, 1), std::move(outer), std::move(inner)});
  int32_t expected = 100;
  for (int32_t a = 0; a < 6; ++a) {
    for (int32_t b = 0; b < a; ++b) expected += b;
  }
  expect_runs(graph, {{{0}, {6}, {100}}, {{6}, {6}, {1}}},
              {{{6}, {6}, {expected}}, {{6}, {6}, {1}}});
}

TEST(Subgraphs, ALoopStopsWhenItIsCancelled) {
  Part main;
  const int a = main.input();
  main.graph.outputs = main.loop({a});
  Part condition("always"), body("body");
  condition.input();
  condition.graph.outputs = {
      condition.binary(kLess, condition.constant({1}), condition.constant({2}))};
  const int p = body.input();
  body.graph.outputs = {body.binary(kAdd, p, p)};
  Loaded loaded = must_load(join(std::move(main), {std::move(condition), std::move(body)}));
  ASSERT_NE(loaded.session, nullptr);
  // cancel() counts once the run is under way.
  std::atomic<bool> done{false};
  std::thread canceller([&] {
    while (!done) loaded.session->cancel();
  });
  EXPECT_EQ(loaded.session->run().code(), rt::Code::Cancelled);
  done = true;
  canceller.join();
}

// However often and from wherever a subgraph runs, it has its variables once; those of one number
// are one.
TEST(Subgraphs, ShareTheirVariables) {
  Part main;
  const int x = main.input();
  const int shared = main.variable("shared", 4);
  main.call(1, {x}, 1);
  const int once = main.read(shared);
  const std::vector<int> counts = main.call(1, {x}, 1);
  main.graph.outputs = {once, main.read(shared), counts[0]};
  Part part("adds");
  const int in = part.input();
  const int total = part.variable("of another name", 4), own = part.variable("own");
  part.assign(total, part.binary(kAdd, part.read(total), in));
  part.assign(own, part.binary(kAdd, part.read(own), part.constant({1, 1})));
  part.graph.outputs = {part.read(own)};
  const Graph graph = join(std::move(main), {std::move(part)});
  expect_runs(graph, {{{1, 10}}, {{2, 20}}},
              {{{1, 10}, {2, 20}, {2, 2}}, {{4, 40}, {6, 60}, {4, 4}}});
}

TEST(Subgraphs, AShapeMayBeOpen) {
  Part main;
  const int x = main.input(DType::S32, {-1}), y = main.input(DType::S32, {-1});
  const int less = main.binary(kLess, main.pick(x, 0), main.pick(y, 0));
  main.graph.outputs = main.choose(less, {x, y}, 1);
  main.graph.value(main.graph.outputs[0]).shape = {-1};
  Part yes("yes"), no("no");
  for (Part* part : {&yes, &no}) {
    const int a = part->input(DType::S32, {-1}), b = part->input(DType::S32, {-1});
    part->graph.outputs = {part->binary(part == &yes ? kAdd : kMul, a, b)};
  }
  Loaded loaded = must_load(join(std::move(main), {std::move(yes), std::move(no)}));
  ASSERT_NE(loaded.session, nullptr);
  const std::vector<rt::InputShape> shapes = {{0, {3}}, {1, {3}}};
  ASSERT_TRUE(loaded.session->resize_inputs({shapes.data(), shapes.size()}).ok());
  loaded.set<int32_t>(0, {1, 2, 3});
  loaded.set<int32_t>(1, {4, 5, 6});
  loaded.run();
  EXPECT_EQ(loaded.get<int32_t>(), (Numbers{5, 7, 9}));
  // Where the branches broadcast to different shapes, memory cannot be planned.
}

TEST(Subgraphs, BranchesOfDifferentShapesAreRefused) {
  Graph graph = branching();
  Graph& yes = graph.subgraphs[0];
  fb::ConcatT concat;
  const int twice = yes.add_tensor("twice", DType::S32, {4});
  yes.add_node("twice", std::move(concat), {yes.inputs[0], yes.inputs[1]}, {twice});
  yes.outputs[0] = twice;
  graph.value(graph.outputs[0]).shape = {-1};
  expect_refused(serialized(graph), "is 4 at first and then 2", rt::Code::Unsupported);
}

struct Damage {
  const char* what;
  std::function<void(fb::ModelT&)> apply;
  const char* words;
  rt::Code code = rt::Code::InvalidModel;
};

void expect_all_refused(const Graph& sound, const std::vector<Damage>& cases) {
  const rt::Status status = run_file(serialized(sound));
  EXPECT_TRUE(status.ok()) << status.message();
  for (const Damage& damage : cases) {
    SCOPED_TRACE(damage.what);
    ModelFile file(sound);
    damage.apply(file.model);
    expect_refused(file.pack(), damage.words, damage.code);
  }
}

fb::OperatorT& control_of(fb::ModelT& m) { return *m.subgraphs[0]->operators.back(); }

TEST(Subgraphs, DamagedIfsAreRefused) {
  expect_all_refused(
      branching(),
      {{"no such subgraph", [](auto& m) { control_of(m).options.AsIf()->then_subgraph = 3; },
        "runs subgraph 3 of 3"},
       {"negative subgraph", [](auto& m) { control_of(m).options.AsIf()->else_subgraph = -1; },
        "runs subgraph -1 of 3"},
       {"itself", [](auto& m) { control_of(m).options.AsIf()->else_subgraph = 0; },
        "calls itself, or others that do"},
       {"condition of integers", [](auto& m) { control_of(m).inputs[0] = control_of(m).inputs[1]; },
        "cannot run on", rt::Code::Unsupported},
       {"too few inputs", [](auto& m) { control_of(m).inputs.pop_back(); },
        "subgraph 1 has 2 inputs and 2 outputs, is given 1 and should give 2"},
       {"an input is absent", [](auto& m) { control_of(m).inputs[1] = -1; }, "input 1 is absent"},
       {"too few outputs", [](auto& m) { m.subgraphs[1]->outputs.pop_back(); },
        "has 2 inputs and 1 outputs"},
       {"another type", [](auto& m) { m.subgraphs[1]->tensors[0]->type = fb::DType::F32; },
        "which has another type or quantization"},
       {"another shape", [](auto& m) { m.subgraphs[1]->tensors[0]->shape = {3}; },
        "of 2 to a subgraph that declares 3"},
       {"order in a branch",
        [](auto& m) {
          std::swap(m.subgraphs[1]->operators[0]->inputs[0],
                    m.subgraphs[1]->operators[0]->outputs[0]);
        },
        "before anything computes it"},
       {"variable numbers that differ",
        [](auto& m) {
          for (size_t g = 1; g < 3; ++g) {
            auto variable = std::make_unique<fb::TensorT>();
            variable->shape = {static_cast<int32_t>(g)};
            variable->is_variable = true;
            variable->variable_id = 7;
            m.subgraphs[g]->tensors.push_back(std::move(variable));
          }
        },
        "has variable number 7, as '' has, which is not like it"},
       {"variable numbers twice",
        [](auto& m) {
          for (size_t k = 0; k < 2; ++k) {
            auto variable = std::make_unique<fb::TensorT>();
            variable->is_variable = true;
            variable->variable_id = 7;
            m.subgraphs[1]->tensors.push_back(std::move(variable));
          }
        },
        "which stands in the same subgraph"},
       {"a number without a variable", [](auto& m) { m.subgraphs[1]->tensors[0]->variable_id = 7; },
        "has the number of a variable, but is none"},
       {"an entry without outputs",
        [](auto& m) {
          m.subgraphs.push_back(std::make_unique<fb::SubgraphT>());
          m.subgraphs.back()->is_entry = true;
        },
        "the graph has no outputs"}});
}

TEST(Subgraphs, DamagedWhilesAreRefused) {
  const auto loop = [](fb::ModelT& m) -> fb::OperatorT& { return *m.subgraphs[0]->operators[1]; };
  expect_all_refused(
      fibonacci(),
      {{"condition of integers",
        [](auto& m) { m.subgraphs[1]->outputs = {m.subgraphs[1]->inputs[0]}; }, "gives no bool"},
       {"condition of two", [](auto& m) { m.subgraphs[1]->outputs.push_back(0); },
        "has 2 outputs, not 1"},
       {"condition reads less", [](auto& m) { m.subgraphs[1]->inputs.pop_back(); },
        "before anything computes it"},
       {"condition of the body",
        [=](auto& m) { loop(m).options.AsWhile()->condition_subgraph = 2; },
        "has 3 outputs, not 1"},
       {"condition of several elements",
        [](auto& m) {
          m.subgraphs[1]->operators.back()->inputs = {m.subgraphs[1]->inputs[0],
                                                      m.subgraphs[1]->inputs[2]};
          m.subgraphs[1]->tensors[static_cast<size_t>(m.subgraphs[1]->outputs[0])]->shape = {2};
        },
        "its condition has 2 elements, not one", rt::Code::Unsupported},
       {"state of fewer", [=](auto& m) { loop(m).inputs.pop_back(); }, "is given 2 and should"}});
}

TEST(Subgraphs, ACallOfItselfByOthersIsRefused) {
  Part main, part("part"), other("other");
  main.graph.outputs = main.call(1, {main.input()}, 1);
  part.graph.outputs = part.call(2, {part.input()}, 1);
  other.graph.outputs = other.call(1, {other.input()}, 1);
  Graph graph = join(std::move(main), {std::move(part), std::move(other)});
  expect_refused(serialized(graph), "calls itself, or others that do");
  const rt::Status status = graph::optimize(graph);
  EXPECT_NE(status.message().find("calls itself, or others that do"), std::string::npos);
}

// Each calls the next twice: 2^40 steps in a small file.
TEST(Subgraphs, CallsThatMultiplyAreRefused) {
  Part main;
  main.graph.outputs = main.call(1, {main.input()}, 1);
  std::vector<Part> parts(30);
  for (size_t i = 0; i < parts.size(); ++i) {
    const int in = parts[i].input();
    if (i + 1 == parts.size()) {
      parts[i].graph.outputs = {parts[i].binary(kAdd, in, in)};
      continue;
    }
    const auto next = static_cast<int32_t>(i + 2);
    parts[i].graph.outputs = parts[i].call(next, parts[i].call(next, {in}, 1), 1);
  }
  Graph graph = join(std::move(main), std::move(parts));
  expect_refused(serialized(graph), "with all that it calls, the model has more than",
                 rt::Code::Unsupported);
  // The pass stops where it would grow without end.
  ASSERT_TRUE(graph::optimize(graph).ok());
  EXPECT_LT(graph.nodes.size(), 70000u);
}

TEST(Subgraphs, DeepCallsAreRefused) {
  Part main;
  main.graph.outputs = main.call(1, {main.input()}, 1);
  std::vector<Part> parts(40);
  for (size_t i = 0; i < parts.size(); ++i) {
    const int in = parts[i].input();
    parts[i].graph.outputs = i + 1 < parts.size()
                                 ? parts[i].call(static_cast<int32_t>(i + 2), {in}, 1)
                                 : std::vector<int>{parts[i].binary(kAdd, in, in)};
  }
  expect_refused(serialized(join(std::move(main), std::move(parts))), "nested more than 32 deep",
                 rt::Code::Unsupported);
}

TEST(Subgraphs, SurviveWritingAndReading) {
  Graph graph = fibonacci();
  graph.subgraphs[1].entry = true;
  graph.subgraphs[1].name = "step";
  const graph::Bytes file = serialized(graph);
  rt::AlignedBuffer bytes = rt::allocate_aligned(file.size());
  std::memcpy(bytes.get(), file.data(), file.size());
  auto model = rt::Model::from_buffer(bytes.get(), file.size());
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ((*model)->entries(), 2u);
  EXPECT_STREQ((*model)->entry_name(1), "step");
}

}  // namespace
}  // namespace qrt::test
