// Which tensors of two models are the same, and how close their numbers are.
#include "src/quantize/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "src/quantize/evaluate.h"
#include "tests/support/run_graph.h"

namespace qrt::quantize {
namespace {

TEST(Closeness, OfNumbersWorkedOutByHand) {
  Closeness c;
  c.add({3, 4}, {3, 3});
  c.add({0, NAN}, {0.5, 1});
  EXPECT_EQ(c.count, 3u);
  EXPECT_EQ(c.not_finite, 1u);
  EXPECT_NEAR(c.sqnr_db(), 10 * std::log10(25 / 1.25), 1e-12);
  EXPECT_NEAR(c.cosine(), 21 / 5.0 / std::sqrt(18.25), 1e-12);
  EXPECT_EQ(c.largest_error, 1);
  EXPECT_EQ(c.low_a, 0);
  EXPECT_EQ(c.high_a, 4);
  EXPECT_EQ(c.low_b, 0.5);
  EXPECT_EQ(c.high_b, 3);
  Closeness same;
  same.add({0, 0}, {0, 0});
  EXPECT_EQ(same.sqnr_db(), HUGE_VAL);
  EXPECT_EQ(same.cosine(), 1);
  Closeness lost;
  lost.add({0}, {1});
  EXPECT_EQ(lost.sqnr_db(), -HUGE_VAL);
  EXPECT_EQ(lost.cosine(), 0);
}

TEST(PlainName, IsWhatStandsBeforeTheConvertersAdditions) {
  EXPECT_EQ(plain_name("conv/s8"), "conv");
  EXPECT_EQ(plain_name("conv/q/s8"), "conv");
  EXPECT_EQ(plain_name("relu_QuantizeLinear_Output"), "relu");
  EXPECT_EQ(plain_name("relu_quantized"), "relu");
  EXPECT_EQ(plain_name("Identity_int8"), "Identity");
  EXPECT_EQ(plain_name("/q"), "/q");
  EXPECT_EQ(plain_name("block/s8x"), "block/s8x");
}

using Rows = std::vector<std::vector<float>>;

class Numbers : public SampleSource {
 public:
  explicit Numbers(Rows samples) : samples_(std::move(samples)) {}
  size_t size() const override { return samples_.size(); }
  rt::Result<Sample> load(size_t i) const override {
    Sample sample;
    sample.name = "sample " + std::to_string(i);
    SampleInput input;
    input.shape = {static_cast<int32_t>(samples_[i].size())};
    input.bytes.resize(samples_[i].size() * sizeof(float));
    std::memcpy(input.bytes.data(), samples_[i].data(), input.bytes.size());
    sample.inputs.push_back(std::move(input));
    return sample;
  }

 private:
  Rows samples_;
};

fb::UnaryT unary(fb::UnaryKind kind) {
  fb::UnaryT options;
  options.kind = kind;
  return options;
}

// x -> Abs "a" -> Neg "b" -> Abs "y", in float.
graph::Graph float_chain() {
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("x", rt::DType::F32, {-1})};
  const int a = graph.add_tensor("a", rt::DType::F32, {-1});
  const int b = graph.add_tensor("b", rt::DType::F32, {-1});
  graph.outputs = {graph.add_tensor("y", rt::DType::F32, {-1})};
  graph.add_node("abs", unary(fb::UnaryKind::Abs), graph.inputs, {a});
  graph.add_node("neg", unary(fb::UnaryKind::Neg), {a}, {b});
  graph.add_node("abs2", unary(fb::UnaryKind::Abs), {b}, graph.outputs);
  return graph;
}

// The same with "a" in s8 at a scale of 0.5, up to 63.5, and another name for "b".
graph::Graph quantized_chain() {
  graph::Graph graph;
  const graph::Quantization q{{0.5F}, {0}, -1, 0};
  graph.inputs = {graph.add_tensor("x", rt::DType::F32, {-1})};
  const int x = graph.add_tensor("x/s8", rt::DType::S8, {-1}, q);
  const int a = graph.add_tensor("a/s8", rt::DType::S8, {-1}, q);
  const int b = graph.add_tensor("c", rt::DType::S8, {-1}, q);
  const int y = graph.add_tensor("y/q", rt::DType::S8, {-1}, q);
  graph.outputs = {graph.add_tensor("y", rt::DType::F32, {-1})};
  graph.add_node("quantize", fb::QuantizeT(), graph.inputs, {x});
  graph.add_node("first", unary(fb::UnaryKind::Abs), {x}, {a});
  graph.add_node("second", unary(fb::UnaryKind::Neg), {a}, {b});
  graph.add_node("third", unary(fb::UnaryKind::Abs), {b}, {y});
  graph.add_node("dequantize", fb::DequantizeT(), {y}, graph.outputs);
  return graph;
}

TEST(Compare, FindsTensorsByNameAndSumsOverSamplesOfAnyShape) {
  const auto a = test::must_load(float_chain()), b = test::must_load(quantized_chain());
  const Numbers samples(Rows{{1, -2, 3.2F}, {100, -0.1F}});
  const auto result = compare(a.session.get(), b.session.get(), samples, samples, {});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result->samples, 2u);
  ASSERT_EQ(result->tensors.size(), 2u);
  EXPECT_EQ(result->tensors[0].name_b, "a/s8");
  EXPECT_EQ(result->tensors[0].kind, "Unary.Abs");
  EXPECT_EQ(result->tensors[0].type_b, rt::DType::S8);
  EXPECT_EQ(result->unmatched_a, 1u);  // "b"
  // "x/s8" (no operator of the other makes "x"), "c", and the second of "y/q" and "y".
  EXPECT_EQ(result->unmatched_b, 3u);
  const Closeness& c = result->tensors[0].closeness;
  EXPECT_EQ(c.count, 5u);
  EXPECT_EQ(c.high_a, 100);
  EXPECT_EQ(c.high_b, 63.5);
  EXPECT_EQ(c.largest_error, 36.5);
  ASSERT_EQ(result->outputs.size(), 1u);
  EXPECT_EQ(result->outputs[0].closeness.largest_error, 36.5);
  EXPECT_NEAR(result->outputs[0].closeness.squared_errors,
              36.5 * 36.5 + std::pow(3.2F - 3.0, 2) + std::pow(0.1F, 2), 1e-5);
}

