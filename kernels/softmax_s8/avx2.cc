// softmax_s8 for AVX2. The exponentials are looked up one by one, which is faster than to gather
// them, into a buffer that vectors then sum and quantize.
#include "kernels/softmax_s8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

enum { kChunk = 1024 };  // elements; as many exponentials of up to 2^23 cannot overflow 8 lanes

int8_t max_of(const int8_t* in, size_t n) {
  size_t i = 0;
  int8_t max = in[0];
  if (n >= 16) {
    __m128i best = load16(in + n - 16);
    for (; i + 16 <= n; i += 16) best = _mm_max_epi8(best, load16(in + i));
    best = _mm_max_epi8(best, upper_8(best));
    alignas(16) int8_t lanes[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(lanes), best);
    max = lanes[0];
    for (int k = 1; k < 8; ++k) max = lanes[k] > max ? lanes[k] : max;
    return max;
  }
  for (; i < n; ++i) max = in[i] > max ? in[i] : max;
  return max;
}

// The exponentials of n <= kChunk elements, with zeros up to a multiple of 16.
void look_up(const uint32_t* exponentials, int32_t max, const int8_t* in, size_t n,
             uint32_t* found) {
  size_t i = 0;
  for (; i < n; ++i) found[i] = exponentials[max - in[i]];
  for (; i % 16 != 0; ++i) found[i] = 0;
}

uint64_t sum_of(const uint32_t* exponentials, size_t n) {
  __m256i sums = _mm256_setzero_si256();
  for (size_t i = 0; i < n; i += 8) sums = _mm256_add_epi32(sums, load32(exponentials + i));
  const __m256i even = _mm256_and_si256(sums, _mm256_set1_epi64x(0xFFFFFFFF));
  const __m256i pairs = _mm256_add_epi64(even, _mm256_srli_epi64(sums, 32));
  uint64_t halves[2];
  store16(halves, _mm_add_epi64(low_half(pairs), high_half(pairs)));
  return halves[0] + halves[1];
}

void quantize(const uint32_t* exponentials, size_t n, __m256 multiplier, const Quantizer& q,
              int8_t* out) {
  for (size_t i = 0; i < n; i += 16) {
    const __m256 a = _mm256_cvtepi32_ps(load32(exponentials + i));
    const __m256 b = _mm256_cvtepi32_ps(load32(exponentials + i + 8));
    const __m128i bytes =
        quantize_16(q, _mm256_mul_ps(a, multiplier), _mm256_mul_ps(b, multiplier));
    if (i + 16 <= n) {
      store16(out + i, bytes);
    } else {
      store_partial(out + i, bytes, n - i);
    }
  }
}

void run(const SoftmaxS8Args& args, const int8_t* in, size_t rows, int8_t* out) {
  alignas(32) uint32_t found[kChunk];
  const Quantizer q = make_quantizer(args.out);
  const bool once = args.n <= kChunk;
  for (size_t r = 0; r < rows; ++r, in += args.n, out += args.n) {
    const int32_t max = max_of(in, args.n);
    uint64_t sum = 0;
    for (size_t i = 0; i < args.n; i += kChunk) {
      const size_t n = args.n - i < kChunk ? args.n - i : size_t{kChunk};
      look_up(args.exponentials, max, in + i, n, found);
      sum += sum_of(found, n);
    }
    const __m256 multiplier =
        _mm256_set1_ps(static_cast<float>(args.inverse_out_scale / static_cast<double>(sum)));
    for (size_t i = 0; i < args.n; i += kChunk) {
      const size_t n = args.n - i < kChunk ? args.n - i : size_t{kChunk};
      if (!once) look_up(args.exponentials, max, in + i, n, found);
      quantize(found, n, multiplier, q, out + i);
    }
  }
}

constexpr SoftmaxS8Kernel make_row() {
  SoftmaxS8Kernel row{};
  row.name = "qs8_softmax_x16__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.run = run;
  return row;
}

}  // namespace

extern const SoftmaxS8Kernel kSoftmaxS8Avx2;
const SoftmaxS8Kernel kSoftmaxS8Avx2 = make_row();

}  // namespace qrt::kernels
