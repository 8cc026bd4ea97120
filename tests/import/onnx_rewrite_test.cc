// Nodes in forms that ONNX no longer has, or that compute on integers, against their twins.
#include <algorithm>
#include <cmath>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;
using Codes = std::vector<uint8_t>;

template <class Prepare>
Floats run(int64_t opset, const Dims64& dims, const Floats& x, const Prepare& prepare) {
  OnnxBuilder b(opset);
  b.input("x", dims);
  prepare(b);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  return g.outputs.empty() ? Floats{} : run_floats(g, {x});
}

TEST(OnnxUpgrade, SliceByAttributes) {
  for (int64_t opset : {7, 8, 9}) {
    const Floats y = run(opset, {2, 4}, ramp(8), [](OnnxBuilder& b) {
      b.op("Slice", {"x"}, {"y"})
          .set("starts", Dims64{1})
          .set("ends", Dims64{-1})
          .set("axes", Dims64{1});
    });
    EXPECT_EQ(y, (Floats{2, 3, 6, 7})) << opset;
    const Floats all_axes = run(opset, {2, 4}, ramp(8), [](OnnxBuilder& b) {
      b.op("Slice", {"x"}, {"y"}).set("starts", Dims64{1, 0}).set("ends", Dims64{1000, 2});
    });
    EXPECT_EQ(all_axes, (Floats{5, 6})) << opset;
  }
}

TEST(OnnxUpgrade, PadByAttributes) {
  for (int64_t opset : {7, 9, 10}) {
    const auto pad = [&](const char* mode, float value) {
      return run(opset, {1, 3}, {1, 2, 3}, [&](OnnxBuilder& b) {
        b.op("Pad", {"x"}, {"y"})
            .set("pads", Dims64{0, 1, 0, 2})
            .set("mode", mode)
            .set("value", value);
      });
    };
    EXPECT_EQ(pad("constant", 7), (Floats{7, 1, 2, 3, 7, 7})) << opset;
    EXPECT_EQ(pad("reflect", 0), (Floats{2, 1, 2, 3, 2, 1})) << opset;
  }
}

TEST(OnnxUpgrade, UpsampleAndResizeAsTheyWere) {
  const Floats twice = {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4};
  const Dims64 dims = {1, 1, 2, 2};
  EXPECT_EQ(run(7, dims, ramp(4),
                [](OnnxBuilder& b) {
                  auto node = b.op("Upsample", {"x"}, {"y"});
                  auto* scales = node.add("scales", ::onnx::AttributeProto::FLOATS);
                  for (float scale : {1, 1, 2, 2}) scales->add_floats(scale);
                }),
            twice);
  const auto resize = [&](int64_t opset, const char* op, const char* mode, const Dims64& shape,
                          float scale) {
    const size_t count = static_cast<size_t>(shape[2] * shape[3]);
    return run(opset, shape, ramp(count), [&](OnnxBuilder& b) {
      b.floats("scales", {4}, {1, 1, scale, scale});
      b.op(op, {"x", "scales"}, {"y"}).set("mode", mode);
    });
  };
  EXPECT_EQ(resize(9, "Upsample", "nearest", dims, 2), twice);
  EXPECT_EQ(resize(10, "Resize", "nearest", dims, 2), twice);
  // Rows and columns 0 and 2 of 4 are met exactly; at 0.6 the places 0 and 1.67 are rounded up.
  EXPECT_EQ(resize(10, "Resize", "nearest", {1, 1, 4, 4}, 0.5f), (Floats{1, 3, 9, 11}));
  EXPECT_EQ(resize(10, "Resize", "nearest", {1, 1, 4, 4}, 0.6f), (Floats{1, 3, 9, 11}));
  const Floats linear = {1, 1.5f, 2, 2, 2, 2.5f, 3, 3, 3, 3.5f, 4, 4, 3, 3.5f, 4, 4};
  EXPECT_EQ(resize(9, "Upsample", "linear", dims, 2), linear);
  EXPECT_EQ(resize(10, "Resize", "linear", dims, 2), linear);
}

