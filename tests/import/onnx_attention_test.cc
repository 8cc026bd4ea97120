// ONNX's Attention, RotaryEmbedding and TensorScatter against plain loops.
#include <cmath>
#include <random>

#include "src/graph/grow_state.h"
#include "tests/import/onnx_builder.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;

Floats floats_of(size_t count, unsigned seed) {
  const auto bytes = random_elements(rt::DType::F32, count * sizeof(float), seed);
  Floats floats(count);
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

struct Form {
  int items = 2, heads = 4, groups = 2, rows = 3, added = 3, past = 0, depth = 5, width = 6;
  bool flat = false, causal = false, lengths = false;
  enum Mask { None, Added, Kept } mask = None;
  int masked_keys = -1;  // the mask's; -1: all
  float softcap = 0;
  int mode = -1;  // of the scores that are an output; -1: none

  int keys() const { return past + added; }
};

struct Case {
  Form f;
  Floats q, k, v, past_k, past_v, mask;
  std::vector<uint8_t> kept;
  std::vector<int64_t> lengths;

  explicit Case(const Form& form) : f(form) {
    const auto count = [](int a, int b, int c, int d) {
      return static_cast<size_t>(a * b * c * d);
    };
    q = floats_of(count(f.items, f.heads, f.rows, f.depth), 1);
    k = floats_of(count(f.items, f.groups, f.added, f.depth), 2);
    v = floats_of(count(f.items, f.groups, f.added, f.width), 3);
    past_k = floats_of(count(f.items, f.groups, f.past, f.depth), 4);
    past_v = floats_of(count(f.items, f.groups, f.past, f.width), 5);
    const int columns = f.masked_keys < 0 ? f.keys() : f.masked_keys;
    mask = floats_of(count(1, 1, f.rows, columns), 6);
    std::mt19937 random(7);
    for (float& m : mask) {
      kept.push_back(static_cast<uint8_t>(random() % 2));
      if (random() % 4 == 0) m = -INFINITY;
    }
    // A row of which all keys are hidden.
    for (int s = 0; s < columns; ++s) {
      kept[static_cast<size_t>(columns + s)] = 0;
      mask[static_cast<size_t>(columns + s)] = -INFINITY;
    }
    for (int i = 0; i < f.items; ++i) lengths.push_back(i % 2 == 0 ? f.keys() - 1 : f.rows);
  }

  // [B,H,N,D] at (b, h, n, d), or [B,N,H*D].
  size_t place(int heads, int rows, int width, int b, int h, int n, int d) const {
    return static_cast<size_t>(f.flat ? ((b * rows + n) * heads + h) * width + d
                                      : ((b * heads + h) * rows + n) * width + d);
  }
  double joined(const Floats& past, const Floats& added, int width, int b, int g, int s,
                int d) const {
    if (s < f.past) {
      return static_cast<double>(
          past[static_cast<size_t>(((b * f.groups + g) * f.past + s) * width + d)]);
    }
    return static_cast<double>(added[place(f.groups, f.added, width, b, g, s - f.past, d)]);
  }

  // The result, and the scores of the mode.
  void expect(Floats* y, Floats* scores) const {
    y->resize(q.size() / static_cast<size_t>(f.depth) * static_cast<size_t>(f.width));
    scores->clear();
    const int columns = f.masked_keys < 0 ? f.keys() : f.masked_keys;
    for (int b = 0; b < f.items; ++b) {
      for (int h = 0; h < f.heads; ++h) {
        const int g = h / (f.heads / f.groups);
        for (int t = 0; t < f.rows; ++t) {
          std::vector<double> weights;
          double most = -INFINITY, sum = 0;
          for (int s = 0; s < f.keys(); ++s) {
            double score = 0;
            for (int d = 0; d < f.depth; ++d) {
              score += static_cast<double>(q[place(f.heads, f.rows, f.depth, b, h, t, d)]) *
                       joined(past_k, k, f.depth, b, g, s, d);
            }
            score /= std::sqrt(f.depth);
            if (f.mode == 0) scores->push_back(static_cast<float>(score));
            const auto cap = static_cast<double>(f.softcap);
            if (cap > 0) score = std::tanh(score / cap) * cap;
            if (f.mode == 1) scores->push_back(static_cast<float>(score));
            const auto at = static_cast<size_t>(t * columns + s);
            if (f.mask == Form::Added)
              score += s < columns ? static_cast<double>(mask[at]) : -INFINITY;
            const auto length = static_cast<int>(lengths[static_cast<size_t>(b)]);
            const int offset = f.lengths ? length - f.rows : f.past;
            const bool hidden = (f.mask == Form::Kept && (s >= columns || kept[at] == 0)) ||
                                (f.lengths && s >= length) || (f.causal && s > t + offset);
            if (hidden) score = -INFINITY;
            if (f.mode == 2) scores->push_back(static_cast<float>(score));
            weights.push_back(score);
            most = std::max(most, score);
          }
          for (double& weight : weights) {
            weight = std::isinf(most) ? 0 : std::exp(weight - most);
            sum += weight;
          }
          for (double& weight : weights) {
            weight = sum > 0 ? weight / sum : 0;
            if (f.mode == 3) scores->push_back(static_cast<float>(weight));
          }
          for (int e = 0; e < f.width; ++e) {
            double total = 0;
            for (int s = 0; s < f.keys(); ++s) {
              total += weights[static_cast<size_t>(s)] * joined(past_v, v, f.width, b, g, s, e);
            }
            (*y)[place(f.heads, f.rows, f.width, b, h, t, e)] = static_cast<float>(total);
          }
        }
      }
    }
  }

  void check() const {
    OnnxBuilder b(24);
    std::vector<std::string> inputs = {"q", "k", "v"};
    const auto declare = [&](const char* name, int heads, int rows, int width) {
      if (f.flat) {
        b.input(name, {f.items, rows, heads * width});
      } else {
        b.input(name, {f.items, heads, rows, width});
      }
    };
    declare("q", f.heads, f.rows, f.depth);
    declare("k", f.groups, f.added, f.depth);
    declare("v", f.groups, f.added, f.width);
    inputs.push_back(f.mask != Form::None ? "mask" : "");
    const int columns = f.masked_keys < 0 ? f.keys() : f.masked_keys;
    if (f.mask == Form::Added) b.input("mask", {f.rows, columns});
    if (f.mask == Form::Kept) b.input("mask", {1, 1, f.rows, columns}, Onnx::BOOL);
    for (const char* name : {"past_k", "past_v"}) inputs.push_back(f.past > 0 ? name : "");
    if (f.past > 0) {
      b.input("past_k", {f.items, f.groups, f.past, f.depth});
      b.input("past_v", {f.items, f.groups, f.past, f.width});
    }
    if (f.lengths) {
      inputs.push_back("lengths");
      b.input("lengths", {f.items}, Onnx::INT64);
    }
    std::vector<std::string> outputs = {"y", "", "", ""};
    b.output("y");
    if (f.past > 0) outputs[1] = "present_k", outputs[2] = "present_v";
    if (f.past > 0) b.output("present_k"), b.output("present_v");
    if (f.mode >= 0) outputs[3] = "scores", b.output("scores");
    OnnxNode node = b.op("Attention", inputs, outputs).set("is_causal", f.causal ? 1 : 0);
    if (f.flat) node.set("q_num_heads", f.heads).set("kv_num_heads", f.groups);
    if (f.softcap > 0) node.set("softcap", f.softcap);
    if (f.mode >= 0) node.set("qk_matmul_output_mode", f.mode);
    Loaded loaded = must_load(b.must_optimize());
    ASSERT_NE(loaded.session, nullptr);
    size_t next = 0;
    loaded.set(next++, q), loaded.set(next++, k), loaded.set(next++, v);
    if (f.mask == Form::Added) loaded.set(next++, mask);
    if (f.mask == Form::Kept) loaded.set(next++, kept);
    if (f.past > 0) loaded.set(next++, past_k), loaded.set(next++, past_v);
    if (f.lengths) loaded.set(next++, lengths);
    loaded.run();
    Floats y, scores;
    expect(&y, &scores);
    expect_near(loaded.get<float>(), y, "y");
    if (f.mode >= 0) expect_near(loaded.get<float>(f.past > 0 ? 3 : 1), scores, "scores");
    if (f.past == 0) return;
    Floats present;
    for (int head = 0; head < f.items * f.groups; ++head) {
      for (int s = 0; s < f.keys(); ++s) {
        for (int d = 0; d < f.depth; ++d) {
          present.push_back(static_cast<float>(
              joined(past_k, k, f.depth, head / f.groups, head % f.groups, s, d)));
        }
      }
    }
    EXPECT_EQ(loaded.get<float>(1), present);
  }
  static void expect_near(const Floats& got, const Floats& wanted, const char* what) {
    ASSERT_EQ(got.size(), wanted.size()) << what;
    for (size_t i = 0; i < got.size(); ++i) {
      if (got[i] == wanted[i]) continue;  // minus infinity, too
      ASSERT_NEAR(got[i], wanted[i], 1e-5) << what << " " << i;
    }
  }
};

TEST(OnnxAttention, MasksCausesPastsAndLengths) {
  for (int bits = 0; bits < 96; ++bits) {
    Form f;
    f.flat = (bits & 1) != 0, f.causal = (bits & 2) != 0;
    f.past = (bits & 4) != 0 ? 4 : 0;
    f.lengths = (bits & 8) != 0 && f.past == 0;
    f.softcap = (bits & 16) != 0 ? 0.5f : 0;
    f.mask = static_cast<Form::Mask>(bits / 32);
    if (f.lengths) f.added = 6;
    SCOPED_TRACE(bits);
    ASSERT_NO_FATAL_FAILURE(Case(f).check());
  }
}

TEST(OnnxAttention, FewerAndMoreKeysThanRows) {
  for (const int added : {1, 2, 5, 8}) {
    for (const bool causal : {false, true}) {
      for (const bool lengths : {false, true}) {
        Form f;
        f.added = added, f.causal = causal, f.lengths = lengths;
        f.heads = f.groups = 3;
        SCOPED_TRACE(testing::Message() << added << causal << lengths);
        ASSERT_NO_FATAL_FAILURE(Case(f).check());
      }
    }
  }
}

TEST(OnnxAttention, AShortMaskHidesWhatIsBehind) {
  for (const auto mask : {Form::Added, Form::Kept}) {
    Form f;
    f.mask = mask, f.added = 6, f.masked_keys = 4;
    ASSERT_NO_FATAL_FAILURE(Case(f).check());
    f.past = 2;
    ASSERT_NO_FATAL_FAILURE(Case(f).check());
  }
}

TEST(OnnxAttention, ScoresOfEveryMode) {
  for (int mode = 0; mode < 4; ++mode) {
    for (const auto mask : {Form::None, Form::Added, Form::Kept}) {
      Form f;
      f.mode = mode, f.mask = mask, f.softcap = 0.7f, f.past = 2;
      f.flat = mode % 2 == 0;
      SCOPED_TRACE(testing::Message() << mode << " mask " << mask);
      ASSERT_NO_FATAL_FAILURE(Case(f).check());
    }
  }
}

// Its past and present become a state that grows.
TEST(OnnxAttention, PastAndPresentGrowInASession) {
  constexpr int kRows = 2, kMost = 5;
  OnnxBuilder b(23);
  for (const char* name : {"q", "k", "v"}) b.open_input(name, {"1", "2", "t", "3"});
  for (const char* name : {"past.k", "past.v"}) b.open_input(name, {"1", "2", "past", "3"});
  b.op("Attention", {"q", "k", "v", "", "past.k", "past.v"}, {"y", "present.k", "present.v"})
      .set("is_causal", 1);
  for (const char* name : {"y", "present.k", "present.v"}) b.output(name);
  graph::Graph g = b.must_optimize();
  std::vector<graph::KeptState> states;
  ASSERT_TRUE(graph::find_states(g, {{"past.*", "present.*", kMost}}, &states).ok());
  const rt::Status status = graph::grow_states(g, states);
  ASSERT_TRUE(status.ok()) << status.message();
  Loaded kept = must_load(g), whole = must_load(b.must_optimize());
  ASSERT_TRUE(kept.session != nullptr && whole.session != nullptr);
  const auto resize = [](rt::Session& session, int rows, int past) {
    std::vector<rt::InputShape> shapes;
    for (size_t i = 0; i < session.inputs(); ++i) {
      shapes.push_back({i, {1, 2, i < 3 ? rows : past, 3}});
    }
    ASSERT_TRUE(session.resize_inputs({shapes.data(), shapes.size()}).ok());
  };
  Floats past_k, past_v;
  int past = 0;
  for (const int rows : {kRows, 1, 1, 1}) {
    resize(*kept.session, rows, 0);
    resize(*whole.session, rows, past);
    for (size_t i = 0; i < 3; ++i) {
      const Floats in =
          floats_of(static_cast<size_t>(6 * rows),
                    static_cast<unsigned>(past + 10 * rows) + static_cast<unsigned>(i));
      kept.set(i, in), whole.set(i, in);
    }
    whole.set(3, past_k), whole.set(4, past_v);
    kept.run(), whole.run();
    EXPECT_EQ(kept.get<float>(), whole.get<float>());
    past_k = whole.get<float>(1), past_v = whole.get<float>(2);
    past += rows;
  }
  EXPECT_EQ(past, kMost);
  EXPECT_EQ(kept.session->run().code(), rt::Code::InvalidArgument);
}

// The first four of six numbers are turned, by tables of positions.
TEST(OnnxAttention, RotaryEmbedding) {
  constexpr int kHeads = 2, kRows = 3, kWidth = 6, kTurned = 4;
  const Floats x = floats_of(kHeads * kRows * kWidth, 1);
  const Floats cosines = floats_of(5 * kTurned / 2, 2), sines = floats_of(5 * kTurned / 2, 3);
  const std::vector<int64_t> positions = {4, 0, 2};
  for (const bool interleaved : {false, true}) {
    for (const bool flat : {false, true}) {
      OnnxBuilder b(23);
      if (flat) {
        b.input("x", {1, kRows, kHeads * kWidth});
      } else {
        b.input("x", {1, kHeads, kRows, kWidth});
      }
      b.floats("cos", {5, kTurned / 2}, cosines);
      b.floats("sin", {5, kTurned / 2}, sines);
      b.constant<int64_t>("positions", {1, kRows}, positions, Onnx::INT64);
      OnnxNode node = b.op("RotaryEmbedding", {"x", "cos", "sin", "positions"}, {"y"});
      node.set("interleaved", interleaved ? 1 : 0).set("rotary_embedding_dim", kTurned);
      if (flat) node.set("num_heads", kHeads);
      b.output("y");
      const Floats y = run_floats(b.must_optimize(), {x});
      ASSERT_EQ(y.size(), x.size());
      for (int h = 0; h < kHeads; ++h) {
        for (int t = 0; t < kRows; ++t) {
          const auto at = [&](int d) {
            return static_cast<size_t>(flat ? (t * kHeads + h) * kWidth + d
                                            : (h * kRows + t) * kWidth + d);
          };
          for (int i = 0; i < kTurned / 2; ++i) {
            const size_t first = at(interleaved ? 2 * i : i);
            const size_t second = at(interleaved ? 2 * i + 1 : i + kTurned / 2);
            const auto entry =
                static_cast<size_t>(positions[static_cast<size_t>(t)] * kTurned / 2 + i);
            const float c = cosines[entry], s = sines[entry];
            EXPECT_NEAR(y[first], x[first] * c - x[second] * s, 1e-6);
            EXPECT_NEAR(y[second], x[second] * c + x[first] * s, 1e-6);
          }
          for (int d = kTurned; d < kWidth; ++d) EXPECT_EQ(y[at(d)], x[at(d)]);
        }
      }
    }
  }
}

TEST(OnnxAttention, TensorScatter) {
  for (const bool circular : {false, true}) {
    OnnxBuilder b(24);
    b.input("x", {2, 3, 1});
    b.input("u", {2, 2, 1});
    b.constant<int64_t>("at", {2}, {1, circular ? 2 : 0}, Onnx::INT64);
    b.op("TensorScatter", {"x", "u", "at"}, {"y"}).set("mode", circular ? "circular" : "linear");
    b.output("y");
    EXPECT_EQ(run_floats(b.must_optimize(), {{1, 2, 3, 4, 5, 6}, {10, 20, 30, 40}}),
              circular ? (Floats{1, 10, 20, 40, 5, 30}) : (Floats{1, 10, 20, 30, 40, 6}));
  }
}

}  // namespace
}  // namespace qrt::test
