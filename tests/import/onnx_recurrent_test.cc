// ONNX's LSTM, GRU and RNN with all their inputs, constant or computed, against plain loops; and
// nodes that no exporter writes.
#include <functional>

#include "tests/import/onnx_builder.h"
#include "tests/oracle/recurrent.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using oracle::Recurrent;
using oracle::Tensor;
using Names = std::vector<std::string>;

constexpr int32_t kSteps = 4, kBatch = 2, kInputs = 3, kUnits = 5;

std::vector<float> wave(size_t count, float step) {
  std::vector<float> elements(count);
  for (size_t i = 0; i < count; ++i) elements[i] = std::sin(step * static_cast<float>(i * i + i));
  return elements;
}

// A node and what goes into it, by its number of input.
struct Model {
  const char* op;
  Recurrent layer;
  std::vector<Tensor> inputs;  // without values: absent

  Model(const char* type, Recurrent::Kind kind, size_t directions) : op(type) {
    layer.kind = kind;
    layer.reversed = {false};
    if (directions == 2) layer.reversed.push_back(true);
    for (size_t d = 0; d < directions; ++d) {
      if (kind != Recurrent::Rnn) add("Sigmoid");
      add("Tanh");
      if (kind == Recurrent::Lstm) add("Tanh");
    }
    const auto n = static_cast<int32_t>(directions);
    const int32_t rows = static_cast<int32_t>(layer.gates()) * kUnits;
    const std::vector<oracle::Dims> shapes = {
        {kSteps, kBatch, kInputs}, {n, rows, kInputs},  {n, rows, kUnits}, {n, 2 * rows}, {kBatch},
        {n, kBatch, kUnits},       {n, kBatch, kUnits}, {n, 3 * kUnits}};
    for (size_t i = 0; i < (kind == Recurrent::Lstm ? 8 : 6); ++i) {
      const auto drawn = wave(oracle::count(shapes[i]), 0.11f + 0.07f * static_cast<float>(i));
      inputs.emplace_back(shapes[i], std::vector<double>(drawn.begin(), drawn.end()));
    }
    inputs[4].values = {3, 4};
  }

  void add(const char* function, double alpha = 0, double beta = 0) {
    layer.functions.push_back(oracle::recurrent_function(function, alpha, beta));
  }

  // A test's model in which the inputs of these numbers are the graph's and the others constants.
  OnnxNode build(OnnxBuilder& b, const std::vector<size_t>& open, const Names& outputs) const {
    Names names;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Tensor& tensor = inputs[i];
      names.push_back(tensor.values.empty() ? "" : "in" + std::to_string(i));
      if (tensor.values.empty()) continue;
      const Dims64 dims(tensor.shape.begin(), tensor.shape.end());
      if (std::find(open.begin(), open.end(), i) != open.end()) {
        b.input(names.back(), dims);
      } else if (i == 4) {
        b.constant(names.back(), dims,
                   std::vector<int32_t>(tensor.values.begin(), tensor.values.end()), Onnx::INT32);
      } else {
        b.floats(names.back(), dims, floats(i));
      }
    }
    for (const std::string& output : outputs) {
      if (!output.empty()) b.output(output);
    }
    OnnxNode node = b.op(op, names, outputs);
    node.set("hidden_size", kUnits);
    if (layer.reversed.size() == 2) node.set("direction", "bidirectional");
    return node;
  }

  std::vector<float> floats(size_t i) const {
    return std::vector<float>(inputs[i].values.begin(), inputs[i].values.end());
  }

  // The oracle's, from the product of the input that is made here.
  oracle::RecurrentOutputs expected() const {
    const auto rows = static_cast<int32_t>(layer.gates()) * kUnits;
    const auto directions = static_cast<int32_t>(layer.reversed.size());
    oracle::RecurrentInputs in;
    in.x = Tensor({kSteps, kBatch, directions * rows});
    in.weights = inputs[2];
    if (layer.linear_before_reset) in.bias = Tensor({directions, kUnits});
    oracle::for_each_index({kSteps, kBatch, directions, rows}, [&](const oracle::Dims& at) {
      const int32_t d = at[2], row = at[3];
      double sum = 0;
      for (int32_t i = 0; i < kInputs; ++i) {
        sum += inputs[0].at({at[0], at[1], i}) * inputs[1].at({d, row, i});
      }
      if (!inputs[3].values.empty()) {
        sum += inputs[3].at({d, row});
        const double other = inputs[3].at({d, rows + row});
        if (layer.linear_before_reset && row >= 2 * kUnits) {
          in.bias.at({d, row - 2 * kUnits}) = other;
        } else {
          sum += other;
        }
      }
      in.x.at({at[0], at[1], d * rows + row}) = sum;
    });
    in.lengths = inputs[4];
    in.h = inputs[5];
    if (inputs.size() > 6) {
      in.c = inputs[6];
      in.peepholes = inputs[7];
    }
    return oracle::recurrent(layer, in);
  }
};

