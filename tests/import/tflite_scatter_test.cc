// TensorFlow Lite's operators that pick, scatter, reduce and remember, against results by hand or
// plain loops.
#include <flatbuffers/flexbuffers.h>

#include <cmath>
#include <functional>
#include <random>

#include "src/graph/passes.h"
#include "tests/import/tflite_builder.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

graph::Graph optimized(const TfliteBuilder& b) {
  auto g = b.import();
  EXPECT_TRUE(g.ok()) << g.status().message();
  if (!g.ok()) return {};
  const rt::Status status = graph::optimize(*g);
  EXPECT_TRUE(status.ok()) << status.message();
  return std::move(*g);
}

void expect_refused(const TfliteBuilder& b, const std::string& words) {
  const auto g = b.import();
  ASSERT_FALSE(g.ok());
  EXPECT_NE(g.status().message().find(words), std::string::npos) << g.status().message();
}

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

// --- Sparse constants

tfl::DimensionMetadataT dense_axis(int32_t size) {
  tfl::DimensionMetadataT axis;
  axis.dense_size = size;
  return axis;
}

template <class Vector, class T>
tfl::DimensionMetadataT compressed_axis(const std::vector<T>& segments,
                                        const std::vector<T>& indices) {
  tfl::DimensionMetadataT axis;
  axis.format = tfl::DimensionType::SPARSE_CSR;
  Vector all;
  all.values = segments;
  axis.array_segments.Set(std::move(all));
  all.values = indices;
  axis.array_indices.Set(std::move(all));
  return axis;
}

struct SparseModel : TfliteBuilder {
  int constant;

  // y = x + DENSIFY(a sparse constant of [rows, columns])
  SparseModel(const Ints& shape, const Floats& stored, const Ints& order, const Ints& blocks,
              const std::vector<tfl::DimensionMetadataT>& axes) {
    const int x = add_input("x", shape);
    constant = add_constant("sparse", shape, TensorType::FLOAT32, stored);
    auto sparsity = std::make_unique<tfl::SparsityT>();
    sparsity->traversal_order = order;
    sparsity->block_map = blocks;
    for (const auto& axis : axes) {
      sparsity->dim_metadata.push_back(std::make_unique<tfl::DimensionMetadataT>(axis));
    }
    tensor(constant).sparsity = std::move(sparsity);
    const int dense = add("dense", shape);
    add_op(Builtin::DENSIFY, {constant}, {dense});
    add_op(Builtin::ADD, {x, dense}, {add_output("y", shape)});
  }
  tfl::SparsityT& sparsity() { return *tensor(constant).sparsity; }
};

using Bytes8 = tfl::Uint8VectorT;

// [[1,0,0,2],[0,0,0,0],[0,3,0,0]] by rows.
SparseModel rows_model() {
  return SparseModel({3, 4}, {1, 2, 3}, {0, 1}, {},
                     {dense_axis(3), compressed_axis<Bytes8, uint8_t>({0, 2, 2, 3}, {0, 3, 1})});
}

TEST(TfliteSparse, RowsColumnsAndBlocks) {
  const Floats zeros(12, 0.0f);
  const Floats wanted = {1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0};
  EXPECT_EQ(run_one<float>(optimized(rows_model()), zeros), wanted);
  // By columns, in 16 bits.
  const SparseModel columns(
      {3, 4}, {1, 3, 2}, {1, 0}, {},
      {dense_axis(4), compressed_axis<tfl::Uint16VectorT, uint16_t>({0, 1, 2, 2, 3}, {0, 2, 0})});
  EXPECT_EQ(run_one<float>(optimized(columns), zeros), wanted);
  // Columns in blocks of two, whose rows are compressed in 32 bits.
  const SparseModel blocks(
      {3, 4}, {1, 0, 0, 2, 0, 3}, {0, 1, 2}, {1},
      {dense_axis(3), compressed_axis<tfl::Int32VectorT, int32_t>({0, 2, 2, 3}, {0, 1, 0}),
       dense_axis(2)});
  EXPECT_EQ(run_one<float>(optimized(blocks), zeros), wanted);
  // Blocks of 1 x 2 along both axes, both compressed.
  const SparseModel both(
      {3, 4}, {1, 0, 0, 2, 0, 3}, {0, 1, 2, 3}, {0, 1},
      {compressed_axis<Bytes8, uint8_t>({0, 2}, {0, 2}),
       compressed_axis<Bytes8, uint8_t>({0, 2, 3}, {0, 1, 0}), dense_axis(1), dense_axis(2)});
  EXPECT_EQ(run_one<float>(optimized(both), zeros), wanted);
}

