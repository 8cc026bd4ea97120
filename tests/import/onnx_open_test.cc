// Dimensions that an ONNX model leaves open stay open, by name, through every operator that a shape
// may pass; where an operator needs a number, the model or the message says so.
#include <functional>

#include "tests/import/onnx_builder.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using Shape = std::vector<int32_t>;
using Names = std::vector<std::string>;

const graph::Value& first_input(const graph::Graph& g) { return g.value(g.inputs[0]); }

std::string metadata(const graph::Graph& graph, const std::string& key) {
  for (const auto& [name, value] : graph.metadata) {
    if (name == key) return value;
  }
  return "";
}

TEST(OnnxOpen, InputsKeepNamesAndOpenDimensions) {
  OnnxBuilder b;
  b.open_input("x", {"batch", "3", "h", "?"});
  b.op("Neg", {"x"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(first_input(g).shape, (Shape{-1, 3, -1, -1}));
  EXPECT_EQ(first_input(g).dim_names, (Names{"batch", "", "h", ""}));
  EXPECT_EQ(output_shape(g), (Shape{-1, 3, -1, -1}));
  expect_same_alone_and_in_a_batch(g, 3, {2, 5});
}

// A convolution, a pool and what stands between them and a classifier, written by `flatten`.
template <class Flatten>
graph::Graph classifier(const Flatten& flatten) {
  OnnxBuilder b;
  b.open_input("x", {"N", "3", "6", "6"});
  b.floats("w", {4, 3, 3, 3}, ramp(108, 0.01f));
  b.op("Conv", {"x", "w"}, {"c"}).set("pads", Dims64{1, 1, 1, 1});
  b.op("Relu", {"c"}, {"r"});
  b.op("MaxPool", {"r"}, {"p"}).set("kernel_shape", Dims64{2, 2}).set("strides", Dims64{2, 2});
  flatten(b);
  b.floats("m", {36, 5}, ramp(180, 0.003f));
  b.op("Gemm", {"flat", "m"}, {"y"});
  b.output("y");
  return b.must_optimize();
}

TEST(OnnxOpen, EveryWayToFlatten) {
  const std::vector<std::function<void(OnnxBuilder&)>> ways = {
      [](OnnxBuilder& b) { b.op("Flatten", {"p"}, {"flat"}); },
      [](OnnxBuilder& b) {
        b.integers("shape", {0, -1});
        b.op("Reshape", {"p", "shape"}, {"flat"});
      },
      [](OnnxBuilder& b) {
        b.integers("shape", {-1, 36});
        b.op("Reshape", {"p", "shape"}, {"flat"});
      },
      [](OnnxBuilder& b) {  // torch: x.view(x.size(0), -1)
        b.op("Shape", {"p"}, {"s"});
        b.integers("zero", {0});
        b.op("Gather", {"s", "zero"}, {"n"});
        b.integers("rest", {-1});
        b.op("Concat", {"n", "rest"}, {"shape"}).set("axis", 0);
        b.op("Reshape", {"p", "shape"}, {"flat"});
      },
      [](OnnxBuilder& b) {  // with all sizes computed
        b.op("Shape", {"p"}, {"s"});
        b.constant<int64_t>("i0", {}, {0}, Onnx::INT64);
        b.constant<int64_t>("i1", {}, {1}, Onnx::INT64);
        b.constant<int64_t>("i2", {}, {2}, Onnx::INT64);
        b.op("Gather", {"s", "i0"}, {"n"});
        b.op("Gather", {"s", "i1"}, {"c"}).node->set_output(0, "channels");
        b.op("Gather", {"s", "i2"}, {"h"});
        b.op("Mul", {"channels", "h"}, {"ch"});
        b.op("Mul", {"ch", "h"}, {"chw"});
        b.integers("axis", {0});
        b.op("Unsqueeze", {"n", "axis"}, {"n1"});
        b.op("Unsqueeze", {"chw", "axis"}, {"chw1"});
        b.op("Concat", {"n1", "chw1"}, {"shape"}).set("axis", 0);
        b.op("Reshape", {"p", "shape"}, {"flat"});
      },
      [](OnnxBuilder& b) {  // tf2onnx: by a Slice of the shape, cast to and fro
        b.op("Shape", {"p"}, {"s"});
        b.op("Cast", {"s"}, {"s32"}).set("to", int{Onnx::INT32});
        b.integers("b", {0});
        b.integers("e", {1});
        b.op("Slice", {"s32", "b", "e"}, {"n32"});
        b.op("Cast", {"n32"}, {"n"}).set("to", int{Onnx::INT64});
        b.integers("rest", {36});
        b.op("Concat", {"n", "rest"}, {"shape"}).set("axis", 0);
        b.op("Reshape", {"p", "shape"}, {"flat"});
      },
  };
  for (size_t i = 0; i < ways.size(); ++i) {
    SCOPED_TRACE("way " + std::to_string(i));
    const graph::Graph g = classifier(ways[i]);
    EXPECT_EQ(output_shape(g), (Shape{-1, 5}));
    // The shape needs no operator of its own.
    EXPECT_EQ(count_kind(g, "ShapeOf"), 0u);
    expect_same_alone_and_in_a_batch(g, 3);
  }
}

TEST(OnnxOpen, HeightAndWidthThroughConvolutionsPoolsAndReductions) {
  OnnxBuilder b;
  b.open_input("x", {"N", "2", "h", "w"});
  b.floats("a", {4, 2, 3, 3}, ramp(72, 0.01f));
  b.floats("d", {4, 1, 3, 3}, ramp(36, 0.02f));
  b.op("Conv", {"x", "a"}, {"c"}).set("strides", Dims64{2, 2}).set("pads", Dims64{1, 1, 1, 1});
  b.op("Conv", {"c", "d"}, {"e"}).set("group", 4).set("auto_pad", "SAME_UPPER");
  b.op("AveragePool", {"e"}, {"p"}).set("kernel_shape", Dims64{2, 2});
  b.op("GlobalAveragePool", {"p"}, {"g"});
  b.op("Flatten", {"g"}, {"y"});
  b.output("y");
  b.output("p");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, 4}));
  EXPECT_EQ(output_shape(g, 1), (Shape{-1, 4, -1, -1}));
  expect_same_alone_and_in_a_batch(g, 3, {9, 12});
  expect_same_alone_and_in_a_batch(g, 2, {5, 3});
}

