// Lstm against plain loops: the float one by its meaning, the integer one by its specification
// (schema/README.md), which must stay near the meaning. State is kept from one run to the next.
#include "tests/oracle/lstm.h"

#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

struct Case {
  int32_t batch, steps, inputs, units;
  bool time_major;
  double clip;
};
const std::vector<Case> kCases = {{1, 1, 1, 1, false, 0},    {2, 3, 5, 7, false, 0},
                                  {2, 3, 5, 8, true, 0},     {1, 6, 33, 9, false, 0.6},
                                  {3, 2, 16, 16, true, 1.2}, {1, 4, 17, 20, false, 0},
                                  {1, 5, 28, 31, true, 0.3}, {2, 2, 64, 40, false, 0}};

std::string text(const Case& c) {
  return testing::PrintToString(std::vector<int32_t>{c.batch, c.steps, c.inputs, c.units}) +
         (c.time_major ? ", time major" : "") + ", clip " + std::to_string(c.clip);
}

Dims shape_of(const Case& c, int32_t features) {
  return c.time_major ? Dims{c.steps, c.batch, features} : Dims{c.batch, c.steps, features};
}

// Row of [.., ..] for a step of a sequence.
size_t row(const Case& c, int32_t t, int32_t b) {
  return static_cast<size_t>(c.time_major ? t * c.batch + b : b * c.steps + t);
}

fb::LstmT options_of(const Case& c) {
  fb::LstmT options;
  options.time_major = c.time_major;
  options.cell_clip = static_cast<float>(c.clip);
  return options;
}

Stored variable(const Kind& kind, const Case& c) {
  return {kind.type, {c.batch, c.units}, kind.quantization, {}, Stored::Variable};
}

// Some runs on the same input, one after the other; the last one's output.
Tensor run_meaning(const Case& c, const Tensor& x, const oracle::LstmWeights& weights, int runs) {
  Tensor out(shape_of(c, c.units));
  const auto inputs = static_cast<size_t>(c.inputs), units = static_cast<size_t>(c.units);
  for (int32_t b = 0; b < c.batch; ++b) {
    std::vector<double> h(units, 0), cell(units, 0);
    Tensor sequence({c.steps, c.inputs});
    for (int32_t t = 0; t < c.steps; ++t) {
      for (size_t i = 0; i < inputs; ++i) {
        sequence.values[static_cast<size_t>(t) * inputs + i] = x.values[row(c, t, b) * inputs + i];
      }
    }
    Tensor result;
    for (int run = 0; run < runs; ++run) result = lstm(sequence, weights, c.clip, &h, &cell);
    for (int32_t t = 0; t < c.steps; ++t) {
      for (size_t u = 0; u < units; ++u) {
        out.values[row(c, t, b) * units + u] = result.values[static_cast<size_t>(t) * units + u];
      }
    }
  }
  return out;
}

TEST(OracleLstm, F32) {
  std::mt19937 random(1);
  for (const Case& c : kCases) {
    SCOPED_TRACE(text(c));
    const Kind f32 = plain(DType::F32);
    const Stored x = random_stored(f32, shape_of(c, c.inputs), random);
    const Stored w = random_stored(f32, {4 * c.units, c.inputs}, -0.5, 0.5, random).as_constant();
    const Stored r = random_stored(f32, {4 * c.units, c.units}, -0.5, 0.5, random).as_constant();
    const Stored b = random_stored(f32, {4 * c.units}, random).as_constant();
    for (int runs : {1, 3}) {
      Expected expected{DType::F32, {}, {}, {}};
      expected.tensor = run_meaning(c, x.numbers(), {w.numbers(), r.numbers(), b.values}, runs);
      expected.tolerance.assign(expected.tensor.values.size(), 2e-6);
      expect_node(one_node(options_of(c), {x, w, r, b, variable(f32, c), variable(f32, c)}),
                  {expected}, runs);
    }
  }
}

// A function of 16 bits: its values at 1025 points, and straight between them.
class Table {
 public:
  Table(double step, double (*function)(double)) {
    for (int x = -32768; x <= 32768; x += 64) {
      points_.push_back(std::clamp(std::nearbyint(function(x * step) * 32768), -32768.0, 32767.0));
    }
  }
  double at(double x) const {
    const auto place = static_cast<size_t>((x + 32768) / 64);
    const double rest = x + 32768 - 64 * static_cast<double>(place);
    const double from = points_[place], to = points_[place + 1];
    return from + std::floor(((to - from) * rest + 32) / 64);
  }

