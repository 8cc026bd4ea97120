// `qrt inspect` tells what an import has changed and assumed, and which operators stay in float
// between operators on integers.
#include <nlohmann/json.hpp>

#include "tests/import/onnx_builder.h"
#include "tests/support/cli.h"

namespace qrt::test {
namespace {

class ImportFactsTest : public CliTest {
 protected:
  void write_onnx(const std::string& name, const OnnxBuilder& builder) const {
    const std::vector<uint8_t> bytes = builder.bytes();
    write(name, std::string(bytes.begin(), bytes.end()));
  }
};

TEST_F(ImportFactsTest, WhatWasFusedFoldedAndUpgraded) {
  OnnxBuilder b(9);
  b.input("x", {1, 2, 3, 3});
  b.floats("one", {}, {1});
  b.floats("two", {}, {2});
  b.op("Add", {"one", "two"}, {"three"});
  b.op("Mul", {"x", "three"}, {"m"});
  b.op("Sigmoid", {"m"}, {"s"});
  b.op("Mul", {"m", "s"}, {"silu"});
  b.op("Pad", {"silu"}, {"y"}).set("pads", Dims64{0, 0, 1, 1, 0, 0, 1, 1}).set("mode", "constant");
  b.output("y");
  write_onnx("m.onnx", b);
  const Ran convert = qrt("convert m.onnx m.qrt");
  ASSERT_EQ(convert.exit_code, 0) << convert.err;
  for (const char* model : {"m.onnx", "m.qrt"}) {
    const Ran ran = qrt(std::string("inspect ") + model);
    EXPECT_PRED2(contains, ran.out, "At import");
    EXPECT_PRED2(contains, ran.out, "1 Silu");
    EXPECT_PRED2(contains, ran.out, "1 operators on constants and known sizes");
    EXPECT_PRED2(contains, ran.out, "1 Pad of operator set 9");
    const auto json = nlohmann::json::parse(qrt(std::string("inspect --json ") + model).out);
    EXPECT_EQ(json["import"]["fused"]["Silu"], 1);
    EXPECT_EQ(json["import"]["folded"], 1);
    EXPECT_EQ(json["import"]["upgraded"]["Pad of operator set 9"], 1);
    EXPECT_EQ(json["import"].count("assumed"), 0u);
  }
}

TEST_F(ImportFactsTest, NothingIsToldOfAModelThatWasMadeByHand) {
  write_adder("add.qrt");
  EXPECT_EQ(qrt("inspect add.qrt").out.find("At import"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(qrt("inspect add.qrt --json").out)["import"].empty());
}

// An assumption as an importer writes it.
TEST_F(ImportFactsTest, WhatWasAssumed) {
  graph::Graph g;
  g.inputs = {g.add_tensor("x", rt::DType::F32, {2})};
  g.outputs = {g.add_tensor("y", rt::DType::F32, {2})};
  fb::UnaryT options;
  options.kind = fb::UnaryKind::Abs;
  g.add_node("y", std::move(options), g.inputs, g.outputs);
  g.metadata = {{"assumed x[0] ('batch')", "1: why"}, {"author", "somebody"}};
  write_model("m.qrt", g);
  const std::string out = qrt("inspect m.qrt").out;
  EXPECT_PRED2(contains, out, "assumed x[0] ('batch')");
  EXPECT_PRED2(contains, out, "author");
  const auto json = nlohmann::json::parse(qrt("inspect m.qrt --json").out);
  EXPECT_EQ(json["import"]["assumed"]["x[0] ('batch')"], "1: why");
}

// s8 -> Dequantize -> CumSum -> Abs -> Quantize -> s8, and floats that come from outside.
TEST_F(ImportFactsTest, FloatIslands) {
  const graph::Quantization q = {{0.5f}, {}, -1, 0};
  graph::Graph g;
  const auto value = [&](const char* name, rt::DType type) {
    return g.add_tensor(name, type, {4}, type == rt::DType::S8 ? q : graph::Quantization{});
  };
  const int x = value("x", rt::DType::S8), d = value("d", rt::DType::F32);
  const int s = value("s", rt::DType::F32), a = value("a", rt::DType::F32);
  const int y = value("y", rt::DType::S8), outer = value("outer", rt::DType::F32);
  const int z = value("z", rt::DType::F32);
  fb::UnaryT magnitude, other;
  magnitude.kind = fb::UnaryKind::Abs;
  other.kind = fb::UnaryKind::Exp;
  g.add_node("d", fb::DequantizeT(), {x}, {d});
  g.add_node("s", fb::CumSumT(), {d}, {s});
  g.add_node("a", std::move(magnitude), {s}, {a});
  g.add_node("y", fb::QuantizeT(), {a}, {y});
  g.add_node("z", std::move(other), {outer}, {z});
  g.inputs = {x, outer};
  g.outputs = {y, z};
  write_model("m.qrt", g);
  const std::string out = qrt("inspect m.qrt").out;
  EXPECT_PRED2(contains, out, "Groups between operators on integers: 1.");
  EXPECT_PRED2(contains, out, "it has no form on integers");
  EXPECT_PRED2(contains, out, "a value beside it has no quantization");
  const auto json = nlohmann::json::parse(qrt("inspect m.qrt --json").out);
  EXPECT_EQ(json["float_islands"], nlohmann::json::parse("[[1, 2]]"));
  EXPECT_EQ(json["operators"][1]["why_float"], "it has no form on integers");
  EXPECT_EQ(json["operators"][2]["why_float"], "a value beside it has no quantization");
  EXPECT_EQ(json["operators"][4].count("why_float"), 0u);
}

}  // namespace
}  // namespace qrt::test
