// Models that no exporter writes: each gives one clear sentence, none crashes, hangs, or makes the
// importer allocate more than the file justifies.
#include <functional>
#include <random>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using rt::Code;

// A small model in which each test breaks one thing.
struct Sound : OnnxBuilder {
  Sound() {
    input("x", {1, 2, 4, 4});
    floats("w", {3, 2, 3, 3}, ramp(54));
    floats("bias", {3}, ramp(3));
    op("Conv", {"x", "w", "bias"}, {"c"}).set("pads", Dims64{1, 1, 1, 1}).named("conv");
    op("MaxPool", {"c"}, {"p"}).set("kernel_shape", Dims64{2, 2}).named("pool");
    quantize_pair("p", "d", 0.5f, 3);
    integers("shape", {1, -1});
    op("Reshape", {"d", "shape"}, {"flat"}).named("reshape");
    floats("m", {27, 2}, ramp(54));
    op("Gemm", {"flat", "m"}, {"g"}).named("gemm");
    op("Softmax", {"g"}, {"y"}).set("axis", 1).named("softmax");
    output("y");
  }
  ::onnx::NodeProto& node(int i) { return *graph().mutable_node(i); }
  ::onnx::NodeProto& conv() { return node(0); }
  ::onnx::NodeProto& pool() { return node(1); }
  ::onnx::NodeProto& reshape() { return node(4); }
  ::onnx::NodeProto& gemm() { return node(5); }
  ::onnx::NodeProto& softmax() { return node(6); }
  Onnx& tensor(const std::string& name) {
    for (auto& tensor : *graph().mutable_initializer()) {
      if (tensor.name() == name) return tensor;
    }
    ADD_FAILURE() << "no constant " << name;
    return *graph().mutable_initializer(0);
  }
  void set_integers(const std::string& name, const Dims64& elements) {
    tensor(name).set_dims(0, static_cast<int64_t>(elements.size()));
    tensor(name).set_raw_data(elements.data(), elements.size() * sizeof(int64_t));
  }
  // One more node, between the model's result and the graph's output.
  OnnxNode then(const std::string& type, std::vector<std::string> inputs) {
    graph().mutable_output(0)->set_name("z");
    inputs.insert(inputs.begin(), "y");
    return op(type, inputs, {"z"}).named("extra");
  }
};

using Change = std::function<void(Sound&)>;

void expect_error(const Change& change, Code code, const std::string& words) {
  Sound model;
  change(model);
  const auto graph = model.import();
  ASSERT_FALSE(graph.ok()) << words;
  EXPECT_EQ(graph.status().code(), code) << graph.status().message();
  EXPECT_NE(graph.status().message().find(words), std::string::npos)
      << graph.status().message() << "\nlacks: " << words;
  EXPECT_EQ(graph.status().message().rfind("test.onnx: ", 0), 0u) << graph.status().message();
}
void expect_invalid(const Change& change, const std::string& words) {
  expect_error(change, Code::InvalidModel, words);
}
void expect_unsupported(const Change& change, const std::string& words) {
  expect_error(change, Code::Unsupported, words);
}

TEST(OnnxMalformed, TheModelIsSoundBeforeItIsBroken) {
  EXPECT_EQ(output_shape(Sound().must_optimize()), (std::vector<int32_t>{1, 2}));
}

TEST(OnnxMalformed, NoModelAtAll) {
  for (const std::string text :
       {"", "no protobuf at all", "\x08\x08", "\x0a\xff\xff\xff\xff\x0f"}) {
    const auto* data = reinterpret_cast<const uint8_t*>(text.data());
    EXPECT_FALSE(import::import_onnx(data, text.size(), "t").ok()) << text;
  }
  expect_invalid([](Sound& m) { m.model.clear_graph(); }, "without a graph");
  expect_invalid([](Sound& m) { m.graph().clear_output(); }, "without outputs");
}

TEST(OnnxMalformed, NamesThatLeadNowhereOrTwice) {
  expect_invalid([](Sound& m) { m.softmax().set_input(0, "nobody"); }, "reads 'nobody'");
  expect_invalid([](Sound& m) { m.graph().mutable_output(0)->set_name("nobody"); }, "'nobody'");
  expect_invalid([](Sound& m) { m.softmax().set_output(0, "c"); }, "'c' is made twice");
  expect_invalid([](Sound& m) { m.conv().set_output(0, "x"); }, "'x' is made twice");
  expect_invalid([](Sound& m) { m.conv().set_output(0, "w"); }, "'w' is made twice");
  expect_invalid([](Sound& m) { m.floats("w", {1}, {1}); }, "'w' is made twice");
  expect_invalid([](Sound& m) { m.input("x", {1}); }, "'x' is an input twice");
  expect_invalid([](Sound& m) { m.output("y"); }, "'y' is an output twice");
  expect_invalid([](Sound& m) { m.conv().set_input(0, "p"); }, "waits for its own result");
  expect_invalid([](Sound& m) { m.softmax().set_input(0, "y"); }, "waits for its own result");
}

