// Files that no converter writes: each gives one clear sentence, and nothing is read outside the
// file.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/import/tflite_builder.h"

namespace qrt::test {
namespace {

using rt::Code;
using ShapeList = std::vector<int32_t>;

// A small model in which each test breaks one thing: out = conv(in) + constant.
struct Sound : TfliteBuilder {
  int in, weights, bias, conv, constant, out;
  Sound() {
    in = add_input("in", {1, 4, 4, 2}, TensorType::INT8);
    weights = add_constant<int8_t>("weights", {3, 1, 1, 2}, TensorType::INT8, {1, 2, 3, 4, 5, 6});
    bias = add_constant<int32_t>("bias", {3}, TensorType::INT32, {1, 2, 3});
    conv = add("conv", {1, 4, 4, 3}, TensorType::INT8);
    constant = add_constant<int8_t>("constant", {3}, TensorType::INT8, {1, 2, 3});
    out = add_output("out", {1, 4, 4, 3}, TensorType::INT8);
    for (int t : {in, conv, constant, out}) quantize(t, {0.5f}, {1});
    quantize(weights, {0.1f, 0.2f, 0.3f}, {0, 0, 0});
    tfl::Conv2DOptionsT options;
    options.stride_h = options.stride_w = 1;
    add_op(Builtin::CONV_2D, {in, weights, bias}, {conv}, options);
    add_op(Builtin::ADD, {conv, constant}, {out}, tfl::AddOptionsT());
  }
  tfl::Conv2DOptionsT& conv_options() { return *op(0).options.AsConv2DOptions(); }
};

// The model with one change must fail with a sentence that holds `words`.
void expect_error(const std::function<void(Sound&)>& change, Code code, const std::string& words) {
  Sound model;
  change(model);
  const auto graph = model.import();
  ASSERT_FALSE(graph.ok()) << words;
  EXPECT_EQ(graph.status().code(), code) << graph.status().message();
  EXPECT_NE(graph.status().message().find(words), std::string::npos)
      << graph.status().message() << "\nlacks: " << words;
  EXPECT_EQ(graph.status().message().rfind("test.tflite: ", 0), 0u);
}
void expect_invalid(const std::function<void(Sound&)>& change, const std::string& words) {
  expect_error(change, Code::InvalidModel, words);
}
void expect_unsupported(const std::function<void(Sound&)>& change, const std::string& words) {
  expect_error(change, Code::Unsupported, words);
}

TEST(TfliteMalformed, TheModelIsSoundBeforeItIsBroken) {
  const auto graph = Sound().import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
}

TEST(TfliteMalformed, TooFewBytesOrAnotherIdentifier) {
  const uint8_t bytes[] = {24, 0, 0, 0, 'T', 'F', 'L', '3', 0, 0, 0, 0};
  for (size_t size = 0; size <= sizeof(bytes); ++size) {
    const std::vector<uint8_t> file(bytes, bytes + size);
    const auto graph = import::import_tflite(file.data(), file.size(), "stub");
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.status().code(), Code::InvalidModel);
  }
  std::vector<uint8_t> other = Sound().bytes();
  other[7] = '2';
  EXPECT_FALSE(import::import_tflite(other.data(), other.size(), "other").ok());
}

TEST(TfliteMalformed, RootOffsetsOutsideTheFileOrInItsHeader) {
  for (const uint32_t offset : {0u, 2u, 4u, 0x7fffffffu, 0xfffffff0u}) {
    std::vector<uint8_t> file = Sound().bytes();
    std::memcpy(file.data(), &offset, sizeof(offset));
    EXPECT_FALSE(import::import_tflite(file.data(), file.size(), "root").ok()) << offset;
  }
}

// A zero offset in a vector of tables: FlatBuffers itself takes it for an empty table.
TEST(TfliteMalformed, MissingTables) {
  const std::vector<uint8_t> file = Sound().bytes();
  const auto* model = tfl::GetModel(file.data());
  const auto* graph = model->subgraphs()->Get(0);
  const uint8_t* entries[] = {model->buffers()->Data(), model->operator_codes()->Data(),
                              model->subgraphs()->Data(), graph->tensors()->Data(),
                              graph->operators()->Data()};
  for (const uint8_t* entry : entries) {
    std::vector<uint8_t> broken = file;
    std::memset(broken.data() + (entry - file.data()), 0, sizeof(uint32_t));
    const auto result = import::import_tflite(broken.data(), broken.size(), "missing");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), Code::InvalidModel) << result.status().message();
  }
}

