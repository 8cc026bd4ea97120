// A model file is hostile input: each way to break one gets a clear sentence and nothing else.
// Here: what holds of every model, broken in FlatBuffers' object form. The bytes themselves are
// broken in malformed_bytes_test.cc, operators' attributes in malformed_operators_test.cc.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/model/model_file.h"

namespace qrt::test {
namespace {

using rt::Code;

TEST(MalformedModel, TheSmallModelIsSound) {
  const rt::Status status = run_file(serialized(small_graph()));
  EXPECT_TRUE(status.ok()) << status.message();
  const rt::Status repacked = run_file(ModelFile(small_graph()).pack());
  EXPECT_TRUE(repacked.ok()) << repacked.message();
}

// --- In the object form
// ---------------------------------------------------------------------------

struct Break {
  const char* what;
  std::function<void(ModelFile&)> apply;
  const char* words;
  Code code = Code::InvalidModel;
};

void expect_all_refused(const std::vector<Break>& breaks) {
  for (const Break& b : breaks) {
    SCOPED_TRACE(b.what);
    ModelFile file(small_graph());
    b.apply(file);
    expect_refused(file.pack(), b.words, b.code);
  }
}

fb::QuantizationT& scales_of(ModelFile& file, size_t tensor) {
  if (file.tensor(tensor).quantization == nullptr) {
    file.tensor(tensor).quantization = std::make_unique<fb::QuantizationT>();
  }
  return *file.tensor(tensor).quantization;
}

TEST(MalformedModel, Indices) {
  constexpr int32_t kMax = INT32_MAX;
  expect_all_refused({
      {"input = N", [](auto& f) { f.op(0).inputs[0] = 9; },
       "operator 0 'conv': reads tensor 9, which does not exist"},
      {"input = max", [](auto& f) { f.op(0).inputs[2] = kMax; }, "reads tensor 2147483647"},
      {"input = -2", [](auto& f) { f.op(0).inputs[0] = -2; }, "reads tensor -2, which does not"},
      {"input absent", [](auto& f) { f.op(0).inputs[0] = -1; }, "input 0 is absent"},
      {"weights absent", [](auto& f) { f.op(0).inputs[1] = -1; }, "input 1 is absent"},
      {"output = N", [](auto& f) { f.op(3).outputs[0] = 9; },
       "operator 3 'pick': writes tensor 9, which does not exist"},
      {"output = max", [](auto& f) { f.op(3).outputs[0] = kMax; }, "writes tensor 2147483647"},
      {"output = -1", [](auto& f) { f.op(3).outputs[0] = -1; }, "writes tensor -1"},
      {"output = -2", [](auto& f) { f.op(3).outputs[0] = -2; }, "writes tensor -2"},
      {"graph input = N", [](auto& f) { f.main().inputs[0] = 9; }, "graph input 9 does not exist"},
      {"graph input = -1", [](auto& f) { f.main().inputs[0] = -1; }, "graph input -1 does not"},
      {"graph output = N", [](auto& f) { f.main().outputs[0] = 9; },
       "graph output 9 is never computed"},
      {"graph output = -1", [](auto& f) { f.main().outputs[0] = -1; }, "graph output -1 is never"},
      {"no graph outputs", [](auto& f) { f.main().outputs.clear(); }, "has no outputs"},
      {"no subgraph", [](auto& f) { f.model.subgraphs.clear(); }, "has no subgraph"},
      {"no tensors", [](auto& f) { f.main().tensors.clear(); }, "graph input 0 does not exist"},
      {"no node outputs", [](auto& f) { f.op(3).outputs.clear(); }, "is never computed"},
  });
}

TEST(MalformedModel, Order) {
  expect_all_refused({
      {"writes a constant", [](auto& f) { f.op(0).outputs[0] = 1; },
       "writes tensor 1, which already has a value"},
      {"writes the graph's input", [](auto& f) { f.op(0).outputs[0] = 0; },
       "writes tensor 0, which already has a value"},
      {"writes a variable", [](auto& f) { f.op(1).outputs[0] = 5; }, "writes tensor 5, which"},
      {"writes another's output", [](auto& f) { f.op(3).outputs[0] = 6; },
       "writes tensor 6, which"},
      {"reads its own output", [](auto& f) { f.op(1).inputs[0] = 4; },
       "reads tensor 4 before anything computes it"},
      {"cycle", [](auto& f) { f.op(0).inputs[0] = 8; },
       "reads tensor 8 before anything computes it"},
      {"graph input twice", [](auto& f) { f.main().inputs.push_back(0); }, "or listed twice"},
      {"graph input is constant", [](auto& f) { f.main().inputs[0] = 1; },
       "graph input 1 is a con"},
      {"graph input is variable", [](auto& f) { f.main().inputs[0] = 5; },
       "graph input 5 is a con"},
      {"computed graph input", [](auto& f) { f.main().inputs.push_back(3); },
       "writes tensor 3, which already has a value"},
      {"output nobody computes", [](auto& f) { f.main().operators.pop_back(); },
       "graph output 8 is never computed"},
      {"constant made an activation",
       [](auto& f) {
         f.tensor(1).is_constant = false;
         f.tensor(1).data_bytes = 0;
       },
       "reads tensor 1 before anything computes it"},
      {"constant's flag lost", [](auto& f) { f.tensor(1).is_constant = false; },
       "tensor 1 'weights': has data but is no constant"},
      {"constant and variable", [](auto& f) { f.tensor(1).is_variable = true; },
       "is both constant and variable"},
      {"activation made a constant", [](auto& f) { f.tensor(3).is_constant = true; },
       "has 0 bytes of data, but 1x4x4x4 of s8 needs 64"},
      {"variable made a constant", [](auto& f) { f.tensor(5).is_constant = true; },
       "is both constant and variable"},
      {"variable made an activation", [](auto& f) { f.tensor(5).is_variable = false; },
       "reads tensor 5 before anything computes it"},
      {"weights made a variable",
       [](auto& f) {
         f.tensor(1).is_constant = false;
         f.tensor(1).is_variable = true;
         f.tensor(1).data_bytes = 0;
       },
       "input 1 'weights' must be a constant", Code::Unsupported},
  });
}

TEST(MalformedModel, Shapes) {
  const auto shape = [](size_t tensor, std::vector<int32_t> dims) {
    return [tensor, dims](ModelFile& f) { f.tensor(tensor).shape = dims; };
  };
  constexpr int32_t kMax = INT32_MAX, kMin = INT32_MIN;
  expect_all_refused({
      {"rank 9", shape(0, std::vector<int32_t>(9, 1)), "has 9 dimensions, more than 8"},
      {"rank 255", shape(0, std::vector<int32_t>(255, 1)), "has 255 dimensions, more than 8"},
      {"overflows 32 bits", shape(0, {65536, 65536, 256, 2}), "is too large"},
      {"overflows 64 bits", shape(0, {kMax, kMax, kMax, kMax}), "is too large"},
      {"overflows to 0", shape(0, {1 << 16, 1 << 16, 1 << 16, 1 << 16}), "is too large"},
      {"overflows to 0 at rank 8", shape(0, std::vector<int32_t>(8, 1 << 16)), "is too large"},
      {"N = 0", shape(0, {0, 4, 4, 2}), "cannot join 1x0 and 1x64"},
      {"H = 0", shape(0, {1, 0, 4, 2}), "does not fit its input, 1x0x4x2"},
      {"W = 0", shape(0, {1, 4, 0, 2}), "does not fit its input, 1x4x0x2"},
      {"C = 0", shape(0, {1, 4, 4, 0}), "do not fit its input, 1x4x4x0"},
      {"negative", shape(0, {1, 4, -4, 2}), "has a dimension of -4"},
      {"most negative", shape(0, {1, 4, 4, kMin}), "has a dimension of -2147483648"},
      {"constant of unknown size", shape(1, {4, -1, 3, 2}), "has a dimension of -1"},
      {"variable of unknown size", shape(5, {-1, 64}), "has a dimension of -1"},
      {"another rank", shape(0, {32}), "takes an input [N,H,W,C], not 32"},
      {"output as declared", shape(3, {1, 4, 4, 3}),
       "computes 1x4x4x4 for output 0, the model declares 1x4x4x3"},
      {"output of another rank", shape(8, {192}), "computes 3x64 for output 0"},
      {"unknown type", [](auto& f) { f.tensor(0).type = static_cast<fb::DType>(11); },
       "tensor 0 'in': has an unknown element type 11"},
      {"another type", [](auto& f) { f.tensor(4).type = fb::DType::S16; },
       "cannot run on s8 -> s16", Code::Unsupported},
  });
}

TEST(MalformedModel, Data) {
  const auto offset = [](uint64_t value) {
    return [value](ModelFile& f) { f.tensor(1).data_offset = value; };
  };
  const auto bytes = [](uint64_t value) {
    return [value](ModelFile& f) { f.tensor(1).data_bytes = value; };
  };
  const char* outside = "tensor 1 'weights': its data lies outside the weights segment";
  expect_all_refused({
      {"offset past the end", offset(1 << 20), outside},
      {"offset wraps", offset(UINT64_MAX - 15), outside},
      {"offset far away", offset(uint64_t{1} << 63), outside},
      {"misaligned", offset(8), outside},
      {"size past the end", bytes(1 << 20), outside},
      {"size wraps", bytes(UINT64_MAX), outside},
      {"no data", bytes(0), "has 0 bytes of data, but 4x3x3x2 of s8 needs 72"},
      {"short", bytes(71), "has 71 bytes of data"},
      {"long", bytes(73), "has 73 bytes of data"},
      {"larger shape", [](auto& f) { f.tensor(1).shape[0] = 5; }, "needs 90"},
      {"wider type", [](auto& f) { f.tensor(7).type = fb::DType::S64; }, "of s64 needs 24"},
      {"odd number of half bytes",
       [](auto& f) {
         f.tensor(7).type = fb::DType::S4;
         f.tensor(7).data_bytes = 1;
       },
       "has 1 bytes of data, but 3 of s4 needs 2"},
      {"segment cut", [](auto& f) { f.weights.resize(64); }, "outside the weights segment"},
      {"no segment", [](auto& f) { f.weights.clear(); }, "outside the weights segment"},
      {"optional section outside",
       [](auto& f) {
         f.model.sections.push_back(std::make_unique<fb::SectionT>());
         f.model.sections[0]->name = "packed.avx2";
         f.model.sections[0]->data_offset = UINT64_MAX - 7;
         f.model.sections[0]->data_bytes = 16;
       },
       "an optional section lies outside the weights segment"},
      {"newer major version", [](auto& f) { f.model.version_major = 2; },
       "the file is of format version 2, this libqrt reads version 1", Code::Unsupported},
      {"version 0", [](auto& f) { f.model.version_major = 0; }, "of format version 0",
       Code::Unsupported},
  });
}

TEST(MalformedModel, Quantization) {
  const auto scale = [](float value) {
    return [value](ModelFile& f) { scales_of(f, 0).scales[0] = value; };
  };
  const auto weights = [](std::vector<float> scales, int axis, int block) {
    return [=](ModelFile& f) {
      scales_of(f, 1).scales = scales;
      scales_of(f, 1).axis = axis;
      scales_of(f, 1).block = block;
    };
  };
  const auto halves = [](std::vector<float> scales, std::vector<uint16_t> bits,
                         std::vector<int8_t> zero_points) {
    return [=](ModelFile& f) {
      fb::QuantizationT& q = scales_of(f, 1);
      q.scales = scales;
      q.scales_f16 = bits;
      q.zero_points.clear();
      q.zero_points_s8 = zero_points;
      q.axis = 3;
      q.block = 2;
    };
  };
  const auto half = [=](uint16_t bits) {
    std::vector<uint16_t> all(36, 0x3C00);
    all[7] = bits;
    return halves({}, all, {});
  };
  const float infinity = std::numeric_limits<float>::infinity();
  const char* no_fit = "tensor 1 'weights': its quantization axis or block does not fit its shape";
  expect_all_refused({
      {"scale 0", scale(0), "tensor 0 'in': has a scale of 0.0"},
      {"negative", scale(-1), "has a scale of -1.0"},
      {"denormal", scale(1e-40f), "not a positive number"},
      {"infinite", scale(infinity), "has a scale of inf"},
      {"not a number", scale(std::nanf("")), "nan, not a positive number"},
      {"one of many", [](auto& f) { scales_of(f, 1).scales[3] = 0; }, "has a scale of 0.0"},
      {"no scales", [](auto& f) { scales_of(f, 0).scales.clear(); }, "has 0 scales, needs 1"},
      {"two scales",
       [](auto& f) {
         scales_of(f, 0).scales = {1, 1};
       },
       "has 2 scales, needs 1"},
      {"three of four", weights({1, 1, 1}, 0, 0), "has 3 scales, needs 4"},
      {"axis out of range", weights({1, 1, 1, 1}, 4, 0), no_fit},
      {"negative axis", weights({1, 1, 1, 1}, -2, 0), no_fit},
      {"negative block", weights({1, 1, 1, 1}, 0, -1), no_fit},
      {"block without axis", weights({1}, -1, 2), no_fit},
      {"block that does not divide", weights({1, 1}, 1, 2), "has 2 scales, needs 48"},
      {"too few blocks", weights({1, 1}, 3, 2), "has 2 scales, needs 36"},
      {"block longer than the axis", weights({1, 1}, 3, 5), "has 2 scales, needs 36"},
      {"f16 without blocks", [](auto& f) { scales_of(f, 1).scales_f16 = {0x3C00}; },
       "tensor 1 'weights': has scales in f16 or zero points in bytes, but is no constant by "
       "block"},
      {"bytes without blocks",
       [](auto& f) {
         scales_of(f, 1).zero_points_s8 = {0, 0, 0, 0};
       },
       "has scales in f16 or zero points in bytes, but is no constant by block"},
      {"f16 of what is no constant",
       [](auto& f) {
         scales_of(f, 0).scales.clear();
         scales_of(f, 0).scales_f16 = std::vector<uint16_t>(16, 0x3C00);
         scales_of(f, 0).axis = 3;
         scales_of(f, 0).block = 2;
       },
       "tensor 0 'in': has scales in f16 or zero points in bytes, but is no constant by block"},
      {"scales twice", halves({1}, {0x3C00}, {}), "has scales in f32 and in f16"},
      {"too few in f16", halves({}, {0x3C00}, {}), "has 1 scales, needs 36"},
      {"too many in f16", halves({}, std::vector<uint16_t>(37, 0x3C00), {}),
       "has 37 scales, needs 36"},
      {"f16 zero", half(0), "has a scale of 0.000000 in f16, not a positive normal number"},
      {"f16 subnormal", half(0x03FF), "in f16, not a positive normal number"},
      {"f16 infinite", half(0x7C00), "has a scale of inf in f16, not a positive"},
      {"f16 not a number", half(0x7E00), "nan in f16, not a positive"},
      {"f16 negative", half(0xBC00), "has a scale of -1.000000 in f16, not a positive"},
      {"too few zero points in bytes", halves({}, std::vector<uint16_t>(36, 0x3C00), {1, 2}),
       "has 2 zero points for 36 scales"},
      {"zero points twice",
       [=](auto& f) {
         halves({}, std::vector<uint16_t>(36, 0x3C00), std::vector<int8_t>(36))(f);
         scales_of(f, 1).zero_points.assign(36, 0);
       },
       "has zero points in 32 bits and in bytes"},
      {"zero point in bytes out of range",
       [=](auto& f) {
         halves({}, std::vector<uint16_t>(36, 0x3C00), std::vector<int8_t>(36, 8))(f);
         f.tensor(1).type = fb::DType::S4;
         f.tensor(1).data_bytes = 36;
       },
       "has a zero point of 8, outside the range of s4"},
      {"axis of unknown size",
       [](auto& f) {
         f.tensor(0).shape = {1, 4, 4, -1};
         scales_of(f, 0).axis = 3;
       },
       "axis or block does not fit"},
      {"blocks of unknown number",
       [](auto& f) {
         f.tensor(0).shape = {-1, 4, 4, 2};
         scales_of(f, 0).axis = 3;
         scales_of(f, 0).block = 2;
       },
       "axis or block does not fit"},
      {"zero point too high", [](auto& f) { scales_of(f, 0).zero_points = {128}; },
       "has a zero point of 128, outside the range of s8"},
      {"zero point too low", [](auto& f) { scales_of(f, 0).zero_points = {INT32_MIN}; },
       "has a zero point of -2147483648"},
      {"too many zero points",
       [](auto& f) {
         scales_of(f, 0).zero_points = {1, 2};
       },
       "has 2 zero points for 1 scales"},
      {"floats",
       [](auto& f) {
         f.tensor(0).type = fb::DType::F32;
         scales_of(f, 0);
       },
       "a quantization on elements of type f32"},
      {"another scale behind a Reshape", [](auto& f) { scales_of(f, 4).scales = {7}; },
       "cannot run on s8 -> s8; it takes any", Code::Unsupported},
  });
}

TEST(MalformedModel, ResourceBombs) {
  expect_all_refused({
      {"4 GiB input",
       [](auto& f) {
         f.main().operators.clear();
         f.main().outputs = {0};
         f.tensor(0).shape = {1, 65536, 65536, 1};
       },
       "needs 4294967296 bytes of working memory, the limit is 16777216", Code::OutOfMemory},
      {"4 GiB variable",
       [](auto& f) {
         f.main().operators.clear();
         f.main().outputs = {5};
         f.tensor(5).shape = {65536, 65536};
       },
       "tensor 'state' needs 4294967296 bytes", Code::OutOfMemory},
      {"many variables",
       [](auto& f) {
         f.main().operators.clear();
         f.main().outputs = {5};
         f.tensor(5).shape = {1 << 20};
         for (int i = 0; i < 20; ++i) {
           f.main().tensors.push_back(std::make_unique<fb::TensorT>());
           f.main().tensors.back()->type = fb::DType::S8;
           f.main().tensors.back()->shape = {1 << 20};
           f.main().tensors.back()->is_variable = true;
         }
       },
       "the limit is 16777216", Code::OutOfMemory},
  });
}

TEST(MalformedModel, UnknownOptionalSectionsAreIgnored) {
  ModelFile file(small_graph());
  file.model.sections.push_back(std::make_unique<fb::SectionT>());
  file.model.sections[0]->name = "from.the.future";
  file.model.sections[0]->data_bytes = 16;
  file.model.version_minor = 7;
  const rt::Status status = run_file(file.pack());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(MalformedModel, ResizingCannotOutrunTheScales) {
  graph::Graph g;
  const int in = g.add_tensor("in", rt::DType::S8, {2, -1}, {{1.0f, 2.0f}, {}, 0, 0});
  g.inputs = g.outputs = {in};
  const Bytes file = serialized(g);
  rt::AlignedBuffer buffer = rt::allocate_aligned(file.size());
  std::memcpy(buffer.get(), file.data(), file.size());
  auto session =
      rt::Session::create(*rt::Program::build(*rt::Model::from_buffer(buffer.get(), file.size())));
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_TRUE((*session)->resize_input(0, {2, 30}).ok());
  const rt::Status refused = (*session)->resize_input(0, {3, 3});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.message().find("the model fixes dimension 0 at 2"), std::string::npos);
}

}  // namespace
}  // namespace qrt::test
