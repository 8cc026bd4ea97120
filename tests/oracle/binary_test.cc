// Binary against plain loops: every kind, element type and pattern of broadcasting.
#include "tests/oracle/check.h"
#include "tests/oracle/elementwise.h"

namespace qrt::test {
namespace {

using fb::BinaryKind;

bool is_comparison(BinaryKind kind) {
  return kind >= BinaryKind::Equal && kind <= BinaryKind::GreaterEqual;
}
bool is_logical(BinaryKind kind) { return kind == BinaryKind::And || kind == BinaryKind::Or; }

struct Pattern {
  Dims a, b;
};
const std::vector<Pattern> kPatterns = {
    {{}, {}},
    {{1}, {1}},
    {{257}, {257}},
    {{3, 65}, {65}},
    {{65}, {3, 65}},
    {{3, 33}, {1}},
    {{}, {31}},
    {{4, 1}, {1, 17}},
    {{1, 16}, {5, 1}},
    {{2, 7, 1, 5}, {7, 6, 1}},
    {{2, 3, 4, 33}, {2, 1, 1, 33}},
    {{2, 1, 15}, {2, 9, 15}},
    {{2, 9, 1}, {2, 9, 127}},
    {{1, 2, 1, 2, 1, 2, 1, 2}, {2, 1, 2, 1, 2, 1, 2, 1}},
};

template <class Body>
void for_each_kind(const Body& body) {
  for (BinaryKind kind : fb::EnumValuesBinaryKind()) {
    SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
    fb::BinaryT options;
    options.kind = kind;
    body(options, fb::EnumNameBinaryKind(kind));
  }
}

// Functions that jump are computed in float.
double jump(BinaryKind kind, float x, float y, float scale, const oracle::Range& range) {
  float real;
  if (kind == BinaryKind::FloorDiv) {
    real = std::floor(x / y);
  } else {
    real = static_cast<float>(oracle::binary(fb::EnumNameBinaryKind(kind), static_cast<double>(x),
                                             static_cast<double>(y)));
  }
  const float steps = real / scale;
  return oracle::quantize_steps(std::isnan(steps) ? 0 : steps, range);
}

// What schema/README.md says of each kind, of steps from the zero points.
Expected quantized_result(const fb::BinaryT& options, const Stored& a, const Stored& b,
                          const Kind& out) {
  const double sa = static_cast<double>(a.quantization.scales[0]);
  const double sb = static_cast<double>(b.quantization.scales[0]);
  const double so = static_cast<double>(out.quantization.scales[0]);
  const oracle::Range range = range_of(out, options.clamp.get());
  const std::string name = fb::EnumNameBinaryKind(options.kind);
  std::vector<double> tolerance;
  const auto result = [&](double x, double y) {
    tolerance.push_back(0);
    if (options.kind == BinaryKind::Mul) {
      return oracle::requantize(x * y, oracle::multiplier(sa, sb, so), range);
    }
    if (options.kind == BinaryKind::Add || options.kind == BinaryKind::Sub) {
      const double sign = options.kind == BinaryKind::Sub ? -1 : 1;
      const float from_a = static_cast<float>(x) * static_cast<float>(sa / so);
      const float from_b = static_cast<float>(y) * static_cast<float>(sign * sb / so);
      return oracle::quantize_steps(from_a + from_b, range);
    }
    if (options.kind == BinaryKind::FloorDiv || options.kind == BinaryKind::FloorMod ||
        options.kind == BinaryKind::Pow) {
      return jump(options.kind, static_cast<float>(x * sa), static_cast<float>(y * sb),
                  out.quantization.scales[0], range);
    }
    double steps = oracle::binary(name, x * sa, y * sb) / so;
    if (std::isnan(steps)) steps = 0;
    // Another order of the same arithmetic may fall on the other side of a half.
    if (std::fabs(steps - std::floor(steps) - 0.5) < 1e-9) tolerance.back() = 1;
    return std::clamp(std::nearbyint(steps) + range.zero_point, range.min, range.max);
  };
  Expected expected{
      out.type, oracle::broadcast(a.steps(), b.steps(), result), out.quantization, {}};
  expected.tolerance = tolerance;
  return expected;
}

std::unique_ptr<fb::ClampT> some_clamp(double scale, std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      return graph::make_clamp(0, INFINITY);
    case 1:
      return graph::make_clamp(static_cast<float>(-draw(random, 0, 90) * scale),
                               static_cast<float>(draw(random, 0, 90) * scale));
    default:
      return nullptr;
  }
}

TEST(OracleBinary, S8) {
  std::mt19937 random(1);
  for_each_kind([&](const fb::BinaryT& kind, const char*) {
    if (is_logical(kind.kind) || is_comparison(kind.kind)) return;
    for (const Pattern& p : kPatterns) {
      SCOPED_TRACE(testing::PrintToString(p.a) + " and " + testing::PrintToString(p.b));
      const auto scale = [&] { return pick<double>(random, {0.02, 0.5, 1.0 / 64, 0.0313}); };
      const Stored a = random_stored(s8(scale(), draw(random, -128, 127)), p.a, random);
      const Stored b = random_stored(s8(scale(), draw(random, -128, 127)), p.b, random);
      const Kind out = s8(scale() * 4, draw(random, -128, 127));
      fb::BinaryT options = kind;
      options.clamp = some_clamp(out.quantization.scales[0], random);
      expect_node(options, {a, b}, quantized_result(options, a, b, out));
    }
  });
}

// Every pair of values, with scales that are alike, far apart and extreme.
TEST(OracleBinary, S8AllPairs) {
  Stored a{DType::S8, {256, 1}, {}, {}, Stored::Input}, b = a;
  b.shape = {256};
  for (int i = -128; i < 128; ++i) a.values.push_back(i);
  b.values = a.values;
  // Each element beside one of the other operand, too, not only one against a row.
  Stored dense_a{DType::S8, {65536}, {}, {}, Stored::Input}, dense_b = dense_a;
  for (size_t i = 0; i < 65536; ++i) {
    dense_a.values.push_back(a.values[i / 256]);
    dense_b.values.push_back(a.values[i % 256]);
  }
  struct Scales {
    double a, b, out;
    int32_t a_zero, b_zero, out_zero;
  };
  for (const Scales& s : std::vector<Scales>{{0.02, 0.03, 0.05, -3, 7, 4},
                                             {0.5, 0.5, 0.5, 0, 0, 0},
                                             {1e-6, 100, 0.7, -128, 127, -128},
                                             {0.1, 1e-3, 1e-5, 127, -128, 127},
                                             {1e-20, 1e-18, 1e10, 5, 6, 7}}) {
    for (BinaryKind kind : {BinaryKind::Add, BinaryKind::Sub, BinaryKind::Mul, BinaryKind::Div}) {
      SCOPED_TRACE(testing::Message() << fb::EnumNameBinaryKind(kind) << ", scales " << s.a << " "
                                      << s.b << " " << s.out);
      a.quantization = dense_a.quantization = one_scale(s.a, s.a_zero);
      b.quantization = dense_b.quantization = one_scale(s.b, s.b_zero);
      const Kind out = s8(s.out, s.out_zero);
      fb::BinaryT options;
      options.kind = kind;
      expect_node(options, {a, b}, quantized_result(options, a, b, out));
      expect_node(options, {dense_a, dense_b}, quantized_result(options, dense_a, dense_b, out));
    }
  }
}

Expected plain_result(const fb::BinaryT& options, const Stored& a, const Stored& b) {
  const std::string name = fb::EnumNameBinaryKind(options.kind);
  const bool truth = is_comparison(options.kind) || is_logical(options.kind);
  const double low = options.clamp != nullptr ? static_cast<double>(options.clamp->min) : -INFINITY;
  const double high = options.clamp != nullptr ? static_cast<double>(options.clamp->max) : INFINITY;
  const bool whole = a.type != DType::F32 && a.type != DType::F64;
  const double least = whole ? std::ceil(low) : low, most = whole ? std::floor(high) : high;
  Expected expected{truth ? DType::Bool : a.type, {}, {}, {}};
  expected.tensor = oracle::broadcast(a.numbers(), b.numbers(), [&](double x, double y) {
    double result = oracle::binary(name, x, y);
    if (truth) return result;
    if (whole && options.kind == BinaryKind::Div) result = std::trunc(result);
    if (a.type == DType::F32) result = static_cast<double>(static_cast<float>(result));
    if (a.type == DType::S32) result = oracle::wrap32(result);
    if (result < least) result = least;
    return result > most ? most : result;
  });
  if (options.kind == BinaryKind::Pow && !whole) {
    for (double value : expected.tensor.values)
      expected.tolerance.push_back(1e-6 * std::fabs(value));
  }
  return expected;
}

// Floats are multiples of 1/64, so that quotients are far from whole numbers or are ones.
void check_floats(DType type) {
  std::mt19937 random(2);
  for_each_kind([&](const fb::BinaryT& kind, const char*) {
    if (is_logical(kind.kind)) return;
    for (const Pattern& p : kPatterns) {
      SCOPED_TRACE(testing::PrintToString(p.a) + " and " + testing::PrintToString(p.b));
      Stored a = random_stored(plain(DType::S32), p.a, -300, 300, random);
      Stored b = random_stored(plain(DType::S32), p.b, -300, 300, random);
      for (Stored* operand : {&a, &b}) {
        operand->type = type;
        for (double& value : operand->values) value /= 64;
      }
      fb::BinaryT options = kind;
      if (!is_comparison(kind.kind)) options.clamp = some_clamp(0.02, random);
      if (kind.kind == BinaryKind::FloorMod || kind.kind == BinaryKind::Pow)
        options.clamp = nullptr;
      expect_node(options, {a, b}, plain_result(options, a, b));
    }
  });
}

TEST(OracleBinary, F32) { check_floats(DType::F32); }

TEST(OracleBinary, F64) { check_floats(DType::F64); }

// A quotient may have more digits than a float; its remainder is still below the divisor.
TEST(OracleBinary, F32RemaindersOfLargeNumbers) {
  fb::BinaryT options;
  options.kind = BinaryKind::FloorMod;
  Stored a{DType::F32, {6}, {}, {1e8, -1e8, 16777216, 1e30, 123456792, -7}, Stored::Input};
  Stored b{DType::F32, {6}, {}, {3, 3, -7, 1024, 0.25, 1e9}, Stored::Input};
  for (Stored* operand : {&a, &b}) {
    for (double& value : operand->values) value = static_cast<double>(static_cast<float>(value));
  }
  expect_node(options, {a, b}, plain_result(options, a, b));
}

TEST(OracleBinary, Integers) {
  std::mt19937 random(3);
  for_each_kind([&](const fb::BinaryT& kind, const char*) {
    if (is_logical(kind.kind)) return;
    for (DType type : {DType::S32, DType::S64}) {
      for (const Pattern& p : kPatterns) {
        SCOPED_TRACE(testing::PrintToString(p.a) + " and " + testing::PrintToString(p.b));
        // Products of s32 wrap around; those of s64 stay within what double holds.
        const double reach = type == DType::S32 ? 2147483647.0 : 67108864.0;
        Stored a = random_stored(plain(type), p.a, -reach, reach, random);
        Stored b = random_stored(plain(type), p.b, -reach, reach, random);
        if (kind.kind == BinaryKind::Mul || kind.kind == BinaryKind::SquaredDifference) {
          for (Stored* operand : {&a, &b}) {
            for (double& value : operand->values) value = std::trunc(value / 100);
          }
        }
        if (kind.kind == BinaryKind::Pow) {
          a = random_stored(plain(type), p.a, -9, 9, random);
          b = random_stored(plain(type), p.b, 0, 9, random);
        }
        const bool divides = kind.kind == BinaryKind::Div || kind.kind == BinaryKind::FloorDiv ||
                             kind.kind == BinaryKind::FloorMod;
        for (double& value : b.values) {
          if (divides) value = value < 0 ? std::floor(value / 1e5) : std::floor(value / 1e5) + 1;
        }
        fb::BinaryT options = kind;
        if (!is_comparison(kind.kind) && random() % 3 == 0)
          options.clamp = graph::make_clamp(-3.5f, 1000.75f);
        expect_node(options, {a, b}, plain_result(options, a, b));
      }
    }
  });
}

// A run cannot fail: a quotient by zero is zero, and what remains is all.
TEST(OracleBinary, IntegersByZero) {
  for (DType type : {DType::S32, DType::S64}) {
    const Stored a{type, {4}, {}, {-7, 0, 1, 1000}, Stored::Input};
    const Stored b{type, {1}, {}, {0}, Stored::Input};
    for (BinaryKind kind : {BinaryKind::Div, BinaryKind::FloorDiv, BinaryKind::FloorMod}) {
      SCOPED_TRACE(fb::EnumNameBinaryKind(kind));
      fb::BinaryT options;
      options.kind = kind;
      Expected expected{type, {}, {}, {}};
      expected.tensor = a.numbers();
      if (kind != BinaryKind::FloorMod) expected.tensor.values.assign(4, 0);
      expect_node(options, {a, b}, expected);
    }
  }
}

// 1 / a^n, of which the fraction is cut off. (Of -1 it is 0 here, which the fixtures of 0.1 keep.)
TEST(OracleBinary, NegativePowersOfIntegers) {
  for (DType type : {DType::S32, DType::S64}) {
    fb::BinaryT options;
    options.kind = BinaryKind::Pow;
    const Stored a{type, {8}, {}, {1, 1, 2, 3, 2, -2, -5, 7}, Stored::Input};
    const Stored b{type, {8}, {}, {-1, -4, -1, -4, -1, -3, -7, -2}, Stored::Input};
    Expected expected{type, {}, {}, {}};
    expected.tensor = a.numbers();
    for (size_t i = 0; i < 8; ++i) {
      expected.tensor.values[i] = std::trunc(std::pow(a.values[i], b.values[i]));
    }
    expect_node(options, {a, b}, expected);
  }
}

TEST(OracleBinary, Bool) {
  std::mt19937 random(4);
  for_each_kind([&](const fb::BinaryT& kind, const char*) {
    if (!is_logical(kind.kind) && !is_comparison(kind.kind)) return;
    for (const Pattern& p : kPatterns) {
      const Stored a = random_stored(plain(DType::Bool), p.a, random);
      const Stored b = random_stored(plain(DType::Bool), p.b, random);
      expect_node(kind, {a, b}, plain_result(kind, a, b));
    }
  });
}

TEST(OracleBinary, ComparisonsOfS8) {
  std::mt19937 random(5);
  for_each_kind([&](const fb::BinaryT& kind, const char*) {
    if (!is_comparison(kind.kind)) return;
    for (const Pattern& p : kPatterns) {
      const Stored a = random_stored(s8(0.5, 3), p.a, -5, 5, random);
      const Stored b = random_stored(s8(0.5, 3), p.b, -5, 5, random);
      expect_node(kind, {a, b}, plain_result(kind, a, b));
    }
  });
}

}  // namespace
}  // namespace qrt::test
