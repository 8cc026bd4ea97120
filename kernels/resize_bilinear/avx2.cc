// resize for AVX2. What lies between two pixels of the input's rows is computed once, as where it
// begins and how much it grows, for all pixels of the output that lie there.
#include "kernels/resize_bilinear.h"

#include "kernels/avx2.h"

namespace qrt::kernels {

extern const ResizeBilinearKernel kResizeBilinearScalar;

namespace {

// The pixels [begin, end) of the output that lie between one pair of pixels.
struct Segment {
  const ResizeTap* begin;
  const ResizeTap* end;
};

Segment segment_from(const ResizeTap* tap, const ResizeTap* end) {
  const ResizeTap* last = tap + 1;
  while (last < end && last->first == tap->first && last->second == tap->second) ++last;
  return {tap, last};
}

// Both in steps of 2^-22: at x (of 2^11) a channel is (base + x * growth) >> 22. Interpolating
// between the rows first gives 19 bits, so that nothing overflows.
struct Line8 {
  __m256i base, growth;

  __m256i at(__m256i x) const {
    const __m256i sum = _mm256_add_epi32(base, _mm256_mullo_epi32(growth, x));
    return _mm256_srai_epi32(sum, 2 * kResizeBits);
  }
};

// Eight channels between two pixels, from the low bytes of the corners; y is pairs of weights.
Line8 line_between(__m128i top_left, __m128i top_right, __m128i bottom_left, __m128i bottom_right,
                   __m256i y) {
  const __m128i left_pairs = _mm_unpacklo_epi8(top_left, bottom_left);
  const __m128i right_pairs = _mm_unpacklo_epi8(top_right, bottom_right);
  const __m256i left = _mm256_madd_epi16(_mm256_cvtepi8_epi16(left_pairs), y);
  const __m256i right = _mm256_madd_epi16(_mm256_cvtepi8_epi16(right_pairs), y);
  const __m256i half = _mm256_set1_epi32(1 << (2 * kResizeBits - 1));
  return {_mm256_add_epi32(_mm256_slli_epi32(left, kResizeBits), half),
          _mm256_sub_epi32(right, left)};
}

__m128i bytes_of(__m256i x) {
  const __m128i words = _mm_packs_epi32(low_half(x), high_half(x));
  return _mm_packs_epi16(words, words);
}

__m256i weight_of(const ResizeTap& tap) { return _mm256_set1_epi32(tap.fixed_weight); }

// Channels [c, c + 8) of a segment.
void strip_8(const Segment& segment, const int8_t* const corners[4], __m256i y, size_t channels,
             size_t c, int8_t* out) {
  const Line8 line = line_between(load8(corners[0] + c), load8(corners[1] + c),
                                  load8(corners[2] + c), load8(corners[3] + c), y);
  out += c;
  for (const ResizeTap* tap = segment.begin; tap < segment.end; ++tap, out += channels) {
    store8(out, bytes_of(line.at(weight_of(*tap))));
  }
}

void strip_16(const Segment& segment, const int8_t* const corners[4], __m256i y, size_t channels,
              size_t c, int8_t* out) {
  __m128i bytes[4];
  for (int i = 0; i < 4; ++i) bytes[i] = load16(corners[i] + c);
  const Line8 low = line_between(bytes[0], bytes[1], bytes[2], bytes[3], y);
  for (__m128i& x : bytes) x = upper_8(x);
  const Line8 high = line_between(bytes[0], bytes[1], bytes[2], bytes[3], y);
  out += c;
  for (const ResizeTap* tap = segment.begin; tap < segment.end; ++tap, out += channels) {
    const __m256i x = weight_of(*tap);
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low.at(x), high.at(x)), 0xD8);
    store16(out, _mm_packs_epi16(low_half(words), high_half(words)));
  }
}

// Fewer than 8 channels: whole vectors run over into the next pixel, which is written later.
void few_channels(const Segment& segment, const int8_t* const corners[4], __m256i y,
                  size_t channels, int8_t* out, const int8_t* row_end) {
  const Line8 line =
      line_between(load_partial(corners[0], channels), load_partial(corners[1], channels),
                   load_partial(corners[2], channels), load_partial(corners[3], channels), y);
  for (const ResizeTap* tap = segment.begin; tap < segment.end; ++tap, out += channels) {
    const __m128i bytes = bytes_of(line.at(weight_of(*tap)));
    if (row_end - out >= 8) {
      store8(out, bytes);
    } else {
      store_partial(out, bytes, channels);
    }
  }
}