void expect_like(const std::vector<float>& actual, const Tensor& expected) {
  expect_near(actual, std::vector<float>(expected.values.begin(), expected.values.end()));
}

// Each of the outputs alone and all together, with weights that are constant and that are not.
void expect_matches(const Model& model, const std::function<void(OnnxNode&)>& attributes) {
  const oracle::RecurrentOutputs out = model.expected();
  const std::vector<Tensor> wanted = {out.y, out.h, out.c};
  const bool lstm = model.layer.kind == Recurrent::Lstm;
  const std::vector<Names> outputs = {{"y"}, {"", "h"}, {"y", "h"}};
  const std::vector<Names> more = {{"", "", "c"}, {"y", "", "c"}, {"y", "h", "c"}};
  std::vector<Names> subsets = outputs;
  if (lstm) subsets.insert(subsets.end(), more.begin(), more.end());
  for (const Names& subset : subsets) {
    for (const auto& open : {std::vector<size_t>{0}, std::vector<size_t>{0, 1, 2},
                             std::vector<size_t>{0, 1, 2, 3}, std::vector<size_t>{0, 3, 5}}) {
      SCOPED_TRACE(std::string(model.op) + testing::PrintToString(subset) +
                   testing::PrintToString(open));
      OnnxBuilder b(14);
      OnnxNode node = model.build(b, open, subset);
      attributes(node);
      const graph::Graph g = b.must_optimize();
      std::vector<std::vector<float>> given;
      for (size_t i : open) {
        if (!model.inputs[i].values.empty()) given.push_back(model.floats(i));
      }
      size_t next = 0;
      for (size_t k = 0; k < subset.size(); ++k) {
        if (subset[k].empty()) continue;
        EXPECT_EQ(output_shape(g, next), wanted[k].shape);
        expect_like(run_floats(g, given, next++), wanted[k]);
      }
    }
  }
}

void no_attributes(OnnxNode&) {}

TEST(OnnxRecurrent, EveryInputAndOutput) {
  for (size_t directions : {size_t{1}, size_t{2}}) {
    expect_matches(Model("LSTM", Recurrent::Lstm, directions), no_attributes);
    expect_matches(Model("GRU", Recurrent::Gru, directions), no_attributes);
    expect_matches(Model("RNN", Recurrent::Rnn, directions), no_attributes);
    Model linear("GRU", Recurrent::Gru, directions);
    linear.layer.linear_before_reset = true;
    expect_matches(linear, [](OnnxNode& node) { node.set("linear_before_reset", 1); });
  }
}

TEST(OnnxRecurrent, WithoutOptionalInputs) {
  for (size_t left : {size_t{3}, size_t{5}}) {
    Model lstm("LSTM", Recurrent::Lstm, 1), gru("GRU", Recurrent::Gru, 1);
    for (size_t i = left; i < lstm.inputs.size(); ++i) lstm.inputs[i].values.clear();
    for (size_t i = left; i < gru.inputs.size(); ++i) gru.inputs[i].values.clear();
    expect_matches(lstm, no_attributes);
    expect_matches(gru, no_attributes);
    gru.layer.linear_before_reset = true;
    expect_matches(gru, [](OnnxNode& node) { node.set("linear_before_reset", 1); });
  }
}

TEST(OnnxRecurrent, ReverseClipAndCoupledGates) {
  Model model("LSTM", Recurrent::Lstm, 1);
  model.layer.reversed = {true};
  model.layer.clip = static_cast<double>(0.4f);
  model.layer.coupled = true;
  expect_matches(model, [](OnnxNode& node) {
    node.set("direction", "reverse").set("clip", 0.4f).set("input_forget", 1);
  });
}

