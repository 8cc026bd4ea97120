// Float graphs that become integer ones: what computes in what, and how close the results are. The
// float model itself is the judge.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "src/graph/node_spec.h"
#include "src/graph/reader.h"
#include "src/graph/writer.h"
#include "src/quantize/calibrate.h"
#include "src/quantize/mix.h"
#include "src/quantize/tune.h"

namespace qrt::quantize {
namespace {

using graph::Graph;
using rt::DType;
using Shape = std::vector<int32_t>;

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}
  std::vector<float> normal(size_t n, float scale = 1) {
    std::normal_distribution<float> distribution(0, scale);
    std::vector<float> values(n);
    for (float& value : values) value = distribution(random_);
    return values;
  }

 private:
  std::mt19937 random_;
};

class Samples : public SampleSource {
 public:
  Samples(rt::Shape shape, size_t count, unsigned seed, float scale = 1) {
    Random random(seed);
    for (size_t i = 0; i < count; ++i) {
      const auto values = random.normal(static_cast<size_t>(shape.elements()), scale);
      const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
      samples_.push_back({"sample " + std::to_string(i),
                          {{shape, {begin, begin + values.size() * sizeof(float)}}}});
    }
  }
  size_t size() const override { return samples_.size(); }
  rt::Result<Sample> load(size_t i) const override { return samples_[i]; }
  std::vector<Sample>& samples() { return samples_; }

 private:
  std::vector<Sample> samples_;
};

// Builds networks of f32 layers one behind another.
class Net {
 public:
  Graph graph;

  explicit Net(const Shape& shape, unsigned seed = 1) : random_(seed) {
    last = graph.add_tensor("x", DType::F32, shape);
    graph.inputs = {last};
  }

  int last;  // the value made last

  int conv(int outputs, int kernel, bool depthwise = false, bool relu = true, float scale = 0.3f) {
    const int channels = graph.value(last).shape[3];
    const int inner = depthwise ? 1 : channels;
    const Shape shape = {outputs, kernel, kernel, inner};
    const auto n = static_cast<size_t>(outputs * kernel * kernel * inner);
    const int weights = graph.add_constant(name("weights"), shape, random_.normal(n, scale));
    const int bias = graph.add_constant(name("bias"), {outputs},
                                        random_.normal(static_cast<size_t>(outputs), 0.2f));
    fb::Conv2DT options;
    options.window = std::make_unique<fb::Window2DT>();
    options.window->padding = fb::Padding::Same;
    options.groups = depthwise ? channels : 1;
    if (relu) options.clamp = graph::make_clamp(0, INFINITY);
    Shape out = graph.value(last).shape;
    out[3] = outputs;
    return node("conv", std::move(options), {last, weights, bias}, out);
  }
  int dense(int outputs, float scale = 0.2f) {
    const int inputs = graph.value(last).shape.back();
    const auto n = static_cast<size_t>(outputs) * static_cast<size_t>(inputs);
    const int weights =
        graph.add_constant(name("weights"), {outputs, inputs}, random_.normal(n, scale));
    Shape out = graph.value(last).shape;
    out.back() = outputs;
    return node("dense", fb::FullyConnectedT(), {last, weights}, out);
  }
  int unary(fb::UnaryKind kind) {
    fb::UnaryT options;
    options.kind = kind;
    return node("unary", std::move(options), {last}, graph.value(last).shape);
  }
  int binary(fb::BinaryKind kind, int a, int b) {
    fb::BinaryT options;
    options.kind = kind;
    return node("binary", std::move(options), {a, b}, graph.value(a).shape);
  }
  int concat(std::vector<int> inputs) {
    fb::ConcatT options;
    options.axis = 3;
    Shape out = graph.value(inputs[0]).shape;
    out[3] = 0;
    for (int v : inputs) out[3] += graph.value(v).shape[3];
    return node("concat", std::move(options), std::move(inputs), out);
  }
  template <class Options>
  int node(const std::string& kind, Options options, std::vector<int> inputs, const Shape& shape) {
    last = graph.add_tensor(name(kind), DType::F32, shape);
    graph.add_node(graph.value(last).name, std::move(options), std::move(inputs), {last});
    return last;
  }
  void output(int v) { graph.outputs.push_back(v); }

  std::shared_ptr<const rt::Model> model() const {
    const auto bytes = graph::serialize(graph);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    auto loaded = own_model(*bytes);
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    return loaded.ok() ? *loaded : nullptr;
  }

 private:
  std::string name(const std::string& kind) { return kind + std::to_string(++count_); }