TEST(OnnxUpgrade, StatisticsForEachElementAreRefused) {
  for (int64_t spatial : {0, 1}) {
    OnnxBuilder b(7);
    b.input("x", {1, 2, 1, 1});
    for (const char* name : {"scale", "bias", "mean", "variance"}) b.floats(name, {2}, {1, 1});
    b.op("BatchNormalization", {"x", "scale", "bias", "mean", "variance"}, {"y"})
        .set("spatial", spatial);
    b.output("y");
    EXPECT_EQ(b.import().ok(), spatial == 1);
  }
}

TEST(OnnxUpgrade, TodaysFormsInOldModelsAreNotMistaken) {
  OnnxBuilder b(9);
  b.input("x", {4});
  b.integers("starts", {1});
  b.integers("ends", {3});
  b.op("Slice", {"x", "starts", "ends"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_import();
  EXPECT_EQ(run_floats(g, {{1, 2, 3, 4}}), (Floats{2, 3}));
}

// --- Operators on integers

struct Tensor {
  std::string name;
  float scale;
  uint8_t zero_point;
};

void add_scale(OnnxBuilder& b, const Tensor& t) {
  b.floats(t.name + ".s", {}, {t.scale});
  b.constant<uint8_t>(t.name + ".z", {}, {t.zero_point}, Onnx::UINT8);
}
std::vector<std::string> triple(const std::string& name) {
  return {name, name + ".s", name + ".z"};
}
std::string floats_of(OnnxBuilder& b, const std::string& name) {
  b.op("DequantizeLinear", triple(name), {name + ".f"});
  return name + ".f";
}

// The results of a model's two outputs, which must be the same bits. `prepare` adds the node on
// integers, which makes "y", and its twin on floats, which makes "t".
template <class Prepare>
void expect_twins(const char* what, const Dims64& dims, const Prepare& prepare) {
  OnnxBuilder b(13);
  b.model.add_opset_import()->set_domain("com.microsoft");
  b.input("x", dims, Onnx::UINT8);
  add_scale(b, {"x", 0.05f, 120});
  add_scale(b, {"o", 0.1f, 100});
  prepare(b);
  b.op("QuantizeLinear", {"t", "o.s", "o.z"}, {"z"});
  b.output("y");
  b.output("z");
  const graph::Graph g = b.must_optimize();
  ASSERT_EQ(g.outputs.size(), 2u) << what;
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr) << what;
  Codes x(loaded.session->input_bytes(0));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 37 + 11);
  loaded.set(0, x);
  loaded.run();
  const Codes y = loaded.get<uint8_t>(0), z = loaded.get<uint8_t>(1);
  EXPECT_EQ(y, z) << what;
  EXPECT_GT(std::count_if(y.begin(), y.end(), [&](uint8_t code) { return code != y[0]; }), 0)
      << what << " gives one number only";
  // Both run on integers.
  for (const graph::Node& node : g.nodes) {
    for (int output : node.outputs) {
      EXPECT_NE(g.value(output).type, rt::DType::F32) << what << ": " << graph::node_kind(node);
    }
  }
}

