// gemm_s8 for AVX2: tiles of 4 rows by 16 columns on vpmaddwd, whose products of 16 bits are exact.
//
// Weights are packed as 16-bit differences from their zero points, in panels of 16 columns, two
// neighbouring k side by side: [panel][k / 2][16][2]. Rows of `a` are widened to 16 bits once a
// tile, into a buffer that all panels read: one broadcast of a pair then feeds two vpmaddwd. Each
// tap is padded to an even k with zero weights, so what a pads with does not matter.
#include <immintrin.h>

#include "kernels/gemm_s8.h"

namespace qrt::kernels {
namespace {

enum { kMr = 4, kNr = 16, kMaxDepth = 4096 };  // depth: of the widened rows, 32 KiB together

struct Panel {
  int32_t bias[kNr];
  float multipliers[kNr];
};

size_t padded_k(size_t k) { return (k + 1) / 2 * 2; }
size_t panel_bytes(size_t taps, size_t k) { return sizeof(Panel) + taps * padded_k(k) * kNr * 2; }
uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }

size_t packed_bytes(size_t n, size_t taps, size_t k) {
  return (n + kNr - 1) / kNr * panel_bytes(taps, k);
}

void pack(const GemmS8Weights& weights, void* memory) {
  const size_t k_total = weights.taps * weights.k, k_padded = padded_k(weights.k);
  auto* bytes = static_cast<uint8_t*>(memory);
  for (size_t n0 = 0; n0 < weights.n; n0 += kNr, bytes += panel_bytes(weights.taps, weights.k)) {
    auto* panel = reinterpret_cast<Panel*>(bytes);
    auto* packed = reinterpret_cast<int16_t*>(panel + 1);
    for (size_t i = 0; i < kNr; ++i) {
      const size_t n = n0 + i;
      const bool inside = n < weights.n;
      const int32_t w_zero =
          inside && weights.w_zero_points != nullptr ? weights.w_zero_points[n] : 0;
      uint32_t sum = 0;
      for (size_t t = 0; t < weights.taps; ++t) {
        for (size_t k = 0; k < k_padded; ++k) {
          const bool real = inside && k < weights.k;
          const int32_t w = real ? weights.w[n * k_total + t * weights.k + k] - w_zero : 0;
          packed[((t * k_padded + k) / 2 * kNr + i) * 2 + k % 2] = static_cast<int16_t>(w);
          sum += u(w);
        }
      }
      const uint32_t bias = inside && weights.bias != nullptr ? u(weights.bias[n]) : 0;
      panel->bias[i] = static_cast<int32_t>(bias - u(weights.a_zero_point) * sum);
      panel->multipliers[i] =
          inside && weights.multipliers != nullptr ? weights.multipliers[n] : 0.0f;
    }
  }
}

// k bytes as 16-bit numbers; the last one is followed by a zero if k is odd.
void widen(const int8_t* from, size_t k, int16_t* to) {
  size_t i = 0;
  for (; i + 16 <= k; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_cvtepi8_epi16(bytes));
  }
  for (; i < k; ++i) to[i] = from[i];
  if (k % 2 != 0) to[k] = 0;
}

const int8_t* piece_of(const GemmS8Args& args, size_t m, size_t t) {
  return args.pieces != nullptr ? args.pieces[m * args.taps + t] : args.a + m * args.a_stride;
}

struct Tile {
  __m256i acc[kMr][2];
};

// tile += rows * weights over `pairs` pairs of k. Rows beyond the last repeat it.
inline __attribute__((always_inline)) void multiply(const int16_t* const rows[kMr],
                                                    const int16_t* weights, size_t pairs,
                                                    Tile* tile) {
  __m256i acc[kMr][2];
  for (int r = 0; r < kMr; ++r) {
    acc[r][0] = tile->acc[r][0];
    acc[r][1] = tile->acc[r][1];
  }
  for (size_t p = 0; p < pairs; ++p, weights += 2 * kNr) {
    const __m256i w0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights));
    const __m256i w1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights + kNr));
    for (int r = 0; r < kMr; ++r) {
      int32_t pair;
      memcpy(&pair, rows[r] + 2 * p, sizeof pair);
      const __m256i a = _mm256_set1_epi32(pair);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(a, w0));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(a, w1));
    }
  }
  for (int r = 0; r < kMr; ++r) {
    tile->acc[r][0] = acc[r][0];
    tile->acc[r][1] = acc[r][1];
  }
}

