// Unary against plain functions, for every kind: all values of s8, and the other types.
#include "tests/oracle/check.h"
#include "tests/oracle/elementwise.h"

namespace qrt::test {
namespace {

using fb::UnaryKind;

constexpr double kAlpha = 0.2f, kBeta = 0.45f;  // as the model holds them

fb::UnaryT options_of(UnaryKind kind, std::unique_ptr<fb::ClampT> clamp = nullptr) {
  fb::UnaryT options;
  options.kind = kind;
  options.alpha = static_cast<float>(kAlpha);
  options.beta = static_cast<float>(kBeta);
  options.clamp = std::move(clamp);
  return options;
}

// Whether the function leaps between neighbours, where rounding decides the side: tables of these
// are computed in float.
bool leaps(UnaryKind kind) {
  return kind == UnaryKind::Floor || kind == UnaryKind::Ceil || kind == UnaryKind::Round ||
         kind == UnaryKind::Sign;
}

Expected table_result(const fb::UnaryT& options, const Stored& in, const Kind& out) {
  const oracle::Range range = range_of(out, options.clamp.get());
  const float scale = out.quantization.scales[0];
  const std::string name = fb::EnumNameUnaryKind(options.kind);
  Expected expected{out.type, in.real(), out.quantization, {}};
  for (double& x : expected.tensor.values) {
    if (leaps(options.kind)) {
      const double at = static_cast<double>(static_cast<float>(x));
      const auto y = static_cast<float>(oracle::unary(name, at, kAlpha, kBeta));
      x = oracle::quantize_steps(y / scale, range);
      expected.tolerance.push_back(0);
      continue;
    }
    const auto result = [&](double nudge) {
      const double steps = oracle::unary(name, x, kAlpha, kBeta) / static_cast<double>(scale);
      if (std::isnan(steps)) return range.zero_point;
      return std::clamp(std::nearbyint(steps + nudge) + range.zero_point, range.min, range.max);
    };
    expected.tolerance.push_back(std::fabs(result(1e-9) - result(-1e-9)));
    x = result(0);
  }
  return expected;
}

TEST(OracleUnary, S8) {
  Stored in{DType::S8, {256}, {}, {}, Stored::Input};
  for (int i = -128; i < 128; ++i) in.values.push_back(i);
  struct Scales {
    double in, out;
    int32_t in_zero, out_zero;
  };
  for (UnaryKind kind : fb::EnumValuesUnaryKind()) {
    if (kind == UnaryKind::Not) continue;
    for (const Scales& s : std::vector<Scales>{{0.05, 0.03, -7, 12},
                                               {1.0 / 16, 1.0 / 64, 0, 0},
                                               {0.031, 1.0 / 256, -128, -128},
                                               {0.5, 0.25, 127, 127},
                                               {1e-4, 1e-4, 3, -5},
                                               {30, 2, 1, 2}}) {
      SCOPED_TRACE(testing::Message()
                   << fb::EnumNameUnaryKind(kind) << ", scales " << s.in << " " << s.out);
      in.quantization = one_scale(s.in, s.in_zero);
      const Kind out = s8(s.out, s.out_zero);
      for (bool clamped : {false, true}) {
        const auto options =
            options_of(kind, clamped ? graph::make_clamp(static_cast<float>(-20 * s.out),
                                                         static_cast<float>(31.4 * s.out))
                                     : nullptr);
        expect_node(options, {in}, table_result(options, in, out));
      }
    }
  }
}

// Lengths beside the sizes of vectors.
TEST(OracleUnary, S8Lengths) {
  std::mt19937 random(1);
  for (int32_t n : {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 70001}) {
    const Stored in = random_stored(s8(0.05, 3), {n}, random);
    const auto options = options_of(UnaryKind::Tanh);
    expect_node(options, {in}, table_result(options, in, s8(1.0 / 128, 0)));
  }
}

void check_floats(DType type) {
  Stored in{type,
            {0},
            {},
            {0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-30, -1e-30, 1e30, -1e30, INFINITY, -INFINITY,
             100, -100, 17.25, -17.25},
            Stored::Input};
  for (int i = -500; i <= 500; ++i)
    in.values.push_back(static_cast<double>(0.0237f * static_cast<float>(i)));
  for (double& value : in.values) value = static_cast<double>(static_cast<float>(value));
  in.shape = {static_cast<int32_t>(in.values.size())};
  for (UnaryKind kind : fb::EnumValuesUnaryKind()) {
    if (kind == UnaryKind::Not) continue;
    SCOPED_TRACE(fb::EnumNameUnaryKind(kind));
    for (bool clamped : {false, true}) {
      const auto options = options_of(kind, clamped ? graph::make_clamp(-0.75f, 1.5f) : nullptr);
      Expected expected{type, in.numbers(), {}, {}};
      for (double& x : expected.tensor.values) {
        double y = oracle::unary(fb::EnumNameUnaryKind(kind), x, kAlpha, kBeta);
        if (clamped && y < -0.75) y = -0.75;
        if (clamped && y > 1.5) y = 1.5;
        if (type == DType::F32) y = static_cast<double>(static_cast<float>(y));
        const double relative = type == DType::F32 ? 5e-7 : 1e-12;
        const double absolute = type == DType::F32 ? 1e-8 : 1e-12;
        expected.tolerance.push_back(std::isfinite(y) ? relative * std::fabs(y) + absolute : 0);
        x = y;
      }
      expect_node(options, {in}, expected);
    }
  }
}

TEST(OracleUnary, F32) { check_floats(DType::F32); }

TEST(OracleUnary, F64) { check_floats(DType::F64); }

TEST(OracleUnary, Integers) {
  for (DType type : {DType::S32, DType::S64}) {
    Stored in{
        type, {9}, {}, {0, 1, -1, 7, -7, 40000, -40000, 2147483647, -2147483647}, Stored::Input};
    if (type == DType::S64) in.values[8] = -9007199254740991;
    for (UnaryKind kind : {UnaryKind::Neg, UnaryKind::Abs, UnaryKind::Sign, UnaryKind::Clip}) {
      SCOPED_TRACE(fb::EnumNameUnaryKind(kind));
      const auto options =
          options_of(kind, kind == UnaryKind::Clip ? graph::make_clamp(-5, 100) : nullptr);
      Expected expected{type, in.numbers(), {}, {}};
      for (double& x : expected.tensor.values) {
        x = oracle::unary(fb::EnumNameUnaryKind(kind), x, kAlpha, kBeta);
        if (kind == UnaryKind::Clip) x = std::clamp(x, -5.0, 100.0);
      }
      expect_node(options, {in}, expected);
    }
  }
}

TEST(OracleUnary, Not) {
  const Stored in{DType::Bool, {5}, {}, {0, 1, 1, 0, 1}, Stored::Input};
  expect_node(options_of(UnaryKind::Not), {in},
              {DType::Bool, Tensor({5}, {1, 0, 0, 1, 0}), {}, {}});
}

}  // namespace
}  // namespace qrt::test
