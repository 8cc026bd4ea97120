// One operator at a time, against numbers worked out by hand.
#include <cmath>
#include <functional>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;
using Shape = std::vector<int32_t>;
using Names = std::vector<std::string>;

// The result of one node on `input`; `prepare` adds constants and returns the node.
template <class Prepare>
Floats run(const Dims64& dims, const Floats& input, const Prepare& prepare, Shape* shape = nullptr,
           int64_t opset = 13) {
  return run_on_x(dims, input, prepare, opset, shape);
}

TEST(OnnxOps, Unary) {
  const auto unary = [](const char* op, float x) {
    return run({1}, {x}, [&](OnnxBuilder& b) { b.op(op, {"x"}, {"y"}); })[0];
  };
  EXPECT_NEAR(unary("Exp", 1), 2.718282f, 1e-5f);
  EXPECT_NEAR(unary("Log", 2), 0.693147f, 1e-5f);
  EXPECT_NEAR(unary("Sigmoid", 1), 0.731059f, 1e-5f);
  EXPECT_NEAR(unary("Tanh", 1), 0.761594f, 1e-5f);
  EXPECT_NEAR(unary("Erf", 1), 0.842701f, 1e-5f);
  EXPECT_NEAR(unary("Softplus", 1), 1.313262f, 1e-5f);
  EXPECT_NEAR(unary("HardSwish", 1), 0.666667f, 1e-5f);
  EXPECT_NEAR(unary("HardSigmoid", 1), 0.7f, 1e-5f);
  EXPECT_NEAR(unary("Elu", -1), -0.632121f, 1e-5f);
  EXPECT_NEAR(unary("LeakyRelu", -2), -0.02f, 1e-6f);
  EXPECT_NEAR(unary("Gelu", 1), 0.841345f, 1e-5f);
  EXPECT_NEAR(unary("Sin", 1), 0.841471f, 1e-5f);
  EXPECT_NEAR(unary("Cos", 1), 0.540302f, 1e-5f);
  EXPECT_EQ(unary("Sqrt", 9), 3);
  EXPECT_EQ(unary("Neg", 2), -2);
  EXPECT_EQ(unary("Abs", -2), 2);
  EXPECT_EQ(unary("Floor", -1.5f), -2);
  EXPECT_EQ(unary("Ceil", -1.5f), -1);
  EXPECT_EQ(unary("Round", 2.5f), 2) << "halves go to the even number";
  EXPECT_EQ(unary("Sign", -7), -1);
  EXPECT_EQ(unary("Reciprocal", 4), 0.25f);
  EXPECT_EQ(unary("Relu", -4), 0);
}

TEST(OnnxOps, ClipByInputsAndByAttributes) {
  const auto clip = [](const Names& limits) {
    return run({4}, {-3, -1, 1, 3}, [&](OnnxBuilder& b) {
      b.floats("low", {}, {-2});
      b.floats("high", {}, {2});
      Names inputs = {"x"};
      inputs.insert(inputs.end(), limits.begin(), limits.end());
      b.op("Clip", inputs, {"y"});
    });
  };
  EXPECT_EQ(clip({"low", "high"}), (Floats{-2, -1, 1, 2}));
  EXPECT_EQ(clip({"low"}), (Floats{-2, -1, 1, 3}));
  EXPECT_EQ(clip({"", "high"}), (Floats{-3, -1, 1, 2}));
  EXPECT_EQ(clip({}), (Floats{-3, -1, 1, 3}));
  EXPECT_EQ(clip({"high", "low"}), (Floats{-2, -2, -2, -2})) << "crossed limits give the maximum";
  EXPECT_EQ(
      run({3}, {-3, 1, 3},
          [](OnnxBuilder& b) { b.op("Clip", {"x"}, {"y"}).set("min", -1.0f).set("max", 2.0f); }),
      (Floats{-1, 1, 2}));
}