// The two halves of a row as 16 quantized bytes.
__m128i quantize(const __m256i acc[2], const Panel& panel, Output out) {
  const __m256 lo = _mm256_set1_ps(static_cast<float>(out.min - out.zero_point));
  const __m256 hi = _mm256_set1_ps(static_cast<float>(out.max - out.zero_point));
  __m256i q[2];
  for (int i = 0; i < 2; ++i) {
    __m256 x =
        _mm256_mul_ps(_mm256_cvtepi32_ps(acc[i]), _mm256_loadu_ps(panel.multipliers + 8 * i));
    x = _mm256_min_ps(_mm256_max_ps(x, lo), hi);
    q[i] = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(out.zero_point));
  }
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(q[0], q[1]), 0xD8);
  return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

void store(const Tile& tile, const Panel& panel, const GemmS8Args& args, size_t rows,
           size_t columns, int8_t* out) {
  for (size_t r = 0; r < rows; ++r, out += args.out_stride) {
    const __m128i q = quantize(tile.acc[r], panel, args.out);
    if (columns == kNr) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), q);
    } else {
      alignas(16) int8_t bytes[kNr];
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes), q);
      memcpy(out, bytes, columns);
    }
  }
}

void store(const Tile& tile, const Panel&, const GemmS8Args& args, size_t rows, size_t columns,
           int32_t* out) {
  for (size_t r = 0; r < rows; ++r, out += args.out_stride) {
    alignas(32) int32_t sums[kNr];
    _mm256_store_si256(reinterpret_cast<__m256i*>(sums), tile.acc[r][0]);
    _mm256_store_si256(reinterpret_cast<__m256i*>(sums + 8), tile.acc[r][1]);
    memcpy(out, sums, columns * sizeof(int32_t));
  }
}

// Widens the part of the rows' concatenated taps that lies in [first, first + depth); both are
// multiples of 2 in padded k.
void widen_rows(const GemmS8Args& args, size_t m, size_t rows, size_t first, size_t depth,
                int16_t* buffer) {
  const size_t k_padded = padded_k(args.k);
  for (size_t r = 0; r < rows; ++r) {
    int16_t* to = buffer + r * kMaxDepth;
    for (size_t done = 0; done < depth;) {
      const size_t t = (first + done) / k_padded, k = (first + done) % k_padded;
      const size_t padded = k_padded - k < depth - done ? k_padded - k : depth - done;
      const size_t real = args.k - k < padded ? args.k - k : padded;
      widen(piece_of(args, m + r, t) + k, real, to + done);
      done += padded;
    }
  }
}

template <class T>
void run_tiles(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, T* out) {
  alignas(32) int16_t buffer[kMr * kMaxDepth];
  const size_t total = args.taps * padded_k(args.k);
  for (size_t m = m0; m < m1; m += kMr) {
    const size_t rows = m1 - m < kMr ? m1 - m : static_cast<size_t>(kMr);
    const int16_t* widened[kMr];
    for (size_t r = 0; r < kMr; ++r) widened[r] = buffer + (r < rows ? r : rows - 1) * kMaxDepth;
    const bool once = total <= kMaxDepth;
    if (once) widen_rows(args, m, rows, 0, total, buffer);
    for (size_t n = n0; n < n1; n += kNr) {
      const auto* panel = reinterpret_cast<const Panel*>(static_cast<const uint8_t*>(args.packed) +
                                                         n / kNr * panel_bytes(args.taps, args.k));
      const auto* weights = reinterpret_cast<const int16_t*>(panel + 1);
      Tile tile;
      for (int r = 0; r < kMr; ++r) {
        for (int i = 0; i < 2; ++i) {
          tile.acc[r][i] =
              _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel->bias + 8 * i));
        }
      }
      for (size_t first = 0; first < total; first += kMaxDepth) {
        const size_t depth = total - first < kMaxDepth ? total - first : size_t{kMaxDepth};
        if (!once) widen_rows(args, m, rows, first, depth, buffer);
        multiply(widened, weights + first * kNr, depth / 2, &tile);
      }
      store(tile, *panel, args, rows, n1 - n < kNr ? n1 - n : size_t{kNr},
            out + m * args.out_stride + n);
    }
  }
}

void run(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int8_t* out) {
  run_tiles(args, m0, m1, n0, n1, out);
}

void run_s32(const GemmS8Args& args, size_t m0, size_t m1, size_t n0, size_t n1, int32_t* out) {
  run_tiles(args, m0, m1, n0, n1, out);
}

}  // namespace

extern const GemmS8Kernel kGemmS8Avx2;
const GemmS8Kernel kGemmS8Avx2 = {
    "qs8_gemm_4x16c2__avx2", QRT_ISA_AVX2, kMr, kNr, 90, packed_bytes, pack, run, run_s32};

}  // namespace qrt::kernels
