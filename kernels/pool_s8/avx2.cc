// pool_s8 for AVX2: 32 or 16 channels at a time. Bytes are summed in 16 bits, which hold 256 of
// them, and those sums in 32.
#include "kernels/pool_s8.h"

#include "kernels/avx2.h"

namespace qrt::kernels {
namespace {

enum { kTapsIn16Bits = 256 };

size_t count_taps_inside(const int8_t* const* indirection, size_t taps) {
  size_t count = 0;
  for (size_t t = 0; t < taps; ++t) count += indirection[t] != nullptr;
  return count;
}

// The mean of integers exactly as a product: trunc((|sum| + count/2 + 1/2) * (1/count)), with the
// sign of the sum. The division without the 1/2 is what is wanted, rounded down; adding it puts the
// quotient at least 1/(2 count) away from every integer. The reciprocal and the product are each
// off by a factor of up to 2^-24, and the quotient is below 129, so together by less than 2^-15.9:
// too little to reach an integer if count is at most 2^14. |sum| + count/2 + 1/2 is then exact.
enum { kMaxExactCount = 1 << 14 };

int32_t rounded_mean(int32_t sum, int32_t count) {
  return (sum >= 0 ? sum + count / 2 : sum - count / 2) / count;
}

// How sums of eight channels become steps of the output.
struct Mean {
  size_t count;
  bool exact;
  __m256 multiplier;
  __m256i offset;  // zero points; or the half that rounds
  __m256i zero_point;

  Mean(const PoolS8Args& args, size_t indirection)
      : count(indirection), exact(args.multipliers == nullptr) {
    const auto n = static_cast<int32_t>(count);
    const float reciprocal = count == 0 ? 0.0f : 1.0f / static_cast<float>(n);
    multiplier = _mm256_set1_ps(exact ? reciprocal : args.multipliers[count]);
    offset = _mm256_set1_epi32(exact ? n / 2 : n * args.in_zero_point);
    zero_point = _mm256_set1_epi32(args.out.zero_point);
  }

  __m256 steps(__m256i sum) const {
    if (!exact) return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sum, offset)), multiplier);
    __m256i q;
    if (count <= kMaxExactCount) {
      const __m256i magnitude = _mm256_add_epi32(_mm256_abs_epi32(sum), offset);
      const __m256 half_more = _mm256_add_ps(_mm256_cvtepi32_ps(magnitude), _mm256_set1_ps(0.5f));
      q = _mm256_sign_epi32(_mm256_cvttps_epi32(_mm256_mul_ps(half_more, multiplier)), sum);
    } else {
      alignas(32) int32_t lanes[8];
      _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sum);
      for (int32_t& x : lanes) x = rounded_mean(x, static_cast<int32_t>(count));
      q = _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes));
    }
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(q, zero_point));
  }
};

// Up to 256 taps the same in 16 bits: floor(n / count) = (n * m >> 16) >> s for n up to 128.5 *
// count, with 2^s < count <= 2^(s+1) and m = ceil(2^(16+s) / count), which fits. For m * count is
// larger than 2^(16+s) by e < count, and the result is right while n * e < 2^(16+s): up to 128
// because count^2 * 128.5 <= 2^(2s+9.01), and above, where s is 7, because e is at most 254.
struct Mean16 {
  __m256i half, reciprocal;
  __m128i shift;

  explicit Mean16(size_t count) {
    uint32_t s = 0;
    while (count > size_t{2} << s) ++s;
    const auto n = static_cast<uint32_t>(count);
    half = _mm256_set1_epi16(static_cast<int16_t>(n / 2));
    reciprocal = _mm256_set1_epi16(static_cast<int16_t>(((uint32_t{65536} << s) + n - 1) / n));
    shift = _mm_cvtsi32_si128(static_cast<int32_t>(s));
  }
  __m256i of(__m256i sum) const {
    const __m256i n = _mm256_add_epi16(_mm256_abs_epi16(sum), half);
    return _mm256_sign_epi16(_mm256_srl_epi16(_mm256_mulhi_epu16(n, reciprocal), shift), sum);
  }
};

struct Whole {
  __m128i load(const int8_t* p) const { return load16(p); }
  void store(int8_t* p, __m128i x) const { store16(p, x); }
};
struct Part {
  size_t n;
  __m128i load(const int8_t* p) const { return load_partial(p, n); }
  void store(int8_t* p, __m128i x) const { store_partial(p, x, n); }
};

// words[g] += channels [c + 16 g, c + 16 g + 16) of up to 256 taps.
template <int kGroups, class Access>
QRT_AVX2 void add_taps(const int8_t* const* indirection, size_t taps, size_t c,
                       const Access& access, __m256i words[kGroups]) {
  for (int g = 0; g < kGroups; ++g) words[g] = _mm256_setzero_si256();
  for (size_t t = 0; t < taps; ++t) {
    if (indirection[t] == nullptr) continue;
    for (int g = 0; g < kGroups; ++g) {
      const __m128i bytes = access.load(indirection[t] + c + 16 * g);
      words[g] = _mm256_add_epi16(words[g], _mm256_cvtepi8_epi16(bytes));
    }
  }
}

// Averages groups of 16 channels from c on, by way of 32 bits.
struct Average32 {
  const int8_t* const* indirection;
  size_t taps;
  Mean mean;
  Quantizer q;

