// ONNX's Loop: rounds that can be counted, and those that a run counts.
#include <numeric>

#include "src/graph/subgraphs.h"
#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

// A loop over x [2]: sum = sum + x * (round + 1), as long as sum[0] < stop; each sum is collected,
// too. Open: how many rounds there are is an input, else `rounds`.
struct Loop {
  OnnxBuilder b{16};
  ::onnx::GraphProto* body = nullptr;

  void declare(const std::string& name, int32_t type, const Dims64& dims) {
    ::onnx::ValueInfoProto* input = body->add_input();
    input->set_name(name);
    auto* tensor = input->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (int64_t dim : dims) tensor->mutable_shape()->add_dim()->set_dim_value(dim);
  }
  ::onnx::NodeProto* op(const std::string& type, const std::vector<std::string>& inputs,
                        const std::string& output) {
    ::onnx::NodeProto* node = body->add_node();
    node->set_op_type(type);
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(output);
    return node;
  }
  void give(const std::string& name) { body->add_output()->set_name(name); }

  enum class Stop { Never, AtSum, OtherSize };
  Loop(const std::string& limit, const std::string& condition, Stop stop, bool collects,
       const std::string& rounds = "") {
    b.input("x", {2});
    b.floats("zero", {2}, {0, 0});
    if (limit == "given") b.input("limit", {1}, Onnx::INT64);
    if (limit == "known") b.integers("limit", {std::stoll(rounds)});
    if (condition == "given") b.input("condition", {1}, Onnx::BOOL);
    if (condition == "true") b.constant<uint8_t>("condition", {}, {1}, Onnx::BOOL);
    b.op("Identity", {"zero"}, {"first"});
    std::vector<std::string> outputs = {"y"};
    if (collects) outputs.push_back("list");
    OnnxNode node =
        b.op("Loop", {limit.empty() ? "" : "limit", condition.empty() ? "" : "condition", "first"},
             outputs);
    body = node.add("body", ::onnx::AttributeProto::GRAPH)->mutable_g();
    body->set_name("body");
    declare("round", Onnx::INT64, {});
    declare("going", Onnx::BOOL, {});
    declare("sum", Onnx::FLOAT, {2});
    b.floats("one", {}, {1});
    b.floats("stop", {}, {10});
    op("Cast", {"round"}, "n")->add_attribute()->set_name("to");
    body->mutable_node(0)->mutable_attribute(0)->set_type(::onnx::AttributeProto::INT);
    body->mutable_node(0)->mutable_attribute(0)->set_i(Onnx::FLOAT);
    op("Add", {"n", "one"}, "count");
    op("Mul", {"x", "count"}, "more");
    op("Add", {"sum", "more"}, "next");
    if (stop == Stop::AtSum) {
      op("ReduceMax", {"next"}, "most")->add_attribute()->set_name("keepdims");
      auto* keep = body->mutable_node(body->node_size() - 1)->mutable_attribute(0);
      keep->set_type(::onnx::AttributeProto::INT);
      keep->set_i(0);
      op("Less", {"most", "stop"}, "goes");
    } else {
      op("Identity", {"going"}, "goes");
    }
    give("goes");
    give("next");
    if (collects) {
      op("Identity", {"next"}, "element");
      give("element");
    }
    for (const std::string& output : outputs) b.output(output);
  }
};

using Floats = std::vector<float>;

// After n rounds x has been added 1 + 2 + .. + n times.
Floats sums(const Floats& x, int rounds) {
  Floats result;
  for (float v : x) result.push_back(v * static_cast<float>(rounds * (rounds + 1) / 2));
  return result;
}

TEST(OnnxLoop, RoundsThatCanBeCountedAreInlined) {
  for (int rounds : {1, 2, 5, 64}) {
    const Loop loop("known", "true", Loop::Stop::Never, true, std::to_string(rounds));
    const graph::Graph g = loop.b.must_optimize();
    EXPECT_TRUE(g.subgraphs.empty());
    EXPECT_EQ(count_kind(g, "While"), 0u);
    EXPECT_EQ(run_floats(g, {{1, -2}}), sums({1, -2}, rounds));
    EXPECT_EQ(output_shape(g, 1), (std::vector<int32_t>{rounds, 2}));
    Floats list;
    for (int n = 1; n <= rounds; ++n) {
      const Floats one = sums({1, -2}, n);
      list.insert(list.end(), one.begin(), one.end());
    }
    EXPECT_EQ(run_floats(g, {{1, -2}}, 1), list);
  }
}