TEST(TfliteSparse, RefusesWhatIsDamaged) {
  const auto refused = [](const std::function<void(SparseModel&)>& damage,
                          const std::string& words) {
    SparseModel m = rows_model();
    damage(m);
    expect_refused(m, words);
  };
  const auto set = [](SparseModel& m, bool segments, const std::vector<uint8_t>& values) {
    tfl::DimensionMetadataT& axis = *m.sparsity().dim_metadata[1];
    (segments ? axis.array_segments : axis.array_indices).AsUint8Vector()->values = values;
  };
  refused([](SparseModel& m) { m.sparsity().traversal_order = {0}; }, "not every axis");
  refused([](SparseModel& m) { m.sparsity().dim_metadata.pop_back(); }, "not every axis");
  for (int32_t axis : {0, -1, 2}) {
    refused([&](SparseModel& m) { m.sparsity().traversal_order[1] = axis; },
            "with axis " + std::to_string(axis) + " out of place");
  }
  refused([](SparseModel& m) { m.sparsity().dim_metadata[0]->dense_size = 4; },
          "with an axis of 4 where 3 fit");
  refused([&](SparseModel& m) { set(m, true, {0, 2, 2}); }, "too few segments");
  refused([&](SparseModel& m) { set(m, true, {0, 2, 1, 3}); }, "segments out of order");
  refused([&](SparseModel& m) { set(m, true, {0, 2, 2, 4}); }, "too few indices");
  refused([&](SparseModel& m) { set(m, false, {0, 4, 1}); }, "with index 4 of 4");
  refused([](SparseModel& m) { m.buffer_of(m.constant).data.resize(8); }, "too few elements");
  const auto block = [](SparseModel& m, int32_t axis, int32_t size) {
    m.sparsity().block_map = {axis};
    m.sparsity().traversal_order = {0, 1, 2};
    m.sparsity().dim_metadata.push_back(
        std::make_unique<tfl::DimensionMetadataT>(dense_axis(size)));
  };
  refused([&](SparseModel& m) { block(m, 1, 3); }, "with blocks of 3 along axis 1");
  refused([&](SparseModel& m) { block(m, 1, 0); }, "with blocks of 0 along axis 1");
  refused([&](SparseModel& m) { block(m, 2, 2); }, "with blocks of 2 along axis 2");
  refused([](SparseModel& m) { m.tensor(m.constant).type = TensorType::INT4; },
          "with elements of type s4");
}

// --- SVDF

struct SvdfCase {
  int32_t batch = 2, inputs = 3, units = 2, rank = 2, memory = 4;
  int32_t filters() const { return units * rank; }
};

// What one step gives, and the state behind it.
std::vector<double> svdf_step(const SvdfCase& c, const std::vector<double>& x,
                              const std::vector<double>& features, const std::vector<double>& times,
                              const std::vector<double>& bias, std::vector<double>* state) {
  std::vector<double> out;
  for (int32_t b = 0; b < c.batch; ++b) {
    for (int32_t u = 0; u < c.units; ++u) {
      double sum = bias[static_cast<size_t>(u)];
      for (int32_t f = u * c.rank; f < (u + 1) * c.rank; ++f) {
        double* memory = &(*state)[static_cast<size_t>((b * c.filters() + f) * c.memory)];
        for (int32_t t = 0; t + 1 < c.memory; ++t) memory[t] = memory[t + 1];
        memory[c.memory - 1] = 0;
        for (int32_t i = 0; i < c.inputs; ++i) {
          memory[c.memory - 1] += x[static_cast<size_t>(b * c.inputs + i)] *
                                  features[static_cast<size_t>(f * c.inputs + i)];
        }
        for (int32_t t = 0; t < c.memory; ++t) {
          sum += memory[t] * times[static_cast<size_t>(f * c.memory + t)];
        }
      }
      out.push_back(std::max(sum, 0.0));
    }
  }
  return out;
}