  Random random_;
  int count_ = 0;
};

struct Outcome {
  Tuned tuned;
  Graph graph;         // what became of it
  double sqnr_db = 0;  // on samples of its own

  Scheme scheme(const std::string& name) const {
    for (const OperatorResult& op : tuned.quantized.operators) {
      if (op.name == name) return op.scheme;
    }
    ADD_FAILURE() << "no operator " << name;
    return Scheme::Float;
  }
  std::string reason(const std::string& name) const {
    for (const OperatorResult& op : tuned.quantized.operators) {
      if (op.name == name) return op.reason;
    }
    return "";
  }
  int count(fb::OpOptions type) const {
    return static_cast<int>(std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                          [&](const auto& n) { return n.type() == type; }));
  }
};

Outcome quantized(const Net& net, const Wishes& wishes, unsigned seed = 5, float scale = 1) {
  Outcome outcome;
  const auto model = net.model();
  const rt::Shape shape = [&] {
    rt::Shape s;
    for (int32_t d : net.graph.value(net.graph.inputs[0]).shape) s.push_back(d);
    return s;
  }();
  auto prepared = prepare(*model);
  EXPECT_TRUE(prepared.ok()) << prepared.status().message();
  const Samples samples(shape, 40, seed, scale);
  auto tuned = tune(std::move(*prepared), samples, wishes, {});
  EXPECT_TRUE(tuned.ok()) << tuned.status().message();
  if (!tuned.ok()) return outcome;
  outcome.tuned = std::move(*tuned);
  const auto result = own_model(outcome.tuned.quantized.file);
  EXPECT_TRUE(result.ok()) << result.status().message();
  if (!result.ok()) return outcome;
  outcome.graph = graph::read_model(**result);
  const auto reference = Reference::create(model, Samples(shape, 20, seed + 1, scale), 20, 1);
  const auto db = reference->sqnr_db(*result);
  EXPECT_TRUE(db.ok()) << db.status().message();
  outcome.sqnr_db = db.ok() ? *db : -100;
  return outcome;
}

Wishes in(Scheme scheme) {
  Wishes wishes;
  wishes.scheme = scheme;
  return wishes;
}

Net small_net() {
  Net net({1, 8, 8, 3});
  const int a = net.conv(8, 3);
  net.conv(8, 3, true);
  const int b = net.conv(8, 1, false, false);
  net.binary(fb::BinaryKind::Add, a, b);
  net.unary(fb::UnaryKind::HardSwish);
  net.output(net.conv(5, 1, false, false));
  return net;
}

TEST(Quantizer, EachSchemeIsAsCloseAsItsBitsAllow) {
  const Net net = small_net();
  const struct {
    Scheme scheme;
    double db;
  } cases[] = {{Scheme::S8, 30}, {Scheme::S16, 38}, {Scheme::Dynamic, 30}, {Scheme::W4, 12}};
  for (const auto& c : cases) {
    const Outcome outcome = quantized(net, in(c.scheme));
    EXPECT_GT(outcome.sqnr_db, c.db) << scheme_name(c.scheme);
  }
}

TEST(Quantizer, NothingIsFloatBetweenIntegers) {
  for (Scheme scheme : {Scheme::S8, Scheme::S16, Scheme::W4}) {
    const Outcome outcome = quantized(small_net(), in(scheme));
    EXPECT_EQ(outcome.count(fb::OpOptions::Quantize), 1) << scheme_name(scheme);
    EXPECT_EQ(outcome.count(fb::OpOptions::Dequantize), 1) << scheme_name(scheme);
    EXPECT_EQ(outcome.graph.nodes.size(), small_net().graph.nodes.size() + 2);
  }
}

TEST(Quantizer, WeightsOnlyInBlocksOfFourBits) {
  Net net({4, 96});
  net.dense(64);
  net.output(net.dense(32));
  const Outcome outcome = quantized(net, in(Scheme::DynamicW4));
  EXPECT_GT(outcome.sqnr_db, 15);
  for (const auto& node : outcome.graph.nodes) {
    ASSERT_EQ(node.type(), fb::OpOptions::FullyConnected);
    const graph::Value& weights = outcome.graph.value(node.inputs[1]);
    EXPECT_EQ(weights.type, DType::S4);
    EXPECT_EQ(weights.quantization.block, 32);
  }
}