void set_functions(OnnxNode& node, const Names& functions, const std::vector<float>& alphas,
                   const std::vector<float>& betas) {
  auto* names = node.add("activations", ::onnx::AttributeProto::STRINGS);
  for (const std::string& name : functions) names->add_strings(name);
  auto* alpha = node.add("activation_alpha", ::onnx::AttributeProto::FLOATS);
  for (float value : alphas) alpha->add_floats(value);
  auto* beta = node.add("activation_beta", ::onnx::AttributeProto::FLOATS);
  for (float value : betas) beta->add_floats(value);
}

TEST(OnnxRecurrent, Activations) {
  Model model("LSTM", Recurrent::Lstm, 1);
  model.layer.functions.clear();
  model.add("HardSigmoid", 0.25, 0.5);
  model.add("Softsign");
  model.add("LeakyRelu", 0.125);
  const Names names = {"HardSigmoid", "softsign", "LeakyRelu"};
  // A number for each function that takes one, or one for every function.
  expect_matches(model, [&](OnnxNode& node) {
    set_functions(node, names, {0.25f, 0.125f}, {0.5f});
  });
  expect_matches(model, [&](OnnxNode& node) {
    set_functions(node, names, {0.25f, 9, 0.125f}, {0.5f, 9, 9});
  });
  // What is not given is as ONNX has it.
  model.layer.functions.clear();
  model.add("HardSigmoid", static_cast<double>(0.2f), 0.5);
  model.add("Softsign");
  model.add("LeakyRelu", static_cast<double>(0.01f));
  expect_matches(model, [&](OnnxNode& node) { set_functions(node, names, {}, {}); });
}

TEST(OnnxRecurrent, LayoutWithTheBatchFirst) {
  Model model("LSTM", Recurrent::Lstm, 2);
  model.inputs[4].values.clear();
  model.inputs[5].values.clear();
  model.inputs[6].values.clear();
  const oracle::RecurrentOutputs expected = model.expected();
  OnnxBuilder b(14);
  Model swapped = model;
  swapped.inputs[0] = Tensor({kBatch, kSteps, kInputs});
  oracle::for_each_index({kBatch, kSteps, kInputs}, [&](const oracle::Dims& at) {
    swapped.inputs[0].at(at) = model.inputs[0].at({at[1], at[0], at[2]});
  });
  swapped.build(b, {0}, {"y", "h", "c"}).set("layout", 1);
  const graph::Graph g = b.must_optimize();
  Tensor y({kBatch, kSteps, 2, kUnits}), h({kBatch, 2, kUnits});
  oracle::for_each_index(y.shape, [&](const oracle::Dims& at) {
    y.at(at) = expected.y.at({at[1], at[2], at[0], at[3]});
    h.at({at[0], at[2], at[3]}) = expected.h.at({at[2], at[0], at[3]});
  });
  EXPECT_EQ(output_shape(g, 0), y.shape);
  EXPECT_EQ(output_shape(g, 1), h.shape);
  expect_like(run_floats(g, {swapped.floats(0)}, 0), y);
  expect_like(run_floats(g, {swapped.floats(0)}, 1), h);
}

TEST(OnnxRecurrent, OpenStepsAndBatch) {
  OnnxBuilder b(14);
  b.open_input("x", {"time", "batch", "3"});
  b.floats("w", {2, 15, 3}, wave(90, 0.1f));
  b.floats("r", {2, 15, 5}, wave(150, 0.3f));
  b.op("GRU", {"x", "w", "r"}, {"y", "h"}).set("direction", "bidirectional");
  b.output("y");
  b.output("h");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g, 0), (std::vector<int32_t>{-1, 2, -1, 5}));
  EXPECT_EQ(output_shape(g, 1), (std::vector<int32_t>{2, -1, 5}));
  EXPECT_EQ(count_kind(g, "FullyConnected"), 1u) << "one product for all steps and directions";
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  for (const auto& [steps, batch] : {std::pair{6, 1}, std::pair{2, 3}, std::pair{0, 2}}) {
    const rt::Shape shape = {steps, batch, 3};
    const rt::Status status = loaded.session->resize_input(0, shape);
    ASSERT_TRUE(status.ok()) << status.message();
    loaded.set(0, wave(static_cast<size_t>(steps * batch * 3), 0.2f));
    loaded.run();
    EXPECT_EQ(loaded.get<float>(0).size(), static_cast<size_t>(steps * batch * 10));
    const auto h = loaded.get<float>(1);
    ASSERT_EQ(h.size(), static_cast<size_t>(batch * 10));
    if (steps == 0) expect_near(h, std::vector<float>(h.size(), 0.0f));
  }
}