 private:
  std::vector<double> points_;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double hyperbolic(double x) { return std::tanh(x); }

struct Integer {
  Stored x, w, r, b;
  Kind hidden, cell;
  double hidden_scale = 0;
  int32_t hidden_zero_point = 0;
};

// gate = clamp16(round(sum_x * m_x) + round(sum_h * m_h)), in steps of 2^-12
// c = clamp16(round(f * c * 2^-15 + i * g * 2^-30 / scale_c))
// h = clamp8(round(o * tanh(c) * 2^-30 / scale_h) + zero point)
Tensor run_specification(const Case& c, const Integer& m, int runs) {
  const auto inputs = static_cast<size_t>(c.inputs), units = static_cast<size_t>(c.units);
  const Tensor x = m.x.steps(), w = m.w.steps(), r = m.r.steps();
  const auto scale = [](const Quantization& q, size_t i) {
    return static_cast<double>(q.scales[q.scales.size() == 1 ? 0 : i]);
  };
  const double cell_scale = scale(m.cell.quantization, 0);
  const double out_scale = m.hidden_scale > 0 ? m.hidden_scale : scale(m.hidden.quantization, 0);
  const double zero = m.hidden.quantization.zero_points[0];
  const oracle::Range gates{0, -32768, 32767};
  const oracle::Range hidden{m.hidden_scale > 0 ? m.hidden_zero_point : zero, -128, 127};
  oracle::Range cells = gates;
  if (c.clip > 0) {
    const double clip = static_cast<double>(static_cast<float>(c.clip));
    cells.max = std::clamp(std::nearbyint(clip / cell_scale), 1.0, 32767.0);
    cells.min = -cells.max;
  }
  const Table sigmoids(1.0 / 4096, sigmoid), tangents(1.0 / 4096, hyperbolic);
  const Table cell_tangents(cell_scale, hyperbolic);
  const double tiny = 1.0 / 1073741824;
  Tensor out(shape_of(c, c.units));
  std::vector<double> state(static_cast<size_t>(c.batch) * units, zero), cell(state.size(), 0);
  for (int step = 0; step < runs * c.steps; ++step) {
    const int32_t t = step % c.steps;
    for (int32_t b = 0; b < c.batch; ++b) {
      double* h = &state[static_cast<size_t>(b) * units];
      double* kept = &cell[static_cast<size_t>(b) * units];
      const std::vector<double> before(h, h + units);
      const auto gate = [&](size_t g, size_t u) {
        const size_t at = g * units + u;
        double from_x = m.b.values[at], from_h = 0;
        for (size_t i = 0; i < inputs; ++i) {
          from_x += x.values[row(c, t, b) * inputs + i] * w.values[at * inputs + i];
        }
        for (size_t i = 0; i < units; ++i) {
          from_h += (before[i] - zero) * r.values[at * units + i];
        }
        const float mx =
            oracle::multiplier(scale(m.x.quantization, 0), scale(m.w.quantization, at), 1.0 / 4096);
        const float mh = oracle::multiplier(scale(m.hidden.quantization, 0),
                                            scale(m.r.quantization, at), 1.0 / 4096);
        return std::clamp(
            oracle::requantize(from_x, mx, gates) + oracle::requantize(from_h, mh, gates), -32768.0,
            32767.0);
      };
      for (size_t u = 0; u < units; ++u) {
        const double i = sigmoids.at(gate(0, u)), f = sigmoids.at(gate(1, u));
        const double g = tangents.at(gate(2, u)), o = sigmoids.at(gate(3, u));
        const float old = static_cast<float>(f * kept[u]) * (1.0f / 32768);
        const float added = static_cast<float>(i * g) * static_cast<float>(tiny / cell_scale);
        kept[u] = oracle::quantize_steps(old + added, cells);
        h[u] = oracle::requantize(o * cell_tangents.at(kept[u]),
                                  static_cast<float>(tiny / out_scale), hidden);
        out.values[row(c, t, b) * units + u] = h[u];
      }
    }
  }
  return out;
}

Kind weights_kind(int32_t rows, bool per_row, std::mt19937& random) {
  Kind kind = s8(0.004, draw(random, -3, 3));
  if (!per_row) return kind;
  kind.quantization = {{}, {}, 0, 0};
  for (int32_t i = 0; i < rows; ++i) {
    kind.quantization.scales.push_back(0.001f * static_cast<float>(draw(random, 1, 5)));
  }
  return kind;
}

TEST(OracleLstm, S8) {
  std::mt19937 random(2);
  for (const Case& c : kCases) {
    for (bool per_row : {false, true}) {
      for (bool own_scale : {false, true}) {
        SCOPED_TRACE(text(c));
        Integer m;
        m.x = random_stored(s8(0.02, draw(random, -20, 20)), shape_of(c, c.inputs), random);
        m.w = random_stored(weights_kind(4 * c.units, per_row, random), {4 * c.units, c.inputs},
                            random)
                  .as_constant();
        m.r = random_stored(weights_kind(4 * c.units, per_row, random), {4 * c.units, c.units},
                            random)
                  .as_constant();
        // In steps of scale_x * scale_w.
        m.b = random_stored(plain(DType::S32), {4 * c.units}, -12000, 12000, random).as_constant();
        m.hidden = s8(1.0 / 128, draw(random, -10, 10));
        m.cell = {DType::S16, one_scale(1.0 / 8192)};
        fb::LstmT options = options_of(c);
        if (own_scale) {
          m.hidden_scale = static_cast<double>(options.hidden_scale = 1.0f / 100);
          m.hidden_zero_point = options.hidden_zero_point = 6;
        }
        for (int runs : {1, 3}) {
          const Tensor out = run_specification(c, m, runs);
          expect_node(
              one_node(options, {m.x, m.w, m.r, m.b, variable(m.hidden, c), variable(m.cell, c)}),
              {{DType::S8, out, m.hidden.quantization, {}}}, runs);
          if (own_scale) continue;
          std::vector<double> bias = m.b.values;
          for (size_t i = 0; i < bias.size(); ++i) {
            const auto& scales = m.w.quantization.scales;
            bias[i] *= 0.02 * static_cast<double>(scales[per_row ? i : 0]);
          }
          const Tensor real = run_meaning(c, m.x.real(), {m.w.real(), m.r.real(), bias}, runs);
          for (size_t i = 0; i < real.values.size(); ++i) {
            const double zero = m.hidden.quantization.zero_points[0];
            // Rounding of one step goes into the next; what saturates does so as well.
            EXPECT_NEAR(out.values[i], std::clamp(real.values[i] * 128 + zero, -128.0, 127.0), 6)
                << "the oracle itself";
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace qrt::test
