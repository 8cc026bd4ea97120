// com.microsoft.MatMulNBits: a matrix times weights of four bits with a scale for each block of an
// output's (ONNX Runtime's ContribOperators.md).
#include <algorithm>
#include <cmath>

#include "src/base/checked.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

// Weights as the operator has them, [n][blocks][block / 2] bytes with the first element in the
// lower half, codes 0..15 that stand for scale * (code - zero point).
struct Nibbles {
  size_t n, k, block, blocks;
  const uint8_t* codes;
  const float* scales;         // [n][blocks]
  const uint8_t* zero_points;  // [n][two a byte], or null: 8

  int code(size_t o, size_t i) const {
    return codes[(o * blocks * block + i) / 2] >> (i % 2 * 4) & 15;
  }
  int zero_point(size_t o, size_t b) const {
    if (zero_points == nullptr) return 8;
    return zero_points[o * ((blocks + 1) / 2) + b / 2] >> (b % 2 * 4) & 15;
  }
};

// As s4 [n][k]: codes and zero points less 8. Scales below zero, which ONNX Runtime's quantizer
// writes, change their sign with all codes c and zero points z turned into -1 - c and -1 - z.
graph::Bytes to_s4(const Nibbles& from, Quantization* q) {
  graph::Bytes bytes((from.n * from.k + 1) / 2, 0);
  for (size_t o = 0, at = 0; o < from.n; ++o) {
    for (size_t b = 0; b < from.blocks; ++b) {
      const float scale = from.scales[o * from.blocks + b];
      const float size = std::fabs(scale);
      const bool usable = std::isnormal(size);
      if (!usable && !(size < 1)) invalid("a scale of %g", static_cast<double>(scale));
      const int flip = scale < 0 ? 15 : 0, zero_point = from.zero_point(o, b) ^ flip;
      // A block without a scale is all zero.
      q->scales.push_back(usable ? size : 1.0f);
      q->zero_points.push_back(zero_point - 8);
      for (size_t i = b * from.block; i < std::min((b + 1) * from.block, from.k); ++i, ++at) {
        const int code = usable ? from.code(o, i) ^ flip : zero_point;
        bytes[at / 2] |= static_cast<uint8_t>((code ^ 8) << (at % 2 * 4));
      }
    }
  }
  const auto& zeros = q->zero_points;
  if (std::all_of(zeros.begin(), zeros.end(), [](int32_t z) { return z == 0; })) {
    q->zero_points.clear();
  }
  return bytes;
}

const graph::Value& known(Call& c, size_t i, const char* what, DType type, uint64_t elements) {
  const graph::Value* value = c.b.constant_value(c.in(i));
  if (value == nullptr) unsupported("%s that are no constant", what);
  if (value->type != type) unsupported("%s of type %s", what, rt::dtype_name(value->type));
  if (value->elements() != elements) {
    invalid("%llu %s where %llu are needed", static_cast<unsigned long long>(value->elements()),
            what, static_cast<unsigned long long>(elements));
  }
  return *value;
}

void import_matmul_nbits(Call& c) {
  const int64_t n = c.attributes.integer("N", 0), k = c.attributes.integer("K", 0);
  const int64_t block = c.attributes.integer("block_size", 0);
  const int64_t bits = c.attributes.integer("bits", 4);
  c.attributes.ignore("accuracy_level");  // activations are s8, the fastest of its levels
  if (bits != 4) unsupported("weights of %lld bits", static_cast<long long>(bits));
  constexpr int64_t kMost = INT32_MAX;
  if (n < 1 || k < 1 || n > kMost || k > kMost || n * k > kMost) {
    invalid("N=%lld and K=%lld", static_cast<long long>(n), static_cast<long long>(k));
  }
  if (block < 16 || block > kMost || block % 16 != 0) {
    invalid("block_size=%lld", static_cast<long long>(block));
  }
  if (c.has(4)) unsupported("an order of the rows of weights (g_idx)");
  Tensor& a = c.floats(0);
  if (a.rank() < 1 || c.b.dims().differ(a.shape.back().symbol(), static_cast<int32_t>(k))) {
    invalid("an input of shape %s for K=%lld", text(a.shape).c_str(), static_cast<long long>(k));
  }
  Nibbles from{};
  from.n = static_cast<size_t>(n);
  from.k = static_cast<size_t>(k);
  from.block = static_cast<size_t>(block);
  from.blocks = (from.k + from.block - 1) / from.block;
  const uint64_t scales = uint64_t{from.n} * from.blocks;
  c.b.charge(scales * (sizeof(float) + sizeof(int32_t)) + uint64_t{from.n} * from.k / 2);
  from.codes = known(c, 1, "weights", DType::U8, scales * from.block / 2).as<uint8_t>();
  from.scales = known(c, 2, "scales", DType::F32, scales).as<float>();
  if (c.has(3)) {
    const uint64_t bytes = uint64_t{from.n} * ((from.blocks + 1) / 2);
    from.zero_points = known(c, 3, "zero points", DType::U8, bytes).as<uint8_t>();
  }
  Quantization q;
  q.axis = 1;
  q.block = static_cast<int>(block);
  graph::Bytes bytes = to_s4(from, &q);
  const int weights = c.b.graph.add_constant_bytes(
      c.in(1).name, DType::S4, {static_cast<int32_t>(n), static_cast<int32_t>(k)}, std::move(bytes),
      std::move(q));
  std::vector<int> inputs = {c.b.plain(a), weights};
  if (c.has(5)) {
    Tensor& bias = c.floats(5);
    if (!bias.fixed) unsupported("a bias that is no constant");
    inputs.push_back(c.b.plain(bias));
  }
  c.emit(fb::FullyConnectedT{}, std::move(inputs), {c.out(0, DType::F32, plain_order(a.rank()))});
}

constexpr Row kRows[] = {
    {"com.microsoft.MatMulNBits", 3, 6, import_matmul_nbits},
};

}  // namespace

rt::Span<const Row> nibbles_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