TEST(TfliteMalformed, MissingPartsOfTheModel) {
  expect_unsupported([](Sound& m) { m.model.version = 2; }, "version 2");
  expect_invalid([](Sound& m) { m.model.subgraphs.clear(); }, "no subgraph");
  expect_invalid([](Sound& m) { m.graph().outputs.clear(); }, "no outputs");
  expect_invalid([](Sound& m) { m.model.buffers.clear(); }, "buffer 0 does not exist");
  expect_invalid([](Sound& m) { m.op(0).options.Reset(); }, "CONV_2D 'conv': has no options");
}

TEST(TfliteMalformed, IndicesOutOfRange) {
  expect_invalid([](Sound& m) { m.tensor(m.weights).buffer = 99; }, "buffer 99 does not exist");
  expect_invalid([](Sound& m) { m.op(1).opcode_index = 2; }, "operator code 2 does not exist");
  for (const int index : {6, INT32_MAX, -2, INT32_MIN}) {
    const std::string words = "tensor " + std::to_string(index) + " does not exist";
    expect_invalid([=](Sound& m) { m.op(0).inputs[0] = index; }, words);
    expect_invalid([=](Sound& m) { m.op(0).outputs[0] = index; }, words);
    expect_invalid([=](Sound& m) { m.op(0).intermediates = {index}; }, words);
    expect_invalid([=](Sound& m) { m.graph().inputs[0] = index; }, words);
    expect_invalid([=](Sound& m) { m.graph().outputs[0] = index; }, words);
  }
}

TEST(TfliteMalformed, OnlyOptionalInputsMayBeAbsent) {
  Sound without_bias;
  without_bias.op(0).inputs[2] = -1;
  EXPECT_TRUE(without_bias.import().ok());
  expect_invalid([](Sound& m) { m.op(0).inputs[1] = -1; }, "input 1 is absent");
  expect_invalid([](Sound& m) { m.op(0).outputs[0] = -1; }, "tensor -1 does not exist");
  expect_invalid([](Sound& m) { m.graph().outputs[0] = -1; }, "tensor -1 does not exist");
  expect_invalid([](Sound& m) { m.op(1).inputs.pop_back(); }, "has 1 inputs, needs 2");
  expect_invalid([](Sound& m) { m.op(1).inputs.push_back(0); }, "has 3 inputs, needs 2");
  expect_invalid([](Sound& m) { m.op(1).outputs.push_back(m.add("more", {1})); },
                 "has 2 outputs, needs 1");
}

TEST(TfliteMalformed, OrderOfExecution) {
  expect_invalid([](Sound& m) { std::swap(m.graph().operators[0], m.graph().operators[1]); },
                 "reads tensor 3 'conv', which nothing has computed");
  expect_invalid([](Sound& m) { m.op(0).inputs[0] = m.out; }, "which nothing has computed");
  expect_invalid([](Sound& m) { m.op(0).outputs[0] = m.weights; },
                 "'weights', which is a constant");
  expect_invalid([](Sound& m) { m.op(1).outputs[0] = m.in; }, "'in', which is a graph input");
  expect_invalid([](Sound& m) { m.op(1).outputs[0] = m.conv; },
                 "'conv', which is already computed");
  expect_invalid([](Sound& m) { m.graph().inputs.push_back(m.in); }, "listed twice");
  expect_invalid([](Sound& m) { m.graph().inputs.push_back(m.weights); }, "is a constant");
  expect_invalid([](Sound& m) { m.tensor(m.constant).buffer = 0; },
                 "reads tensor 4 'constant', which nothing has computed");
  expect_invalid([](Sound& m) { m.graph().operators.pop_back(); }, "'out' is never computed");
  expect_invalid([](Sound& m) { m.tensor(m.constant).is_variable = true; }, "is a variable, but");
}

