// ONNX's weights of four bits: MatMulNBits, and DequantizeLinear of INT4 constants.
#include "tests/import/onnx_builder.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;

constexpr int kUint8 = Onnx::UINT8, kInt4 = 22;

struct Weights {
  size_t n = 3, k = 40, block = 16;
  bool zero_points = true;
  float sign = 1;

  size_t blocks() const { return (k + block - 1) / block; }
  static int hash(size_t i) { return static_cast<int>(i * 2654435761u >> 7 & 15); }
  int code(size_t o, size_t i) const { return hash(o * 101 + i); }
  int zero_point(size_t o, size_t b) const { return zero_points ? hash(o * 7 + b * 3 + 900) : 8; }
  float scale(size_t o, size_t b) const {
    return sign * (0.25f + static_cast<float>(o + 2 * b) / 8);
  }
  float real(size_t o, size_t i) const {
    return scale(o, i / block) * static_cast<float>(code(o, i) - zero_point(o, i / block));
  }
};

OnnxBuilder model_of(const Weights& w, bool bias, int64_t bits = 4) {
  OnnxBuilder b(21);
  auto* domain = b.model.add_opset_import();
  domain->set_domain("com.microsoft");
  domain->set_version(1);
  const auto n = static_cast<int64_t>(w.n), k = static_cast<int64_t>(w.k);
  const auto blocks = static_cast<int64_t>(w.blocks()), block = static_cast<int64_t>(w.block);
  std::vector<uint8_t> codes(w.n * w.blocks() * w.block / 2, 0x77);
  std::vector<uint8_t> zeros(w.n * ((w.blocks() + 1) / 2), 0);
  Floats scales;
  for (size_t o = 0; o < w.n; ++o) {
    for (size_t i = 0; i < w.k; ++i) {
      const size_t at = o * w.blocks() * w.block + i;
      uint8_t& pair = codes[at / 2];
      const int shift = static_cast<int>(at % 2 * 4);
      pair = static_cast<uint8_t>((pair & ~(15 << shift)) | w.code(o, i) << shift);
    }
    for (size_t i = 0; i < w.blocks(); ++i) {
      scales.push_back(w.scale(o, i));
      zeros[o * ((w.blocks() + 1) / 2) + i / 2] |=
          static_cast<uint8_t>(w.zero_point(o, i) << (i % 2 * 4));
    }
  }
  b.input("x", {2, k});
  b.constant<uint8_t>("w", {n, blocks, block / 2}, codes, kUint8);
  b.floats("s", {n * blocks}, scales);
  b.constant<uint8_t>("z", {static_cast<int64_t>(zeros.size())}, zeros, kUint8);
  b.floats("b", {n}, Floats(w.n, 0.5f));
  std::vector<std::string> inputs = {"x", "w", "s", w.zero_points ? "z" : "", "", bias ? "b" : ""};
  while (inputs.back().empty()) inputs.pop_back();
  OnnxNode node = b.op("MatMulNBits", inputs, {"y"});
  node.node->set_domain("com.microsoft");
  node.set("N", n).set("K", k).set("block_size", block).set("bits", bits);
  b.output("y");
  return b;
}

// Activations that s8 holds exactly, so that the results are those of floats.
Floats integers(size_t count) {
  Floats x(count);
  for (size_t i = 0; i < count; ++i)
    x[i] = static_cast<float>(static_cast<int>(i * 37 % 255) - 127);
  return x;
}

void expect_products(const Weights& w, bool bias) {
  SCOPED_TRACE(testing::Message() << w.k << " in blocks of " << w.block << ", zero points "
                                  << w.zero_points << ", sign " << w.sign);
  const graph::Graph graph = model_of(w, bias).must_optimize();
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).type, rt::DType::S4);
  Floats x = integers(2 * w.k);
  x[0] = 127, x[w.k] = -127;  // the scales of both rows are 1
  const auto y = run_one<float>(graph, x);
  ASSERT_EQ(y.size(), 2 * w.n);
  for (size_t m = 0; m < 2; ++m) {
    for (size_t o = 0; o < w.n; ++o) {
      double sum = bias ? 0.5 : 0;
      for (size_t i = 0; i < w.k; ++i) {
        sum += static_cast<double>(x[m * w.k + i]) * static_cast<double>(w.real(o, i));
      }
      // Eighths are exact in float.
      EXPECT_EQ(y[m * w.n + o], static_cast<float>(sum)) << "row " << m << ", output " << o;
    }
  }
}

TEST(OnnxNibbles, ProductsAreThoseOfTheNumbers) {
  for (const size_t k : {32, 40, 7}) {
    for (const bool zero_points : {false, true}) {
      for (const float sign : {1.0f, -1.0f}) {
        expect_products({3, k, 16, zero_points, sign}, zero_points);
        expect_products({5, k, 32, zero_points, sign}, !zero_points);
      }
    }
  }
}

TEST(OnnxNibbles, Refusals) {
  const Weights w;
  const auto refused = [](OnnxBuilder b, const char* words) {
    const auto graph = b.import();
    ASSERT_FALSE(graph.ok()) << "accepted, expected: " << words;
    EXPECT_NE(graph.status().message().find(words), std::string::npos) << graph.status().message();
  };
  refused(model_of(w, true, 8), "weights of 8 bits");
  OnnxBuilder short_scales = model_of(w, false);
  short_scales.graph().mutable_initializer(1)->set_dims(0, 2);
  short_scales.graph().mutable_initializer(1)->mutable_raw_data()->resize(8);
  refused(std::move(short_scales), "2 scales where 9 are needed");
  OnnxBuilder depth = model_of(w, false);
  depth.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(39);
  refused(std::move(depth), "for K=40");
}

