// MatMul of a constant: packed or transposed once a Program, with the result of one that is an
// input.
#include "tests/ops/move_cases.h"
#include "tests/support/instruction_sets.h"

namespace qrt::test {
namespace {

struct Case {
  Dims a, b, out;  // as without transposing
  bool transpose_a = false, transpose_b = false;
};

const std::vector<Case> kCases = {
    {{3, 7}, {7, 5}, {3, 5}},
    {{3, 7}, {7, 5}, {3, 5}, true, true},
    {{1, 40}, {40, 33}, {1, 33}, false, true},
    {{2, 3, 4, 9}, {3, 9, 18}, {2, 3, 4, 18}},
    {{5, 4, 9}, {9, 18}, {5, 4, 18}, false, true},
    {{4, 9}, {2, 3, 9, 6}, {2, 3, 4, 6}, true, false},
    {{2, 1, 4, 9}, {3, 9, 6}, {2, 3, 4, 6}},
};

Dims swapped(Dims shape, bool swap) {
  if (swap) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return shape;
}

// Both runs of a session, on other values of a.
std::vector<Bytes> run(const graph::Graph& graph, const std::vector<Array>& a, const Array& b,
                       const std::string& isa, size_t* packed) {
  Loaded loaded = must_load(graph, {}, isa.c_str());
  std::vector<Bytes> results;
  if (loaded.session == nullptr) return results;
  *packed = loaded.session->packed_bytes();
  if (loaded.session->inputs() > 1) loaded.set(1, b.bytes);
  for (const Array& array : a) {
    loaded.set(0, array.bytes);
    loaded.run();
    results.push_back(loaded.get<uint8_t>());
  }
  return results;
}

void check(DType type) {
  std::mt19937 random(5);
  for (size_t c = 0; c < kCases.size(); ++c) {
    const Case& k = kCases[c];
    fb::MatMulT options;
    options.transpose_a = k.transpose_a;
    options.transpose_b = k.transpose_b;
    const auto make = [&](const Dims& shape, const graph::Quantization& q) {
      Array array = empty_array(type, shape);
      if (type == DType::S8) {
        array = random_array(type, shape, random);
        array.quantization = q;
        return array;
      }
      std::vector<float> values(elements(shape));
      for (float& v : values) v = static_cast<float>(random() % 2000) / 500.0f - 2.0f;
      return array_of(shape, values);
    };
    const Dims a_shape = swapped(k.a, k.transpose_a);
    const std::vector<Array> a = {make(a_shape, {{0.5f}, {7}, -1, 0}),
                                  make(a_shape, {{0.5f}, {7}, -1, 0})};
    const Array b = make(swapped(k.b, k.transpose_b), {{0.25f}, {-3}, -1, 0});
    Array out = empty_array(type, k.out);
    if (type == DType::S8) out.quantization = {{2.0f}, {1}, -1, 0};
    for (const std::string& isa : runnable_instruction_sets()) {
      SCOPED_TRACE(testing::Message() << "case " << c << ", " << isa);
      size_t packed = 1, packed_constant = 0;
      const auto expected = run(graph_of(options, {a[0], b}, {out}), a, b, isa, &packed);
      const auto actual =
          run(graph_of(options, {a[0], as_constant(b)}, {out}), a, b, isa, &packed_constant);
      ASSERT_EQ(expected.size(), 2u);
      EXPECT_EQ(actual, expected);
      EXPECT_EQ(packed, 0u);
      // Floats that are [n][k] already are read from the model.
      const bool as_it_is = type == DType::F32 && k.transpose_b;
      EXPECT_EQ(packed_constant > 0, !as_it_is);
    }
  }
}

TEST(MatMul, AConstantIsPackedOnceS8) { check(DType::S8); }
TEST(MatMul, AConstantIsTransposedOnceF32) { check(DType::F32); }

}  // namespace
}  // namespace qrt::test