TEST(TfliteMalformed, Shapes) {
  expect_invalid([](Sound& m) { m.tensor(m.in).shape[1] = -4; },
                 "tensor 'in': has a dimension of -4");
  expect_unsupported([](Sound& m) { m.tensor(m.in).shape[1] = 0; }, "tensor 'in': has no elements");
  expect_unsupported([](Sound& m) { m.tensor(m.out).shape[1] = 0; }, "'out' has no elements");
  expect_unsupported([](Sound& m) { m.tensor(m.in).shape.resize(255, 1); }, "255 dimensions");
  for (const int32_t dim : {1 << 16, 1 << 30, INT32_MAX}) {
    expect_invalid([=](Sound& m) { m.tensor(m.conv).shape = {dim, dim, dim, 3}; }, "is too large");
  }
  // Only the current shape counts, not what might be there at run time.
  Sound dynamic;
  dynamic.tensor(dynamic.in).shape_signature = {-1, 4, 4, 2};
  EXPECT_TRUE(dynamic.import().ok());
}

TEST(TfliteMalformed, ConstantsOfTheWrongSize) {
  expect_invalid([](Sound& m) { m.buffer_of(m.weights).data.push_back(0); },
                 "tensor 'weights': has 7 bytes of data, but 3x1x1x2 of s8 needs 6");
  expect_invalid([](Sound& m) { m.buffer_of(m.weights).data.pop_back(); }, "has 5 bytes");
  expect_invalid([](Sound& m) { m.tensor(m.constant).shape = {INT32_MAX, 300, 1}; }, "has 3 bytes");
  expect_invalid([](Sound& m) { m.tensor(m.bias).shape = {0}; }, "has no elements, but 12 bytes");
}

TEST(TfliteMalformed, DataOutsideTheFile) {
  for (const uint64_t offset : {uint64_t{1} << 20, UINT64_MAX - 2, UINT64_MAX}) {
    expect_invalid(
        [=](Sound& m) {
          m.buffer_of(m.constant).data.clear();
          m.buffer_of(m.constant).offset = offset;
          m.buffer_of(m.constant).size = 3;
        },
        "outside the file");
  }
  expect_invalid(
      [](Sound& m) {
        m.buffer_of(m.constant).data.clear();
        m.buffer_of(m.constant).offset = 16;
        m.buffer_of(m.constant).size = UINT64_MAX - 8;
      },
      "outside the file");
}

TEST(TfliteMalformed, Quantizations) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float scale : {0.0f, -1.0f, infinity, std::nanf(""), 1e-40f}) {
    expect_invalid([=](Sound& m) { m.quantize(m.conv, {scale}, {0}); }, "not a positive number");
  }
  expect_invalid([](Sound& m) { m.quantize(m.conv, {1}, {128}); }, "zero point of 128");
  expect_invalid([](Sound& m) { m.quantize(m.conv, {1}, {int64_t{1} << 40}); }, "zero point of");
  expect_invalid([](Sound& m) { m.quantize(m.weights, {1, 2, 3}, {0, 0}); }, "2 zero points");
  expect_invalid([](Sound& m) { m.quantize(m.weights, {1, 2}, {0, 0}); }, "has 2 scales");
  for (const int axis : {-1, 4, INT32_MAX, INT32_MIN}) {
    expect_invalid(
        [=](Sound& m) {
          m.quantize(m.weights, {1, 2, 3}, {}, axis);
        },
        "quantization axis of " + std::to_string(axis));
  }
  expect_unsupported([](Sound& m) { m.quantize(m.conv, {1, 2, 3}, {}, 3); }, "is no constant");
  expect_unsupported([](Sound& m) { m.quantize(m.weights, {1, 2}, {}, 3); }, "along axis 3");
  expect_unsupported([](Sound& m) { m.tensor(m.conv).quantization->details_type = 1; }, "custom");
  expect_invalid(
      [](Sound& m) { m.tensor(m.weights).sparsity = std::make_unique<tfl::SparsityT>(); },
      "is stored sparsely, but not every axis is described once");
}