// [2,3] codes -8..7 of INT4.
OnnxBuilder int4_model(const std::vector<int64_t>& scale_dims, const Floats& scales, int64_t axis,
                       int64_t block, std::vector<uint8_t> zeros) {
  OnnxBuilder b(21);
  b.input("x", {2, 3});
  b.constant<uint8_t>("w", {2, 3}, {0x7f, 0x18, 0xe2}, kInt4);  // -1 7 -8, 1 2 -2
  b.floats("s", scale_dims, scales);
  std::vector<std::string> inputs = {"w", "s"};
  if (!zeros.empty()) {
    b.constant<uint8_t>("z", scale_dims, zeros, kInt4);
    inputs.push_back("z");
  }
  OnnxNode node = b.op("DequantizeLinear", inputs, {"d"});
  node.set("axis", axis);
  if (block != 0) node.set("block_size", block);
  b.op("Add", {"x", "d"}, {"y"});
  b.output("y");
  return b;
}

TEST(OnnxNibbles, Int4ConstantsAreDequantized) {
  const Floats zero(6, 0.0f);
  EXPECT_EQ(run_one<float>(int4_model({2}, {1, 10}, 0, 0, {}).must_optimize(), zero),
            (Floats{-1, 7, -8, 10, 20, -20}));
  EXPECT_EQ(run_one<float>(int4_model({2}, {1, 10}, 0, 0, {0xf2}).must_optimize(), zero),
            (Floats{-3, 5, -10, 20, 30, -10}));
  // Blocks of two along the last axis, the last of one.
  EXPECT_EQ(run_one<float>(int4_model({2, 2}, {1, 10, 100, 1000}, 1, 2, {}).must_optimize(), zero),
            (Floats{-1, 7, -80, 100, 200, -2000}));
  EXPECT_EQ(run_one<float>(
                int4_model({2, 2}, {1, 10, 100, 1000}, 1, 2, {0x21, 0x0f}).must_optimize(), zero),
            (Floats{-2, 6, -100, 200, 300, -2000}));
  EXPECT_EQ(run_one<float>(int4_model({1, 3}, {1, 10, 100}, 0, 2, {}).must_optimize(), zero),
            (Floats{-1, 70, -800, 1, 20, -200}));
  const auto refused = int4_model({2, 1}, {1, 10}, 1, 2, {}).import();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("in blocks of 2 along axis 1"), std::string::npos)
      << refused.status().message();
}

// x times w [K,N] by MatMul, or w [N,K] by Gemm, in blocks of 16 along K.
TEST(OnnxNibbles, ProductsByDequantizedBlocksTakeTheNibbles) {
  constexpr size_t n = 3, k = 40, blocks = 3;
  for (const bool gemm : {false, true}) {
    const auto place = [&](size_t o, size_t i, size_t length) {
      return gemm ? o * length + i : i * n + o;
    };
    std::vector<uint8_t> codes(n * k / 2), zeros((n * blocks + 1) / 2);
    Floats scales(n * blocks), real(n * k);
    const auto put = [](std::vector<uint8_t>& pairs, size_t at, int code) {
      pairs[at / 2] |= static_cast<uint8_t>((code & 15) << (at % 2 * 4));
    };
    for (size_t o = 0; o < n; ++o) {
      for (size_t b = 0; b < blocks; ++b) {
        scales[place(o, b, blocks)] = 0.25f * static_cast<float>(o + b + 1);
        put(zeros, place(o, b, blocks), static_cast<int>(o) - static_cast<int>(b));
      }
      for (size_t i = 0; i < k; ++i) {
        const int code = Weights::hash(o * 71 + i) - 8;
        const int zero_point = static_cast<int>(o) - static_cast<int>(i / 16);
        put(codes, place(o, i, k), code);
        real[o * k + i] =
            0.25f * static_cast<float>(o + i / 16 + 1) * static_cast<float>(code - zero_point);
      }
    }
    OnnxBuilder b(21);
    b.input("x", {1, k});
    const std::vector<int64_t> shape =
        gemm ? std::vector<int64_t>{n, k} : std::vector<int64_t>{k, n};
    const std::vector<int64_t> by =
        gemm ? std::vector<int64_t>{n, blocks} : std::vector<int64_t>{blocks, n};
    b.constant<uint8_t>("w", shape, codes, kInt4);
    b.floats("s", by, scales);
    b.constant<uint8_t>("z", by, zeros, kInt4);
    b.op("DequantizeLinear", {"w", "s", "z"}, {"d"})
        .set("axis", gemm ? 1 : 0)
        .set("block_size", 16);
    OnnxNode product = b.op(gemm ? "Gemm" : "MatMul", {"x", "d"}, {"y"});
    if (gemm) product.set("transB", 1);
    b.output("y");
    const graph::Graph graph = b.must_optimize();
    ASSERT_EQ(graph.nodes.size(), 1u);
    EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).type, rt::DType::S4);
    Floats x = integers(k);
    x[0] = 127;
    const auto y = run_one<float>(graph, x);
    ASSERT_EQ(y.size(), n);
    for (size_t o = 0; o < n; ++o) {
      double sum = 0;
      for (size_t i = 0; i < k; ++i) {
        sum += static_cast<double>(x[i]) * static_cast<double>(real[o * k + i]);
      }
      EXPECT_EQ(y[o], static_cast<float>(sum)) << "output " << o;
    }
  }
}

}  // namespace
}  // namespace qrt::test