TEST(OnnxMalformed, WrongNumbersOfInputsAndOutputs) {
  expect_invalid([](Sound& m) { m.conv().clear_input(); }, "0 inputs, needs 2");
  expect_invalid([](Sound& m) { m.softmax().add_input("c"); }, "2 inputs, needs 1");
  expect_invalid([](Sound& m) { m.conv().set_input(1, ""); }, "input 1 is missing");
  expect_invalid([](Sound& m) { m.softmax().clear_output(); }, "makes nothing");
  expect_invalid(
      [](Sound& m) {
        m.conv().add_output("more");
        m.output("more");
      },
      "has no output 1");
}

TEST(OnnxMalformed, ConstantsThatContradictThemselves) {
  const std::string who = "constant 'w': ";
  expect_invalid([](Sound& m) { m.tensor("w").set_dims(0, 4); }, who + "data of");
  expect_invalid([](Sound& m) { m.tensor("w").set_dims(0, -3); }, who + "a dimension of -3");
  expect_invalid([](Sound& m) { m.tensor("w").set_dims(0, INT64_MAX); }, who + "a dimension of");
  expect_invalid([](Sound& m) { m.tensor("w").mutable_raw_data()->pop_back(); }, who + "data of");
  expect_invalid([](Sound& m) { m.tensor("w").clear_raw_data(); }, who + "data of 0");
  expect_invalid([](Sound& m) { m.tensor("w").set_data_type(Onnx::DOUBLE); }, who + "data of");
  expect_unsupported([](Sound& m) { m.tensor("w").set_data_type(Onnx::STRING); }, "type STRING");
  expect_unsupported([](Sound& m) { m.tensor("w").set_data_type(77); }, "ONNX type 77");
  expect_unsupported([](Sound& m) { m.tensor("w").mutable_segment()->set_begin(1); }, "segments");
  expect_invalid(
      [](Sound& m) {
        Onnx* tensor = m.graph().add_initializer();
        tensor->set_name("small");
        tensor->set_data_type(Onnx::INT8);
        tensor->add_dims(1);
        tensor->add_int32_data(300);
      },
      "an element of 300");
}

TEST(OnnxMalformed, ShapesThatCannotBe) {
  const auto input_dim = [](int64_t dim) {
    return [dim](Sound& m) {
      m.graph()
          .mutable_input(0)
          ->mutable_type()
          ->mutable_tensor_type()
          ->mutable_shape()
          ->mutable_dim(2)
          ->set_dim_value(dim);
    };
  };
  expect_invalid(input_dim(-7), "graph input 'x': a dimension of -7");
  expect_unsupported(input_dim(INT64_MAX), "graph input");
  expect_unsupported(input_dim(INT32_MAX), "too large");
  expect_unsupported([](Sound& m) { m.graph().mutable_input(0)->clear_type(); }, "no tensor");
  expect_unsupported(
      [](Sound& m) {
        auto* shape =
            m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
        for (int i = 0; i < 300; ++i) shape->add_dim()->set_dim_value(1);
      },
      "304 dimensions");
}

TEST(OnnxMalformed, Attributes) {
  expect_invalid([](Sound& m) { OnnxNode(&m.conv()).set("pads", 1); }, "'pads' is given twice");
  expect_invalid([](Sound& m) { OnnxNode(&m.conv()).set("group", "two"); }, "not of the type");
  expect_invalid([](Sound& m) { OnnxNode(&m.softmax()).set("axis", 1.0f); }, "given twice");
  expect_unsupported([](Sound& m) { OnnxNode(&m.conv()).set("swirl", 1); }, "attribute 'swirl'");
  expect_invalid([](Sound& m) { OnnxNode(&m.conv()).set("auto_pad", "SAME"); }, "auto_pad='SAME'");
}