TEST(TfliteMalformed, AttributesOfConvolutions) {
  expect_invalid([](Sound& m) { m.conv_options().stride_h = 0; }, "below 1");
  expect_invalid([](Sound& m) { m.conv_options().stride_w = -1; }, "below 1");
  expect_invalid([](Sound& m) { m.conv_options().dilation_h = 0; }, "below 1");
  expect_invalid([](Sound& m) { m.conv_options().padding = static_cast<tfl::Padding>(7); },
                 "padding 7");
  expect_unsupported(
      [](Sound& m) { m.conv_options().activation = static_cast<tfl::Activation>(77); }, "77");
  expect_unsupported([](Sound& m) { m.conv_options().activation = tfl::Activation::TANH; }, "TANH");
  expect_invalid([](Sound& m) { m.tensor(m.in).shape = {1, 4, 4, 3}; }, "do not fit");
  expect_invalid([](Sound& m) { m.tensor(m.in).shape = {1, 4, 4, 1}; }, "do not fit");
  expect_invalid([](Sound& m) { m.tensor(m.in).shape = {16, 2}; }, "2 dimensions, not 4");
  expect_invalid([](Sound& m) { m.op(0).inputs[2] = m.in; },
                 "has 32 elements for 3 output channels");
}

// One operator "op" on a [2,3] input with these further constants.
std::string error_of(Builtin code, const std::vector<ShapeList>& constants,
                     const std::function<void(tfl::OperatorT&)>& set = nullptr, int outputs = 1) {
  TfliteBuilder b;
  std::vector<int32_t> inputs = {b.add_input("in", {2, 3})}, results;
  for (const ShapeList& c : constants) inputs.push_back(b.add_ints("constant", c));
  for (int i = 0; i < outputs; ++i) results.push_back(b.add_output("out", {2, 3}));
  tfl::OperatorT& op = b.add_op(code, inputs, results);
  if (set) set(op);
  const auto graph = b.import();
  return graph.ok() ? "" : graph.status().message();
}

TEST(TfliteMalformed, AxesAndShapes) {
  const auto holds = [](const std::string& message, const std::string& words) {
    EXPECT_NE(message.find(words), std::string::npos) << message << "\nlacks: " << words;
  };
  for (const int axis : {2, -3, INT32_MAX, INT32_MIN}) {
    holds(error_of(Builtin::ARG_MAX, {{axis}}), "axis is " + std::to_string(axis));
    holds(error_of(Builtin::MEAN, {{axis}}), "axis is " + std::to_string(axis));
    holds(error_of(Builtin::TRANSPOSE, {{0, axis}}), "axis is " + std::to_string(axis));
    const auto concatenation = [=](tfl::OperatorT& op) {
      tfl::ConcatenationOptionsT options;
      options.axis = axis;
      op.options.Set(options);
    };
    holds(error_of(Builtin::CONCATENATION, {}, concatenation), "axis is " + std::to_string(axis));
    const auto unpack = [=](tfl::OperatorT& op) {
      tfl::UnpackOptionsT options;
      options.axis = axis;
      op.options.Set(options);
    };
    holds(error_of(Builtin::UNPACK, {}, unpack), "axis is " + std::to_string(axis));
    const auto gather = [=](tfl::OperatorT& op) {
      tfl::GatherOptionsT options;
      options.axis = axis;
      op.options.Set(options);
    };
    holds(error_of(Builtin::GATHER, {{0}}, gather), "axis is " + std::to_string(axis));
  }
  holds(error_of(Builtin::EXPAND_DIMS, {{3}}), "axis is 3");
  holds(error_of(Builtin::TRANSPOSE, {{1, 1}}), "names axis 1 twice");
  holds(error_of(Builtin::TRANSPOSE, {{0}}), "permutes 1 axes of 2");
  holds(error_of(Builtin::RESHAPE, {{4, 2}}), "cannot give 2x3 the shape 4x2");
  holds(error_of(Builtin::RESHAPE, {{-1, -1}}), "more than one dimension open");
  holds(error_of(Builtin::RESHAPE, {{-1, 4}}), "cannot give 2x3 the shape 1x4");
  holds(error_of(Builtin::RESHAPE, {{-1, 0}}), "cannot give 2x3 the shape 1x0");
  holds(error_of(Builtin::RESHAPE, {{-2, 3}}), "shape holds -2");
  holds(error_of(Builtin::RESHAPE, {ShapeList(9, 1)}), "more than 8");
  holds(error_of(Builtin::RESHAPE, {{1 << 30, 1 << 30, 1 << 30}}),
        "cannot give 2x3 the shape 1073741824x1073741824x1073741824");
  holds(error_of(Builtin::TILE, {{0, 1}}), "multiples holds 0");
  holds(error_of(Builtin::PAD, {{1, 1}}), "2 paddings for 2 dimensions");
  holds(error_of(Builtin::SLICE, {{0, 2}, {2, 2}}), "takes 2 elements from 2 on of axis 1");
  holds(error_of(Builtin::SLICE, {{0, INT32_MAX}, {2, INT32_MAX}}), "takes");
  const auto slice = [](tfl::OperatorT& op) { op.options.Set(tfl::StridedSliceOptionsT()); };
  holds(error_of(Builtin::STRIDED_SLICE, {{0}, {1}, {0}}, slice), "stride of axis 0 is 0");
  holds(error_of(Builtin::STRIDED_SLICE, {{0}, {1}, {1, 1}}, slice), "differ in number");
  holds(error_of(Builtin::STRIDED_SLICE, {{0, 0, 0}, {1, 1, 1}, {1, 1, 1}}, slice),
        "slices 3 axes");
  holds(error_of(Builtin::STRIDED_SLICE, {{1}, {1}, {1}}, slice), "selects nothing");
  holds(error_of(Builtin::SPLIT_V, {{1, 1}, {1}}, nullptr, 2), "do not add up");
  holds(error_of(Builtin::SPLIT_V, {{-1, -1}, {1}}, nullptr, 2), "splits off -1");
  const auto block = [](tfl::OperatorT& op) { op.options.Set(tfl::SpaceToDepthOptionsT()); };
  holds(error_of(Builtin::SPACE_TO_DEPTH, {}, block), "2 dimensions, not 4");
}