void bilinear_s8(const ResizeRowArgs& args, const int8_t* top, const int8_t* bottom, int32_t y,
                 int8_t* out) {
  const size_t channels = args.channels;
  const ResizeTap* const end = args.taps + args.pixels;
  const int8_t* const row_end = out + args.pixels * channels;
  const __m256i weights = _mm256_set1_epi32(y << 16 | ((1 << kResizeBits) - y));
  for (const ResizeTap* tap = args.taps; tap < end;) {
    const Segment segment = segment_from(tap, end);
    const size_t left = static_cast<size_t>(tap->first) * channels;
    const size_t right = static_cast<size_t>(tap->second) * channels;
    const int8_t* const corners[4] = {top + left, top + right, bottom + left, bottom + right};
    size_t c = 0;
    for (; c + 16 <= channels; c += 16) strip_16(segment, corners, weights, channels, c, out);
    if (channels < 8) {
      few_channels(segment, corners, weights, channels, out, row_end);
    } else {
      // The rest by eights, the last of which computes some channels again.
      for (; c < channels; c += 8) {
        const size_t last = channels - 8;
        strip_8(segment, corners, weights, channels, c < last ? c : last, out);
      }
    }
    out += static_cast<size_t>(segment.end - tap) * channels;
    tap = segment.end;
  }
}

// The pixels of a segment in channels [c, c + 8).
void float_strip(const Segment& segment, const float* const corners[4], __m256 y, size_t channels,
                 size_t c, float* out) {
  const __m256 top = _mm256_loadu_ps(corners[0] + c), bottom = _mm256_loadu_ps(corners[2] + c);
  const __m256 top_growth = _mm256_sub_ps(_mm256_loadu_ps(corners[1] + c), top);
  const __m256 bottom_growth = _mm256_sub_ps(_mm256_loadu_ps(corners[3] + c), bottom);
  out += c;
  for (const ResizeTap* tap = segment.begin; tap < segment.end; ++tap, out += channels) {
    const __m256 x = _mm256_set1_ps(tap->weight);
    const __m256 above = _mm256_add_ps(top, _mm256_mul_ps(top_growth, x));
    const __m256 below = _mm256_add_ps(bottom, _mm256_mul_ps(bottom_growth, x));
    _mm256_storeu_ps(out, _mm256_add_ps(above, _mm256_mul_ps(_mm256_sub_ps(below, above), y)));
  }
}

void bilinear_f32(const ResizeRowArgs& args, const float* top, const float* bottom, float y,
                  float* out) {
  const size_t channels = args.channels;
  // Too few channels for a vector.
  if (channels < 8) return kResizeBilinearScalar.bilinear_f32(args, top, bottom, y, out);
  const ResizeTap* const end = args.taps + args.pixels;
  const __m256 weight = _mm256_set1_ps(y);
  for (const ResizeTap* tap = args.taps; tap < end;) {
    const Segment segment = segment_from(tap, end);
    const size_t left = static_cast<size_t>(tap->first) * channels;
    const size_t right = static_cast<size_t>(tap->second) * channels;
    const float* const corners[4] = {top + left, top + right, bottom + left, bottom + right};
    for (size_t c = 0; c < channels; c += 8) {
      const size_t last = channels - 8;
      float_strip(segment, corners, weight, channels, c < last ? c : last, out);
    }
    out += static_cast<size_t>(segment.end - tap) * channels;
    tap = segment.end;
  }
}

constexpr ResizeBilinearKernel make_row() {
  ResizeBilinearKernel row{};
  row.name = "resize_x16__avx2";
  row.needs = QRT_SET_AVX2;
  row.preference = 10;
  row.bilinear_s8 = bilinear_s8;
  row.bilinear_f32 = bilinear_f32;
  return row;
}

}  // namespace

extern const ResizeBilinearKernel kResizeBilinearAvx2;
const ResizeBilinearKernel kResizeBilinearAvx2 = make_row();

}  // namespace qrt::kernels