void expect_message(const std::function<void(Model&)>& change,
                    const std::function<void(OnnxNode&)>& attributes, const std::string& words) {
  Model model("LSTM", Recurrent::Lstm, 1);
  change(model);
  OnnxBuilder b(14);
  OnnxNode node = model.build(b, {0}, {"y"});
  attributes(node);
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok()) << words;
  EXPECT_NE(graph.status().message().find(words), std::string::npos) << graph.status().message();
}

TEST(OnnxRecurrent, RefusesWhatContradictsItself) {
  const auto reshaped = [](size_t input, const oracle::Dims& shape) {
    return [=](Model& model) { model.inputs[input] = Tensor(shape, 0.5); };
  };
  const auto nothing = [](Model&) {};
  expect_message(reshaped(0, {4, 6}), no_attributes, "an input of shape 4x6");
  expect_message(reshaped(0, {4, 2, 4}), no_attributes,
                 "weights of shapes 1x20x3 and 1x20x5 for an input of shape 4x2x4");
  expect_message(reshaped(1, {1, 15, 3}), no_attributes, "weights of shapes 1x15x3 and 1x20x5");
  expect_message(reshaped(2, {1, 20, 4}), no_attributes, "weights of shapes 1x20x3 and 1x20x4");
  expect_message(reshaped(2, {20, 5}), no_attributes, "weights of shapes 1x20x3 and 20x5");
  expect_message(reshaped(3, {1, 39}), no_attributes, "biases of shape 1x39, not 1x40");
  expect_message(reshaped(4, {3}), no_attributes, "its lengths are of shape 3, not 2");
  expect_message(reshaped(5, {2, 1, 5}), no_attributes,
                 "its first hidden states are of shape 2x1x5, not 1x2x5");
  expect_message(reshaped(7, {1, 5}), no_attributes, "its peepholes are of shape 1x5, not 1x15");
  expect_message(
      [](Model& model) {
        model.inputs[4].values = {5, 1};
      },
      no_attributes, "has a sequence of 5 steps in an input of 4");
  expect_message(
      nothing, [](OnnxNode& node) { node.set("clip", -1.0f); }, "a clip of -1");
  expect_message(
      nothing, [](OnnxNode& node) { node.set("direction", "up"); }, "direction 'up'");
  expect_message(
      nothing, [](OnnxNode& node) { node.set("direction", "bidirectional"); },
      "2 directions and 4 gates");
  expect_message(
      nothing, [](OnnxNode& node) { set_functions(node, {"Tanh"}, {}, {}); },
      "1 activations, needs 3");
  expect_message(
      nothing,
      [](OnnxNode& node) {
        set_functions(node, {"Tanh", "Tanh", "Cube"}, {}, {});
      },
      "activation 'Cube'");
  expect_message(
      nothing,
      [](OnnxNode& node) {
        set_functions(node, {"Tanh", "Tanh", "Elu"}, {1, 1}, {});
      },
      "2 numbers in 'activation_alpha' for 3 activations");
  expect_message(
      nothing, [](OnnxNode& node) { node.set("linear_before_reset", 1); },
      "attribute 'linear_before_reset'");
}

TEST(OnnxRecurrent, HiddenSizeIsThatOfTheWeights) {
  OnnxBuilder b(14);
  b.input("x", {4, 2, 3});
  b.floats("w", {1, 5, 3}, ramp(15));
  b.floats("r", {1, 5, 5}, ramp(25));
  b.op("RNN", {"x", "w", "r"}, {"y"}).set("hidden_size", 6);
  b.output("y");
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(
      graph.status().message().find("a hidden_size of 6 for recurrent weights of shape 1x5x5"),
      std::string::npos)
      << graph.status().message();
}

}  // namespace
}  // namespace qrt::test