template <class T>
std::vector<T> random_numbers(int32_t count, int32_t low, int32_t high, std::mt19937& random) {
  std::vector<T> numbers;
  for (int32_t i = 0; i < count; ++i) {
    numbers.push_back(static_cast<T>(
        low + static_cast<int32_t>(random() % static_cast<unsigned>(high - low + 1))));
  }
  return numbers;
}

template <class T>
std::vector<double> scaled(const std::vector<T>& numbers, double scale, int zero_point = 0) {
  std::vector<double> reals;
  for (T number : numbers) reals.push_back((number - zero_point) * scale);
  return reals;
}

void check_svdf(const SvdfCase& c) {
  std::mt19937 random(5);
  const auto features = random_numbers<float>(c.filters() * c.inputs, -4, 4, random);
  const auto times = random_numbers<float>(c.filters() * c.memory, -4, 4, random);
  const auto bias = random_numbers<float>(c.units, -4, 4, random);
  TfliteBuilder b;
  const int x = b.add_input("x", {c.batch, c.inputs});
  const int f = b.add_constant("f", {c.filters(), c.inputs}, TensorType::FLOAT32, features);
  const int t = b.add_constant("t", {c.filters(), c.memory}, TensorType::FLOAT32, times);
  const int given = b.add_constant("b", {c.units}, TensorType::FLOAT32, bias);
  const int state = b.add("state", {c.batch, c.filters() * c.memory});
  b.tensor(state).is_variable = true;
  tfl::SVDFOptionsT options;
  options.rank = c.rank;
  options.activation = tfl::Activation::RELU;
  b.add_op(Builtin::SVDF, {x, f, t, given, state}, {b.add_output("y", {c.batch, c.units})},
           options);
  Loaded loaded = must_load(optimized(b));
  ASSERT_NE(loaded.session, nullptr);
  std::vector<double> memory(static_cast<size_t>(c.batch * c.filters() * c.memory), 0);
  for (int step = 0; step < 6; ++step) {
    const auto in = random_numbers<float>(c.batch * c.inputs, -4, 4, random);
    loaded.set(0, in);
    loaded.run();
    const auto wanted = svdf_step(c, scaled(in, 1), scaled(features, 1), scaled(times, 1),
                                  scaled(bias, 1), &memory);
    const auto got = loaded.get<float>();
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], wanted[i]) << step << " " << i;
  }
}

TEST(TfliteSvdf, RemembersFeatures) {
  check_svdf({});
  check_svdf({1, 4, 3, 1, 5});
  check_svdf({1, 2, 2, 3, 1});
}

