// TensorFlow Lite's operators that pick, scatter and reduce, against results by hand or plain
// loops.
#include <cmath>
#include <functional>

#include "tests/import/tflite_expect.h"

namespace qrt::test {
namespace {

void expect_near(const Floats& got, const Floats& wanted, float tolerance = 1e-6f) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], tolerance) << i;
}

// One operator of one input and one output.
template <class Out, class In, class Options>
std::vector<Out> run_op(Builtin code, Options options, TensorType in_type, const Ints& in_shape,
                        const std::vector<In>& in, TensorType out_type, const Ints& out_shape,
                        const std::function<std::vector<int32_t>(TfliteBuilder&, int)>& inputs) {
  TfliteBuilder b;
  const int x = b.add_input("x", in_shape, in_type);
  const std::vector<int32_t> all = inputs(b, x);
  b.add_op(code, all, {b.add_output("y", out_shape, out_type)}, std::move(options));
  return run_one<Out>(optimized(b), in);
}

TEST(TfliteReduce, AnyAndAll) {
  const std::vector<uint8_t> in = {0, 1, 0, 0, 1, 1};
  const auto run = [&](Builtin code) {
    return run_op<uint8_t>(code, tfl::ReducerOptionsT(), TensorType::BOOL, {3, 2}, in,
                           TensorType::BOOL, {3}, [](TfliteBuilder& b, int x) {
                             return Ints{x, b.add_ints("axes", {1})};
                           });
  };
  EXPECT_EQ(run(Builtin::REDUCE_ANY), (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(run(Builtin::REDUCE_ALL), (std::vector<uint8_t>{0, 0, 1}));
}

TEST(TfliteReduce, CumulativeSums) {
  for (bool exclusive : {false, true}) {
    for (bool reverse : {false, true}) {
      tfl::CumsumOptionsT options;
      options.exclusive = exclusive;
      options.reverse = reverse;
      const Floats wanted = exclusive ? (reverse ? Floats{5, 3, 0} : Floats{0, 1, 3})
                                      : (reverse ? Floats{6, 5, 3} : Floats{1, 3, 6});
      const Floats got =
          run_op<float>(Builtin::CUMSUM, options, TensorType::FLOAT32, {1, 3}, Floats{1, 2, 3},
                        TensorType::FLOAT32, {1, 3}, [](TfliteBuilder& b, int x) {
                          return Ints{x, b.add_ints("axis", {-1})};
                        });
      EXPECT_EQ(got, wanted) << exclusive << reverse;
    }
  }
}

TEST(TfliteReduce, L2Normalization) {
  const auto only_input = [](TfliteBuilder&, int x) { return Ints{x}; };
  const Floats y =
      run_op<float>(Builtin::L2_NORMALIZATION, tfl::L2NormOptionsT(), TensorType::FLOAT32, {2, 2},
                    Floats{3, -4, 0, 0}, TensorType::FLOAT32, {2, 2}, only_input);
  expect_near(y, {0.6f, -0.8f, 0, 0});
  tfl::L2NormOptionsT relu;
  relu.activation = tfl::Activation::RELU;
  expect_near(run_op<float>(Builtin::L2_NORMALIZATION, relu, TensorType::FLOAT32, {1, 2},
                            Floats{3, -4}, TensorType::FLOAT32, {1, 2}, only_input),
              {0.6f, 0});
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 2}, TensorType::INT8);
  const int q = b.add_output("y", {1, 2}, TensorType::INT8);
  b.quantize(x, {0.5f}, {1});
  b.quantize(q, {1.0f / 128}, {0});
  b.add_op(Builtin::L2_NORMALIZATION, {x}, {q}, tfl::L2NormOptionsT());
  EXPECT_EQ(run_one<int8_t>(optimized(b), std::vector<int8_t>{7, -7}),
            (std::vector<int8_t>{77, -102}));
}

TEST(TfliteIndex, TopKGivesValuesAndIndices) {
  TfliteBuilder b;
  const int x = b.add_input("x", {2, 4});
  const int k = b.add_ints("k", {2});
  b.tensor(k).shape.clear();
  const int values = b.add_output("values", {2, 2});
  const int indices = b.add_output("indices", {2, 2}, TensorType::INT32);
  b.add_op(Builtin::TOPK_V2, {x, k}, {values, indices});
  Loaded loaded = must_load(optimized(b));
  loaded.set<float>(0, {1, 5, 5, 2, 9, 8, 7, 6});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), (Floats{5, 5, 9, 8}));
  EXPECT_EQ(loaded.get<int32_t>(1), (Ints{1, 2, 0, 1}));
}

