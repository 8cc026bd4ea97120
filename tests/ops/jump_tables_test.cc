// Operators of s8 that jump: every pair of codes must give what a float runtime gives that
// dequantizes, computes and quantizes, over a sweep of scales and zero points.
#include <cmath>
#include <functional>

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using graph::Quantization;

constexpr float kScales[] = {0.05f, 0.1f, 0.25f, 0.3f, 1.0f / 3.0f, 0.7f, 1.0f, 1.1f};

std::vector<int8_t> all_codes() {
  std::vector<int8_t> codes;
  for (int q = -128; q < 128; ++q) codes.push_back(static_cast<int8_t>(q));
  return codes;
}

float real(int q, float scale, int zero_point) {
  return static_cast<float>(q - zero_point) * scale;
}

int8_t code(float y, float scale, int zero_point) {
  float steps = y / scale;
  if (std::isnan(steps)) steps = 0;
  steps = std::min(std::max(steps, -1000.0f), 1000.0f);
  const int q = static_cast<int>(std::nearbyint(steps)) + zero_point;
  return static_cast<int8_t>(std::min(std::max(q, -128), 127));
}

void check_unary(fb::UnaryKind kind, const std::function<float(float)>& function) {
  const std::vector<int8_t> codes = all_codes();
  for (float in : kScales) {
    for (float out : kScales) {
      for (int zero : {-128, -3, 0, 77}) {
        graph::Graph g;
        const int x = g.add_tensor("x", rt::DType::S8, {256}, {{in}, {zero}, -1, 0});
        const int y = g.add_tensor("y", rt::DType::S8, {256}, {{out}, {5}, -1, 0});
        fb::UnaryT options;
        options.kind = kind;
        g.add_node("unary", std::move(options), {x}, {y});
        g.inputs = {x};
        g.outputs = {y};
        const auto got = run_one<int8_t>(g, codes);
        ASSERT_EQ(got.size(), codes.size());
        for (size_t i = 0; i < codes.size(); ++i) {
          ASSERT_EQ(got[i], code(function(real(codes[i], in, zero)), out, 5))
              << fb::EnumNameUnaryKind(kind) << " of " << int{codes[i]} << ", scales " << in
              << " and " << out << ", zero point " << zero;
        }
      }
    }
  }
}

TEST(JumpTables, Unary) {
  check_unary(fb::UnaryKind::Floor, [](float x) { return std::floor(x); });
  check_unary(fb::UnaryKind::Ceil, [](float x) { return std::ceil(x); });
  check_unary(fb::UnaryKind::Round, [](float x) { return std::nearbyint(x); });
  check_unary(fb::UnaryKind::Sign, [](float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; });
}

void check_binary(fb::BinaryKind kind, const std::function<float(float, float)>& function) {
  const std::vector<int8_t> codes = all_codes();
  for (float a_scale : {0.05f, 0.1f, 0.3f}) {
    for (float b_scale : {0.1f, 0.15f, 0.5f}) {
      for (float out : {0.05f, 0.4f}) {
        for (int zero : {-128, 0, 9}) {
          graph::Graph g;
          const int a = g.add_tensor("a", rt::DType::S8, {256, 1}, {{a_scale}, {zero}, -1, 0});
          const int b = g.add_tensor("b", rt::DType::S8, {256}, {{b_scale}, {-7}, -1, 0});
          const int y = g.add_tensor("y", rt::DType::S8, {256, 256}, {{out}, {1}, -1, 0});
          fb::BinaryT options;
          options.kind = kind;
          g.add_node("binary", std::move(options), {a, b}, {y});
          g.inputs = {a, b};
          g.outputs = {y};
          Loaded loaded = must_load(g);
          ASSERT_NE(loaded.session, nullptr);
          loaded.set(0, codes);
          loaded.set(1, codes);
          (void)loaded.session->run();
          const auto got = loaded.get<int8_t>();
          for (size_t i = 0; i < got.size(); ++i) {
            const int qa = codes[i / 256], qb = codes[i % 256];
            ASSERT_EQ(got[i],
                      code(function(real(qa, a_scale, zero), real(qb, b_scale, -7)), out, 1))
                << fb::EnumNameBinaryKind(kind) << " of " << qa << " and " << qb << ", scales "
                << a_scale << ", " << b_scale << " and " << out << ", zero point " << zero;
          }
        }
      }
    }
  }
}

TEST(JumpTables, Binary) {
  check_binary(fb::BinaryKind::FloorDiv, [](float a, float b) { return std::floor(a / b); });
  check_binary(fb::BinaryKind::FloorMod, [](float a, float b) {
    const float rest = std::fmod(a, b);  // exact
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  });
  check_binary(fb::BinaryKind::Pow, [](float a, float b) {
    return static_cast<float>(std::pow(static_cast<double>(a), static_cast<double>(b)));
  });
}

// Comparing codes of one quantization is comparing the numbers that they stand for.
TEST(JumpTables, Comparisons) {
  const std::vector<int8_t> codes = all_codes();
  for (float scale : kScales) {
    graph::Graph g;
    const Quantization q = {{scale}, {-11}, -1, 0};
    const int a = g.add_tensor("a", rt::DType::S8, {256, 1}, q);
    const int b = g.add_tensor("b", rt::DType::S8, {256}, q);
    const int y = g.add_tensor("y", rt::DType::Bool, {256, 256});
    fb::BinaryT options;
    options.kind = fb::BinaryKind::LessEqual;
    g.add_node("compare", std::move(options), {a, b}, {y});
    g.inputs = {a, b};
    g.outputs = {y};
    Loaded loaded = must_load(g);
    ASSERT_NE(loaded.session, nullptr);
    loaded.set(0, codes);
    loaded.set(1, codes);
    (void)loaded.session->run();
    const auto got = loaded.get<uint8_t>();
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i] != 0, real(codes[i / 256], scale, -11) <= real(codes[i % 256], scale, -11));
    }
  }
}

}  // namespace
}  // namespace qrt::test
