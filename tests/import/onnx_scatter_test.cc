// ONNX's operators that find, gather and scatter elements, against numbers worked out by hand.
#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

// Of a model whose input "x" gives "y".
template <class Prepare>
Floats run(const Dims64& dims, const Floats& input, const Prepare& prepare, int64_t opset = 18) {
  OnnxBuilder b(opset);
  b.input("x", dims);
  prepare(b);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  return g.outputs.empty() ? Floats{} : run_one<float>(g, input);
}

TEST(OnnxScatter, ElementsOfAnAxis) {
  const auto indices = [](OnnxBuilder& b) {
    b.constant<int64_t>("i", {2, 1}, {-1, 0}, Onnx::INT64);
    b.floats("u", {2, 1}, {10, 20});
  };
  const Floats x = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(run({2, 3}, x,
                [&](OnnxBuilder& b) {
                  indices(b);
                  b.op("GatherElements", {"x", "i"}, {"y"}).set("axis", 1);
                }),
            (Floats{3, 4}));
  const auto scatter = [&](const char* op, const char* reduction, int64_t opset) {
    return run(
        {2, 3}, x,
        [&](OnnxBuilder& b) {
          indices(b);
          OnnxNode node = b.op(op, {"x", "i", "u"}, {"y"}).set("axis", 1);
          if (reduction[0] != '\0') node.set("reduction", reduction);
        },
        opset);
  };
  EXPECT_EQ(scatter("ScatterElements", "", 18), (Floats{1, 2, 10, 20, 5, 6}));
  EXPECT_EQ(scatter("Scatter", "", 10), (Floats{1, 2, 10, 20, 5, 6}));
  EXPECT_EQ(scatter("ScatterElements", "none", 18), (Floats{1, 2, 10, 20, 5, 6}));
  EXPECT_EQ(scatter("ScatterElements", "add", 18), (Floats{1, 2, 13, 24, 5, 6}));
  EXPECT_EQ(scatter("ScatterElements", "mul", 18), (Floats{1, 2, 30, 80, 5, 6}));
  EXPECT_EQ(scatter("ScatterElements", "max", 18), (Floats{1, 2, 10, 20, 5, 6}));
  EXPECT_EQ(scatter("ScatterElements", "min", 18), (Floats{1, 2, 3, 4, 5, 6}));
}

TEST(OnnxScatter, SlicesByTuples) {
  EXPECT_EQ(run({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8},
                [](OnnxBuilder& b) {
                  b.constant<int64_t>("i", {2, 2}, {0, 1, -1, 0}, Onnx::INT64);
                  b.floats("u", {2, 2}, {10, 20, 30, 40});
                  b.op("ScatterND", {"x", "i", "u"}, {"y"}).set("reduction", "add");
                }),
            (Floats{1, 2, 13, 24, 35, 46, 7, 8}));
}

TEST(OnnxScatter, TopKInBothOrders) {
  const auto top = [](int largest, bool values, int64_t opset) {
    OnnxBuilder b(opset);
    b.input("x", {4});
    Names inputs = {"x"};
    if (opset >= 10) {
      b.integers("k", {2});
      inputs.push_back("k");
    }
    OnnxNode node = b.op("TopK", inputs, {values ? "y" : "v", values ? "i" : "y"});
    if (opset >= 11) node.set("largest", largest);
    if (opset < 10) node.set("k", 2);
    b.output("y");
    const graph::Graph g = b.must_optimize();
    const Floats x = {3, 1, 4, 1};
    if (values) return run_one<float>(g, x);
    const auto at = run_one<int64_t>(g, x);
    return Floats(at.begin(), at.end());
  };
  for (int64_t opset : {7, 10, 18}) EXPECT_EQ(top(1, true, opset), (Floats{4, 3})) << opset;
  EXPECT_EQ(top(1, false, 18), (Floats{2, 0}));
  EXPECT_EQ(top(0, true, 18), (Floats{1, 1}));
  EXPECT_EQ(top(0, false, 18), (Floats{1, 3}));
}