// Attention: [batch, time, channels] in two heads, with all of batch and time open.
TEST(OnnxOpen, ReshapesOfSeveralOpenDimensions) {
  OnnxBuilder b;
  b.open_input("x", {"batch", "time", "8"});
  b.integers("heads", {0, 0, 2, 4});
  b.op("Reshape", {"x", "heads"}, {"split"});
  b.op("Transpose", {"split"}, {"q"}).set("perm", Dims64{0, 2, 1, 3});
  b.op("Transpose", {"split"}, {"k"}).set("perm", Dims64{0, 2, 3, 1});
  b.op("MatMul", {"q", "k"}, {"scores"});
  b.op("Softmax", {"scores"}, {"weights"}).set("axis", -1);
  b.op("MatMul", {"weights", "q"}, {"mixed"});
  b.op("Transpose", {"mixed"}, {"back"}).set("perm", Dims64{0, 2, 1, 3});
  b.integers("flat", {0, 0, 8});
  b.op("Reshape", {"back", "flat"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, -1, 8}));
  expect_same_alone_and_in_a_batch(g, 3, {5});
}

// [batch * time, c] back to [batch, time, c]: no attribute can say it, the shape must be computed.
TEST(OnnxOpen, AReshapeMayReadItsShape) {
  OnnxBuilder b;
  b.open_input("x", {"batch", "time", "4"});
  b.op("Shape", {"x"}, {"shape"});
  b.integers("rows", {-1, 4});
  b.op("Reshape", {"x", "rows"}, {"flat"});
  b.floats("m", {4, 4}, ramp(16, 0.1f));
  b.op("MatMul", {"flat", "m"}, {"product"});
  b.op("Reshape", {"product", "shape"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, -1, 4}));
  expect_same_alone_and_in_a_batch(g, 2, {3});
}

TEST(OnnxOpen, ExpandAndConstantOfShapeReadTheirShape) {
  OnnxBuilder b;
  b.open_input("x", {"N", "1", "3"});
  b.op("Shape", {"x"}, {"s"});
  b.integers("zero", {0});
  b.op("Gather", {"s", "zero"}, {"n"});
  b.integers("rest", {4, 3});
  b.op("Concat", {"n", "rest"}, {"wide"}).set("axis", 0);
  b.op("Expand", {"x", "wide"}, {"e"});
  b.op("ConstantOfShape", {"wide"}, {"zeros"});
  b.op("Add", {"e", "zeros"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, 4, 3}));
  expect_same_alone_and_in_a_batch(g, 3);
}