TEST(Quantizer, OverridesChooseByNameAndKind) {
  Wishes wishes;
  wishes.overrides = {{"Conv2D", Scheme::Float}, {"conv3", Scheme::S16}};
  const Outcome outcome = quantized(small_net(), wishes);
  EXPECT_EQ(outcome.scheme("conv3"), Scheme::S16);
  EXPECT_EQ(outcome.scheme("conv6"), Scheme::Float);
}

// Divides what node n makes by factors from 2^-5 to 2^5 a channel, and makes the next one read
// that.
void scale_channels(Graph* graph, size_t n) {
  const auto change = [&](int v, const auto& factor) {
    graph::Value& value = graph->value(v);
    auto bytes = std::make_shared<graph::Bytes>(*value.data);
    auto* elements = reinterpret_cast<float*>(bytes->data());
    for (size_t i = 0; i < value.elements(); ++i) elements[i] *= factor(i);
    value.data = bytes;
  };
  const auto& made = graph->value(graph->nodes[n].inputs[1]).shape;
  const auto channels = static_cast<size_t>(made[0]);
  const auto factor = [channels](size_t c) {
    return std::ldexp(1.0f, static_cast<int>(c * 11 / channels) - 5);
  };
  const size_t each = graph->value(graph->nodes[n].inputs[1]).elements() / channels;
  change(graph->nodes[n].inputs[1], [&](size_t i) { return 1 / factor(i / each); });
  change(graph->nodes[n].inputs[2], [&](size_t i) { return 1 / factor(i); });
  const graph::Value& next = graph->value(graph->nodes[n + 1].inputs[1]);
  const bool depthwise = next.shape[3] == 1;
  const size_t taps = next.elements() / channels;
  change(graph->nodes[n + 1].inputs[1],
         [&](size_t i) { return factor(depthwise ? i / taps : i % channels); });
}

TEST(Quantizer, EqualizationRestoresWhatUnevenChannelsLose) {
  Net net({1, 8, 8, 4});
  net.conv(8, 3);
  net.conv(8, 3, true);
  net.output(net.conv(6, 1, false, false));
  // The same function, with channels between the layers as far apart as 2^10.
  for (size_t n = 0; n + 1 < net.graph.nodes.size(); ++n) {
    scale_channels(&net.graph, n);
  }
  Wishes plain;
  plain.per_tensor = true;
  plain.equalize = Switch::Off;
  plain.correct_bias = Switch::Off;
  Wishes repaired;
  repaired.per_tensor = true;
  const double before = quantized(net, plain).sqnr_db, after = quantized(net, repaired).sqnr_db;
  EXPECT_LT(before, 15);
  EXPECT_GT(after, before + 12);
}

TEST(Quantizer, ConcatKeepsRangesApartThatAreNotAlike) {
  for (const float scale : {0.3f, 60.0f}) {
    Net net({1, 6, 6, 3});
    const int x = net.last;
    const int scores = net.conv(4, 1, false, false, 0.3f);
    net.last = x;
    const int boxes = net.conv(4, 1, false, false, scale);
    net.output(net.concat({scores, boxes}));
    const Outcome outcome = quantized(net, in(Scheme::S8));
    const std::string name = net.graph.value(net.last).name;
    EXPECT_EQ(outcome.scheme(name) == Scheme::Float, scale > 1) << outcome.reason(name);
    // Alike ones share a quantization, and nothing is quantized again.
    EXPECT_EQ(outcome.count(fb::OpOptions::Quantize), 1);
  }
}

TEST(Quantizer, SoftmaxThatMakesAnOutputStaysFloatAndOneInsideIsFixed) {
  Net net({2, 16});
  net.dense(10);
  const int inside = net.node("softmax", fb::SoftmaxT(), {net.last}, {2, 10});
  net.dense(6);
  net.output(net.node("softmax", fb::SoftmaxT(), {net.last}, {2, 6}));
  const Outcome outcome = quantized(net, in(Scheme::S8));
  EXPECT_EQ(outcome.scheme(net.graph.value(inside).name), Scheme::S8);
  EXPECT_EQ(outcome.scheme(net.graph.value(net.last).name), Scheme::Float);
  for (const graph::Value& value : outcome.graph.values) {
    if (value.name != net.graph.value(inside).name) continue;
    EXPECT_EQ(value.quantization.scales, std::vector<float>{1.0f / 256});
    EXPECT_EQ(value.quantization.zero_point(), -128);
  }
}

