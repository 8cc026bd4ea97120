// Sizes that a run decides, on their way through other operators to the outputs.
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using Dims = std::vector<int32_t>;
using graph::DType;

// x [n] and the places where it is not zero, [count, 1].
struct Found {
  graph::Graph g;
  int x, places;

  explicit Found(int32_t n = 6) {
    x = g.add_tensor("x", DType::F32, {n});
    places = g.add_tensor("places", DType::S64, {-1, 1});
    g.inputs = {x};
    g.add_node("non_zero", fb::NonZeroT(), {x}, {places});
  }
  template <class Options>
  int add(Options options, std::vector<int> inputs, DType type, Dims shape) {
    const int out = g.add_tensor("t" + std::to_string(g.values.size()), type, std::move(shape));
    g.add_node("node" + std::to_string(g.nodes.size()), std::move(options), std::move(inputs),
               {out});
    return out;
  }
  int column() {
    fb::ReshapeT flat;
    flat.shape = {-1};
    return add(std::move(flat), {places}, DType::S64, {-1});
  }
  // The elements that are not zero.
  int gathered() { return add(fb::GatherT(), {x, column()}, DType::F32, {-1}); }
};

fb::TransposeT transposing(Dims perm) {
  fb::TransposeT options;
  options.perm = std::move(perm);
  return options;
}

TEST(CountedSizes, ReachOutputsThroughOtherOperators) {
  Found f;
  const int elements = f.gathered();
  fb::UnaryT square;
  square.kind = fb::UnaryKind::Square;
  f.g.outputs = {f.add(std::move(square), {elements}, DType::F32, {-1}), f.places};
  Loaded model = must_load(f.g);
  ASSERT_NE(model.session, nullptr);
  EXPECT_EQ(model.session->output_bytes(0), 24u);
  model.set<float>(0, {0, 2, 0, 3, -4, 0});
  model.run();
  EXPECT_EQ(model.session->output_shape(0).str(), "3");
  EXPECT_EQ(model.get<float>(), (std::vector<float>{4, 9, 16}));
  EXPECT_EQ(model.get<int64_t>(1), (std::vector<int64_t>{1, 3, 4}));
  model.set<float>(0, {0, 0, 0, 0, 0, 0});
  model.run();
  EXPECT_EQ(model.session->output_shape(0).str(), "0");
  EXPECT_EQ(model.session->output_bytes(1), 0u);
  model.set<float>(0, {1, 2, 3, 4, 5, 6});
  model.run();
  EXPECT_EQ(model.get<float>(), (std::vector<float>{1, 4, 9, 16, 25, 36}));
}

// A count along the second axis: rows stand as close as they are long.
Found joined_rows() {
  Found f;
  fb::ReshapeT row;
  row.shape = {1, -1};
  const int one = f.add(std::move(row), {f.gathered()}, DType::F32, {1, -1});
  fb::BinaryT sum;
  const int twice = f.add(std::move(sum), {one, one}, DType::F32, {1, -1});
  f.g.outputs = {f.add(fb::ConcatT(), {one, twice}, DType::F32, {2, -1})};
  return f;
}

TEST(CountedSizes, RowsAreClosedUp) {
  Found f = joined_rows();
  Loaded model = must_load(f.g);
  ASSERT_NE(model.session, nullptr);
  model.set<float>(0, {0, 2, 0, 3, -4, 0});
  model.run();
  EXPECT_EQ(model.session->output_shape(0).str(), "2x3");
  EXPECT_EQ(model.get<float>(), (std::vector<float>{2, 3, -4, 4, 6, -8}));
}

TEST(CountedSizes, OutputsInTheCallersMemory) {
  for (size_t shift : {0, 1}) {  // 1: by copy
    Found f = joined_rows();
    Loaded model = must_load(f.g);
    ASSERT_NE(model.session, nullptr);
    std::vector<uint8_t> memory(49 + 64, 0x55);
    ASSERT_TRUE(model.session->bind_output(0, memory.data() + shift, 48).ok());
    model.set<float>(0, {0, 2, 0, 3, -4, 0});
    model.run();
    std::vector<float> got(6);
    std::memcpy(got.data(), memory.data() + shift, 24);
    EXPECT_EQ(got, (std::vector<float>{2, 3, -4, 4, 6, -8}));
    // What fits this run may not fit the next.
    const rt::Status status = model.session->bind_output(0, memory.data(), 24);
    EXPECT_NE(status.message().find("has 48 bytes, the memory bound to it 24"), std::string::npos)
        << status.message();
  }
}

TEST(CountedSizes, OneTensorAsTwoOutputs) {
  Found f = joined_rows();
  fb::ReshapeT same;
  same.shape = {2, -1, 1};
  const int first = f.g.outputs[0];
  f.g.outputs.push_back(f.add(std::move(same), {first}, DType::F32, {2, -1, 1}));
  Loaded model = must_load(f.g);
  ASSERT_NE(model.session, nullptr);
  model.set<float>(0, {0, 2, 0, 3, 0, 0});
  model.run();
  EXPECT_EQ(model.get<float>(0), (std::vector<float>{2, 3, 4, 6}));
  EXPECT_EQ(model.get<float>(1), (std::vector<float>{2, 3, 4, 6}));
}

TEST(CountedSizes, FollowAResize) {
  Found f(-1);
  f.g.outputs = {f.gathered()};
  Loaded model = must_load(f.g);
  ASSERT_NE(model.session, nullptr);
  for (int32_t n : {4, 9, 4, 1}) {
    ASSERT_TRUE(model.session->resize_input(0, {n}).ok());
    EXPECT_EQ(model.session->output_shape(0)[0], n);
    std::vector<float> in(static_cast<size_t>(n), 0.0f);
    in.back() = 7;
    model.set(0, in);
    model.run();
    EXPECT_EQ(model.get<float>(), std::vector<float>{7});
  }
}

