// Bool tensors from files and callers may hold any byte: every operator that reads one takes all
// but 0 for true, and what it computes is 0 or 1. Operators that move elements keep their bytes.
#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

const Bytes kBytes = {0, 1, 2, 3, 127, 128, 254, 255};

// Every pair of bytes, as two tensors; and as rows and columns that broadcast.
struct Pairs {
  Array a, b;
};
Array truths(Dims shape, Bytes bytes) {
  Array array = empty_array(DType::Bool, std::move(shape));
  EXPECT_EQ(array.bytes.size(), bytes.size());
  array.bytes = std::move(bytes);
  return array;
}
Pairs all_pairs() {
  Bytes a, b;
  for (uint8_t x : kBytes) {
    for (uint8_t y : kBytes) a.push_back(x), b.push_back(y);
  }
  return {truths({64}, a), truths({64}, b)};
}

// As inputs of the graph, and as constants of the file.
template <class Options>
void expect_both(const Options& options, std::vector<Array> inputs, const Array& output) {
  expect_node(options, inputs, {output});
  for (Array& input : inputs) input.constant = true;
  expect_node(options, inputs, {output});
}

TEST(Bool, BinaryOperatorsTakeAnyByte) {
  const auto pairs = all_pairs();
  const std::vector<std::pair<fb::BinaryKind, bool (*)(bool, bool)>> kinds = {
      {fb::BinaryKind::And, [](bool a, bool b) { return a && b; }},
      {fb::BinaryKind::Or, [](bool a, bool b) { return a || b; }},
      {fb::BinaryKind::Equal, [](bool a, bool b) { return a == b; }},
      {fb::BinaryKind::NotEqual, [](bool a, bool b) { return a != b; }},
      {fb::BinaryKind::Less, [](bool a, bool b) { return a < b; }},
      {fb::BinaryKind::LessEqual, [](bool a, bool b) { return a <= b; }},
      {fb::BinaryKind::Greater, [](bool a, bool b) { return a > b; }},
      {fb::BinaryKind::GreaterEqual, [](bool a, bool b) { return a >= b; }}};
  for (const auto& [kind, f] : kinds) {
    SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
    fb::BinaryT options;
    options.kind = kind;
    Bytes expected;
    for (size_t i = 0; i < pairs.a.bytes.size(); ++i) {
      expected.push_back(f(pairs.a.bytes[i] != 0, pairs.b.bytes[i] != 0));
    }
    expect_both(options, {pairs.a, pairs.b}, truths({64}, expected));
    expect_both(options, {truths({8, 1}, kBytes), truths({8}, kBytes)}, truths({8, 8}, expected));
  }
}

TEST(Bool, ReduceTakesAnyByte) {
  const Array in = truths({3, 2}, {0, 2, 0, 0, 128, 255});
  fb::ReduceT options;
  options.axes = {1};
  options.kind = fb::ReduceKind::Max;
  expect_both(options, {in}, truths({3}, {1, 0, 1}));
  options.kind = fb::ReduceKind::Min;
  expect_both(options, {in}, truths({3}, {0, 0, 1}));
  options.axes = {0};
  expect_both(options, {in}, truths({2}, {0, 0}));
}

TEST(Bool, NotTakesAnyByte) {
  fb::UnaryT options;
  options.kind = fb::UnaryKind::Not;
  expect_both(options, {truths({8}, kBytes)}, truths({8}, {1, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Bool, CastTakesAnyByte) {
  expect_both(fb::CastT(), {truths({8}, kBytes)}, array_of<float>({8}, {0, 1, 1, 1, 1, 1, 1, 1}));
  expect_both(fb::CastT(), {truths({8}, kBytes)}, array_of<int8_t>({8}, {0, 1, 1, 1, 1, 1, 1, 1}));
  expect_both(fb::CastT(), {truths({8}, kBytes)}, truths({8}, {0, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(Bool, SelectTakesAnyByte) {
  expect_both(fb::SelectT(),
              {truths({8}, kBytes), array_of<int32_t>({8}, std::vector<int32_t>(8, 7)),
               array_of<int32_t>({8}, std::vector<int32_t>(8, -7))},
              array_of<int32_t>({8}, {-7, 7, 7, 7, 7, 7, 7, 7}));
}

TEST(Bool, MovesKeepTheByte) {
  expect_both(fb::SelectT(), {truths({1}, {255}), truths({8}, kBytes), truths({1}, {0})},
              truths({8}, kBytes));
  fb::ReshapeT reshape;
  reshape.shape = {2, 4};
  expect_node(reshape, {truths({8}, kBytes)}, {truths({2, 4}, kBytes)});
  fb::ConcatT concat;
  expect_both(concat, {truths({4}, {0, 1, 2, 3}), truths({4}, {127, 128, 254, 255})},
              truths({8}, kBytes));
}

}  // namespace
}  // namespace qrt::test