TEST(Quantizer, DeadChannelsAndConstantValuesHaveUsableScales) {
  Net net({1, 4, 4, 3});
  net.conv(4, 3);
  graph::Value& weights = net.graph.value(net.graph.nodes[0].inputs[1]);
  auto bytes = std::make_shared<graph::Bytes>(*weights.data);
  std::fill(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(bytes->size() / 2),
            uint8_t{0});
  weights.data = bytes;
  net.output(net.conv(3, 1, false, false));
  for (bool per_tensor : {false, true}) {
    Wishes wishes;
    wishes.per_tensor = per_tensor;
    EXPECT_GT(quantized(net, wishes).sqnr_db, 25);
  }
  // Inputs that are all zero: no range to choose from.
  const Outcome nothing = quantized(net, {}, 5, 0.0f);
  EXPECT_GT(nothing.sqnr_db, 25);
}

TEST(Quantizer, GivesTheSameBytesAgain) {
  const Outcome first = quantized(small_net(), {}), second = quantized(small_net(), {});
  EXPECT_EQ(first.tuned.quantized.file, second.tuned.quantized.file);
  // And the decided wishes give them without any trial.
  const auto again = quantize(first.tuned.prepared, first.tuned.statistics, first.tuned.wishes);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->file, first.tuned.quantized.file);
}

TEST(Quantizer, RefusesWhatHasNothingToQuantize) {
  Net net({1, 4});
  net.output(net.unary(fb::UnaryKind::Tanh));
  const auto prepared = prepare(*net.model());
  ASSERT_FALSE(prepared.ok());
  EXPECT_NE(prepared.status().message().find("nothing to quantize"), std::string::npos);
}

TEST(Calibrate, NamesTheSampleAndTheValueThatIsNoNumber) {
  const Net net = small_net();
  const auto prepared = prepare(*net.model());
  Samples samples({1, 8, 8, 3}, 3, 1);
  const float bad = NAN;
  std::memcpy(samples.samples()[1].inputs[0].bytes.data(), &bad, sizeof bad);
  const auto statistics = calibrate(prepared->model, samples, {});
  ASSERT_FALSE(statistics.ok());
  EXPECT_NE(statistics.status().message().find("sample 1"), std::string::npos)
      << statistics.status().message();
}

TEST(Calibrate, DoubtsFewAndRepeatedSamples) {
  const Net net = small_net();
  const auto prepared = prepare(*net.model());
  Samples samples({1, 8, 8, 3}, 3, 1);
  samples.samples()[2] = samples.samples()[0];
  const auto statistics = calibrate(prepared->model, samples, {});
  ASSERT_TRUE(statistics.ok());
  EXPECT_EQ(statistics->repeated, 1u);
  const std::vector<std::string> found = doubts(*statistics);
  ASSERT_GE(found.size(), 2u);
  EXPECT_NE(found[0].find("3 samples"), std::string::npos);
  EXPECT_NE(found[1].find("1 of 3"), std::string::npos);
}

TEST(Mix, StaysWithinTheLossAndPrefersIntegers) {
  const Net net = small_net();
  const Outcome plain = quantized(net, {});
  const Samples samples({1, 8, 8, 3}, 16, 9);
  const auto reference = Reference::create(net.model(), samples, 16, 1);
  ASSERT_TRUE(reference.ok());
  MixOptions options;
  options.loss = [&](const std::shared_ptr<const rt::Model>& model) -> rt::Result<double> {
    QRT_ASSIGN_OR_RETURN(const double db, reference->sqnr_db(model));
    return -db;
  };
  size_t kept = 0;
  options.keep = [&](const std::string&, double) { ++kept; };
  for (const double wanted : {20.0, 60.0}) {
    options.most_loss = -wanted;
    const auto found = search_mix(plain.tuned.prepared, plain.tuned.statistics, *reference,
                                  plain.tuned.wishes, options);
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_TRUE(found->within);
    EXPECT_LE(found->curve[found->chosen].loss, -wanted);
    const auto model = own_model(found->quantized.file);
    EXPECT_GE(*reference->sqnr_db(*model), wanted);
  }
  EXPECT_GT(kept, 0u);
}

TEST(Quantizer, CanBeStopped) {
  const Net net = small_net();
  const auto prepared = prepare(*net.model());
  CalibrateOptions options;
  options.progress = [](const char*, size_t done, size_t) { return done < 2; };
  const auto statistics = calibrate(prepared->model, Samples({1, 8, 8, 3}, 10, 1), options);
  ASSERT_FALSE(statistics.ok());
  EXPECT_EQ(statistics.status().code(), rt::Code::Cancelled);
}

}  // namespace
}  // namespace qrt::quantize