void expect_refused(const Found& f, const std::string& words) {
  const auto loaded = load(f.g);
  ASSERT_FALSE(loaded.ok()) << "accepted, expected: " << words;
  EXPECT_EQ(loaded.status().code(), rt::Code::Unsupported);
  EXPECT_NE(loaded.status().message().find(words), std::string::npos) << loaded.status().message();
}

// What looks at all places at once would see those behind the last.
TEST(CountedSizes, WhoeverNeedsAllPlacesIsRefused) {
  const std::string words =
      "input 0 is along axis 0 as long as a run of operator 0 says, which it cannot read";
  {
    Found f;
    fb::ReduceT sum;
    sum.kind = fb::ReduceKind::Sum;
    sum.axes = {0};
    f.g.outputs = {f.add(std::move(sum), {f.gathered()}, DType::F32, {})};
    expect_refused(f, words);
  }
  {
    Found f;
    f.g.outputs = {f.add(fb::SoftmaxT(), {f.gathered()}, DType::F32, {-1})};
    expect_refused(f, words);
  }
  {
    Found f;
    f.g.outputs = {f.add(fb::ShapeOfT(), {f.gathered()}, DType::S64, {1})};
    expect_refused(f, words);
  }
  {
    Found f;
    const int elements = f.gathered();
    f.g.outputs = {f.add(fb::ConcatT(), {elements, elements}, DType::F32, {-1})};
    expect_refused(f, words);
  }
  {
    Found f;
    fb::SliceT first;
    first.begins = {0};
    first.ends = {2};
    first.strides = {1};
    f.g.outputs = {f.add(std::move(first), {f.gathered()}, DType::F32, {-1})};
    expect_refused(f, words);
  }
  {
    Found f;
    fb::SliceT reversed;
    reversed.begins = reversed.ends = {0};
    reversed.begin_mask = reversed.end_mask = 1;
    reversed.strides = {-1};
    f.g.outputs = {f.add(std::move(reversed), {f.gathered()}, DType::F32, {-1})};
    expect_refused(f, words);
  }
  {
    Found f;
    const int elements = f.gathered();
    const int zero = f.g.add_constant("zero", {1}, std::vector<int64_t>{-1});
    f.g.outputs = {f.add(fb::GatherT(), {elements, zero}, DType::F32, {1})};
    expect_refused(f, words);
  }
}

// [count, 2] under the shape [2 * count].
TEST(CountedSizes, MultiplesAreRefused) {
  Found f;
  fb::ConcatT pairs;
  pairs.axis = 1;
  const int two = f.add(std::move(pairs), {f.places, f.places}, DType::S64, {-1, 2});
  fb::ReshapeT flat;
  flat.shape = {-1};
  f.g.outputs = {f.add(std::move(flat), {two}, DType::S64, {-1})};
  expect_refused(f, "as long as a run of operator 0 says");
}

// Places behind other elements: [count, 2] and [2, count] have the same elements in another order.
TEST(CountedSizes, AReshapeKeepsWhatStandsBefore) {
  Found f;
  fb::ConcatT pairs;
  pairs.axis = 1;
  const int two = f.add(std::move(pairs), {f.places, f.places}, DType::S64, {-1, 2});
  fb::ReshapeT turned;
  turned.shape = {2, -1};
  f.g.outputs = {f.add(std::move(turned), {two}, DType::S64, {2, -1})};
  expect_refused(f, "as long as a run of operator 0 says");
}

TEST(CountedSizes, ATableOfAllPairsIsRefused) {
  Found f;
  const int elements = f.gathered();
  fb::ReshapeT column, row;
  column.shape = {-1, 1};
  row.shape = {1, -1};
  const int a = f.add(std::move(column), {elements}, DType::F32, {-1, 1});
  const int b = f.add(std::move(row), {elements}, DType::F32, {1, -1});
  f.g.outputs = {f.add(fb::BinaryT(), {a, b}, DType::F32, {-1, -1})};
  expect_refused(f, "as long as a run of operator 0 says");
}

TEST(CountedSizes, TwoOfOneOutputAreRefused) {
  Found f;
  const int y = f.g.add_tensor("y", DType::F32, {6});
  f.g.inputs.push_back(y);
  const int places = f.g.add_tensor("others", DType::S64, {-1, 1});
  f.g.add_node("others", fb::NonZeroT(), {y}, {places});
  const int row = f.add(transposing({1, 0}), {places}, DType::S64, {1, -1});
  f.g.outputs = {f.add(fb::BinaryT(), {f.places, row}, DType::S64, {-1, -1})};
  expect_refused(f, "has two sizes that only a run decides");
}

// In a branch that is not taken a count would be an old one.
TEST(CountedSizes, NotInABranch) {
  Found f;
  graph::Graph g;
  const int condition = g.add_tensor("condition", DType::Bool, {1});
  const int x = g.add_tensor("x", DType::F32, {6});
  const int out = g.add_tensor("out", DType::S64, {-1, 1});
  g.inputs = {condition, x};
  g.outputs = {out};
  f.g.outputs = {f.places};
  g.subgraphs.push_back(f.g);
  g.subgraphs.push_back(f.g);
  fb::IfT choice;
  choice.then_subgraph = 1;
  choice.else_subgraph = 2;
  g.add_node("if", std::move(choice), {condition, x}, {out});
  const auto loaded = load(g);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), rt::Code::Unsupported) << loaded.status().message();
}

}  // namespace
}  // namespace qrt::test