// PyTorch's Expand with -1 for sizes that stay: chosen by Where, from a shape of a shape.
TEST(OnnxOpen, ExpandAsPyTorchWritesIt) {
  OnnxBuilder b;
  b.open_input("x", {"N", "2"});
  b.op("Shape", {"x"}, {"s"});
  b.integers("zero", {0});
  b.op("Gather", {"s", "zero"}, {"n"});
  b.integers("rest", {-1, -1});
  b.op("Concat", {"n", "rest"}, {"wanted"}).set("axis", 0);
  b.op("Shape", {"wanted"}, {"rank"});
  b.op("ConstantOfShape", {"rank"}, {"ones"}).add("value", ::onnx::AttributeProto::TENSOR);
  auto* one = b.graph().mutable_node(b.graph().node_size() - 1)->mutable_attribute(0)->mutable_t();
  one->set_data_type(Onnx::INT64);
  one->add_dims(1);
  one->add_int64_data(1);
  b.constant<int64_t>("minus", {}, {-1}, Onnx::INT64);
  b.op("Mul", {"ones", "minus"}, {"marks"});
  b.op("Equal", {"wanted", "marks"}, {"stays"});
  b.op("Where", {"stays", "ones", "wanted"}, {"shape"});
  b.floats("token", {1, 1, 3}, {1, 2, 3});
  b.op("Expand", {"token", "shape"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, 1, 3}));
  Loaded loaded = must_load(g);
  ASSERT_TRUE(loaded.session->resize_input(0, {2, 2}).ok());
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{1, 2, 3, 1, 2, 3}));
}

TEST(OnnxOpen, RangeFollowsASize) {
  OnnxBuilder b;
  b.open_input("x", {"1", "T"});
  b.op("Shape", {"x"}, {"s"});
  b.constant<int64_t>("zero", {}, {0}, Onnx::INT64);
  b.constant<int64_t>("one", {}, {1}, Onnx::INT64);
  b.op("Gather", {"s", "one"}, {"t"});
  b.op("Range", {"zero", "t", "one"}, {"positions"});
  b.op("Cast", {"positions"}, {"f"}).set("to", static_cast<int64_t>(Onnx::FLOAT));
  b.op("Add", {"x", "f"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{1, -1}));
  Loaded loaded = must_load(g);
  ASSERT_TRUE(loaded.session->resize_input(0, {1, 3}).ok());
  loaded.set(0, std::vector<float>{10, 10, 10});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{10, 11, 12}));
}