TEST(TfliteIndex, TopKOfAsManyAsARunSays) {
  TfliteBuilder b;
  const int x = b.add_input("x", {2, 4});
  const int k = b.add_input("k", {1}, TensorType::INT32);
  b.tensor(k).shape.clear();
  const int values = b.add_output("values", {2, 1});
  const int indices = b.add_output("indices", {2, 1}, TensorType::INT32);
  b.add_op(Builtin::TOPK_V2, {x, k}, {values, indices});
  Loaded loaded = must_load(optimized(b));
  loaded.set<float>(0, {1, 5, 5, 2, 9, 8, 7, 6});
  for (int32_t n : {2, 4, 0}) {
    loaded.set<int32_t>(1, {n});
    loaded.run();
    EXPECT_EQ(loaded.session->output_shape(0), (rt::Shape{2, n}));
    if (n == 2) {
      EXPECT_EQ(loaded.get<float>(0), (Floats{5, 5, 9, 8}));
      EXPECT_EQ(loaded.get<int32_t>(1), (Ints{1, 2, 0, 1}));
    }
  }
  loaded.set<int32_t>(1, {5});
  EXPECT_EQ(loaded.session->run().code(), rt::Code::InvalidArgument);
}

TEST(TfliteIndex, ScatterNdAddsOntoZeros) {
  TfliteBuilder b;
  const int x = b.add_input("x", {3, 2});
  const int indices = b.add_constant<int32_t>("i", {3, 1}, TensorType::INT32, {2, 0, 2});
  const int shape = b.add_ints("shape", {4, 2});
  b.add_op(Builtin::SCATTER_ND, {indices, x, shape}, {b.add_output("y", {4, 2})});
  EXPECT_EQ(run_one<float>(optimized(b), Floats{1, 2, 3, 4, 5, 6}),
            (Floats{3, 4, 0, 0, 6, 8, 0, 0}));
  b.buffer_of(shape).data[0] = 0;
  expect_refused(b, "its shape holds 0");
}

TEST(TfliteIndex, OneHotAlongAnyAxis) {
  const auto run = [](int axis, const Ints& shape) {
    tfl::OneHotOptionsT options;
    options.axis = axis;
    return run_op<float>(Builtin::ONE_HOT, options, TensorType::INT32, {2}, Ints{1, 5},
                         TensorType::FLOAT32, shape, [](TfliteBuilder& b, int x) {
                           const int depth = b.add_ints("depth", {3});
                           b.tensor(depth).shape.clear();
                           const int on = b.add_floats("on", {}, 4);
                           return Ints{x, depth, on, b.add_floats("off", {}, -1)};
                         });
  };
  EXPECT_EQ(run(-1, {2, 3}), (Floats{-1, 4, -1, -1, -1, -1}));
  EXPECT_EQ(run(0, {3, 2}), (Floats{-1, -1, 4, -1, -1, -1}));
}

TEST(TfliteIndex, EmbeddingsOfAnyTable) {
  const auto run = [](bool quantized, bool by_row) {
    TfliteBuilder b;
    const int x = b.add_input("x", {2}, TensorType::INT32);
    int table;
    if (quantized) {
      table = b.add_constant<int8_t>("table", {3, 2}, TensorType::INT8, {1, 2, 3, 4, 5, 6});
      b.quantize(table, by_row ? Floats{1, 2, 0.5f} : Floats{0.5f},
                 by_row ? std::vector<int64_t>{0, 0, 0} : std::vector<int64_t>{1});
    } else {
      table = b.add_floats("table", {3, 2});
    }
    b.add_op(Builtin::EMBEDDING_LOOKUP, {x, table}, {b.add_output("y", {2, 2})});
    return run_one<float>(optimized(b), Ints{2, 1});
  };
  EXPECT_EQ(run(false, false), (Floats{5, 6, 3, 4}));
  EXPECT_EQ(run(true, false), (Floats{2, 2.5f, 1, 1.5f}));
  EXPECT_EQ(run(true, true), (Floats{2.5f, 3, 6, 8}));
}

