// Which tensors share memory, and that sharing never changes a result: graphs in which a value is
// read again after it was renamed or could have been overwritten.
#include "src/runtime/storage.h"

#include <gtest/gtest.h>

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Bytes8 = std::vector<int8_t>;

// Builds graphs of s8 tensors of four elements.
struct Builder {
  Graph graph;

  int tensor(const char* name, std::vector<int32_t> shape = {4}) {
    return graph.add_tensor(name, DType::S8, std::move(shape));
  }
  int input(const char* name) {
    graph.inputs.push_back(tensor(name));
    return graph.inputs.back();
  }
  int constant(const Bytes8& elements) { return graph.add_constant<int8_t>("c", {4}, elements); }

  // The same elements under another shape: an alias.
  int reshape(int in, std::vector<int32_t> shape) {
    fb::ReshapeT options;
    options.shape = shape;
    const int out = tensor("reshaped", std::move(shape));
    graph.add_node("reshape", options, {in}, {out});
    return out;
  }
  // Another order of elements: never in place.
  int reverse(int in) {
    fb::SliceT options;
    options.begins = {-1};
    options.ends = {0};
    options.strides = {-1};
    options.end_mask = 1;
    const int out = tensor("reversed");
    graph.add_node("reverse", options, {in}, {out});
    return out;
  }
  // Another type of the same size: in place where that is allowed. 0 stays 0, the rest becomes 1.
  int truth(int in) {
    const int out = graph.add_tensor("truth", DType::Bool, {4});
    graph.add_node("truth", fb::CastT(), {in}, {out});
    return out;
  }
  int concat(const std::vector<int>& in) {
    fb::ConcatT options;
    const int out = tensor("joined", {static_cast<int32_t>(4 * in.size())});
    graph.add_node("concat", options, in, {out});
    return out;
  }
  int back(int in) {
    const int out = tensor("numbers");
    graph.add_node("back", fb::CastT(), {in}, {out});
    return out;
  }

  Loaded run(const std::vector<int>& outputs, const std::vector<Bytes8>& inputs) {
    graph.outputs = outputs;
    Loaded loaded = must_load(graph);
    for (size_t i = 0; i < inputs.size() && loaded.session != nullptr; ++i) {
      loaded.set(i, inputs[i]);
    }
    for (int i = 0; i < 2 && loaded.session != nullptr; ++i) loaded.run();
    return loaded;
  }
};

TEST(Storage, OverwritesAnInputThatNobodyReadsAgain) {
  Builder b;
  const int reversed = b.reverse(b.input("in"));
  const int truth = b.truth(reversed);
  const int again = b.back(truth);
  const Loaded loaded = b.run({again}, {{5, 0, -1, 0}});
  EXPECT_EQ(loaded.session->tensor_data(reversed), loaded.session->tensor_data(again));
  EXPECT_EQ(loaded.get<int8_t>(), (Bytes8{0, 1, 0, 1}));
}

TEST(Storage, KeepsAValueThatIsReadAgain) {
  Builder b;
  const int reversed = b.reverse(b.input("in"));
  const int truth = b.back(b.truth(reversed));
  const Loaded loaded = b.run({b.concat({truth, reversed})}, {{5, 0, -1, 0}});
  EXPECT_NE(loaded.session->tensor_data(reversed), loaded.session->tensor_data(truth));
  EXPECT_EQ(loaded.get<int8_t>(), (Bytes8{0, 1, 0, 1, 0, -1, 0, 5}));
}

TEST(Storage, NeverOverwritesAGraphInput) {
  Builder b;
  const int in = b.input("in");
  const Loaded loaded = b.run({b.back(b.truth(in))}, {{5, 0, -1, 0}});
  EXPECT_EQ(loaded.get<int8_t>(), (Bytes8{1, 0, 1, 0}));
  EXPECT_EQ(std::memcmp(loaded.session->tensor_data(in), Bytes8{5, 0, -1, 0}.data(), 4), 0);
}

TEST(Storage, AnAliasSharesMemoryAndKeepsItAlive) {
  Builder b;
  const int reversed = b.reverse(b.input("in"));
  const int square = b.reshape(reversed, {2, 2});
  const int flat = b.reshape(square, {4});
  const int truth = b.back(b.truth(reversed));  // last use of `reversed`, but not of `flat`
  const Loaded loaded = b.run({b.concat({truth, flat})}, {{5, 0, -1, 0}});
  EXPECT_EQ(loaded.session->tensor_data(reversed), loaded.session->tensor_data(flat));
  EXPECT_NE(loaded.session->tensor_data(reversed), loaded.session->tensor_data(truth));
  EXPECT_EQ(loaded.get<int8_t>(), (Bytes8{0, 1, 0, 1, 0, -1, 0, 5}));
}