// A causal mask that is kept for the longest sequence, and cut.
TEST(OnnxOpen, SlicesUpToASize) {
  OnnxBuilder b;
  b.open_input("x", {"N", "T"});
  b.op("Shape", {"x"}, {"s"});
  b.integers("one", {1});
  b.op("Gather", {"s", "one"}, {"t"});
  b.floats("mask", {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  b.integers("zero", {0});
  b.integers("axis", {-1});
  b.op("Slice", {"mask", "zero", "t", "axis"}, {"m"});
  b.op("Slice", {"m", "zero", "one", "zero"}, {"row"});
  b.op("Add", {"x", "row"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, -1}));
  Loaded loaded = must_load(g);
  for (int32_t t : {1, 3, 4}) {
    ASSERT_TRUE(loaded.session->resize_input(0, {2, t}).ok());
    loaded.set(0, std::vector<float>(static_cast<size_t>(2 * t), 10));
    loaded.run();
    std::vector<float> want;
    for (int32_t i = 0; i < 2 * t; ++i) want.push_back(static_cast<float>(11 + i % t));
    EXPECT_EQ(loaded.get<float>(), want);
  }
}

// One channel moves from the last place to the second, and two open sizes with it.
TEST(OnnxOpen, AnOutputOfOneChannelAndOpenSizes) {
  OnnxBuilder b;
  b.open_input("x", {"N", "2", "h", "w"});
  b.floats("w", {1, 2, 1, 1}, {1, 10});
  b.op("Conv", {"x", "w"}, {"c"});
  b.op("Sigmoid", {"c"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(output_shape(g), (Shape{-1, 1, -1, -1}));
}

TEST(OnnxOpen, SplitsPadsAndPoolsOfAnOpenAxis) {
  OnnxBuilder b;
  b.open_input("x", {"1", "1", "1", "w"});
  b.integers("pads", {0, 0, 0, 1, 0, 0, 0, 2});
  b.op("Pad", {"x", "pads"}, {"p"}).set("mode", "edge");
  b.op("MaxPool", {"p"}, {"m"})
      .set("kernel_shape", Dims64{1, 3})
      .set("strides", Dims64{1, 2})
      .set("ceil_mode", 1);
  b.op("Split", {"m"}, {"a", "b"}).set("axis", 3);
  b.op("Sub", {"a", "b"}, {"y"});
  b.output("y");
  const graph::Graph g = b.must_optimize();
  Loaded loaded = must_load(g);
  ASSERT_TRUE(loaded.session->resize_input(0, {1, 1, 1, 5}).ok());
  loaded.set(0, std::vector<float>{1, 2, 3, 4, 50});
  loaded.run();
  // 1 1 2 | 2 3 4 | 4 50 50 | 50 50
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{2 - 50, 4 - 50}));
}

TEST(OnnxOpen, SlicesAndConcatenationsOfAnOpenAxis) {
  OnnxBuilder b;
  b.open_input("x", {"N", "n", "2"});
  const auto slice = [&](const std::string& to, int64_t begin, int64_t end, int64_t step) {
    b.integers(to + ".b", {begin});
    b.integers(to + ".e", {end});
    b.integers(to + ".a", {1});
    b.integers(to + ".s", {step});
    b.op("Slice", {"x", to + ".b", to + ".e", to + ".a", to + ".s"}, {to});
  };
  slice("head", 0, 2, 1);
  slice("tail", -1, INT64_MAX, 1);
  slice("reversed", -1, INT64_MIN, -1);
  slice("odd", 1, INT64_MAX, 2);
  slice("inner", 1, -1, 1);
  b.op("Concat", {"head", "tail", "reversed", "odd", "inner"}, {"y"}).set("axis", 1);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  Loaded loaded = must_load(g);
  ASSERT_TRUE(loaded.session->resize_input(0, {1, 4, 2}).ok());
  loaded.set(0, ramp(8));
  loaded.run();
  expect_near(loaded.get<float>(),
              {1, 2, 3, 4, 7, 8, 7, 8, 5, 6, 3, 4, 1, 2, 3, 4, 7, 8, 3, 4, 5, 6});
}

// Of any height and width: by scales, to sizes that are computed, and to those of another tensor.
TEST(OnnxOpen, ResizesOfOpenPlanes) {
  for (const char* mode : {"nearest", "linear"}) {
    OnnxBuilder b;
    b.open_input("x", {"N", "2", "h", "w"});
    b.floats("scales", {4}, {1, 1, 2, 1.5f});
    b.op("Resize", {"x", "", "scales"}, {"a"})
        .set("mode", mode)
        .set("coordinate_transformation_mode", "asymmetric")
        .set("nearest_mode", "floor");
    b.op("Shape", {"x"}, {"s"});
    b.integers("b0", {0}), b.integers("b2", {2}), b.integers("b4", {4});
    b.op("Slice", {"s", "b0", "b2"}, {"nc"});
    b.op("Slice", {"s", "b2", "b4"}, {"hw"});
    b.integers("three", {3});
    b.op("Mul", {"hw", "three"}, {"hw3"});
    b.op("Concat", {"nc", "hw3"}, {"sizes"}).set("axis", 0);
    b.op("Resize", {"x", "", "", "sizes"}, {"c"}).set("mode", mode);
    b.op("Concat", {"nc", "b5"}, {"sizes5"}).set("axis", 0);
    b.integers("b5", {5, 5});
    b.op("Resize", {"a", "", "", "sizes5"}, {"d"}).set("mode", mode);
    for (const char* name : {"a", "c", "d"}) b.output(name);
    const graph::Graph g = b.must_optimize();
    EXPECT_EQ(output_shape(g, 0), (Shape{-1, 2, -1, -1}));
    EXPECT_EQ(output_shape(g, 1), (Shape{-1, 2, -1, -1}));
    EXPECT_EQ(output_shape(g, 2), (Shape{-1, 2, 5, 5}));
    EXPECT_TRUE(metadata(g, "assumed x[0] ('N')").empty());
    expect_same_alone_and_in_a_batch(g, 3, {4, 7});

    Loaded open = must_load(g);
    ASSERT_TRUE(open.session->resize_input(0, {1, 2, 4, 7}).ok());
    const auto elements = ramp(56, 0.1f);
    open.set(0, elements);
    open.run();
    auto* dims = b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
    const int64_t sizes[] = {1, 2, 4, 7};
    for (int i = 0; i < 4; ++i) dims->mutable_dim(i)->set_dim_value(sizes[i]);
    const graph::Graph fixed = b.must_optimize();
    EXPECT_EQ(output_shape(fixed, 0), (Shape{1, 2, 8, 10}));
    EXPECT_EQ(output_shape(fixed, 1), (Shape{1, 2, 12, 21}));
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(open.get<float>(k), run_floats(fixed, {elements}, k)) << mode << " " << k;
    }
  }
}