  template <int kGroups, class Access>
  QRT_INLINE void run(size_t c, const Access& access, int8_t* out) const {
    __m256i sums[2 * kGroups];
    for (int v = 0; v < 2 * kGroups; ++v) sums[v] = _mm256_setzero_si256();
    for (size_t first = 0; first < taps; first += kTapsIn16Bits) {
      const size_t count = taps - first < kTapsIn16Bits ? taps - first : size_t{kTapsIn16Bits};
      __m256i words[kGroups];
      add_taps<kGroups>(indirection + first, count, c, access, words);
      for (int g = 0; g < kGroups; ++g) {
        const __m256i low = _mm256_cvtepi16_epi32(low_half(words[g]));
        const __m256i high = _mm256_cvtepi16_epi32(high_half(words[g]));
        sums[2 * g] = _mm256_add_epi32(sums[2 * g], low);
        sums[2 * g + 1] = _mm256_add_epi32(sums[2 * g + 1], high);
      }
    }
    for (int g = 0; g < kGroups; ++g) {
      access.store(out + c + 16 * g,
                   quantize_16(q, mean.steps(sums[2 * g]), mean.steps(sums[2 * g + 1])));
    }
  }
};

// The same for exact means that 16 bits can hold.
struct Average16 {
  const int8_t* const* indirection;
  size_t taps;
  Mean16 mean;
  __m128i min, max;

  template <int kGroups, class Access>
  QRT_INLINE void run(size_t c, const Access& access, int8_t* out) const {
    __m256i words[kGroups];
    add_taps<kGroups>(indirection, taps, c, access, words);
    for (int g = 0; g < kGroups; ++g) {
      const __m256i q = mean.of(words[g]);
      const __m128i bytes = _mm_packs_epi16(low_half(q), high_half(q));
      access.store(out + c + 16 * g, _mm_min_epi8(_mm_max_epi8(bytes, min), max));
    }
  }
};

template <class Average>
void average_pixel(const Average& average, size_t channels, int8_t* out) {
  size_t c = 0;
  for (; c + 32 <= channels; c += 32) average.template run<2>(c, Whole{}, out);
  if (c + 16 <= channels) {
    average.template run<1>(c, Whole{}, out);
    c += 16;
  }
  if (c == channels) return;
  if (channels >= 16) {  // the last 16, some of them again
    average.template run<1>(channels - 16, Whole{}, out);
  } else {
    average.template run<1>(0, Part{channels}, out);
  }
}

template <int kGroups, class Access>
QRT_AVX2 void max_channels(const int8_t* const* indirection, size_t taps, size_t c, __m128i min,
                           __m128i max, const Access& access, int8_t* out) {
  __m128i best[kGroups];
  for (int g = 0; g < kGroups; ++g) best[g] = min;
  for (size_t t = 0; t < taps; ++t) {
    if (indirection[t] == nullptr) continue;
    for (int g = 0; g < kGroups; ++g) {
      best[g] = _mm_max_epi8(best[g], access.load(indirection[t] + c + 16 * g));
    }
  }
  for (int g = 0; g < kGroups; ++g) access.store(out + c + 16 * g, _mm_min_epi8(best[g], max));
}

void average(const PoolS8Args& args, size_t pixels, int8_t* out) {
  const Quantizer q = make_quantizer(args.out);
  const __m128i lo = _mm_set1_epi8(static_cast<char>(args.out.min));
  const __m128i hi = _mm_set1_epi8(static_cast<char>(args.out.max));
  for (size_t p = 0; p < pixels; ++p, out += args.out_stride) {
    const int8_t* const* indirection = args.indirection + p * args.taps;
    const size_t count = count_taps_inside(indirection, args.taps);
    if (args.multipliers == nullptr && args.taps <= kTapsIn16Bits && count > 1) {
      average_pixel(Average16{indirection, args.taps, Mean16(count), lo, hi}, args.channels, out);
    } else {
      average_pixel(Average32{indirection, args.taps, Mean(args, count), q}, args.channels, out);
    }
  }
}

void max(const PoolS8Args& args, size_t pixels, int8_t* out) {
  const __m128i lo = _mm_set1_epi8(static_cast<char>(args.out.min));
  const __m128i hi = _mm_set1_epi8(static_cast<char>(args.out.max));
  for (size_t p = 0; p < pixels; ++p, out += args.out_stride) {
    const int8_t* const* indirection = args.indirection + p * args.taps;
    size_t c = 0;
    for (; c + 64 <= args.channels; c += 64) {
      max_channels<4>(indirection, args.taps, c, lo, hi, Whole{}, out);
    }
    for (; c + 16 <= args.channels; c += 16) {
      max_channels<1>(indirection, args.taps, c, lo, hi, Whole{}, out);
    }
    if (c == args.channels) continue;
    if (args.channels >= 16) {  // the last 16, some of them again
      max_channels<1>(indirection, args.taps, args.channels - 16, lo, hi, Whole{}, out);
    } else {
      max_channels<1>(indirection, args.taps, 0, lo, hi, Part{args.channels}, out);
    }
  }
}

constexpr PoolS8Kernel make_row() {
  PoolS8Kernel row{};
  row.name = "qs8_pool_x32__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.average = average;
  row.max = max;
  return row;
}

}  // namespace

extern const PoolS8Kernel kPoolS8Avx2;
const PoolS8Kernel kPoolS8Avx2 = make_row();

}  // namespace qrt::kernels