TEST(OnnxOps, BinaryBroadcasts) {
  const auto binary = [](const char* op) {
    return run({2, 2}, {1, 2, 3, 4}, [&](OnnxBuilder& b) {
      b.floats("row", {2}, {2, 4});
      b.op(op, {"x", "row"}, {"y"});
    });
  };
  EXPECT_EQ(binary("Add"), (Floats{3, 6, 5, 8}));
  EXPECT_EQ(binary("Sub"), (Floats{-1, -2, 1, 0}));
  EXPECT_EQ(binary("Mul"), (Floats{2, 8, 6, 16}));
  EXPECT_EQ(binary("Div"), (Floats{0.5f, 0.5f, 1.5f, 1}));
  EXPECT_EQ(binary("Pow"), (Floats{1, 16, 9, 256}));
  EXPECT_EQ(binary("Min"), (Floats{1, 2, 2, 4}));
  EXPECT_EQ(binary("Max"), (Floats{2, 4, 3, 4}));
}

TEST(OnnxOps, SumOfTensorsOfDifferentRank) {
  EXPECT_EQ(run({2, 1, 2}, {1, 2, 3, 4},
                [](OnnxBuilder& b) {
                  b.floats("a", {2}, {10, 20});
                  b.floats("b", {1}, {100});
                  b.op("Sum", {"a", "b", "x"}, {"y"});
                }),
            (Floats{111, 122, 113, 124}));
}

TEST(OnnxOps, ComparisonsAndWhere) {
  EXPECT_EQ(run({4}, {1, 2, 3, 4},
                [](OnnxBuilder& b) {
                  b.floats("low", {}, {2});
                  b.floats("high", {}, {3});
                  b.floats("none", {}, {0});
                  b.op("GreaterOrEqual", {"x", "low"}, {"above"});
                  b.op("Greater", {"x", "high"}, {"beyond"});
                  b.op("Not", {"beyond"}, {"below"});
                  b.op("And", {"above", "below"}, {"inside"});
                  b.op("Where", {"inside", "x", "none"}, {"y"});
                }),
            (Floats{0, 2, 3, 0}));
}

TEST(OnnxOps, PReluPerChannel) {
  EXPECT_EQ(run({1, 2, 1, 2}, {-1, 2, -3, 4},
                [](OnnxBuilder& b) {
                  b.floats("slope", {2, 1, 1}, {0.5f, 2});
                  b.op("PRelu", {"x", "slope"}, {"y"});
                }),
            (Floats{-0.5f, 2, -6, 4}));
}

// A 2x2 convolution whose taps count pixels in decimal.
TEST(OnnxOps, ConvTakesItsWeightsApart) {
  Shape shape;
  const Floats y = run(
      {1, 2, 2, 3}, {1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60},
      [](OnnxBuilder& b) {
        b.floats("w", {1, 2, 2, 2}, {1, 10, 100, 1000, 0.1f, 0, 0, 0});
        b.floats("bias", {1}, {0.5f});
        b.op("Conv", {"x", "w", "bias"}, {"y"});
      },
      &shape);
  EXPECT_EQ(shape, (Shape{1, 1, 1, 2}));
  expect_near(y, {5422.5f, 6534.5f});
}

TEST(OnnxOps, ConvWithGroupsStridesAndUnevenPads) {
  Shape shape;
  const Floats y = run(
      {1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8},
      [](OnnxBuilder& b) {
        b.floats("w", {2, 1, 1, 1}, {1, -1});
        b.op("Conv", {"x", "w"}, {"y"})
            .set("group", 2)
            .set("strides", Dims64{1, 2})
            .set("pads", Dims64{0, 1, 1, 0});
      },
      &shape);
  EXPECT_EQ(shape, (Shape{1, 2, 3, 2}));
  EXPECT_EQ(y, (Floats{0, 2, 0, 4, 0, 0, 0, -6, 0, -8, 0, 0}));
}

TEST(OnnxOps, ConvWithAutomaticPadding) {
  const auto conv = [](const char* pad) {
    return run({1, 1, 1, 4}, {1, 2, 3, 4}, [&](OnnxBuilder& b) {
      b.floats("w", {1, 1, 1, 2}, {1, 10});
      b.op("Conv", {"x", "w"}, {"y"}).set("auto_pad", pad);
    });
  };
  EXPECT_EQ(conv("SAME_UPPER"), (Floats{21, 32, 43, 4}));
  EXPECT_EQ(conv("SAME_LOWER"), (Floats{10, 21, 32, 43}));
  EXPECT_EQ(conv("VALID"), (Floats{21, 32, 43}));
}