TEST(OnnxLoop, ManyRoundsAreALoopThatCollects) {
  for (int rounds : {65, 200}) {
    const Loop loop("known", "", Loop::Stop::Never, true, std::to_string(rounds));
    const graph::Graph g = loop.b.must_optimize();
    EXPECT_EQ(count_kind(g, "While"), 1u);
    EXPECT_EQ(run_floats(g, {{1, 0.5f}}), sums({1, 0.5f}, rounds));
    EXPECT_EQ(output_shape(g, 1), (std::vector<int32_t>{rounds, 2}));
    Floats list;
    for (int n = 1; n <= rounds; ++n) {
      const Floats one = sums({1, 0.5f}, n);
      list.insert(list.end(), one.begin(), one.end());
    }
    for (int turn = 0; turn < 2; ++turn) EXPECT_EQ(run_floats(g, {{1, 0.5f}}, 1), list);
  }
}

TEST(OnnxLoop, ARunCountsTheRounds) {
  const Loop loop("given", "given", Loop::Stop::Never, false);
  Loaded loaded = must_load(loop.b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {3, 4});
  for (int64_t rounds : {0, 1, 7, 100}) {
    for (uint8_t going : {0, 1}) {
      loaded.set<int64_t>(1, {rounds});
      loaded.set<uint8_t>(2, {going});
      loaded.run();
      EXPECT_EQ(loaded.get<float>(), sums({3, 4}, going != 0 ? static_cast<int>(rounds) : 0));
    }
  }
}

TEST(OnnxLoop, ValuesEndIt) {
  for (const char* limit : {"", "given"}) {
    const Loop loop(limit, "true", Loop::Stop::AtSum, false);
    Loaded loaded = must_load(loop.b.must_optimize());
    ASSERT_NE(loaded.session, nullptr);
    loaded.set<float>(0, {1, 2});
    if (*limit != 0) loaded.set<int64_t>(1, {1000});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(), (Floats{6, 12}));  // three rounds: 2, 6, 12
    loaded.set<float>(0, {10, 2});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(), (Floats{10, 2}));
  }
}

// Rounds whose number is known, which a condition of constants ends.
TEST(OnnxLoop, NoRounds) {
  for (const char* rounds : {"0", "-3"}) {
    const Loop loop("known", "true", Loop::Stop::Never, false, rounds);
    OnnxBuilder b = loop.b;
    b.op("Add", {"y", "x"}, {"z"});
    b.graph().mutable_output(0)->set_name("z");
    EXPECT_EQ(run_floats(b.must_optimize(), {{3, 4}}), (Floats{3, 4}));
  }
}

// What is carried may grow where rounds are counted.
TEST(OnnxLoop, SizesThatChangeFromRoundToRound) {
  OnnxBuilder b(16);
  b.input("x", {1, 2});
  b.integers("limit", {3});
  OnnxNode node = b.op("Loop", {"limit", "", "x"}, {"y"});
  ::onnx::GraphProto* body = node.add("body", ::onnx::AttributeProto::GRAPH)->mutable_g();
  for (const char* name : {"round", "going", "rows"}) body->add_input()->set_name(name);
  ::onnx::NodeProto* join = body->add_node();
  join->set_op_type("Concat");
  for (const char* name : {"rows", "x"}) join->add_input(name);
  join->add_output("joined");
  auto* axis = join->add_attribute();
  axis->set_name("axis");
  axis->set_type(::onnx::AttributeProto::INT);
  axis->set_i(0);
  ::onnx::NodeProto* same = body->add_node();
  same->set_op_type("Identity");
  same->add_input("going");
  same->add_output("goes");
  for (const char* name : {"goes", "joined"}) body->add_output()->set_name(name);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (std::vector<int32_t>{4, 2}));
  EXPECT_EQ(run_floats(g, {{1, 2}}), (Floats{1, 2, 1, 2, 1, 2, 1, 2}));
}

TEST(OnnxLoop, Refuses) {
  const auto refused = [](const OnnxBuilder& b, const std::string& words) {
    const rt::Status status = b.import().status();
    ASSERT_FALSE(status.ok()) << "accepted, expected: " << words;
    EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
  };
  refused(Loop("given", "true", Loop::Stop::Never, true).b,
          "Loop: it collects a list whose length only a run decides");
  refused(Loop("known", "true", Loop::Stop::Never, true, "0").b,
          "Loop: it collects nothing, for it has no rounds");
  Loop fewer("known", "true", Loop::Stop::Never, false, "3");
  fewer.body->add_input()->set_name("extra");
  refused(fewer.b, "its body has 4 inputs, it has 3");
  Loop none("known", "true", Loop::Stop::Never, false, "3");
  none.b.graph().mutable_node(1)->clear_attribute();
  refused(none.b, "has no body");
}

}  // namespace
}  // namespace qrt::test