TEST(TfliteMalformed, EverythingUnsupportedIsListedAtOnce) {
  TfliteBuilder b;
  const int in = b.add_input("in", {4});
  const int text = b.add_input("words", {4}, TensorType::STRING);
  const int a = b.add("first", {4}), c = b.add("second", {4}), d = b.add("third", {4});
  const int e = b.add_output("fourth", {4}), f = b.add_output("fifth", {4});
  b.add_op(Builtin::UNIQUE, {in}, {a});
  b.add_op(Builtin::UNIQUE, {a}, {c});
  b.add_op(Builtin::CUSTOM, {c}, {d});
  b.model.operator_codes.back()->custom_code = "MyOp";
  b.add_op(Builtin::ABS, {text}, {e});
  b.add_op(static_cast<Builtin>(999), {d}, {f});
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), Code::Unsupported);
  EXPECT_EQ(graph.status().message(),
            "test.tflite: cannot be imported, for 6 reasons:\n"
            "  ABS: tensor 'words': has elements of type STRING\n"
            "    operator 3 ABS 'fourth'\n"
            "  CUSTOM 'MyOp': the operator is not supported; an app can compute it (qrt convert "
            "--custom)\n"
            "    operator 2 CUSTOM 'MyOp' 'third'\n"
            "  UNIQUE: the operator is not supported (2 times)\n"
            "    operator 0 UNIQUE 'first'\n"
            "    operator 1 UNIQUE 'second'\n"
            "  graph input: tensor 'words': has elements of type STRING\n"
            "    tensor 1\n"
            "  operator code 999: the operator is not supported\n"
            "    operator 4 operator code 999 'fifth'");
}

// A file in which many operators share their weights must not cost a copy for each without end.
TEST(TfliteMalformed, SharedDataIsCopiedWithinLimits) {
  TfliteBuilder b;
  const int in = b.add_input("in", {1, 1, 1, 1});
  const int weights = b.add_floats("weights", {1, 512, 512, 1});
  int from = in;
  for (int i = 0; i < 400; ++i) {
    const int to = b.add("conv", {1, 1, 1, 1});
    tfl::DepthwiseConv2DOptionsT options;
    options.stride_h = options.stride_w = 1;
    b.add_op(Builtin::DEPTHWISE_CONV_2D, {from, weights}, {to}, options);
    from = to;
  }
  b.graph().outputs = {from};
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find("far more memory"), std::string::npos);
}

}  // namespace
}  // namespace qrt::test