TEST(OnnxOpen, QuantizedNetworksStayQuantized) {
  OnnxBuilder b;
  b.open_input("x", {"N", "2", "6", "6"});
  b.quantize_pair("x", "xq", 0.01f, 128);
  b.constant<int8_t>("w.q", {4, 2, 3, 3}, std::vector<int8_t>(72, 3), Onnx::INT8);
  b.floats("w.s", {}, {0.02f});
  b.constant<int8_t>("w.z", {}, {0}, Onnx::INT8);
  b.op("DequantizeLinear", {"w.q", "w.s", "w.z"}, {"w"});
  b.op("Conv", {"xq", "w"}, {"c"});
  b.quantize_pair("c", "cq", 0.02f, 128);
  b.op("Flatten", {"cq"}, {"f"});
  b.quantize_pair("f", "y", 0.02f, 128);
  b.output("y");
  const graph::Graph g = b.must_optimize();
  EXPECT_EQ(kinds(g),
            (Names{"Quantize", "Transpose", "Conv2D", "Transpose", "Reshape", "Dequantize"}));
  expect_same_alone_and_in_a_batch(g, 3);
}

TEST(OnnxOpen, AnOpenBatchThatAnOperatorCannotKeepBecomesOneAndTheModelSaysWhy) {
  OnnxBuilder b;
  b.open_input("x", {"batch", "3"});
  b.floats("scales", {2}, {2, 1});
  b.op("Resize", {"x", "", "scales"}, {"y"}).named("border");
  b.output("y");
  const graph::Graph g = b.must_import();
  EXPECT_EQ(output_shape(g), (Shape{2, 3}));
  const std::string said = metadata(g, "assumed x[0] ('batch')");
  EXPECT_EQ(said.rfind("1, because of Resize: ", 0), 0u) << said;
  EXPECT_NE(said.find("'border'"), std::string::npos) << said;
}

TEST(OnnxOpen, AnyOtherDimensionMustThenBeGiven) {
  OnnxBuilder b;
  b.open_input("sound", {"1", "length"});
  b.floats("scales", {2}, {1, 2});
  b.op("Resize", {"sound", "", "scales"}, {"y"}).named("border");
  b.output("y");
  const auto g = b.import();
  ASSERT_FALSE(g.ok());
  EXPECT_EQ(g.status().code(), rt::Code::Unsupported);
  EXPECT_NE(g.status().message().find("sizes that the model leaves open"), std::string::npos);
  EXPECT_NE(g.status().message().find("--shape"), std::string::npos);
  EXPECT_NE(g.status().message().find("'border'"), std::string::npos);

  const auto bytes = b.bytes();
  import::ImportOptions options;
  options.input_shapes["sound"] = {1, 4};
  const auto fixed = import::import_onnx(bytes.data(), bytes.size(), "t", options);
  ASSERT_TRUE(fixed.ok()) << fixed.status().message();
  EXPECT_EQ(output_shape(*fixed), (Shape{1, 8}));
}