TEST(OnnxOps, ConvInOneDimension) {
  Shape shape;
  const Floats y = run(
      {1, 2, 4}, {1, 2, 3, 4, 10, 20, 30, 40},
      [](OnnxBuilder& b) {
        b.floats("w", {1, 2, 3}, {1, 0, -1, 0, 1, 0});
        b.op("Conv", {"x", "w"}, {"y"}).set("pads", Dims64{1, 1}).set("dilations", Dims64{1});
      },
      &shape);
  EXPECT_EQ(shape, (Shape{1, 1, 4}));
  EXPECT_EQ(y, (Floats{8, 18, 28, 43}));
}

TEST(OnnxOps, Pools) {
  const auto pool = [](const char* op, bool ceil, bool count, const Dims64& pads) {
    return run({1, 1, 1, 5}, {1, 2, 6, 4, 5}, [&](OnnxBuilder& b) {
      OnnxNode node = b.op(op, {"x"}, {"y"});
      node.set("kernel_shape", Dims64{1, 2}).set("strides", Dims64{1, 2}).set("pads", pads);
      if (ceil) node.set("ceil_mode", 1);
      if (count) node.set("count_include_pad", 1);
    });
  };
  EXPECT_EQ(pool("MaxPool", false, false, {0, 0, 0, 0}), (Floats{2, 6}));
  EXPECT_EQ(pool("MaxPool", true, false, {0, 0, 0, 0}), (Floats{2, 6, 5}));
  EXPECT_EQ(pool("AveragePool", false, false, {0, 1, 0, 0}), (Floats{1, 4, 4.5f}));
  EXPECT_EQ(pool("AveragePool", false, true, {0, 1, 0, 0}), (Floats{0.5f, 4, 4.5f}));
  EXPECT_EQ(pool("AveragePool", true, false, {0, 0, 0, 0}), (Floats{1.5f, 5, 5}));
  const auto global = [](const char* op) {
    return run({1, 2, 1, 2}, {1, 2, 3, 5}, [&](OnnxBuilder& b) { b.op(op, {"x"}, {"y"}); });
  };
  EXPECT_EQ(global("GlobalAveragePool"), (Floats{1.5f, 4}));
  EXPECT_EQ(global("GlobalMaxPool"), (Floats{2, 5}));
}

TEST(OnnxOps, GemmInEveryOrientation) {
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      OnnxBuilder b;
      b.input("a", trans_a ? Dims64{3, 2} : Dims64{2, 3});
      b.floats("b", trans_b ? Dims64{2, 3} : Dims64{3, 2},
               trans_b ? Floats{1, 3, 5, 2, 4, 6} : Floats{1, 2, 3, 4, 5, 6});
      b.floats("c", {2}, {10, 20});
      b.op("Gemm", {"a", "b", "c"}, {"y"})
          .set("transA", trans_a)
          .set("transB", trans_b)
          .set("alpha", 2.0f)
          .set("beta", 3.0f);
      b.output("y");
      const graph::Graph g = b.must_optimize();
      const Floats a = trans_a ? Floats{1, 4, 2, 5, 3, 6} : Floats{1, 2, 3, 4, 5, 6};
      EXPECT_EQ(run_floats(g, {a}), (Floats{74, 116, 128, 188}));
      EXPECT_EQ(count_kind(g, "FullyConnected"), 1u);
      EXPECT_EQ(count_kind(g, "Binary.Add"), 0u) << "the addend is a bias";
    }
  }
}

TEST(OnnxOps, GemmOfComputedMatricesAndAColumnAddend) {
  OnnxBuilder b;
  b.input("a", {2, 2});
  b.input("b", {2, 2});
  b.floats("c", {2, 1}, {100, 200});
  b.op("Gemm", {"a", "b", "c"}, {"y"}).set("transB", 1);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(run_floats(g, {{1, 2, 3, 4}, {5, 6, 7, 8}}), (Floats{117, 123, 239, 253}));
}

