// resize for AVX-512: sixteen channels at a time, as the AVX2 row has eight. Its floats are that
// row's: they are bound by memory.
#include "kernels/resize_bilinear.h"

#include "kernels/avx512.h"

namespace qrt::kernels {

extern const ResizeBilinearKernel kResizeBilinearAvx2;

namespace {

// Channels between two pixels, in steps of 2^-22: at x (of 2^11) base + x * growth. Interpolating
// between the rows first gives 19 bits, so that nothing overflows.
struct Line {
  __m512i base, growth;
};

__m512i corner(const int8_t* from, __mmask16 real) {
  return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(real, from));
}

// y is a pair of weights for each pair of a byte above and a byte below.
Line line_between(const int8_t* const corners[4], size_t c, __mmask16 real, __m512i y) {
  const auto between = [&](const int8_t* top, const int8_t* bottom) {
    const __m512i low = _mm512_and_si512(corner(top + c, real), _mm512_set1_epi32(0xFFFF));
    const __m512i high = _mm512_slli_epi32(corner(bottom + c, real), 16);
    return _mm512_madd_epi16(_mm512_or_si512(low, high), y);
  };
  const __m512i left = between(corners[0], corners[2]), right = between(corners[1], corners[3]);
  const __m512i half = _mm512_set1_epi32(1 << (2 * kResizeBits - 1));
  return {_mm512_add_epi32(_mm512_slli_epi32(left, kResizeBits), half),
          _mm512_sub_epi32(right, left)};
}

void bilinear_s8(const ResizeRowArgs& args, const int8_t* top, const int8_t* bottom, int32_t y,
                 int8_t* out) {
  const size_t channels = args.channels;
  const ResizeTap* const end = args.taps + args.pixels;
  const __m512i weights = _mm512_set1_epi32(y << 16 | ((1 << kResizeBits) - y));
  for (const ResizeTap* tap = args.taps; tap < end;) {
    // The pixels of the output that lie between one pair of pixels.
    const ResizeTap* last = tap + 1;
    while (last < end && last->first == tap->first && last->second == tap->second) ++last;
    const size_t left = static_cast<size_t>(tap->first) * channels;
    const size_t right = static_cast<size_t>(tap->second) * channels;
    const int8_t* const corners[4] = {top + left, top + right, bottom + left, bottom + right};
    for (size_t c = 0; c < channels; c += 16) {
      const size_t count = channels - c < 16 ? channels - c : 16;
      const auto real = static_cast<__mmask16>(mask_of(count));
      const Line line = line_between(corners, c, real, weights);
      int8_t* to = out + c;
      for (const ResizeTap* t = tap; t < last; ++t, to += channels) {
        const __m512i x = _mm512_set1_epi32(t->fixed_weight);
        const __m512i sum = _mm512_add_epi32(line.base, _mm512_mullo_epi32(line.growth, x));
        const __m512i steps = _mm512_srai_epi32(sum, 2 * kResizeBits);
        _mm_mask_storeu_epi8(to, real, _mm512_cvtepi32_epi8(steps));
      }
    }
    out += static_cast<size_t>(last - tap) * channels;
    tap = last;
  }
}

void bilinear_f32(const ResizeRowArgs& args, const float* top, const float* bottom, float y,
                  float* out) {
  kResizeBilinearAvx2.bilinear_f32(args, top, bottom, y, out);
}

constexpr ResizeBilinearKernel make_row() {
  ResizeBilinearKernel row{};
  row.name = "resize_x16__avx512vnni";
  row.needs = QRT_SET_AVX512VNNI;
  row.preference = 30;
  row.bilinear_s8 = bilinear_s8;
  row.bilinear_f32 = bilinear_f32;
  return row;
}

}  // namespace

extern const ResizeBilinearKernel kResizeBilinearAvx512vnni;
const ResizeBilinearKernel kResizeBilinearAvx512vnni = make_row();

}  // namespace qrt::kernels