TEST(OnnxOpen, ShapesThatAreGivenMustFit) {
  OnnxBuilder b;
  b.open_input("x", {"N", "3"});
  b.open_input("z", {"N", "3"});
  b.op("Add", {"x", "z"}, {"y"});
  b.output("y");
  const auto bytes = b.bytes();
  const auto import = [&](std::map<std::string, std::vector<import::InputDim>> shapes) {
    import::ImportOptions options;
    options.input_shapes = std::move(shapes);
    return import::import_onnx(bytes.data(), bytes.size(), "t", options);
  };
  const auto g = import({{"z", {2, 3}}});  // which fixes x, too
  ASSERT_TRUE(g.ok()) << g.status().message();
  EXPECT_EQ(first_input(*g).shape, (Shape{2, 3}));
  EXPECT_EQ(import({{"x", {2, 4}}}).status().message(),
            "t: input 'x' is ?x3 and cannot be given the shape 2x4");
  EXPECT_EQ(import({{"x", {2}}}).status().message(),
            "t: input 'x' is ?x3 and cannot be given the shape 2");
  EXPECT_EQ(import({{"x", {2, 3}}, {"z", {3, 3}}}).status().message(),
            "t: the shapes given make 'N' both 2 and 3");
  EXPECT_EQ(import({{"w", {2}}}).status().message(),
            "t: a shape is given for 'w', which is no input");
  EXPECT_EQ(import({{"x", {import::InputDim("N"), 4}}}).status().message(),
            "t: input 'x' is ?x3 and cannot be given the shape Nx4");
}

// A file whose batch is fixed runs at others once it is opened, for all inputs alike.
TEST(OnnxOpen, DimensionsThatTheFileFixesCanBeOpened) {
  OnnxBuilder b;
  b.input("x", {1, 6});
  b.input("z", {1, 6});
  b.op("Add", {"x", "z"}, {"sum"});
  b.constant<int64_t>("flat", {2}, {-1, 3}, Onnx::INT64);
  b.op("Reshape", {"sum", "flat"}, {"y"});
  b.output("y");
  const auto bytes = b.bytes();
  import::ImportOptions options;
  const auto fixed = import::import_onnx(bytes.data(), bytes.size(), "t", options);
  ASSERT_TRUE(fixed.ok()) << fixed.status().message();
  EXPECT_EQ(output_shape(*fixed), (Shape{2, 3}));
  Loaded same = must_load(*fixed);
  EXPECT_TRUE(same.session->resize_input(0, {1, 6}).ok());
  EXPECT_EQ(same.session->resize_input(0, {2, 6}).code(), rt::Code::InvalidArgument);

  for (const char* input : {"x", "z"}) {
    options.input_shapes[input] = {import::InputDim("batch"), 6};
  }
  const auto open = import::import_onnx(bytes.data(), bytes.size(), "t", options);
  ASSERT_TRUE(open.ok()) << open.status().message();
  EXPECT_EQ(first_input(*open).shape, (Shape{-1, 6}));
  EXPECT_EQ(first_input(*open).dim_names, (std::vector<std::string>{"batch", ""}));
  Loaded loaded = must_load(*open);
  const rt::InputShape two[] = {{0, {2, 6}}, {1, {2, 6}}};
  const rt::Status status = loaded.session->resize_inputs({two, 2});
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{4, 3}));
  const rt::InputShape uneven[] = {{0, {2, 6}}, {1, {3, 6}}};
  EXPECT_FALSE(loaded.session->resize_inputs({uneven, 2}).ok());
}

// A shape in figures that was written for a batch of 1 goes with any batch.
TEST(OnnxOpen, AReshapeToABatchOfOneKeepsAnOpenBatch) {
  OnnxBuilder b;
  b.open_input("x", {"N", "2", "3"});
  b.constant<int64_t>("flat", {2}, {1, 6}, Onnx::INT64);
  b.constant<int64_t>("back", {4}, {1, 3, 1, 2}, Onnx::INT64);
  b.op("Reshape", {"x", "flat"}, {"y"});
  b.op("Reshape", {"y", "back"}, {"z"});
  b.op("Neg", {"z"}, {"out"});
  b.output("out");
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  for (int32_t n : {1, 2, 5}) {
    const rt::Status status = loaded.session->resize_input(0, {n, 2, 3});
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{n, 3, 1, 2}));
  }
  // What does not fit with 1 either is no such shape.
  OnnxBuilder other;
  other.open_input("x", {"N", "2", "3"});
  other.constant<int64_t>("two", {3}, {1, 2, 6}, Onnx::INT64);
  other.op("Reshape", {"x", "two"}, {"y"});
  other.output("y");
  EXPECT_FALSE(other.import().ok());
}