TEST(OnnxOps, MatMulOfVectorsMatricesAndBatches) {
  EXPECT_EQ(run({2}, {1, 2},
                [](OnnxBuilder& b) {
                  b.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
                  b.op("MatMul", {"x", "w"}, {"y"});
                }),
            (Floats{9, 12, 15}));
  EXPECT_EQ(run({2}, {1, 2},
                [](OnnxBuilder& b) {
                  b.floats("w", {2}, {3, 4});
                  b.op("MatMul", {"x", "w"}, {"y"});
                }),
            (Floats{11}));
  OnnxBuilder b;
  b.input("q", {2, 1, 2});
  b.input("k", {2, 3, 2});
  b.op("Transpose", {"k"}, {"t"}).set("perm", Dims64{0, 2, 1});
  b.op("MatMul", {"q", "t"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(kinds(g), (Names{"MatMul"})) << "the transposition is an option of MatMul";
  EXPECT_EQ(run_floats(g, {{1, 2, 3, 4}, ramp(12)}), (Floats{5, 11, 17, 53, 67, 81}));
}

TEST(OnnxOps, Reductions) {
  const auto reduce = [](const char* op, const Dims64& axes, int64_t opset) {
    return run(
        {2, 3}, {1, 2, 3, 4, 5, 6},
        [&](OnnxBuilder& b) {
          b.integers("axes", axes);
          const bool input = opset >= 18 || std::string(op) == "ReduceSum";
          OnnxNode node = b.op(op, input ? Names{"x", "axes"} : Names{"x"}, {"y"});
          if (!input) node.set("axes", axes);
          node.set("keepdims", 0);
        },
        nullptr, opset);
  };
  EXPECT_EQ(reduce("ReduceMean", {1}, 13), (Floats{2, 5}));
  EXPECT_EQ(reduce("ReduceMean", {-1}, 18), (Floats{2, 5}));
  EXPECT_EQ(reduce("ReduceSum", {0}, 13), (Floats{5, 7, 9}));
  EXPECT_EQ(reduce("ReduceMax", {0, 1}, 13), (Floats{6}));
  EXPECT_EQ(reduce("ReduceMin", {1}, 13), (Floats{1, 4}));
  EXPECT_EQ(reduce("ReduceProd", {1}, 13), (Floats{6, 120}));
  expect_near(reduce("ReduceL2", {1}, 13), {std::sqrt(14.0f), std::sqrt(77.0f)});
}

TEST(OnnxOps, SoftmaxMeantAllAxesBehindItsOwnOnce) {
  const auto softmax = [](int64_t opset) {
    return run(
        {1, 2, 2}, {0, 0, 0, 0},
        [](OnnxBuilder& b) { b.op("Softmax", {"x"}, {"y"}).set("axis", 1); }, nullptr, opset);
  };
  expect_near(softmax(11), {0.25f, 0.25f, 0.25f, 0.25f});
  expect_near(softmax(13), {0.5f, 0.5f, 0.5f, 0.5f});
}

TEST(OnnxOps, BatchNormalizationAlone) {
  expect_near(run({1, 2, 1, 2}, {1, 2, 3, 4},
                  [](OnnxBuilder& b) {
                    b.floats("gamma", {2}, {2, 3});
                    b.floats("beta", {2}, {1, -1});
                    b.floats("mean", {2}, {1, 3});
                    b.floats("var", {2}, {4, 9});
                    b.op("BatchNormalization", {"x", "gamma", "beta", "mean", "var"}, {"y"})
                        .set("epsilon", 0.0f);
                  }),
              {1, 2, -1, 0});
}

TEST(OnnxOps, BatchNormalizationGoesIntoTheConvolution) {
  OnnxBuilder b;
  b.input("x", {1, 1, 1, 2});
  b.floats("w", {2, 1, 1, 1}, {1, 2});
  for (const char* name : {"gamma", "var"}) b.floats(name, {2}, {4, 4});
  for (const char* name : {"beta", "mean"}) b.floats(name, {2}, {1, 3});
  b.op("Conv", {"x", "w"}, {"c"});
  b.op("BatchNormalization", {"c", "gamma", "beta", "mean", "var"}, {"y"}).set("epsilon", 0.0f);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(count_kind(g, "Conv2D"), 1u);
  EXPECT_EQ(count_kind(g, "Binary.Mul") + count_kind(g, "Binary.Add"), 0u);
  expect_near(run_floats(g, {{1, 2}}), {1, 3, 1, 5});
}

TEST(OnnxOps, ResizeInItsCoordinateSystems) {
  const auto resize = [](const char* transform, const char* rounding, const char* mode,
                         const Floats& scales) {
    return run({1, 1, 1, 4}, {1, 2, 3, 4}, [&](OnnxBuilder& b) {
      b.floats("scales", {4}, scales);
      b.op("Resize", {"x", "", "scales"}, {"y"})
          .set("mode", mode)
          .set("nearest_mode", rounding)
          .set("coordinate_transformation_mode", transform);
    });
  };
  const Floats up = {1, 1, 1, 2}, down = {1, 1, 1, 0.5f};
  EXPECT_EQ(resize("asymmetric", "floor", "nearest", up), (Floats{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(resize("asymmetric", "ceil", "nearest", up), (Floats{1, 2, 2, 3, 3, 4, 4, 4}));
  EXPECT_EQ(resize("half_pixel", "round_prefer_floor", "nearest", down), (Floats{1, 3}));
  EXPECT_EQ(resize("half_pixel", "round_prefer_ceil", "nearest", down), (Floats{2, 4}));
  expect_near(resize("half_pixel", "floor", "linear", up),
              {1, 1.25f, 1.75f, 2.25f, 2.75f, 3.25f, 3.75f, 4});
  expect_near(resize("align_corners", "floor", "linear", {1, 1, 1, 1.75f}),
              {1, 1.5f, 2, 2.5f, 3, 3.5f, 4});
  expect_near(resize("asymmetric", "floor", "linear", up), {1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4});
}

TEST(OnnxOps, DepthToSpaceInBothOrders) {
  const auto shuffle = [](const char* mode) {
    return run({1, 8, 1, 1}, ramp(8), [&](OnnxBuilder& b) {
      b.op("DepthToSpace", {"x"}, {"y"}).set("blocksize", 2).set("mode", mode);
    });
  };
  EXPECT_EQ(shuffle("DCR"), (Floats{1, 3, 5, 7, 2, 4, 6, 8}));
  EXPECT_EQ(shuffle("CRD"), (Floats{1, 2, 3, 4, 5, 6, 7, 8}));
}

// Constants that a model computes are known, whatever computes them.
TEST(OnnxOps, ConstantSubgraphsAreComputed) {
  OnnxBuilder b(14);
  b.input("x", {1, 1, 4, 4});
  b.floats("both", {2, 1, 3, 3}, ramp(18));
  b.op("Split", {"both"}, {"first", "w"}).set("axis", 0);
  b.op("Trilu", {"w"}, {"triangle"}).set("upper", 0);
  b.op("Add", {"triangle", "first"}, {"sum"});
  b.op("Conv", {"x", "sum"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_import();
  for (const char* kind : {"Split", "Trilu", "Binary.Add"}) EXPECT_EQ(count_kind(g, kind), 0u);
  // Nine 2s: the sums of 1..9 and of the lower triangle of 10..18, doubled.
  EXPECT_EQ(run_floats(b.must_optimize(), {Floats(16, 2)}),
            Floats(4, 2 * (45 + 10 + 13 + 14 + 16 + 17 + 18)));
}

// As PyTorch's index_put: a shape is joined with what is left of another behind its last axis.
TEST(OnnxOps, AnEmptySliceOfAConstant) {
  OnnxBuilder b;
  b.input("x", {6});
  b.integers("shape", {2, 3});
  b.integers("two", {2});
  b.integers("end", {INT64_MAX});
  b.op("Slice", {"shape", "two", "end"}, {"nothing"});
  b.op("Concat", {"shape", "nothing"}, {"whole"}).set("axis", 0);
  b.op("Reshape", {"x", "whole"}, {"y"});
  b.output("y");
  EXPECT_EQ(output_shape(b.must_optimize()), (Shape{2, 3}));
}

TEST(OnnxOps, NothingIsNoOutput) {
  OnnxBuilder b(14);
  b.floats("nothing", {3, 0, 5}, {});
  b.op("Trilu", {"nothing"}, {"y"});
  b.output("y");
  const auto g = b.import();
  ASSERT_FALSE(g.ok());
  EXPECT_NE(g.status().message().find("a tensor without elements: 3x0x5"), std::string::npos)
      << g.status().message();
}

TEST(OnnxOps, TheMaskOfADropoutKeepsAll) {
  for (const char* size : {"2", "N"}) {
    OnnxBuilder b;
    b.open_input("x", {size, "3"});
    b.op("Dropout", {"x"}, {"same", "mask"});
    b.op("Cast", {"mask"}, {"y"}).set("to", static_cast<int64_t>(Onnx::FLOAT));
    b.output("y");
    Loaded loaded = must_load(b.must_optimize());
    ASSERT_TRUE(loaded.session->resize_input(0, {2, 3}).ok());
    loaded.run();
    EXPECT_EQ(loaded.get<float>(), Floats(6, 1));
  }
}

TEST(OnnxOps, DropoutOfNothing) {
  OnnxBuilder b;
  b.input("x", {2});
  b.floats("zero", {}, {0});
  b.constant<uint8_t>("training", {}, {1}, Onnx::BOOL);
  b.op("Dropout", {"x", "zero", "training"}, {"y"});
  b.output("y");
  EXPECT_EQ(run_floats(b.must_optimize(), {{1, 2}}), (Floats{1, 2}));
}

TEST(OnnxOps, SplitGatherTileExpandPad) {
  EXPECT_EQ(run({5}, ramp(5),
                [](OnnxBuilder& b) {
                  b.integers("sizes", {2, 3});
                  b.op("Split", {"x", "sizes"}, {"first", "y"});
                }),
            (Floats{3, 4, 5}));
  EXPECT_EQ(run({3}, ramp(3),
                [](OnnxBuilder& b) {
                  b.integers("where", {-1, 0});
                  b.op("Gather", {"x", "where"}, {"y"});
                }),
            (Floats{3, 1}));
  EXPECT_EQ(run({2, 3}, ramp(6),
                [](OnnxBuilder& b) {
                  b.constant<int64_t>("where", {2, 2}, {0, 2, 1, 0}, Onnx::INT64);
                  b.op("GatherND", {"x", "where"}, {"y"});
                }),
            (Floats{3, 4}));
  EXPECT_EQ(run({2, 3}, ramp(6),
                [](OnnxBuilder& b) {
                  b.constant<int64_t>("where", {2, 1}, {2, 0}, Onnx::INT64);
                  b.op("GatherND", {"x", "where"}, {"y"}).set("batch_dims", 1);
                }),
            (Floats{3, 4}));
  EXPECT_EQ(run({2}, ramp(2),
                [](OnnxBuilder& b) {
                  b.integers("repeats", {2});
                  b.op("Tile", {"x", "repeats"}, {"y"});
                }),
            (Floats{1, 2, 1, 2}));
  EXPECT_EQ(run({2, 1}, ramp(2),
                [](OnnxBuilder& b) {
                  b.integers("shape", {1, 3});
                  b.op("Expand", {"x", "shape"}, {"y"});
                }),
            (Floats{1, 1, 1, 2, 2, 2}));
  const auto pad = [](const char* mode, const Dims64& pads) {
    return run({3}, ramp(3), [&](OnnxBuilder& b) {
      b.integers("pads", pads);
      b.floats("value", {}, {9});
      b.op("Pad", {"x", "pads", "value"}, {"y"}).set("mode", mode);
    });
  };
  EXPECT_EQ(pad("constant", {1, 2}), (Floats{9, 1, 2, 3, 9, 9}));
  EXPECT_EQ(pad("constant", {-1, 1}), (Floats{2, 3, 9}));
  EXPECT_EQ(pad("reflect", {2, 1}), (Floats{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(pad("edge", {2, 1}), (Floats{1, 1, 1, 2, 3, 3}));
}

// The examples of ONNX's specification: a kernel of ones over 0...8.
TEST(OnnxOps, ConvTranspose) {
  Floats x(9);
  for (size_t i = 0; i < 9; ++i) x[i] = static_cast<float>(i);
  Shape shape;
  const auto transposed = [&](const std::function<void(OnnxNode&)>& set) {
    return run(
        {1, 1, 3, 3}, x,
        [&](OnnxBuilder& b) {
          b.floats("w", {1, 1, 3, 3}, Floats(9, 1));
          OnnxNode node = b.op("ConvTranspose", {"x", "w"}, {"y"});
          set(node);
        },
        &shape);
  };
  EXPECT_EQ(transposed([](OnnxNode&) {}), (Floats{0,  1,  3, 3,  2,  3,  8,  15, 12, 7,  9,  21, 36,
                                                  27, 15, 9, 20, 33, 24, 13, 6,  13, 21, 15, 8}));
  EXPECT_EQ(shape, (Shape{1, 1, 5, 5}));
  EXPECT_EQ(transposed([](OnnxNode& node) {
              node.set("auto_pad", "SAME_UPPER").set("strides", Dims64{2, 2});
            }),
            (Floats{0, 0, 1, 1, 3, 2, 0, 0, 1,  1,  3,  2,  3, 3, 8,  5, 12, 7,
                    3, 3, 7, 4, 9, 5, 9, 9, 20, 11, 24, 13, 6, 6, 13, 7, 15, 8}));
  EXPECT_EQ(shape, (Shape{1, 1, 6, 6}));
  // A shape without a rule takes the odd element of padding off the beginning.
  EXPECT_EQ(transposed([](OnnxNode& node) {
              node.set("output_shape", Dims64{6, 6}).set("strides", Dims64{2, 2});
            }).back(),
            8);
  EXPECT_EQ(shape, (Shape{1, 1, 6, 6}));
  EXPECT_EQ(transposed([](OnnxNode& node) {
              node.set("pads", Dims64{1, 2, 1, 2}).set("strides", Dims64{3, 2});
            }),
            (Floats{1, 1, 3, 1, 1, 3, 7, 4, 9, 7, 4, 9, 7, 4, 9, 13, 7, 15, 13, 7, 15}));
  EXPECT_EQ(shape, (Shape{1, 1, 7, 3}));
}

// Two input channels in two groups, each with two output channels.
TEST(OnnxOps, ConvTransposeInGroups) {
  Shape shape;
  const Floats y = run(
      {1, 2, 1, 2}, {1, 2, 10, 20},
      [](OnnxBuilder& b) {
        b.floats("w", {2, 2, 1, 2}, Floats{1, 2, 3, 4, 5, 6, 7, 8});
        b.floats("b", {4}, Floats{0, 100, 200, 300});
        b.op("ConvTranspose", {"x", "w", "b"}, {"y"}).set("group", 2).set("strides", Dims64{1, 2});
      },
      &shape);
  EXPECT_EQ(shape, (Shape{1, 4, 1, 4}));
  EXPECT_EQ(y, (Floats{1, 2, 2, 4, 103, 104, 106, 108, 250, 260, 300, 320, 370, 380, 440, 460}));
}

// A shape of one element is as long as the value is.
TEST(OnnxOps, ConstantOfAShapeOfOneElement) {
  EXPECT_EQ(run({1}, {4},
                [](OnnxBuilder& b) {
                  b.op("Shape", {"x"}, {"shape"});
                  auto* value = b.op("ConstantOfShape", {"shape"}, {"three"})
                                    .add("value", ::onnx::AttributeProto::TENSOR)
                                    ->mutable_t();
                  value->set_data_type(Onnx::FLOAT);
                  value->add_dims(1);
                  value->add_float_data(3);
                  b.op("Add", {"x", "three"}, {"y"});
                }),
            (Floats{7}));
}

// A BatchNormalization goes into the convolution before it only where that has the same channels
// and no other reader.
TEST(OnnxOps, BatchNormalizationBehindARenamedConvolution) {
  for (const bool transposed : {true, false}) {
    SCOPED_TRACE(transposed);
    OnnxBuilder b;
    b.input("x", {1, 1, 2, 2});
    b.floats("w", {2, 1, 1, 1}, {1, 10});
    b.op("Conv", {"x", "w"}, {"conv"});
    if (transposed) {
      b.op("Transpose", {"conv"}, {"same"}).set("perm", Dims64{0, 2, 1, 3});
    } else {
      b.op("Identity", {"conv"}, {"same"});
    }
    b.floats("gamma", {2}, {2, 3});
    b.floats("beta", {2}, {0, 0});
    b.floats("mean", {2}, {0, 0});
    b.floats("variance", {2}, {1, 1});
    b.op("BatchNormalization", {"same", "gamma", "beta", "mean", "variance"}, {"y"})
        .set("epsilon", 0.0f);
    b.output("y");
    b.output("conv");
    const graph::Graph g = b.must_optimize();
    const Floats x = {1, 2, 3, 4};
    EXPECT_EQ(run_floats(g, {x}), transposed ? (Floats{2, 4, 20, 40, 9, 12, 90, 120})
                                             : (Floats{2, 4, 6, 8, 30, 60, 90, 120}));
    EXPECT_EQ(run_floats(g, {x}, 1), (Floats{1, 2, 3, 4, 10, 20, 30, 40}));
  }
}

}  // namespace
}  // namespace qrt::test