TEST(Storage, AValueIsReadAgainAfterItsAliasWasUsedUp) {
  Builder b;
  const int reversed = b.reverse(b.input("in"));
  const int flat = b.reshape(reversed, {4});
  const int truth = b.back(b.truth(flat));  // last use of the alias
  const Loaded loaded = b.run({b.concat({truth, reversed})}, {{5, 0, -1, 0}});
  EXPECT_EQ(loaded.get<int8_t>(), (Bytes8{0, 1, 0, 1, 0, -1, 0, 5}));
}

TEST(Storage, AnAliasOfAnInputDoesNotExposeItToOverwriting) {
  Builder b;
  const int in = b.input("in");
  const int flat = b.reshape(b.reshape(in, {2, 2}), {4});
  const Loaded loaded = b.run({b.back(b.truth(flat)), flat}, {{5, 0, -1, 0}});
  EXPECT_EQ(loaded.get<int8_t>(0), (Bytes8{1, 0, 1, 0}));
  EXPECT_EQ(loaded.get<int8_t>(1), (Bytes8{5, 0, -1, 0}));
}

TEST(Storage, OneTensorAsTwoInputsIsNotOverwritten) {
  Builder b;
  const int reversed = b.reverse(b.input("in"));
  const int condition = b.truth(b.input("condition"));
  const int out = b.tensor("out");
  b.graph.add_node("select", fb::SelectT(), {condition, reversed, b.reshape(reversed, {4})}, {out});
  const Loaded loaded = b.run({out}, {{1, 2, 3, 4}, {0, 1, 0, 1}});
  EXPECT_EQ(loaded.get<int8_t>(), (Bytes8{4, 3, 2, 1}));
  EXPECT_NE(loaded.session->tensor_data(out), loaded.session->tensor_data(reversed));
}

TEST(Storage, AnOutputKeepsItsValueToTheEnd) {
  Builder b;
  const int reversed = b.reverse(b.input("in"));
  const int truth = b.truth(reversed);
  const Loaded loaded = b.run({reversed, b.back(truth), b.reverse(reversed)}, {{5, 0, -1, 0}});
  EXPECT_EQ(loaded.get<int8_t>(0), (Bytes8{0, -1, 0, 5}));
  EXPECT_EQ(loaded.get<int8_t>(1), (Bytes8{0, 1, 0, 1}));
  EXPECT_EQ(loaded.get<int8_t>(2), (Bytes8{5, 0, -1, 0}));
}

TEST(Storage, AnInputMayBeAnOutput) {
  Builder b;
  const int in = b.input("in");
  const Loaded loaded = b.run({in, b.reverse(in), in}, {{1, 2, 3, 4}});
  EXPECT_EQ(loaded.get<int8_t>(0), (Bytes8{1, 2, 3, 4}));
  EXPECT_EQ(loaded.get<int8_t>(1), (Bytes8{4, 3, 2, 1}));
  EXPECT_EQ(loaded.session->output_data(0), loaded.session->output_data(2));
}

TEST(Storage, AConstantMayBeAnOutput) {
  Builder b;
  const int constant = b.constant({1, 0, 2, 0});
  const int alias = b.reshape(constant, {2, 2});
  const Loaded loaded = b.run({constant, alias, b.back(b.truth(constant))}, {});
  EXPECT_EQ(loaded.get<int8_t>(0), (Bytes8{1, 0, 2, 0}));
  EXPECT_EQ(loaded.get<int8_t>(1), (Bytes8{1, 0, 2, 0}));
  EXPECT_EQ(loaded.get<int8_t>(2), (Bytes8{1, 0, 1, 0}));
  EXPECT_EQ(loaded.session->tensor_data(alias), loaded.session->tensor_data(constant));
}

TEST(Storage, AVariableStartsAtRealZeroAndIsNotOverwritten) {
  Builder b;
  graph::Value variable;
  variable.name = "state";
  variable.type = DType::S8;
  variable.shape = {4};
  variable.quantization = {{0.5f}, {-7}, -1, 0};
  variable.variable = true;
  const int state = b.graph.add_value(variable);
  const int plain = b.tensor("plain");
  b.graph.add_node("numbers", fb::CastT(), {state}, {plain});
  const Loaded loaded = b.run({state, plain}, {});
  EXPECT_EQ(loaded.get<int8_t>(0), Bytes8(4, -7));
  EXPECT_EQ(loaded.get<int8_t>(1), Bytes8(4, -7));
}

TEST(Storage, VariablesCountAgainstTheMemoryLimit) {
  Builder b;
  graph::Value variable;
  variable.name = "state";
  variable.type = DType::S8;
  variable.shape = {3000};
  variable.variable = true;
  b.graph.outputs = {b.graph.add_value(variable), b.graph.add_value(variable)};
  rt::SessionOptions options;
  options.max_arena_bytes = 8192;
  EXPECT_TRUE(load(b.graph, options).ok());
  options.max_arena_bytes = 4096;
  const auto loaded = load(b.graph, options);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), rt::Code::OutOfMemory);
}

}  // namespace
}  // namespace qrt::test
