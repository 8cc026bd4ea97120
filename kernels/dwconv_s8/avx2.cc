// dwconv_s8 for AVX2: 16 channels at a time, two taps a vpmaddwd, whose 16-bit products are exact.
//
// Packed by blocks of 16 channels: bias and multipliers in the order in which unpacking leaves the
// sums (channels 0-3 and 8-11, then 4-7 and 12-15), then for every pair of taps the weights
// less their zero points, interleaved, in the same order; an odd last tap is paired with zeros.
// Several filters a channel are rare: they run on the scalar kernel.
#include <immintrin.h>

#include "kernels/dwconv_s8.h"

namespace qrt::kernels {

extern const DwconvS8Kernel kDwconvS8Scalar;

namespace {

enum { kBlock = 16 };

struct Block {
  int32_t bias[kBlock];
  float multipliers[kBlock];
};

// Channel of each position after unpacking.
const uint8_t kOrder[kBlock] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};

size_t pairs_of(size_t taps) { return (taps + 1) / 2; }
size_t block_bytes(size_t taps) { return sizeof(Block) + pairs_of(taps) * kBlock * 2 * 2; }
uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

size_t packed_bytes(size_t channels, size_t multiplier, size_t taps) {
  if (multiplier != 1) return kDwconvS8Scalar.packed_bytes(channels, multiplier, taps);
  return (channels + kBlock - 1) / kBlock * block_bytes(taps);
}

void pack(const DwconvS8Weights& weights, void* memory) {
  if (weights.multiplier != 1) return kDwconvS8Scalar.pack(weights, memory);
  auto* bytes = static_cast<uint8_t*>(memory);
  const size_t pairs = pairs_of(weights.taps);
  for (size_t c0 = 0; c0 < weights.channels; c0 += kBlock, bytes += block_bytes(weights.taps)) {
    auto* block = reinterpret_cast<Block*>(bytes);
    auto* packed = reinterpret_cast<int16_t*>(block + 1);
    for (size_t i = 0; i < kBlock; ++i) {
      const size_t c = c0 + kOrder[i];
      const bool inside = c < weights.channels;
      const int32_t w_zero =
          inside && weights.w_zero_points != nullptr ? weights.w_zero_points[c] : 0;
      uint32_t sum = 0;
      for (size_t t = 0; t < 2 * pairs; ++t) {
        const bool real = inside && t < weights.taps;
        const int32_t w = real ? weights.w[c * weights.taps + t] - w_zero : 0;
        packed[(t / 2 * kBlock + i) * 2 + t % 2] = static_cast<int16_t>(w);
        sum += u(w);
      }
      const uint32_t bias = inside && weights.bias != nullptr ? u(weights.bias[c]) : 0;
      block->bias[i] = static_cast<int32_t>(bias - u(weights.a_zero_point) * sum);
      block->multipliers[i] = inside ? weights.multipliers[c] : 0.0f;
    }
  }
}

// 16 bytes as 16-bit numbers, of which `count` are read.
inline __m256i load(const int8_t* from, size_t count) {
  if (count >= kBlock) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  alignas(16) int8_t bytes[kBlock] = {};
  memcpy(bytes, from, count);
  return _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
}

struct Sums {
  __m256i low, high;
};

inline Sums accumulate(const int8_t* const* pieces, size_t taps, size_t c, size_t count,
                       const Block& block) {
  Sums sums = {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.bias)),
               _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.bias + 8))};
  const auto* w = reinterpret_cast<const __m256i*>(&block + 1);
  for (size_t t = 0; t < taps; t += 2, w += 2) {
    const __m256i a = load(pieces[t] + c, count);
    const __m256i b = t + 1 < taps ? load(pieces[t + 1] + c, count) : _mm256_setzero_si256();
    sums.low = _mm256_add_epi32(
        sums.low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), _mm256_loadu_si256(w)));
    sums.high = _mm256_add_epi32(
        sums.high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), _mm256_loadu_si256(w + 1)));
  }
  return sums;
}

inline __m256i quantize(__m256i acc, const float* multipliers, Output out) {
  const __m256 lo = _mm256_set1_ps(static_cast<float>(out.min - out.zero_point));
  const __m256 hi = _mm256_set1_ps(static_cast<float>(out.max - out.zero_point));
  __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(multipliers));
  x = _mm256_min_ps(_mm256_max_ps(x, lo), hi);
  return _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(out.zero_point));
}

inline void store(const Sums& sums, const Block& block, Output out, size_t count, int8_t* to) {
  const __m256i low = quantize(sums.low, block.multipliers, out);
  const __m256i high = quantize(sums.high, block.multipliers + 8, out);
  // Packing within lanes undoes the order that unpacking within lanes made.
  const __m256i words = _mm256_packs_epi32(low, high);
  const __m128i q =
      _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  if (count >= kBlock) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), q);
  } else {
    alignas(16) int8_t bytes[kBlock];
    _mm_store_si128(reinterpret_cast<__m128i*>(bytes), q);
    memcpy(to, bytes, count);
  }
}

void run(const DwconvS8Args& args, size_t pixels, int8_t* out) {
  if (args.multiplier != 1) return kDwconvS8Scalar.run(args, pixels, out);
  const auto* bytes = static_cast<const uint8_t*>(args.packed);
  for (size_t c = 0; c < args.channels; c += kBlock, bytes += block_bytes(args.taps)) {
    const Block& block = *reinterpret_cast<const Block*>(bytes);
    const size_t count = args.channels - c;
    for (size_t p = 0; p < pixels; ++p) {
      // The taps of the usual 3x3 window are unrolled by the compiler.
      const int8_t* const* pieces = args.pieces + p * args.taps;
      const Sums sums = args.taps == 9 ? accumulate(pieces, 9, c, count, block)
                                       : accumulate(pieces, args.taps, c, count, block);
      store(sums, block, args.out, count, out + p * args.out_stride + c);
    }
  }
}

}  // namespace

extern const DwconvS8Kernel kDwconvS8Avx2;
const DwconvS8Kernel kDwconvS8Avx2 = {"qs8_dwconv_16c__avx2", QRT_ISA_AVX2, packed_bytes, pack,
                                      run};

}  // namespace qrt::kernels
