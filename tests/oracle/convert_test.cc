// Quantize, Dequantize, Cast and Select against plain loops.
#include "tests/oracle/check.h"
#include "tests/oracle/elementwise.h"
#include "tests/oracle/numerics_s16.h"

namespace qrt::test {
namespace {

const std::vector<int32_t> kLengths = {1,  2,  7,  8,  9,   15,  16,   17,
                                       31, 32, 33, 64, 127, 129, 1000, 40001};

Kind random_kind(DType type, std::mt19937& random) {
  const double scale = pick<double>(random, {0.02, 0.5, 1.0 / 256, 3e-5, 7.3});
  switch (type) {
    case DType::S8:
      return {type, one_scale(scale, draw(random, -128, 127))};
    case DType::U8:
      return {type, one_scale(scale, draw(random, 0, 255))};
    default:
      return {type, one_scale(scale, draw(random, -300, 300))};
  }
}

const std::vector<DType> kSmall = {DType::S8, DType::U8, DType::S16};

TEST(OracleQuantize, Floats) {
  std::mt19937 random(1);
  for (DType type : kSmall) {
    for (int32_t n : kLengths) {
      const Kind out = random_kind(type, random);
      const float scale = out.quantization.scales[0];
      const double reach = 40000 * static_cast<double>(scale);
      Stored in = random_stored(plain(DType::F32), {n}, -reach / (type == DType::S16 ? 1 : 200),
                                reach / (type == DType::S16 ? 1 : 200), random);
      const std::vector<double> special = {0, -0.0, INFINITY, -INFINITY, NAN, 1e38, -1e38, 1e-40};
      for (size_t i = 0; i < special.size() && i < in.values.size(); ++i) in.values[i] = special[i];
      // Halves of steps.
      for (size_t i = special.size(); i < in.values.size(); i += 3) {
        in.values[i] =
            static_cast<double>((static_cast<float>(draw(random, -300, 300)) + 0.5f) * scale);
      }
      const oracle::Range range = range_of(out);
      Expected expected{type, in.numbers(), out.quantization, {}};
      for (double& x : expected.tensor.values) {
        const float steps = std::isnan(x) ? 0.0f : static_cast<float>(x) * (1.0f / scale);
        double q = oracle::quantize_steps(steps, range);
        if (type == DType::S16) {
          const double exact = std::isnan(x) ? 0 : x / static_cast<double>(scale);
          q = std::clamp(std::round(exact) + range.zero_point, range.min, range.max);
        }
        if (std::isfinite(x)) {
          const double ideal = x / static_cast<double>(scale) + range.zero_point;
          EXPECT_NEAR(q, std::clamp(ideal, range.min, range.max), 0.51) << "the oracle itself";
        }
        x = q;
      }
      expect_node(fb::QuantizeT(), {in}, expected);
    }
  }
}

TEST(OracleQuantize, Integers) {
  std::mt19937 random(2);
  for (DType from : kSmall) {
    for (DType to : kSmall) {
      for (int round = 0; round < 12; ++round) {
        Kind in_kind = random_kind(from, random), out = random_kind(to, random);
        // Often a mere shift, as between u8 and s8.
        if (round % 2 == 0) out.quantization.scales = in_kind.quantization.scales;
        if (round % 4 == 0 && from != DType::S16 && to != DType::S16) {
          const int32_t shift = (from == DType::U8 ? 128 : 0) - (to == DType::U8 ? 128 : 0);
          out.quantization.zero_points[0] = in_kind.quantization.zero_points[0] - shift;
        }
        const Stored in = random_stored(in_kind, {pick(random, kLengths)}, random);
        const float scale = oracle::multiplier(static_cast<double>(in_kind.quantization.scales[0]),
                                               1, static_cast<double>(out.quantization.scales[0]));
        Expected expected{to, in.steps(), out.quantization, {}};
        const bool wide = from == DType::S16 || to == DType::S16;
        const oracle::Factor factor(static_cast<double>(in_kind.quantization.scales[0]) /
                                    static_cast<double>(out.quantization.scales[0]));
        for (double& x : expected.tensor.values) {
          const oracle::Range range = range_of(out);
          x = wide ? oracle::clamp16(oracle::scale_element(static_cast<int64_t>(x), factor) +
                                         static_cast<int64_t>(range.zero_point),
                                     range.min, range.max)
                   : oracle::requantize(x, scale, range);
        }
        expect_node(fb::QuantizeT(), {in}, expected);
      }
    }
  }
}

TEST(OracleDequantize, PerTensor) {
  std::mt19937 random(3);
  for (DType type : {DType::S8, DType::U8, DType::S16, DType::S32}) {
    for (int32_t n : kLengths) {
      const Kind kind = random_kind(type, random);
      const double reach = type == DType::S32 ? 8e6 : 0;  // exact in float
      const Stored in = reach > 0 ? random_stored(kind, {n}, -reach, reach, random)
                                  : random_stored(kind, {n}, random);
      Expected expected{DType::F32, in.steps(), {}, {}};
      for (double& x : expected.tensor.values) {
        x = static_cast<double>(static_cast<float>(x) * kind.quantization.scales[0]);
      }
      expect_node(fb::DequantizeT(), {in}, expected);
    }
  }
}

TEST(OracleDequantize, PerAxis) {
  std::mt19937 random(4);
  const Dims shape = {3, 5, 4};
  for (DType type : {DType::S8, DType::S16, DType::S32}) {
    for (int axis = 0; axis < 3; ++axis) {
      Kind kind{type, {}};
      kind.quantization.axis = axis;
      for (int32_t i = 0; i < shape[static_cast<size_t>(axis)]; ++i) {
        kind.quantization.scales.push_back(0.1f * static_cast<float>(i + 1));
        kind.quantization.zero_points.push_back(draw(random, -50, 50));
      }
      const Stored in = random_stored(kind, shape, -120, 120, random);
      Expected expected{DType::F32, in.steps(), {}, {}};
      for (size_t i = 0; i < in.values.size(); ++i) {
        double& x = expected.tensor.values[i];
        x = static_cast<double>(static_cast<float>(x) * kind.quantization.scales[in.scale_of(i)]);
      }
      expect_node(fb::DequantizeT(), {in}, expected);
    }
  }
}

// As numpy's astype for what fits; integers keep their low bits, floats stop at the ends.
TEST(OracleCast, EveryPair) {
  std::mt19937 random(5);
  const auto is_float = [](DType type) { return type == DType::F32 || type == DType::F64; };
  const std::vector<DType> types = {DType::F32, DType::F64, DType::S8,  DType::U8,
                                    DType::S16, DType::S32, DType::S64, DType::Bool};
  const auto wrap = [](DType type, double x) -> double {
    const auto bits = static_cast<int64_t>(x);
    switch (type) {
      case DType::S8:
        return static_cast<int8_t>(bits);
      case DType::U8:
        return static_cast<uint8_t>(bits);
      case DType::S16:
        return static_cast<int16_t>(bits);
      case DType::S32:
        return static_cast<int32_t>(bits);
      case DType::Bool:
        return x != 0;
      case DType::F32:
        return static_cast<double>(static_cast<float>(x));
      case DType::F64:
        return x;
      default:
        return static_cast<double>(bits);
    }
  };
  for (DType from : types) {
    for (DType to : types) {
      SCOPED_TRACE(testing::Message() << rt::dtype_name(from) << " to " << rt::dtype_name(to));
      for (int32_t n : {1, 17, 300}) {
        const Stored in = is_float(from) ? random_stored(plain(from), {n}, 0, 127.9, random)
                                         : random_stored(plain(from), {n}, random);
        Expected expected{to, in.numbers(), {}, {}};
        for (double& x : expected.tensor.values) {
          x = wrap(to, is_float(from) && !is_float(to) && to != DType::Bool ? std::trunc(x) : x);
        }
        expect_node(fb::CastT(), {in}, expected);
      }
    }
  }
}

TEST(OracleSelect, EveryTypeAndPattern) {
  std::mt19937 random(6);
  struct Pattern {
    Dims condition, a, b;
  };
  for (const Pattern& p : std::vector<Pattern>{{{}, {}, {}},
                                               {{65}, {65}, {65}},
                                               {{4, 1}, {1, 5}, {}},
                                               {{}, {3, 5}, {5}},
                                               {{2, 3, 1}, {3, 33}, {2, 1, 1}},
                                               {{7}, {}, {3, 1}},
                                               {{2, 1, 3, 1}, {5, 1, 4}, {1}}}) {
    for (DType type : {DType::F32, DType::F16, DType::S8, DType::U8, DType::S16, DType::S32,
                       DType::S64, DType::Bool}) {
      const Stored condition = random_stored(plain(DType::Bool), p.condition, random);
      const Stored a = random_stored(plain(type), p.a, random);
      const Stored b = random_stored(plain(type), p.b, random);
      expect_node(fb::SelectT(), {condition, a, b},
                  {type, oracle::select(condition.numbers(), a.numbers(), b.numbers()), {}, {}});
    }
  }
}

}  // namespace
}  // namespace qrt::test