TEST(TfliteSvdf, OfBytes) {
  const SvdfCase c;
  std::mt19937 random(6);
  const auto features = random_numbers<int8_t>(c.filters() * c.inputs, -127, 127, random);
  const auto times = random_numbers<int16_t>(c.filters() * c.memory, -3000, 3000, random);
  const auto bias = random_numbers<int32_t>(c.units, -9000, 9000, random);
  constexpr float kX = 0.05f, kF = 0.01f, kT = 0.0004f, kState = 0.002f, kY = 0.2f;
  TfliteBuilder b;
  const int x = b.add_input("x", {c.batch, c.inputs}, TensorType::INT8);
  const int f = b.add_constant("f", {c.filters(), c.inputs}, TensorType::INT8, features);
  const int t = b.add_constant("t", {c.filters(), c.memory}, TensorType::INT16, times);
  const int given = b.add_constant("b", {c.units}, TensorType::INT32, bias);
  const int state = b.add("state", {c.batch, c.filters() * c.memory}, TensorType::INT16);
  b.tensor(state).is_variable = true;
  const int y = b.add_output("y", {c.batch, c.units}, TensorType::INT8);
  b.quantize(x, {kX}, {-3});
  b.quantize(f, {kF}, {0});
  b.quantize(t, {kT}, {0});
  b.quantize(state, {kState}, {0});
  b.quantize(y, {kY}, {-128});
  tfl::SVDFOptionsT options;
  options.rank = c.rank;
  options.activation = tfl::Activation::RELU;
  b.add_op(Builtin::SVDF, {x, f, t, given, state}, {y}, options);
  Loaded loaded = must_load(optimized(b));
  ASSERT_NE(loaded.session, nullptr);
  std::vector<double> memory(static_cast<size_t>(c.batch * c.filters() * c.memory), 0);
  size_t clamped = 0;
  for (int step = 0; step < 6; ++step) {
    const auto in = random_numbers<int8_t>(c.batch * c.inputs, -128, 127, random);
    loaded.set(0, in);
    loaded.run();
    const auto wanted =
        svdf_step(c, scaled(in, double{kX}, -3), scaled(features, double{kF}),
                  scaled(times, double{kT}), scaled(bias, double{kState} * double{kT}), &memory);
    const auto got = loaded.get<int8_t>();
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], std::min(wanted[i] / double{kY} - 128, 127.0), 1.0) << step << " " << i;
      clamped += got[i] == 127;
    }
  }
  EXPECT_LT(clamped, 12u) << "results that are all clamped show nothing";
}

TEST(TfliteSvdf, Refuses) {
  TfliteBuilder b;
  const int x = b.add_input("x", {1, 2});
  const int state = b.add("state", {1, 12});
  b.tensor(state).is_variable = true;
  tfl::SVDFOptionsT options;
  options.rank = 3;
  b.add_op(Builtin::SVDF, {x, b.add_floats("f", {4, 2}), b.add_floats("t", {4, 3}), -1, state},
           {b.add_output("y", {1, 4})}, options);
  expect_refused(b, "has 4 filters of 2 for 2 inputs, time weights of 4 and rank 3");
  b.op(0).options.AsSVDFOptions()->rank = 1;
  EXPECT_TRUE(b.import().ok()) << b.import().status().message();
  b.tensor(state).shape = {1, 11};
  expect_refused(b, "its state 'state' is 1x11 of f32, not 1x12 of f32");
  b.op(0).inputs.pop_back();
  expect_refused(b, "has no state");
}

// --- Custom operators

void set_custom(TfliteBuilder& b, const std::string& name, const std::vector<uint8_t>& options) {
  b.model.operator_codes.back()->custom_code = name;
  b.graph().operators.back()->custom_options = options;
}

TEST(TfliteCustom, TransposedConvolutionWithABias) {
  const auto build = [](int32_t padding, const Ints& out) {
    TfliteBuilder b;
    const int x = b.add_input("x", {1, 1, 2, 1});
    const int w = b.add_floats("w", {1, 2, 3, 1});  // 1 to 6
    const int bias = b.add_floats("bias", {1}, 0.5f);
    b.add_op(Builtin::CUSTOM, {x, w, bias}, {b.add_output("y", out)});
    const int32_t options[3] = {padding, 1, 2};  // strides along width and height
    std::vector<uint8_t> bytes(sizeof options);
    std::memcpy(bytes.data(), options, sizeof options);
    set_custom(b, "Convolution2DTransposeBias", bytes);
    return b;
  };
  const Floats x = {10, 100};
  // VALID: every tap meets an output.
  EXPECT_EQ(run_one<float>(optimized(build(2, {1, 2, 4, 1})), x),
            (Floats{10.5f, 120.5f, 230.5f, 300.5f, 40.5f, 450.5f, 560.5f, 600.5f}));
  // SAME: as many columns as before.
  EXPECT_EQ(run_one<float>(optimized(build(1, {1, 2, 2, 1})), x),
            (Floats{120.5f, 230.5f, 450.5f, 560.5f}));
  expect_refused(build(3, {1, 2, 2, 1}), "its padding is 3, its strides are 2 and 1");
  TfliteBuilder cut = build(1, {1, 2, 2, 1});
  cut.op(0).custom_options.pop_back();
  expect_refused(cut, "has 11 bytes of options, needs 12");
}

