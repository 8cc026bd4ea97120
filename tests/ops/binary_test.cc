// Binary over broadcast shapes, against an evaluation index by index.
#include <algorithm>
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

struct Shapes {
  Dims a, b, out;
};
const std::vector<Shapes> kShapes = {
    {{1}, {1}, {1}},
    {{2, 5, 7}, {2, 5, 7}, {2, 5, 7}},
    {{1, 9, 8, 3}, {3}, {1, 9, 8, 3}},                    // a value per channel
    {{3}, {700, 3}, {700, 3}},                            // and on the other side
    {{2, 30, 5, 40}, {2, 1, 1, 40}, {2, 30, 5, 40}},      // one per channel and image
    {{2, 1, 1, 200}, {2, 3, 5, 200}, {2, 3, 5, 200}},     // whose channels are many
    {{12, 11, 1}, {17}, {12, 11, 17}},                    // both are broadcast
    {{4, 6, 1}, {4, 6, 90}, {4, 6, 90}},                  // one value a run
    {{5, 1, 4}, {1, 6, 1}, {5, 6, 4}},                    // none goes on
    {{1, 1, 1}, {3, 90, 70}, {3, 90, 70}},                // a single value
    {{2, 1, 3, 1, 2}, {2, 4, 1, 5, 2}, {2, 4, 3, 5, 2}},  // every other axis
    {{120, 130, 3}, {1, 1, 3}, {120, 130, 3}}};           // enough for several threads

Dims source(const Dims& index, const Dims& shape) {
  Dims from(index.end() - static_cast<std::ptrdiff_t>(shape.size()), index.end());
  for (size_t i = 0; i < shape.size(); ++i) from[i] = shape[i] == 1 ? 0 : from[i];
  return from;
}

template <class T>
T element(const Array& array, const Dims& index) {
  T value;
  std::memcpy(&value,
              &array.bytes[position(source(index, array.shape), array.shape) * sizeof value],
              sizeof value);
  return value;
}

template <class T, class Out, class F>
void check(const fb::BinaryT& options, const Shapes& shapes, const Array& a, const Array& b,
           const graph::Quantization& quantization, const F& f) {
  SCOPED_TRACE(::testing::PrintToString(shapes.a) + " with " + ::testing::PrintToString(shapes.b));
  std::vector<std::conditional_t<std::is_same_v<Out, bool>, uint8_t, Out>> values;
  for_each_index(shapes.out, [&](const Dims& index) {
    values.push_back(f(element<T>(a, index), element<T>(b, index)));
  });
  Array out = array_of(shapes.out, values);
  if (std::is_same_v<Out, bool>) out.type = DType::Bool;
  out.quantization = quantization;
  expect_node(options, {a, b}, {out});
}

TEST(Binary, BytesOfEveryBroadcast) {
  std::mt19937 random(1);
  const graph::Quantization qa = {{0.5f}, {3}, -1, 0}, qb = {{0.25f}, {-100}, -1, 0},
                            qo = {{0.75f}, {9}, -1, 0};
  const auto quantized = [](float steps) {
    return static_cast<int8_t>(std::clamp(std::nearbyint(steps) + 9, -128.0f, 127.0f));
  };
  for (const Shapes& shapes : kShapes) {
    Array a = random_array(DType::S8, shapes.a, random);
    Array b = random_array(DType::S8, shapes.b, random);
    a.quantization = qa, b.quantization = qb;
    fb::BinaryT options;
    options.kind = fb::BinaryKind::Sub;
    const float ma = 0.5f / 0.75f, mb = -0.25f / 0.75f;
    check<int8_t, int8_t>(options, shapes, a, b, qo, [&](int8_t x, int8_t y) {
      return quantized(static_cast<float>(x - 3) * ma + static_cast<float>(y + 100) * mb);
    });
    options.kind = fb::BinaryKind::Mul;
    check<int8_t, int8_t>(options, shapes, a, b, qo, [&](int8_t x, int8_t y) {
      return quantized(static_cast<float>((x - 3) * (y + 100)) *
                       static_cast<float>(0.5 * 0.25 / 0.75));
    });
    options.kind = fb::BinaryKind::Max;  // by a table of pairs
    check<int8_t, int8_t>(options, shapes, a, b, qo, [&](int8_t x, int8_t y) {
      const double larger = std::max((x - 3) * 0.5, (y + 100) * 0.25) / 0.75;
      return static_cast<int8_t>(std::clamp(std::nearbyint(larger) + 9, -128.0, 127.0));
    });
  }
}

TEST(Binary, FloatsAndComparisonsOfEveryBroadcast) {
  std::mt19937 random(2);
  for (const Shapes& shapes : kShapes) {
    std::vector<float> x(elements(shapes.a)), y(elements(shapes.b));
    for (float& value : x) value = static_cast<float>(random() % 64) * 0.25f - 8.0f;
    for (float& value : y) value = static_cast<float>(random() % 64) * 0.25f - 8.0f;
    const Array a = array_of(shapes.a, x), b = array_of(shapes.b, y);
    fb::BinaryT options;
    options.kind = fb::BinaryKind::Add;
    options.clamp = graph::make_clamp(-3.0f, 6.0f);
    check<float, float>(options, shapes, a, b, {},
                        [](float p, float q) { return std::clamp(p + q, -3.0f, 6.0f); });
    options.kind = fb::BinaryKind::Mul;
    options.clamp = nullptr;
    check<float, float>(options, shapes, a, b, {}, [](float p, float q) { return p * q; });
    options.kind = fb::BinaryKind::Less;
    check<float, bool>(options, shapes, a, b, {}, [](float p, float q) { return p < q; });
  }
}

// Both inputs have one type and the output has it too, or holds truth values.
TEST(Binary, RefusesTypesThatDiffer) {
  const auto tensor = [](DType type) { return empty_array(type, {2}); };
  fb::BinaryT options;
  const auto refuses = [&](DType a, DType b, DType out, const std::string& words) {
    expect_refused(options, {tensor(a), tensor(b)}, {tensor(out)}, words, rt::Code::Unsupported);
  };
  refuses(DType::F32, DType::S32, DType::F32, "(Binary.Add): cannot run on f32, s32 -> f32");
  refuses(DType::S32, DType::S64, DType::S32, "(Binary.Add): cannot run on s32, s64 -> s32");
  refuses(DType::S32, DType::S32, DType::S64, "(Binary.Add): cannot run on s32, s32 -> s64");
  options.kind = fb::BinaryKind::Less;
  refuses(DType::F32, DType::S32, DType::Bool, "(Binary.Less): cannot run on f32, s32 -> bool");
  refuses(DType::F32, DType::F32, DType::F32, "(Binary.Less): cannot run on f32, f32 -> f32");
}

}  // namespace
}  // namespace qrt::test
