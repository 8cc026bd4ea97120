// Reduce, Softmax and ArgReduce against plain loops.
#include "tests/oracle/rows.h"

#include <numeric>

#include "tests/oracle/check.h"

namespace qrt::test {
namespace {

using fb::ReduceKind;

struct Axes {
  Dims shape, axes;
};
const std::vector<Axes> kAxes = {{{1}, {0}},
                                 {{257}, {0}},
                                 {{7, 33}, {1}},
                                 {{7, 33}, {0}},
                                 {{7, 33}, {-1, 0}},
                                 {{3, 4, 5}, {}},
                                 {{3, 4, 65}, {1}},
                                 {{3, 4, 65}, {0, 2}},
                                 {{2, 6, 5, 16}, {1, 2}},
                                 {{2, 6, 5, 17}, {2, 1}},
                                 {{2, 3, 4, 5, 6}, {0, 2, 4}},
                                 {{2, 3, 4, 5, 6}, {1, 3}},
                                 {{1, 40, 1, 31}, {1}},
                                 {{6, 1, 200}, {2}},
                                 {{130, 64}, {0}},
                                 {{2, 1, 2, 1, 2, 1, 2, 3}, {-1, 2, 4}}};

double fold(ReduceKind kind, const std::vector<double>& x) {
  switch (kind) {
    case ReduceKind::Mean:
      return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    case ReduceKind::Sum:
      return std::accumulate(x.begin(), x.end(), 0.0);
    case ReduceKind::Max:
      return *std::max_element(x.begin(), x.end());
    case ReduceKind::Min:
      return *std::min_element(x.begin(), x.end());
    case ReduceKind::Prod:
      return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<double>());
  }
  return NAN;
}

fb::ReduceT options_of(ReduceKind kind, const Dims& axes, bool keep) {
  fb::ReduceT options;
  options.kind = kind;
  options.axes = axes;
  options.keep_dims = keep;
  return options;
}

template <class Body>
void for_each_reduction(const Body& body) {
  for (ReduceKind kind : fb::EnumValuesReduceKind()) {
    for (const Axes& a : kAxes) {
      for (bool keep : {false, true}) {
        SCOPED_TRACE(std::string(fb::EnumNameReduceKind(kind)) + " of " +
                     testing::PrintToString(a.shape) + " over " + testing::PrintToString(a.axes));
        body(kind, a, keep);
      }
    }
  }
}

TEST(OracleReduce, S8) {
  std::mt19937 random(1);
  for_each_reduction([&](ReduceKind kind, const Axes& a, bool keep) {
    if (kind == ReduceKind::Prod) return;
    const Stored in = random_stored(s8(0.05, draw(random, -128, 127)), a.shape, random);
    const bool selects = kind == ReduceKind::Max || kind == ReduceKind::Min;
    const bool mean = kind == ReduceKind::Mean;
    const Kind out =
        selects ? Kind{in.type, in.quantization}
                : s8(mean ? pick<double>(random, {0.02, 0.05}) : 0.4, draw(random, -128, 127));
    const oracle::Range range = range_of(out);
    const double ratio = static_cast<double>(in.quantization.scales[0]) /
                         static_cast<double>(out.quantization.scales[0]);
    const auto result = [&](const std::vector<double>& x) {
      if (selects) return fold(kind, x);
      const double count = static_cast<double>(x.size());
      const double sum = fold(ReduceKind::Sum, x) - count * in.quantization.zero_points[0];
      const double exact = mean ? ratio / count : ratio;
      const double q = oracle::requantize(sum, static_cast<float>(exact), range);
      EXPECT_NEAR(q, std::clamp(sum * exact + range.zero_point, range.min, range.max), 0.501)
          << "the oracle itself";
      return q;
    };
    expect_node(
        options_of(kind, a.axes, keep), {in},
        {out.type, oracle::reduce(in.numbers(), a.axes, keep, result), out.quantization, {}});
  });
}

void check_reduced_floats(DType type) {
  std::mt19937 random(2);
  for_each_reduction([&](ReduceKind kind, const Axes& a, bool keep) {
    const Stored in = random_stored(plain(type), a.shape, random);
    Expected expected{type, {}, {}, {}};
    expected.tensor = oracle::reduce(in.numbers(), a.axes, keep, [&](const std::vector<double>& x) {
      double size = 0;
      for (double value : x) size += std::fabs(value);
      const double count = static_cast<double>(x.size()), result = fold(kind, x);
      const double lost = kind == ReduceKind::Sum    ? size
                          : kind == ReduceKind::Mean ? size / count
                          : kind == ReduceKind::Prod ? std::fabs(result)
                                                     : 0;
      const double rounding = type == DType::F32 ? 6e-8 : 1.2e-16;
      expected.tolerance.push_back(rounding * count * lost +
                                   (kind == ReduceKind::Prod ? 1e-38 : 0));
      return result;
    });
    expect_node(options_of(kind, a.axes, keep), {in}, expected);
  });
}

TEST(OracleReduce, F32) { check_reduced_floats(DType::F32); }

TEST(OracleReduce, F64) { check_reduced_floats(DType::F64); }

TEST(OracleReduce, Integers) {
  std::mt19937 random(3);
  for_each_reduction([&](ReduceKind kind, const Axes& a, bool keep) {
    for (DType type : {DType::S32, DType::S64}) {
      const double reach = kind == ReduceKind::Prod ? 1 : 1e6;
      const Stored in = random_stored(plain(type), a.shape, -reach, reach, random);
      expect_node(
          options_of(kind, a.axes, keep), {in},
          {type,
           oracle::reduce(in.numbers(), a.axes, keep,
                          [&](const std::vector<double>& x) { return std::trunc(fold(kind, x)); }),
           {},
           {}});
    }
  });
}

const std::vector<Dims> kRowShapes = {{1},     {2},      {7},      {16},      {3, 17},    {5, 21},
                                      {2, 64}, {9, 100}, {3, 257}, {1, 1001}, {2, 3, 31}, {70, 10}};

// Exponentials in steps of 2^-23 and their exact sum, as the specification says; that is within a
// step of the real thing.
TEST(OracleSoftmax, S8) {
  std::mt19937 random(4);
  for (const Dims& shape : kRowShapes) {
    for (double in_scale : {0.003, 0.1, 1.5}) {
      for (float beta : {1.0f, 0.25f}) {
        SCOPED_TRACE(testing::PrintToString(shape) + ", scale " + std::to_string(in_scale));
        const Stored in = random_stored(s8(in_scale, draw(random, -128, 127)), shape, random);
        const Kind out =
            pick<Kind>(random, {s8(1.0 / 256, -128), s8(0.01, -20), s8(1.0 / 512, -128)});
        const double scale = static_cast<double>(out.quantization.scales[0]);
        const oracle::Range range = range_of(out);
        const double step =
            static_cast<double>(beta) * static_cast<double>(in.quantization.scales[0]);
        const Tensor ideal = oracle::softmax(in.real(), static_cast<double>(beta), false);
        Expected expected{out.type, in.numbers(), out.quantization, {}};
        auto& values = expected.tensor.values;
        const auto n = static_cast<size_t>(shape.back());
        for (size_t row = 0; row < values.size(); row += n) {
          const double largest =
              *std::max_element(values.begin() + static_cast<std::ptrdiff_t>(row),
                                values.begin() + static_cast<std::ptrdiff_t>(row + n));
          double sum = 0;
          for (size_t i = row; i < row + n; ++i) {
            values[i] = std::nearbyint(std::exp(-step * (largest - values[i])) * 8388608);
            sum += values[i];
          }
          const auto multiplier = static_cast<float>(1 / scale / sum);
          for (size_t i = row; i < row + n; ++i) {
            values[i] = oracle::quantize_steps(static_cast<float>(values[i]) * multiplier, range);
            EXPECT_NEAR(
                values[i],
                std::clamp(ideal.values[i] / scale + range.zero_point, range.min, range.max), 0.51)
                << "the oracle itself";
          }
        }
        fb::SoftmaxT options;
        options.beta = beta;
        expect_node(options, {in}, expected);
      }
    }
  }
}

// The logarithm of that sum; exponentials below 2^-24 are left out of it.
TEST(OracleSoftmax, LogarithmS8) {
  std::mt19937 random(9);
  for (const Dims& shape : kRowShapes) {
    for (double in_scale : {0.003, 0.1, 1.5}) {
      SCOPED_TRACE(testing::PrintToString(shape) + ", scale " + std::to_string(in_scale));
      const Stored in = random_stored(s8(in_scale, draw(random, -128, 127)), shape, random);
      const Kind out = pick<Kind>(random, {s8(16.0 / 256, 127), s8(0.1, 90), s8(0.5, 0)});
      const double scale = static_cast<double>(out.quantization.scales[0]);
      const oracle::Range range = range_of(out);
      Expected expected{out.type, oracle::softmax(in.real(), 1, true), out.quantization, {}};
      for (double& value : expected.tensor.values) {
        const double steps = value / scale;
        const double unsure = static_cast<double>(shape.back()) * 0x1p-23 / scale + 1e-9;
        const bool half = std::fabs(steps - std::floor(steps) - 0.5) < unsure;
        expected.tolerance.push_back(half ? 1 : 0);
        value = std::clamp(std::nearbyint(steps) + range.zero_point, range.min, range.max);
      }
      fb::SoftmaxT options;
      options.log = true;
      expect_node(options, {in}, expected);
    }
  }
}

TEST(OracleSoftmax, F32) {
  std::mt19937 random(5);
  for (const Dims& shape : kRowShapes) {
    for (double reach : {0.5, 8.0, 200.0}) {
      for (float beta : {1.0f, 0.25f}) {
        for (bool log : {false, true}) {
          const Stored in = random_stored(plain(DType::F32), shape, -reach, reach, random);
          fb::SoftmaxT options;
          options.beta = beta;
          options.log = log;
          Expected expected{
              DType::F32, oracle::softmax(in.numbers(), static_cast<double>(beta), log), {}, {}};
          for (double y : expected.tensor.values) {
            // Differences from the largest are rounded, and grow in an exponential.
            expected.tolerance.push_back((log ? 1 : std::fabs(y)) * 2e-7 * (1 + reach) +
                                         2e-7 * std::fabs(y) + 1e-30);
          }
          expect_node(options, {in}, expected);
        }
      }
    }
  }
}

TEST(OracleArgReduce, EveryTypeAndAxis) {
  std::mt19937 random(6);
  for (const Dims& shape :
       std::vector<Dims>{{1}, {33}, {7, 21}, {5, 1000}, {3, 129, 70}, {2, 5, 4, 17}}) {
    for (int32_t axis = -1; axis < static_cast<int32_t>(shape.size()); ++axis) {
      for (DType type : {DType::F32, DType::S8, DType::U8, DType::S16, DType::S32}) {
        for (int variant = 0; variant < 4; ++variant) {
          const bool few = variant % 2 == 0;  // so that many elements are equal
          const double low = type == DType::U8 ? 0 : -2;
          const Stored in = few ? random_stored(plain(type == DType::F32 ? DType::S32 : type),
                                                shape, low, low + 3, random)
                                : random_stored(plain(type), shape, random);
          Stored typed = in;
          typed.type = type;
          fb::ArgReduceT options;
          options.axis = axis;
          options.min = variant / 2 == 1;
          options.keep_dims = random() % 2 == 0;
          const Tensor out = oracle::reduce(
              in.numbers(), {axis}, options.keep_dims, [&](const std::vector<double>& x) {
                const auto found = options.min ? std::min_element(x.begin(), x.end())
                                               : std::max_element(x.begin(), x.end());
                return static_cast<double>(found - x.begin());
              });
          const DType to = random() % 2 == 0 ? DType::S32 : DType::S64;
          expect_node(options, {typed}, {to, out, {}, {}});
        }
      }
    }
  }
}

}  // namespace
}  // namespace qrt::test
