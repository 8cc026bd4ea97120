// Recurrent against plain loops: each kind, direction, function and optional input.
#include "tests/oracle/recurrent.h"

#include "tests/model/one_node.h"
#include "tests/oracle/check.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using Options = fb::RecurrentT;
using Function = fb::RecurrentFunction;
using rt::Code;

struct Case {
  fb::RecurrentKind kind = fb::RecurrentKind::Lstm;
  fb::RecurrentDirection direction = fb::RecurrentDirection::Forward;
  int32_t steps = 3, batch = 2, units = 5;
  bool batch_major = false, constant = true;
  bool extra = false, lengths = false, h = false, c = false;
  double clip = 0;
  bool coupled = false, linear_before_reset = false;

  bool lstm() const { return kind == fb::RecurrentKind::Lstm; }
  int32_t gates() const { return lstm() ? 4 : kind == fb::RecurrentKind::Gru ? 3 : 1; }
  size_t functions() const { return lstm() ? 3 : kind == fb::RecurrentKind::Gru ? 2 : 1; }
  int32_t directions() const { return direction == fb::RecurrentDirection::Bidirectional ? 2 : 1; }
};

std::string text(const Case& c) {
  return std::string(fb::EnumNameRecurrentKind(c.kind)) + " " +
         fb::EnumNameRecurrentDirection(c.direction) + " " +
         testing::PrintToString(std::vector<int32_t>{c.steps, c.batch, c.units}) + " flags " +
         testing::PrintToString(std::vector<bool>{c.batch_major, c.constant, c.extra, c.lengths,
                                                  c.h, c.c, c.coupled, c.linear_before_reset}) +
         " clip " + std::to_string(c.clip);
}

// [a,b,..] to [b,a,..].
Tensor swapped(const Tensor& from, size_t first, size_t second) {
  Dims shape = from.shape;
  std::swap(shape[first], shape[second]);
  Tensor to(shape);
  oracle::for_each_index(from.shape, [&](const Dims& index) {
    Dims other = index;
    std::swap(other[first], other[second]);
    to.at(other) = from.at(index);
  });
  return to;
}

Stored swapped(const Stored& from) {
  Stored to = from;
  const Tensor tensor = swapped(from.numbers(), 0, 1);
  to.shape = tensor.shape;
  to.values = tensor.values;
  return to;
}

struct Functions {
  std::vector<Function> functions;
  std::vector<float> alphas, betas;
  void add(Function function, float alpha = 0, float beta = 0) {
    functions.push_back(function);
    alphas.push_back(alpha);
    betas.push_back(beta);
  }
};

// ONNX's for all directions.
Functions usual(const Case& c) {
  Functions result;
  for (int32_t d = 0; d < c.directions(); ++d) {
    if (c.functions() > 1) result.add(Function::Sigmoid);
    for (size_t i = std::min<size_t>(c.functions() - 1, 1); i < c.functions(); ++i) {
      result.add(Function::Tanh);
    }
  }
  return result;
}

Options options_of(const Case& c, const Functions& functions) {
  Options options;
  options.kind = c.kind;
  options.direction = c.direction;
  options.functions = functions.functions;
  options.alphas = functions.alphas;
  options.betas = functions.betas;
  options.clip = static_cast<float>(c.clip);
  options.coupled = c.coupled;
  options.linear_before_reset = c.linear_before_reset;
  options.batch_major = c.batch_major;
  return options;
}