std::vector<uint8_t> detection_options(
    const std::function<void(flexbuffers::Builder&)>& more = {}) {
  flexbuffers::Builder f;
  f.Map([&] {
    f.Int("num_classes", 2);
    f.Int("max_detections", 2);
    f.Int("max_classes_per_detection", 1);
    f.Float("nms_score_threshold", 0.1f);
    f.Float("nms_iou_threshold", 0.5f);
    f.Float("y_scale", 10);
    f.Float("x_scale", 10);
    f.Float("h_scale", 5);
    f.Float("w_scale", 5);
    if (more) more(f);
  });
  f.Finish();
  return f.GetBuffer();
}

TfliteBuilder detection_model() {
  TfliteBuilder b;
  const int boxes = b.add_input("boxes", {1, 3, 4});
  const int scores = b.add_constant<float>("scores", {1, 3, 3}, TensorType::FLOAT32,
                                           {0, 0.2f, 0.9f, 0, 0.8f, 0.1f, 0, 0.3f, 0.7f});
  const int anchors = b.add_constant<float>("anchors", {3, 4}, TensorType::FLOAT32,
                                            {1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 2, 2});
  b.add_op(Builtin::CUSTOM, {boxes, scores, anchors},
           {b.add_output("b", {1, 2, 4}), b.add_output("c", {1, 2}), b.add_output("s", {1, 2}),
            b.add_output("n", {1})});
  set_custom(b, "TFLite_Detection_PostProcess", detection_options());
  return b;
}

TEST(TfliteCustom, DetectionsByTheirOptions) {
  Loaded loaded = must_load(optimized(detection_model()));
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, Floats(12, 0.0f));
  loaded.run();
  EXPECT_EQ(loaded.get<float>(0), (Floats{0, 0, 2, 2, 3, 3, 5, 5}));
  EXPECT_EQ(loaded.get<float>(1), (Floats{1, 1}));
  EXPECT_EQ(loaded.get<float>(2), (Floats{0.9f, 0.7f}));
  EXPECT_EQ(loaded.get<float>(3), (Floats{2}));

  TfliteBuilder by_class = detection_model();
  by_class.op(0).custom_options = detection_options([](flexbuffers::Builder& f) {
    f.Bool("use_regular_nms", true);
    f.Int("detections_per_class", 1);
  });
  Loaded regular = must_load(optimized(by_class));
  ASSERT_NE(regular.session, nullptr);
  regular.set(0, Floats(12, 0.0f));
  regular.run();
  EXPECT_EQ(regular.get<float>(1), (Floats{1, 0}));
  EXPECT_EQ(regular.get<float>(2), (Floats{0.9f, 0.8f}));
}

TEST(TfliteCustom, DamagedOptions) {
  for (size_t bytes : {0, 2, 20}) {
    TfliteBuilder b = detection_model();
    b.op(0).custom_options.resize(bytes);
    const auto g = b.import();
    ASSERT_FALSE(g.ok()) << bytes;
  }
  TfliteBuilder b = detection_model();
  flexbuffers::Builder f;
  f.Int(3);
  f.Finish();
  b.op(0).custom_options = f.GetBuffer();
  expect_refused(b, "its options are no map");
  b.op(0).custom_options = {1, 2, 3, 4};
  expect_refused(b, "its options are no FlexBuffer");
}

}  // namespace
}  // namespace qrt::test