std::vector<std::string> with(std::vector<std::string> names,
                              const std::vector<std::string>& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

TEST(OnnxIntegerNodes, BinaryOnes) {
  for (const char* op : {"Add", "Mul"}) {
    expect_twins(op, {2, 3, 4}, [&](OnnxBuilder& b) {
      b.constant<uint8_t>("k", {4}, {3, 90, 200, 255}, Onnx::UINT8);
      add_scale(b, {"k", 0.02f, 77});
      auto node = b.op(std::string("QLinear") + op,
                       with(with(triple("x"), triple("k")), {"o.s", "o.z"}), {"y"});
      node.node->set_domain("com.microsoft");
      b.op(op, {floats_of(b, "x"), floats_of(b, "k")}, {"t"});
    });
  }
}

TEST(OnnxIntegerNodes, UnaryOnes) {
  const std::vector<std::pair<const char*, const char*>> ops = {
      {"QLinearSigmoid", "Sigmoid"},
      {"QLinearLeakyRelu", "LeakyRelu"},
      {"QLinearGlobalAveragePool", "GlobalAveragePool"}};
  for (const auto& [integer, plain] : ops) {
    expect_twins(integer, {1, 3, 2, 2}, [&, integer = integer, plain = plain](OnnxBuilder& b) {
      auto node = b.op(integer, with(triple("x"), {"o.s", "o.z"}), {"y"});
      node.node->set_domain("com.microsoft");
      if (std::string(plain) == "GlobalAveragePool") node.set("channels_last", 0);
      b.op(plain, {floats_of(b, "x")}, {"t"});
    });
  }
}

TEST(OnnxIntegerNodes, ConvolutionWithScalesOfChannelsAndBias) {
  for (bool bias : {false, true}) {
    expect_twins("QLinearConv", {1, 2, 4, 4}, [&](OnnxBuilder& b) {
      std::vector<int8_t> weights(3 * 2 * 3 * 3);
      for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(i * 23 % 101);
      b.constant<int8_t>("w", {3, 2, 3, 3}, weights, Onnx::INT8);
      b.floats("w.s", {3}, {0.01f, 0.02f, 0.005f});
      b.constant<int8_t>("w.z", {3}, {0, 0, 0}, Onnx::INT8);
      b.constant<int32_t>("b", {3}, {1000, -2000, 300}, Onnx::INT32);
      b.floats("b.s", {3}, {0.05f * 0.01f, 0.05f * 0.02f, 0.05f * 0.005f});
      std::vector<std::string> inputs = with(with(triple("x"), triple("w")), {"o.s", "o.z"});
      if (bias) inputs.emplace_back("b");
      b.op("QLinearConv", inputs, {"y"}).set("pads", Dims64{1, 1, 1, 1});
      b.op("DequantizeLinear", triple("w"), {"w.f"}).set("axis", 0);
      std::vector<std::string> floats = {floats_of(b, "x"), "w.f"};
      if (bias) {
        b.op("DequantizeLinear", {"b", "b.s"}, {"b.f"}).set("axis", 0);
        floats.emplace_back("b.f");
      }
      b.op("Conv", floats, {"t"}).set("pads", Dims64{1, 1, 1, 1});
    });
  }
}

TEST(OnnxIntegerNodes, MatMulAndGemm) {
  expect_twins("QLinearMatMul", {2, 4}, [](OnnxBuilder& b) {
    b.constant<uint8_t>("w", {4, 3}, {1, 200, 30, 4, 150, 60, 7, 8, 90, 100, 110, 255},
                        Onnx::UINT8);
    add_scale(b, {"w", 0.02f, 128});
    b.op("QLinearMatMul", with(with(triple("x"), triple("w")), {"o.s", "o.z"}), {"y"});
    b.op("MatMul", {floats_of(b, "x"), floats_of(b, "w")}, {"t"});
  });
  for (int64_t transposed : {0, 1}) {
    expect_twins("QGemm", {2, 4}, [&](OnnxBuilder& b) {
      const Dims64 dims = transposed != 0 ? Dims64{3, 4} : Dims64{4, 3};
      b.constant<int8_t>("w", dims, {1, -20, 30, 4, 15, -60, 7, 8, 90, -100, 110, 120}, Onnx::INT8);
      b.floats("w.s", {3}, {0.02f, 0.01f, 0.03f});
      b.constant<int8_t>("w.z", {3}, {0, 0, 0}, Onnx::INT8);
      b.constant<int32_t>("b", {3}, {100, -200, 300}, Onnx::INT32);
      b.floats("b.s", {3}, {0.05f * 0.02f, 0.05f * 0.01f, 0.05f * 0.03f});
      auto node = b.op("QGemm", with(with(triple("x"), triple("w")), {"b", "o.s", "o.z"}), {"y"});
      node.set("transB", transposed).node->set_domain("com.microsoft");
      b.op("DequantizeLinear", triple("w"), {"w.f"}).set("axis", transposed != 0 ? 0 : 1);
      b.op("DequantizeLinear", {"b", "b.s"}, {"b.f"}).set("axis", 0);
      b.op("Gemm", {floats_of(b, "x"), "w.f", "b.f"}, {"t"}).set("transB", transposed);
    });
  }
}

TEST(OnnxIntegerNodes, Concat) {
  expect_twins("QLinearConcat", {1, 4}, [](OnnxBuilder& b) {
    b.constant<uint8_t>("k", {1, 2}, {9, 250}, Onnx::UINT8);
    add_scale(b, {"k", 0.03f, 40});
    auto node = b.op("QLinearConcat", with(with({"o.s", "o.z"}, triple("x")), triple("k")), {"y"});
    node.set("axis", 1).node->set_domain("com.microsoft");
    b.op("Concat", {floats_of(b, "x"), floats_of(b, "k")}, {"t"}).set("axis", 1);
  });
}

TEST(OnnxIntegerNodes, WhatCannotBeSplitIsRefused) {
  OnnxBuilder last(13);
  last.input("x", {1, 2, 2, 3}, Onnx::UINT8);
  add_scale(last, {"x", 0.05f, 120});
  auto node = last.op("QLinearGlobalAveragePool", {"x", "x.s", "x.z", "x.s", "x.z"}, {"y"});
  node.set("channels_last", 1).node->set_domain("com.microsoft");
  last.output("y");
  EXPECT_NE(last.import().status().message().find("QLinearGlobalAveragePool"), std::string::npos);

  OnnxBuilder few(13);
  few.input("x", {4}, Onnx::UINT8);
  add_scale(few, {"x", 0.05f, 120});
  few.op("QLinearAdd", {"x", "x.s", "x.z", "x"}, {"y"}).node->set_domain("com.microsoft");
  few.output("y");
  EXPECT_FALSE(few.import().ok());
}

// A few names in a file must not become much memory.
TEST(OnnxIntegerNodes, ScalesThatManyNodesReadAreCharged) {
  OnnxBuilder b(13);
  constexpr int64_t kScales = 40'000;
  b.input("x", {1, 1, 4, 4}, Onnx::UINT8);
  add_scale(b, {"x", 0.05f, 120});
  b.constant<int8_t>("w", {1, 1, 1, 1}, {1}, Onnx::INT8);
  b.floats("w.s", {kScales}, Floats(kScales, 0.01f));
  b.constant<int8_t>("w.z", {}, {0}, Onnx::INT8);
  b.constant<int32_t>("b", {1}, {7}, Onnx::INT32);
  for (int i = 0; i < 2000; ++i) {
    b.op("QLinearConv", with(with(triple("x"), triple("w")), {"x.s", "x.z", "b"}),
         {"y" + std::to_string(i)});
  }
  b.output("y0");
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), rt::Code::Unsupported);
  EXPECT_NE(graph.status().message().find("far beyond the model's own size"), std::string::npos)
      << graph.status().message();
}

TEST(OnnxRuntimesOwn, GeluAndFastGelu) {
  const auto gelu = [](const char* op, bool bias) {
    return run(13, {2}, {1, -2}, [&](OnnxBuilder& b) {
      b.floats("b", {2}, {0.5f, 0.25f});
      std::vector<std::string> inputs = {"x"};
      if (bias) inputs.emplace_back("b");
      b.op(op, inputs, {"y"}).node->set_domain("com.microsoft");
    });
  };
  const auto tanh_form = [](float x) {
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  };
  EXPECT_NEAR(gelu("Gelu", false)[0], 0.841345f, 1e-5f);
  EXPECT_NEAR(gelu("FastGelu", false)[1], tanh_form(-2), 1e-5);
  EXPECT_NEAR(gelu("FastGelu", true)[0], tanh_form(1.5f), 1e-5);
}

}  // namespace
}  // namespace qrt::test