// As many as the model's own input has, but not more than 3.
TEST(OnnxScatter, TopKOfASizeThatIsOpen) {
  OnnxBuilder b(18);
  b.open_input("x", {"n"});
  b.integers("most", {3});
  b.op("Shape", {"x"}, {"n"});
  b.op("Min", {"n", "most"}, {"k"});
  b.op("TopK", {"x", "k"}, {"y", "i"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  for (int32_t n : {2, 5}) {
    const rt::InputShape shape = {0, {n}};
    rt::SessionOptions options;
    options.input_shapes = {&shape, 1};
    Loaded loaded = must_load(g, options);
    ASSERT_NE(loaded.session, nullptr);
    loaded.set(0, n == 2 ? Floats{1, 2} : Floats{1, 5, 2, 4, 3});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(), n == 2 ? (Floats{2, 1}) : (Floats{5, 4, 3}));
  }
}

// k is an input of the model.
TEST(OnnxScatter, TopKOfAsManyAsARunSays) {
  OnnxBuilder b(18);
  b.input("x", {2, 4});
  b.input("k", {1}, Onnx::INT64);
  b.op("TopK", {"x", "k"}, {"y", "i"}).set("axis", 0);
  b.op("Neg", {"y"}, {"z"});
  b.output("z");
  b.output("i");
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {1, 7, 3, 4, 5, 6, 3, 8});
  const auto run_with = [&](int64_t k) {
    loaded.set<int64_t>(1, {k});
    return loaded.session->run();
  };
  ASSERT_TRUE(run_with(1).ok());
  EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{1, 4}));
  EXPECT_EQ(loaded.get<float>(), (Floats{-5, -7, -3, -8}));
  EXPECT_EQ(loaded.get<int64_t>(1), (std::vector<int64_t>{1, 0, 0, 1}));
  ASSERT_TRUE(run_with(2).ok());
  EXPECT_EQ(loaded.get<float>(), (Floats{-5, -7, -3, -8, -1, -6, -3, -4}));
  ASSERT_TRUE(run_with(0).ok());
  EXPECT_EQ(loaded.session->output_shape(1), (rt::Shape{0, 4}));
  for (int64_t k : {int64_t{-1}, int64_t{3}, INT64_MAX}) {
    const rt::Status status = run_with(k);
    EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
    EXPECT_NE(status.message().find("elements of an axis of 2"), std::string::npos)
        << status.message();
  }
}

TEST(OnnxScatter, CumulativeSums) {
  const auto sums = [](int exclusive, int reverse) {
    return run({2, 3}, {1, 2, 3, 4, 5, 6}, [&](OnnxBuilder& b) {
      b.integers("axis", {-1});
      b.op("CumSum", {"x", "axis"}, {"y"}).set("exclusive", exclusive).set("reverse", reverse);
    });
  };
  EXPECT_EQ(sums(0, 0), (Floats{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(sums(1, 0), (Floats{0, 1, 3, 0, 4, 9}));
  EXPECT_EQ(sums(0, 1), (Floats{6, 5, 3, 15, 11, 6}));
  EXPECT_EQ(sums(1, 1), (Floats{5, 3, 0, 11, 6, 0}));
}

TEST(OnnxScatter, OneHotCountsFromEitherEnd) {
  const auto hot = [](int axis) {
    return run({4}, {0, -1, 3, -4}, [&](OnnxBuilder& b) {
      b.integers("depth", {3});
      b.floats("values", {2}, {2, 7});
      b.op("OneHot", {"x", "depth", "values"}, {"y"}).set("axis", axis);
    });
  };
  EXPECT_EQ(hot(-1), (Floats{7, 2, 2, 2, 2, 7, 2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(hot(0), (Floats{7, 2, 2, 2, 2, 2, 2, 2, 2, 7, 2, 2}));
}

TEST(OnnxScatter, Refuses) {
  const auto refused = [](const char* op, const Names& inputs, const std::string& words) {
    OnnxBuilder b(18);
    b.input("x", {2, 3});
    b.constant<int64_t>("i", {2}, {0, 1}, Onnx::INT64);
    b.floats("u", {2, 3}, {1, 2, 3, 4, 5, 6});
    b.constant<int64_t>("whole", {2, 3}, {0, 0, 0, 0, 0, 0}, Onnx::INT64);
    OnnxNode node = b.op(op, inputs, {"y"});
    if (words.find("reduction") == 0) node.set("reduction", "most");
    b.output("y");
    const auto g = b.import();
    ASSERT_FALSE(g.ok()) << op;
    EXPECT_NE(g.status().message().find(words), std::string::npos) << g.status().message();
  };
  refused("GatherElements", {"x", "u"}, "indices of type f32");
  refused("GatherElements", {"x", "i"}, "indices 2 of 2x3");
  refused("ScatterElements", {"x", "i", "u"}, "indices 2 and updates 2x3 of 2x3");
  refused("ScatterElements", {"x", "whole", "u"}, "reduction='most'");
  refused("ScatterND", {"x", "u", "u"}, "indices of type f32");
  refused("CumSum", {"x", "i"}, "2 axes");
  refused("OneHot", {"x", "i", "u"}, "a depth of no class");
  refused("TopK", {"x", "i"}, "2 numbers as k");
}

}  // namespace
}  // namespace qrt::test