TEST(TfliteIndex, Ranges) {
  const auto run = [](int32_t start, int32_t limit, int32_t delta, int32_t count) {
    TfliteBuilder b;
    const int x = b.add_input("x", {1}, TensorType::INT32);
    std::vector<int32_t> given;
    for (int32_t number : {start, limit, delta}) {
      given.push_back(b.add_constant<int32_t>("n", {}, TensorType::INT32, {number}));
    }
    const int range = b.add("range", {count}, TensorType::INT32);
    b.add_op(Builtin::RANGE, given, {range});
    b.add_op(Builtin::ADD, {x, range}, {b.add_output("y", {count}, TensorType::INT32)});
    return b;
  };
  EXPECT_EQ(run_one<int32_t>(optimized(run(2, 9, 3, 3)), Ints{100}), (Ints{102, 105, 108}));
  EXPECT_EQ(run_one<int32_t>(optimized(run(2, -2, -2, 2)), Ints{0}), (Ints{2, 0}));
  expect_refused(run(2, 9, 0, 3), "never reach its limit");
  TfliteBuilder b;
  const int x = b.add_input("x", {3});
  const int range = b.add("range", {3});
  b.add_op(Builtin::RANGE,
           {b.add_floats("a", {}, 0.5f), b.add_floats("b", {}, 2), b.add_floats("c", {}, 0.5f)},
           {range});
  b.add_op(Builtin::ADD, {x, range}, {b.add_output("y", {3})});
  EXPECT_EQ(run_one<float>(optimized(b), Floats{0, 0, 0}), (Floats{0.5f, 1, 1.5f}));
}

// As many as an input has elements.
TEST(TfliteIndex, RangesOfOpenSizes) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1}, TensorType::INT32);
  b.tensor(x).shape_signature = {-1};
  const int shape = b.add("shape", {1}, TensorType::INT32);
  const int count = b.add("count", {}, TensorType::INT32);
  const int range = b.add("range", {1}, TensorType::INT32);
  const int y = b.add_output("y", {1}, TensorType::INT32);
  b.tensor(range).shape_signature = b.tensor(y).shape_signature = {-1};
  b.add_op(Builtin::SHAPE, {x}, {shape});
  b.add_op(Builtin::SQUEEZE, {shape}, {count});
  const int start = b.add_constant<int32_t>("start", {}, TensorType::INT32, {0});
  const int step = b.add_constant<int32_t>("step", {}, TensorType::INT32, {1});
  b.add_op(Builtin::RANGE, {start, count, step}, {range});
  b.add_op(Builtin::ADD, {x, range}, {y});
  const graph::Graph g = optimized(b);
  const rt::InputShape three = {0, {3}};
  rt::SessionOptions options;
  options.input_shapes = {&three, 1};
  Loaded loaded = must_load(g, options);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<int32_t>(0, {10, 10, 10});
  loaded.run();
  EXPECT_EQ(loaded.get<int32_t>(), (Ints{10, 11, 12}));
}

TEST(TfliteIndex, SlicesFromBeginsOfARun) {
  TfliteBuilder b;
  const int x = b.add_input("x", {2, 4});
  const int begins = b.add_input("begins", {2}, TensorType::INT32);
  const int sizes = b.add_ints("sizes", {1, 2});
  const int part = b.add_output("part", {1, 2});
  const int whole = b.add_output("whole", {2, 4});
  b.add_op(Builtin::SLICE, {x, begins, sizes}, {part});
  b.add_op(Builtin::DYNAMIC_UPDATE_SLICE, {x, b.add_floats("new", {1, 2}, -1), begins}, {whole});
  Loaded loaded = must_load(optimized(b));
  loaded.set<float>(0, {0, 1, 2, 3, 4, 5, 6, 7});
  loaded.set<int32_t>(1, {1, 1});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), (Floats{5, 6}));
  EXPECT_EQ(loaded.get<float>(1), (Floats{0, 1, 2, 3, 4, -1, 0, 7}));
  const int32_t rest = -1;
  std::memcpy(b.buffer_of(sizes).data.data(), &rest, sizeof rest);
  expect_refused(b, "goes from begins that are computed when the model runs to the end of an axis");
}

}  // namespace
}  // namespace qrt::test