TEST(OnnxMalformed, WindowsThatDoNotFit) {
  const std::string who = "node 'conv' (Conv): ";
  for (const int64_t number : {int64_t{0}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    expect_invalid([=](Sound& m) { OnnxNode(&m.conv()).set("strides", Dims64{1, number}); }, who);
    expect_invalid([=](Sound& m) { OnnxNode(&m.conv()).set("dilations", Dims64{number, 1}); }, who);
    expect_invalid([=](Sound& m) { OnnxNode(&m.conv()).set("group", number); }, who);
    expect_invalid(
        [=](Sound& m) {
          OnnxNode(&m.conv()).set("kernel_shape", Dims64{number, 3});
        },
        who);
  }
  for (const int64_t number : {int64_t{-1}, INT64_MAX, INT64_MIN}) {
    expect_invalid(
        [=](Sound& m) {
          m.conv().clear_attribute();
          OnnxNode(&m.conv()).set("pads", Dims64{0, number, 0, 0});
        },
        who + "padding of");
  }
  expect_invalid([](Sound& m) { OnnxNode(&m.conv()).set("group", 2); }, who + "2 groups");
  expect_invalid([](Sound& m) { OnnxNode(&m.conv()).set("strides", Dims64{1}); }, "as strides");
  expect_invalid([](Sound& m) { m.pool().clear_attribute(); }, "no kernel_shape");
  expect_invalid(
      [](Sound& m) {
        m.pool().clear_attribute();
        OnnxNode(&m.pool()).set("kernel_shape", Dims64{5, 5});
      },
      "a window of 5 on 4");
  expect_invalid(
      [](Sound& m) {
        m.tensor("bias").set_name("b2");
        m.floats("bias", {2}, {1, 2});
      },
      "a bias of shape 2");
}

TEST(OnnxMalformed, ShapesAndAxesOfNodes) {
  const auto reshape = [](const Dims64& shape) {
    return [shape](Sound& m) { m.set_integers("shape", shape); };
  };
  expect_invalid(reshape({1, 28}), "27 elements for a shape of 28");
  expect_invalid(reshape({-1, -1}), "two dimensions of -1");
  expect_invalid(reshape({-1, 5}), "27 elements");
  expect_invalid(reshape({-2, 27}), "a dimension of -2");
  expect_invalid(reshape({INT64_MAX, INT64_MAX}), "a dimension of");
  expect_invalid(reshape({1, 3, 3, 3, 0}), "does not have");
  expect_unsupported(
      [](Sound& m) {
        m.input("s", {2}, Onnx::INT64);
        m.reshape().set_input(1, "s");
      },
      "a shape known only at run time");
  expect_invalid([](Sound& m) { m.gemm().set_input(1, "w"); }, "matrices of 2 and 4 axes");
  expect_invalid([](Sound& m) { OnnxNode(&m.gemm()).set("transB", 1); }, "matrices of shapes");
  for (const int64_t axis : {int64_t{2}, int64_t{-3}, INT64_MAX, INT64_MIN}) {
    expect_invalid(
        [=](Sound& m) {
          m.softmax().clear_attribute();
          OnnxNode(&m.softmax()).set("axis", axis);
        },
        "node 'softmax' (Softmax): axis");
    expect_invalid([=](Sound& m) { m.then("ReduceMax", {}).set("axes", Dims64{axis}); }, "axis");
    expect_invalid([=](Sound& m) { m.then("Concat", {"y"}).set("axis", axis); }, "axis");
    expect_invalid([=](Sound& m) { m.then("ArgMax", {}).set("axis", axis); }, "axis");
    expect_invalid(
        [=](Sound& m) {
          m.integers("axis", {axis});
          m.then("Squeeze", {"axis"});
        },
        "axis");
  }
  expect_invalid([](Sound& m) { m.then("Transpose", {}).set("perm", Dims64{0, 0}); }, "twice");
  expect_invalid([](Sound& m) { m.then("Transpose", {}).set("perm", Dims64{0}); }, "perm");
  expect_invalid([](Sound& m) { m.then("Transpose", {}).set("perm", Dims64{-1, 0}); }, "perm");
}

TEST(OnnxMalformed, IndicesSlicesAndRepeats) {
  const auto with = [](const char* op, const Dims64& numbers) {
    return [=](Sound& m) {
      m.integers("n", numbers);
      m.then(op, {"n"});
    };
  };
  expect_invalid(with("Gather", {1}), "index 1 of an axis of 1");
  expect_invalid(with("Gather", {INT64_MIN}), "index");
  expect_invalid(with("GatherND", {0, 0, 0}), "indices 3 of 1x2");
  for (int64_t batch : {int64_t{-1}, int64_t{1}, INT64_MAX}) {
    expect_invalid(
        [=](Sound& m) {
          m.integers("n", {0});
          m.then("GatherND", {"n"}).set("batch_dims", batch);
        },
        "batch dimensions of");
  }
  expect_invalid(with("Tile", {1, -1}), "-1 repeats");
  expect_invalid(with("Tile", {1}), "1 repeats for 2 dimensions");
  expect_unsupported(with("Tile", {1, INT64_MAX / 2}), "a dimension of");
  expect_unsupported(with("Expand", {1 << 20, 1 << 20, 1, 2}), "too large");
  expect_invalid(with("Pad", {1, 2, 3}), "3 pads for 2 axes");
  expect_invalid(with("Pad", {INT64_MIN, 0, 0, 0}), "padding of");
  expect_unsupported(with("Pad", {0, INT32_MAX, 0, INT32_MAX}), "a dimension of");
  expect_unsupported(with("Pad", {0, -1, 0, -1}), "crops everything");
  expect_invalid(with("Split", {1, 1}), "2 sizes for 1 outputs");
  expect_invalid(with("Split", {2}), "a part of 2");
  expect_invalid(
      [](Sound& m) {
        m.integers("zero", {0});
        m.then("Slice", {"zero", "shape", "zero", "zero"});
      },
      "different lengths");
  expect_invalid(
      [](Sound& m) {
        m.integers("zero", {0});
        m.integers("one", {1});
        m.then("Slice", {"zero", "one", "zero", "zero"});
      },
      "a step of 0");
  expect_unsupported(
      [](Sound& m) {
        m.integers("zero", {0});
        m.then("Slice", {"zero", "zero"});
      },
      "an empty slice");
}

TEST(OnnxMalformed, Quantization) {
  const auto scale = [](float s) {
    return [s](Sound& m) { m.tensor("d.s").set_raw_data(&s, sizeof s); };
  };
  for (const float s : {0.0f, -1.0f, INFINITY, NAN, 1e-40f}) expect_invalid(scale(s), "a scale of");
  expect_invalid(
      [](Sound& m) {
        m.tensor("d.s").add_dims(2);
        const float scales[] = {1, 2};
        m.tensor("d.s").set_raw_data(scales, sizeof scales);
      },
      "2 scales and 1 zero points");
  expect_invalid(
      [](Sound& m) {
        m.tensor("d.z").set_data_type(Onnx::INT8);
        m.tensor("d.z").set_name("other");
        m.constant<uint8_t>("d.z", {}, {3}, Onnx::UINT8);
        m.node(3).set_input(2, "other");
      },
      "an input of type u8 and a zero point of type s8");
  expect_invalid(
      [](Sound& m) {
        m.node(3).set_input(2, "");
        m.node(2).set_input(1, "");
      },
      "input 1 is missing");
}

// A few bytes that ask for gigabytes: large constants of shape, doubled again and again.
TEST(OnnxMalformed, ConstantsThatGrow) {
  OnnxBuilder b;
  b.input("x", {1});
  b.integers("shape", {1 << 13});
  b.op("ConstantOfShape", {"shape"}, {"k0"});
  for (int i = 0; i < 2000; ++i) {
    const std::string from = "k" + std::to_string(i), to = "k" + std::to_string(i + 1);
    b.op("Add", {from, from}, {to});
  }
  b.op("Add", {"x", "k2000"}, {"y"});
  b.output("y");
  const auto graph = b.import();
  if (!graph.ok()) {
    EXPECT_NE(graph.status().message().find("grow far beyond"), std::string::npos);
  }
  OnnxBuilder large;
  large.input("x", {1});
  large.integers("shape", {1 << 15, 1 << 15});
  large.op("ConstantOfShape", {"shape"}, {"k"});
  large.op("Add", {"x", "k"}, {"y"});
  large.output("y");
  const auto computed = large.import();
  ASSERT_TRUE(computed.ok()) << computed.status().message();
  EXPECT_EQ(count_kind(*computed, "BroadcastTo"), 1u) << "a value that large is computed";
}

// Cut anywhere, or with bytes changed, a model is refused or read, nothing else.
TEST(OnnxMalformed, CutAndScratchedFiles) {
  const std::vector<uint8_t> whole = Sound().bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    (void)import::import_onnx(whole.data(), size, "cut").ok();
  }
  std::mt19937 random(20);
  for (int round = 0; round < 4000; ++round) {
    std::vector<uint8_t> bytes = whole;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    auto graph = import::import_onnx(bytes.data(), bytes.size(), "scratched");
    if (graph.ok()) (void)graph::fuse_qdq(*graph).ok();
  }
}

}  // namespace
}  // namespace qrt::test