void check(const Case& c, const Functions& functions, std::mt19937& random) {
  SCOPED_TRACE(text(c));
  const Kind f32 = plain(DType::F32);
  const int32_t rows = c.gates() * c.units, directions = c.directions();
  Stored absent;
  absent.role = Stored::Absent;
  const auto drawn = [&](bool there, const Dims& shape, double limit) {
    return there ? random_stored(f32, shape, -limit, limit, random) : absent;
  };
  const Dims states = {directions, c.batch, c.units};
  const Stored x = drawn(true, {c.steps, c.batch, directions * rows}, 2);
  Stored weights = drawn(true, {directions, rows, c.units}, 0.6);
  if (c.constant) weights = weights.as_constant();
  const Stored extra = drawn(c.extra, {directions, c.lstm() ? 3 * c.units : c.units}, 0.8);
  const Stored h = drawn(c.h, states, 1), cell = drawn(c.c, states, 1);
  const Stored lengths =
      c.lengths ? random_stored(plain(DType::S32), {c.batch}, 0, c.steps, random) : absent;

  oracle::Recurrent layer;
  layer.kind = static_cast<oracle::Recurrent::Kind>(c.kind);
  layer.reversed = {c.direction == fb::RecurrentDirection::Reverse};
  if (directions == 2) layer.reversed.push_back(true);
  layer.clip = static_cast<double>(static_cast<float>(c.clip));
  layer.coupled = c.coupled;
  layer.linear_before_reset = c.linear_before_reset;
  for (size_t i = 0; i < functions.functions.size(); ++i) {
    layer.functions.push_back(oracle::recurrent_function(
        fb::EnumNameRecurrentFunction(functions.functions[i]),
        static_cast<double>(functions.alphas[i]), static_cast<double>(functions.betas[i])));
  }
  oracle::RecurrentInputs in;
  in.x = x.numbers();
  in.weights = weights.numbers();
  (c.lstm() ? in.peepholes : in.bias) = extra.numbers();
  in.lengths = lengths.numbers();
  in.h = h.numbers();
  in.c = cell.numbers();
  oracle::RecurrentOutputs out = oracle::recurrent(layer, in);

  std::vector<Stored> inputs = {x, weights, extra, lengths, h};
  if (c.lstm()) inputs.push_back(cell);
  if (c.batch_major) {
    for (size_t i : {size_t{0}, size_t{4}, size_t{5}}) {
      if (i < inputs.size() && inputs[i].role != Stored::Absent) inputs[i] = swapped(inputs[i]);
    }
    out.y = swapped(swapped(out.y, 1, 2), 0, 1);  // [T,D,B,H] to [B,T,D,H]
    out.h = swapped(out.h, 0, 1);
    out.c = swapped(out.c, 0, 1);
  }
  std::vector<Expected> expected;
  for (const Tensor& tensor : {out.y, out.h, out.c}) {
    if (expected.size() == 2 && !c.lstm()) break;
    expected.push_back({DType::F32, tensor, {}, {}});
    for (double value : tensor.values) {
      expected.back().tolerance.push_back(1e-5 * std::max(1.0, std::fabs(value)));
    }
  }
  expect_node(one_node(options_of(c, functions), inputs), expected);
}

const std::vector<fb::RecurrentKind> kKinds = {fb::RecurrentKind::Lstm, fb::RecurrentKind::Gru,
                                               fb::RecurrentKind::Rnn};

TEST(OracleRecurrent, KindsDirectionsAndInputs) {
  std::mt19937 random(1);
  const std::vector<Dims> sizes = {{1, 1, 1}, {3, 2, 5}, {5, 1, 8}, {2, 3, 13}, {4, 4, 4}};
  for (fb::RecurrentKind kind : kKinds) {
    for (auto direction : {fb::RecurrentDirection::Forward, fb::RecurrentDirection::Reverse,
                           fb::RecurrentDirection::Bidirectional}) {
      for (const Dims& size : sizes) {
        for (int repeat = 0; repeat < 4; ++repeat) {
          Case c;
          c.kind = kind;
          c.direction = direction;
          c.steps = size[0];
          c.batch = size[1];
          c.units = size[2];
          const auto coin = [&] { return random() % 2 == 0; };
          c.batch_major = repeat % 2 == 1;
          c.constant = coin();
          c.lengths = coin();
          c.h = coin();
          c.c = c.lstm() && coin();
          c.coupled = c.lstm() && random() % 4 == 0;
          c.linear_before_reset = kind == fb::RecurrentKind::Gru && coin();
          c.extra = (c.lstm() || c.linear_before_reset) && coin();
          c.clip = pick<double>(random, {0, 0, 0.7});
          check(c, usual(c), random);
        }
      }
    }
  }
}