// As trained models have it: tensors are named after observers, operators after layers.
TEST(Compare, FindsTensorsByTheirOperatorsWhereNamesDoNotTell) {
  graph::Graph graph = float_chain();
  for (graph::Value& value : graph.values) value.name = "observer_" + value.name;
  graph.nodes[2].name = "neg";  // an operator of another kind is not the same
  const auto a = test::must_load(float_chain()), b = test::must_load(graph);
  const Numbers samples(Rows{{1, -2}});
  const auto result = compare(a.session.get(), b.session.get(), samples, samples, {});
  ASSERT_TRUE(result.ok()) << result.status().message();
  ASSERT_EQ(result->tensors.size(), 2u);
  EXPECT_EQ(result->tensors[0].name_a, "a");
  EXPECT_EQ(result->tensors[0].name_b, "observer_a");
  EXPECT_EQ(result->tensors[1].name_a, "b");
  EXPECT_EQ(result->unmatched_a, 1u);
}

TEST(Compare, AModelEqualsItself) {
  const auto a = test::must_load(float_chain()), b = test::must_load(float_chain());
  const Numbers samples(Rows{{1, -2, 3.2F}});
  const auto result = compare(a.session.get(), b.session.get(), samples, samples, {});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->tensors.size(), 3u);
  EXPECT_EQ(result->tensors[2].name_b, "y");
  for (const TensorCloseness& tensor : result->tensors) {
    EXPECT_EQ(tensor.closeness.sqnr_db(), HUGE_VAL);
    EXPECT_EQ(tensor.closeness.count, 3u);
  }
}

TEST(Compare, SaysWhatDoesNotFitAndStopsWhenTold) {
  const auto a = test::must_load(float_chain()), b = test::must_load(float_chain());
  const Numbers one(Rows{{1}}), two(Rows{{1}, {2}});
  const auto unequal = compare(a.session.get(), b.session.get(), one, two, {});
  ASSERT_FALSE(unequal.ok());
  EXPECT_NE(unequal.status().message().find("1 samples for one model, 2"), std::string::npos);
  size_t calls = 0;
  const auto stopped = compare(a.session.get(), b.session.get(), two, two,
                               [&](const char*, size_t, size_t) { return ++calls < 2; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.status().code(), rt::Code::Cancelled);
}

TEST(Evaluate, AddsEverySampleAndNamesTheOneThatFails) {
  const auto model = test::must_load(float_chain());  // |x|
  const Numbers samples(Rows{{1, -3, 2}, {-1, 0.5F}, {0, -1, -2}});
  const auto label_of = [](size_t i) {
    Label label;
    label.number = static_cast<int64_t>(i);
    return rt::Result<Label>(label);
  };
  const auto top1 = make_metric("top1", {});
  std::vector<double> times;
  size_t told = 0;
  const auto progress = [&](const char* what, size_t done, size_t total) {
    EXPECT_STREQ(what, "scoring");
    EXPECT_EQ(done, told++);
    return total == 3;
  };
  const rt::Status status =
      evaluate(model.session.get(), samples, label_of, top1.get(), progress, "scoring", &times);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(top1->contributions(), (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(times.size(), 3u);
  EXPECT_EQ(told, 3u);
  const Numbers few(Rows{{1, 2}, {1, 2}, {1, 2}});
  const rt::Status wrong =
      evaluate(model.session.get(), few, label_of, top1->fresh().get(), {}, "scoring");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.message().find("sample 2: the label is class 2"), std::string::npos)
      << wrong.message();
}

}  // namespace
}  // namespace qrt::quantize