// Where an operator cannot do without the batch, one that was asked for is not taken for 1.
TEST(OnnxOpen, ABatchThatIsAskedForIsNotAssumed) {
  OnnxBuilder b;
  b.input("x", {2, 3});
  b.constant<int64_t>("shape", {1}, {6}, Onnx::INT64);
  b.op("Reshape", {"x", "shape"}, {"y"}).named("all");
  b.output("y");
  const auto bytes = b.bytes();
  import::ImportOptions options;
  options.input_shapes["x"] = {import::InputDim("batch"), 3};
  const auto g = import::import_onnx(bytes.data(), bytes.size(), "t", options);
  ASSERT_FALSE(g.ok());
  EXPECT_NE(g.status().message().find("'all'"), std::string::npos) << g.status().message();
}

// n / 7 * 7 need not be n. With the size that a batch is taken for, it is not.
TEST(OnnxOpen, ReshapeOfANumberOfElementsThatMustDivide) {
  OnnxBuilder b;
  b.open_input("x", {"n"});
  b.integers("shape", {1, -1, 7, 1});
  b.op("Reshape", {"x", "shape"}, {"y"});
  b.output("y");
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find("1 elements that a shape with -1 cannot hold"),
            std::string::npos)
      << graph.status().message();
}

// A constant takes an open shape in a run, if it can: of 6 elements, not where n is 1.
TEST(OnnxOpen, ConstantsOfASizeThatAnInputHas) {
  OnnxBuilder b;
  b.open_input("x", {"n", "2"});
  b.floats("six", {6}, ramp(6));
  b.op("Shape", {"x"}, {"shape"});
  b.op("Reshape", {"six", "shape"}, {"six_like_x"});
  b.op("Add", {"x", "six_like_x"}, {"y"});
  b.output("y");
  const auto loaded = load(b.must_import());
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("cannot give 6 the shape 1x2"), std::string::npos)
      << loaded.status().message();
}

// [N,C,L], where the batch or the length is open.
TEST(OnnxOpen, ResizeOfARow) {
  for (const bool batch : {true, false}) {
    OnnxBuilder b;
    b.open_input("x", {batch ? "n" : "1", "2", batch ? "2" : "n"});
    b.floats("scales", {3}, {1, 1, 2});
    b.op("Resize", {"x", "", "scales"}, {"y"})
        .set("mode", "linear")
        .set("coordinate_transformation_mode", "asymmetric");
    b.output("y");
    Loaded loaded = must_load(b.must_import());
    ASSERT_NE(loaded.session, nullptr);
    ASSERT_TRUE(
        loaded.session->resize_input(0, batch ? rt::Shape({3, 2, 2}) : rt::Shape({1, 2, 3})).ok());
    if (batch) {
      loaded.set(0, std::vector<float>{0, 2, 4, 8, 1, 3, 5, 9, 2, 4, 6, 10});
    } else {
      loaded.set(0, std::vector<float>{0, 2, 6, 4, 8, 1});
    }
    loaded.run();
    EXPECT_EQ(loaded.get<float>(),
              batch ? (std::vector<float>{0, 1, 2, 2, 4, 6, 8, 8, 1, 2, 3,  3,
                                          5, 7, 9, 9, 2, 3, 4, 4, 6, 8, 10, 10})
                    : (std::vector<float>{0, 1, 2, 4, 6, 6, 4, 6, 8, 4.5f, 1, 1}));
  }
}

// One side of an image is scaled, the other is open.
TEST(OnnxOpen, ResizeBesideAnOpenSide) {
  OnnxBuilder b;
  b.open_input("x", {"1", "1", "n", "2"});
  b.floats("scales", {4}, {1, 1, 1, 2});
  b.op("Resize", {"x", "", "scales"}, {"y"})
      .set("mode", "linear")
      .set("coordinate_transformation_mode", "asymmetric");
  b.output("y");
  Loaded loaded = must_load(b.must_import());
  ASSERT_NE(loaded.session, nullptr);
  ASSERT_TRUE(loaded.session->resize_input(0, {1, 1, 2, 2}).ok());
  loaded.set(0, std::vector<float>{0, 2, 4, 8});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{0, 1, 2, 2, 4, 6, 8, 8}));
}

TEST(OnnxOpen, PaddingThatCropsAnOpenAxis) {
  OnnxBuilder b;
  b.open_input("x", {"n"});
  b.integers("pads", {-1, -2});
  b.op("Pad", {"x", "pads"}, {"y"});
  b.output("y");
  const rt::InputShape five[] = {{0, {5}}};
  rt::SessionOptions options;
  options.input_shapes = {five, 1};
  Loaded loaded = must_load(b.must_import(), options);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, ramp(5));
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{2, 3}));
}

}  // namespace
}  // namespace qrt::test