TEST(OracleRecurrent, Functions) {
  std::mt19937 random(2);
  for (fb::RecurrentKind kind : kKinds) {
    for (Function first : fb::EnumValuesRecurrentFunction()) {
      Case c;
      c.kind = kind;
      c.direction = fb::RecurrentDirection::Bidirectional;
      c.clip = random() % 2 == 0 ? 0 : 0.9;
      c.extra = c.lstm();
      Functions functions;
      for (size_t i = 0; i < 2 * c.functions(); ++i) {
        const auto all = static_cast<size_t>(Function::MAX) + 1;
        const auto which = (static_cast<size_t>(first) + i) % all;
        functions.add(static_cast<Function>(which), 0.3f + 0.1f * static_cast<float>(i),
                      0.2f + 0.05f * static_cast<float>(i));
      }
      check(c, functions, random);
    }
  }
}

TEST(OracleRecurrent, LengthsBeyondTheStepsCountAsTheSteps) {
  Case c;
  c.batch = 3;
  c.direction = fb::RecurrentDirection::Reverse;
  const graph::Value x = tensor(rt::DType::F32, {3, 3, 20});
  graph::Graph g =
      qrt::test::one_node(options_of(c, usual(c)),
                          {x, constant(tensor(rt::DType::F32, {1, 20, 5})),
                           constant(tensor(rt::DType::F32, {1, 15})), tensor(rt::DType::S32, {3})},
                          tensor(rt::DType::F32, {3, 1, 3, 5}));
  for (int i = 0; i < 2; ++i) {
    g.nodes[0].outputs.push_back(g.add_tensor("state", rt::DType::F32, {1, 3, 5}));
  }
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, std::vector<float>(180, 1.0f));
  loaded.set(1, std::vector<int32_t>{-7, 3, 1 << 30});
  loaded.run();
  const auto y = loaded.get<float>();
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t sequence = i / 5 % 3;
    if (sequence == 0) {
      EXPECT_EQ(y[i], 0) << i;
    } else {
      EXPECT_GT(y[i], 0.3f) << i;
      EXPECT_EQ(y[i], y[i / 15 * 15 + 5]) << i;
    }
  }
}

graph::Graph sound_graph(const Case& c, graph::Value extra) {
  const int32_t rows = c.gates() * c.units;
  const auto f32 = [](Dims shape) { return tensor(rt::DType::F32, std::move(shape)); };
  std::vector<graph::Value> inputs = {
      f32({c.steps, c.batch, rows}), constant(f32({1, rows, c.units})), std::move(extra),
      constant(tensor(rt::DType::S32, {c.batch})), f32({1, c.batch, c.units})};
  if (c.lstm()) inputs.push_back(f32({1, c.batch, c.units}));
  graph::Graph g =
      qrt::test::one_node(options_of(c, usual(c)), inputs, f32({c.steps, 1, c.batch, c.units}));
  for (int i = 0; i < (c.lstm() ? 2 : 1); ++i) {
    g.nodes[0].outputs.push_back(g.add_tensor("state", rt::DType::F32, {1, c.batch, c.units}));
  }
  return g;
}

