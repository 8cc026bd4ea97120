#include <numeric>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

void check(const std::vector<Array>& inputs, int32_t axis) {
  const Dims& first = inputs[0].shape;
  const size_t a = static_cast<size_t>(axis < 0 ? axis + static_cast<int32_t>(first.size()) : axis);
  Array out = inputs[0];
  out.shape[a] = 0;
  for (const Array& input : inputs) out.shape[a] += input.shape[a];
  out.bytes.clear();
  for_each_index(out.shape, [&](const Dims& index) {
    Dims source = index;
    size_t i = 0;
    for (; source[a] >= inputs[i].shape[a]; ++i) source[a] -= inputs[i].shape[a];
    const size_t size = out.element_bytes();
    const uint8_t* element = &inputs[i].bytes[position(source, inputs[i].shape) * size];
    out.bytes.insert(out.bytes.end(), element, element + size);
  });
  SCOPED_TRACE(::testing::PrintToString(out.shape) + " axis " + std::to_string(axis));
  fb::ConcatT options;
  options.axis = axis;
  expect_node(options, inputs, {out});
}

TEST(Concat, EveryAxisOfRandomShapes) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    Dims shape(1 + random() % 8);
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 3);
    const size_t axis = random() % shape.size();
    std::vector<Array> inputs;
    const DType type = kMovedTypes[random() % kMovedTypes.size()];
    for (size_t i = 0; i < 1 + random() % 4; ++i) {
      shape[axis] = 1 + static_cast<int32_t>(random() % 5);
      inputs.push_back(random_array(type, shape, random));
      inputs.back().constant = i == 2;
    }
    const auto rank = static_cast<int32_t>(shape.size());
    check(inputs, static_cast<int32_t>(axis) - (round % 2 == 0 ? rank : 0));
  }
}

TEST(Concat, InputsWithoutElements) {
  std::mt19937 random(3);
  const auto columns = [&](int32_t n) { return random_array(DType::S8, {3, n, 2}, random); };
  check({columns(0), columns(4), columns(0), columns(1)}, 1);
}

TEST(Concat, ChannelsOfAnImage) {
  std::mt19937 random(2);
  std::vector<Array> inputs;
  for (int32_t channels : {1, 3, 16, 40}) {
    inputs.push_back(random_array(DType::S8, {1, 61, 50, channels}, random));
    inputs.back().quantization = kSomeScale;
  }
  check(inputs, 3);
}

TEST(Concat, Refuses) {
  const Array in = empty_array(DType::S8, {2, 3}), out = empty_array(DType::S8, {2, 6});
  fb::ConcatT options;
  options.axis = 1;
  expect_refused(options, {}, {out}, "has 0 inputs, takes 1 to 1");
  expect_refused(options, {in, empty_array(DType::S8, {3, 3})}, {out},
                 "cannot join 2x3 and 3x3 along axis 1");
  expect_refused(options, {in, empty_array(DType::S8, {2})}, {out}, "cannot join 2x3 and 2 ");
  expect_refused(options, {in, empty_array(DType::U8, {2, 3})}, {out},
                 "cannot run on s8 without scale, u8 without scale -> s8", rt::Code::Unsupported);
  Array scaled = in;
  scaled.quantization = kSomeScale;
  expect_refused(options, {in, scaled}, {out},
                 "cannot run on s8 without scale, s8 -> s8 without scale", rt::Code::Unsupported);
  expect_refused(options, {scaled, scaled}, {out}, "cannot run on s8, s8 -> s8 without scale",
                 rt::Code::Unsupported);
  graph::Graph graph = graph_of(options, {in, in}, {out});
  graph.nodes[0].inputs[1] = graph::kAbsent;
  expect_refused(graph, "input 1 is absent");
  for (int32_t axis : {2, -3, INT32_MAX, INT32_MIN}) {
    options.axis = axis;
    expect_refused(options, {in, in}, {out},
                   "axis " + std::to_string(axis) + " does not exist in 2x3");
  }
  options.axis = 0;
  expect_refused(options, {empty_array(DType::S8, {})}, {out}, "axis 0 does not exist in scalar");
  Array huge = empty_array(DType::S8, {1});
  huge.shape = {INT32_MAX};
  expect_refused(options, {huge, huge}, {out}, "joins more than 2147483647 elements");
}

}  // namespace
}  // namespace qrt::test
