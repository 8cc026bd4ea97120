// What ONNX Runtime's transformer optimizer writes, against the same in ONNX's own operators.
#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;

OnnxNode own(OnnxBuilder& b, const std::string& type, const std::vector<std::string>& inputs,
             const std::vector<std::string>& outputs) {
  OnnxNode node = b.op(type, inputs, outputs);
  node.node->set_domain("com.microsoft");
  return node;
}

OnnxBuilder builder() {
  OnnxBuilder b(23);
  auto* domain = b.model.add_opset_import();
  domain->set_domain("com.microsoft");
  domain->set_version(1);
  return b;
}

Floats wave(size_t count, float step) {
  Floats floats(count);
  for (size_t i = 0; i < count; ++i) floats[i] = static_cast<float>(i * i % 17) * step - 1;
  return floats;
}

TEST(OnnxContrib, SkipNormalizations) {
  const Floats x = wave(12, 0.1f), y = wave(12, 0.2f);
  for (const bool layer : {true, false}) {
    for (const bool biased : {false, true}) {
      const auto build = [&](bool skip) {
        OnnxBuilder b = builder();
        b.input("x", {1, 3, 4});
        b.input("y", {1, 3, 4});
        b.floats("g", {4}, {1, 2, -1, 0.5f});
        b.floats("o", {4}, {0, 1, 2, 3});
        b.floats("c", {4}, {0.1f, 0, -0.3f, 1});
        if (skip) {
          std::vector<std::string> inputs = {"x", "y", "g"};
          if (layer) inputs.push_back(biased ? "o" : "");
          if (biased) inputs.push_back("c");
          own(b, layer ? "SkipLayerNormalization" : "SkipSimplifiedLayerNormalization", inputs,
              {"z", "", "", "sum"})
              .set("epsilon", 1e-3f);
        } else {
          b.op("Add", {"x", "y"}, {biased ? "first" : "sum"});
          if (biased) b.op("Add", {"first", "c"}, {"sum"});
          std::vector<std::string> inputs = {"sum", "g"};
          if (layer && biased) inputs.push_back("o");
          b.op(layer ? "LayerNormalization" : "RMSNormalization", inputs, {"z"})
              .set("epsilon", 1e-3f);
        }
        b.output("z");
        b.output("sum");
        return b.must_optimize();
      };
      for (const size_t output : {size_t{0}, size_t{1}}) {
        const Floats expected = run_floats(build(false), {x, y}, output);
        ASSERT_EQ(expected.size(), 12u);
        EXPECT_EQ(run_floats(build(true), {x, y}, output), expected) << layer << biased;
      }
    }
  }
}

TEST(OnnxContrib, MultiHeadAttention) {
  const Floats q = wave(24, 0.1f), k = wave(24, 0.3f), v = wave(24, 0.2f), past = wave(16, 0.4f);
  for (const bool biased : {false, true}) {
    for (const bool cached : {false, true}) {
      for (const bool causal : {false, true}) {
        const auto build = [&](bool theirs) {
          OnnxBuilder b = builder();
          for (const char* name : {"q", "k", "v"}) b.input(name, {1, 3, 8});
          if (cached) {
            for (const char* name : {"past.k", "past.v"}) b.input(name, {1, 2, 2, 4});
          }
          const std::string pk = cached ? "past.k" : "", pv = cached ? "past.v" : "";
          std::vector<std::string> outputs = {"y"};
          if (cached) outputs = {"y", "present.k", "present.v"};
          if (theirs) {
            if (biased) b.floats("bias", {24}, wave(24, 0.05f));
            own(b, "MultiHeadAttention", {"q", "k", "v", biased ? "bias" : "", "", "", pk, pv},
                outputs)
                .set("num_heads", 2)
                .set("unidirectional", causal ? 1 : 0);
          } else {
            std::vector<std::string> inputs = {"q", "k", "v", "", pk, pv};
            for (size_t i = 0; biased && i < 3; ++i) {
              const Floats all = wave(24, 0.05f);
              const std::string name = inputs[i];
              const auto from = all.begin() + static_cast<std::ptrdiff_t>(8 * i);
              b.floats(name + ".b", {8}, Floats(from, from + 8));
              b.op("Add", {name, name + ".b"}, {name + ".s"});
              inputs[i] = name + ".s";
            }
            b.op("Attention", inputs, outputs)
                .set("q_num_heads", 2)
                .set("kv_num_heads", 2)
                .set("is_causal", causal ? 1 : 0);
          }
          for (const std::string& name : outputs) b.output(name);
          return b.must_optimize();
        };
        std::vector<Floats> inputs = {q, k, v};
        if (cached) inputs.insert(inputs.end(), {past, past});
        for (size_t output = 0; output < (cached ? 3u : 1u); ++output) {
          const Floats expected = run_floats(build(false), inputs, output);
          ASSERT_FALSE(expected.empty());
          EXPECT_EQ(run_floats(build(true), inputs, output), expected)
              << biased << cached << causal;
        }
      }
    }
  }
}

// Of this domain only: ONNX has no such operators.
TEST(OnnxContrib, NamesBelongToTheirDomain) {
  OnnxBuilder b = builder();
  b.input("x", {1, 3, 4});
  b.op("SkipLayerNormalization", {"x", "x", "x"}, {"y"});
  b.output("y");
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find("the operator is not supported"), std::string::npos)
      << graph.status().message();
}

}  // namespace
}  // namespace qrt::test