TEST(OracleRecurrent, Malformed) {
  using Change = Break<Options>;
  const auto reshape = [](size_t tensor, Dims shape) {
    return [=](ModelFile& f, Options&) { f.tensor(tensor).shape = shape; };
  };
  Case lstm;
  expect_all_refused(
      sound_graph(lstm, tensor(rt::DType::F32, {1, 15})), &fb::OpOptionsUnion::AsRecurrent,
      std::vector<Change>{
          {"direction",
           [](ModelFile&, Options& o) { o.direction = static_cast<fb::RecurrentDirection>(3); },
           "has an unknown direction, 3"},
          {"two directions",
           [](ModelFile&, Options& o) { o.direction = fb::RecurrentDirection::Bidirectional; },
           "has 3 functions, 3 alphas and 3 betas, needs 6 of each"},
          {"functions", [](ModelFile&, Options& o) { o.functions.pop_back(); },
           "has 2 functions, 3 alphas and 3 betas, needs 3 of each"},
          {"alphas", [](ModelFile&, Options& o) { o.alphas.clear(); },
           "has 3 functions, 0 alphas and 3 betas"},
          {"betas", [](ModelFile&, Options& o) { o.betas.push_back(0); },
           "has 3 functions, 3 alphas and 4 betas"},
          {"function", [](ModelFile&, Options& o) { o.functions[1] = static_cast<Function>(11); },
           "has an unknown function, 11"},
          {"alpha", [](ModelFile&, Options& o) { o.alphas[2] = INFINITY; },
           "has a function with alpha inf and beta 0"},
          {"beta", [](ModelFile&, Options& o) { o.betas[0] = std::nanf(""); },
           "has a function with alpha 0 and beta nan"},
          {"clip", [](ModelFile&, Options& o) { o.clip = -1; }, "has a clip of -1"},
          {"clip nan", [](ModelFile&, Options& o) { o.clip = std::nanf(""); }, "has a clip of nan"},
          {"linear", [](ModelFile&, Options& o) { o.linear_before_reset = true; },
           "is linear before a reset that only a Gru has"},
          {"batch major", [](ModelFile&, Options& o) { o.batch_major = true; },
           "its lengths are of shape 2, not 3"},
          {"x", reshape(0, {3, 2, 19}), "its shapes do not fit: input 3x2x19"},
          {"x rank", reshape(0, {6, 20}), "its shapes do not fit: input 6x20"},
          {"weights", reshape(1, {1, 10, 10}), "recurrent weights 1x10x10, 4 gates"},
          {"directions", reshape(1, {2, 10, 5}), "recurrent weights 2x10x5, 4 gates"},
          {"weights rank", reshape(1, {20, 5}), "recurrent weights 20x5, 4 gates"},
          {"peepholes", reshape(2, {1, 14}), "its peepholes are of shape 1x14, not 1x15"},
          {"lengths", reshape(3, {2, 1}), "its lengths are of shape 2x1, not 2"},
          {"h", reshape(4, {1, 2, 6}), "its first hidden states are of shape 1x2x6, not 1x2x5"},
          {"c", reshape(5, {2, 2, 5}), "its first cell states are of shape 2x2x5, not 1x2x5"},
          {"outputs", [](ModelFile& f, Options&) { f.op(0).outputs.pop_back(); },
           "has 2 outputs, gives 3"},
          {"y", reshape(6, {3, 1, 2, 6}), "3x1x2x6"},
      });

  Case gru;
  gru.kind = fb::RecurrentKind::Gru;
  gru.linear_before_reset = true;
  expect_all_refused(
      sound_graph(gru, tensor(rt::DType::F32, {1, 5})), &fb::OpOptionsUnion::AsRecurrent,
      std::vector<Change>{
          {"coupled", [](ModelFile&, Options& o) { o.coupled = true; },
           "couples gates that only an Lstm has"},
          {"not linear", [](ModelFile&, Options& o) { o.linear_before_reset = false; },
           "has an input 2 that it does not use"},
          {"bias", reshape(2, {1, 6}), "its recurrent biases are of shape 1x6, not 1x5"},
      });
}

TEST(OracleRecurrent, ConstantLengthsAreOfTheInput) {
  const Case c;
  for (int32_t length : {-1, 4}) {
    graph::Graph g = sound_graph(c, tensor(rt::DType::F32, {1, 15}));
    graph::Value& lengths = g.value(g.nodes[0].inputs[3]);
    const int32_t both[] = {length, 1};
    lengths.data = std::make_shared<const Bytes>(reinterpret_cast<const uint8_t*>(both),
                                                 reinterpret_cast<const uint8_t*>(both + 2));
    expect_refused(
        serialized(g),
        ("has a sequence of " + std::to_string(length) + " steps in an input of 3").c_str(),
        Code::InvalidModel);
  }
}

}  // namespace
}  // namespace qrt::test
