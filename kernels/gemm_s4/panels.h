// gemm_s4 in vectors of s32 columns. Packed: panels of 16 outputs, one behind the other; of each,
// block by block: the weights plus 8 of every 8 of k in 64 bytes (of each output 4 bytes: k to k +
// 3 in their lower halves, k + 4 to k + 7 in the upper), then the block's 16 scales, then its 16
// zero points plus 8, if there are any. Halves are unsigned, and so one instruction multiplies them
// by s8.
//
// Each file defines Simd for its instructions. Everything is inlined into the functions of a file.
#pragma once

#include "kernels/gemm_s4/blocks.h"

namespace qrt::kernels {
namespace {

enum : size_t { kNr = 16, kStep = 8, kStepBytes = 64 };
// Bytes ahead of what is multiplied that are asked for: measured with qrt_bench_weights, of 0 (59
// to 81 % of reading), 1024 (75 to 86 %) and 3072 (81 to 85 %) the best.
enum : size_t { kAhead = 3072 };

size_t block_tail(const GemmS4Shape& shape) {
  return kNr * (shape.half_scales ? 2 : 4) + (shape.zero_points ? size_t{kNr} : 0);
}

uint64_t panel_bytes(const GemmS4Shape& shape) {
  return uint64_t{depth_of(shape)} / kStep * kStepBytes +
         uint64_t{blocks_of(shape)} * block_tail(shape);
}

uint64_t packed_bytes(GemmS4Shape shape) { return (shape.n + kNr - 1) / kNr * panel_bytes(shape); }

// Weights [k, k + 8) of 16 outputs from n on; 8 where there are none.
void pack_step(const GemmS4Weights& weights, size_t n, size_t k, uint8_t* to) {
  const GemmS4Shape& shape = weights.shape;
  for (size_t column = 0; column < kNr; ++column) {
    for (size_t i = 0; i < 4; ++i) {
      const auto raised = [&](size_t at) {
        const bool inside = n + column < shape.n && at < shape.k;
        return inside ? raised_nibble(weights.w, (n + column) * shape.k + at) : 8;
      };
      *to++ = static_cast<uint8_t>(raised(k + i) | raised(k + 4 + i) << 4);
    }
  }
}

void pack(const GemmS4Weights& weights, void* packed) {
  const GemmS4Shape& shape = weights.shape;
  const size_t blocks = blocks_of(shape);
  auto* to = static_cast<uint8_t*>(packed);
  for (size_t n = 0; n < shape.n; n += kNr) {
    for (size_t b = 0, k = 0; b < blocks; ++b) {
      for (const size_t end = k + block_depth(shape, b); k < end; k += kStep, to += kStepBytes) {
        pack_step(weights, n, k, to);
      }
      const size_t columns = shape.n - n < kNr ? shape.n - n : kNr;
      memset(to, 0, block_tail(shape));
      for (size_t column = 0; column < columns; ++column) {
        const size_t at = (n + column) * blocks + b;
        if (shape.half_scales) {
          memcpy(to + column * 2, weights.scales_f16 + at, 2);
        } else {
          memcpy(to + column * 4, weights.scales + at, 4);
        }
        if (shape.zero_points) {
          to[block_tail(shape) - kNr + column] = static_cast<uint8_t>(weights.zero_points[at] + 8);
        }
      }
      to += block_tail(shape);
    }
  }
}

int32_t four_bytes(const int8_t* a) {
  int32_t four;
  memcpy(&four, a, sizeof four);
  return four;
}

// Adds the products of kSteps steps to sums of kParts vectors of columns by kRows rows.
template <class Simd, int kRows, int kParts, int kSteps>
QRT_INLINE void add_steps(const uint8_t* w, const int8_t* a, size_t a_stride,
                          typename Simd::Int (&sums)[kRows][kParts]) {
  typename Simd::Int partial[kRows][kParts];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int p = 0; p < kParts; ++p) {
      partial[r][p] = Simd::template begin<kRows>(sums[r][p]);
    }
  }
#pragma GCC unroll 4
  for (int s = 0; s < kSteps; ++s, w += kStepBytes, a += kStep) {
    // One row waits for memory. A prefetch beyond the end is none.
    if (kRows == 1) __builtin_prefetch(w + kAhead);
    typename Simd::Int low[kParts], high[kParts];
#pragma GCC unroll 2
    for (int p = 0; p < kParts; ++p) {
      Simd::split(w + p * Simd::kBytes, &low[p], &high[p]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const typename Simd::Int first = Simd::broadcast(four_bytes(a + r * a_stride));
      const typename Simd::Int second = Simd::broadcast(four_bytes(a + r * a_stride + 4));
#pragma GCC unroll 2
      for (int p = 0; p < kParts; ++p) {
        partial[r][p] = Simd::dot(partial[r][p], low[p], first);
        partial[r][p] = Simd::dot(partial[r][p], high[p], second);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int p = 0; p < kParts; ++p) {
      sums[r][p] = Simd::template end<kRows>(sums[r][p], partial[r][p]);
    }
  }
}

// Rows [m, m + kRows) by kParts vectors of a panel's columns, which begin `offset` bytes into each
// step.
template <class Simd, int kRows, int kParts, bool kHalf, bool kZeros>
QRT_INLINE void run_tile(const GemmS4Args& args, const uint8_t* w, size_t m, size_t offset,
                         float* out, size_t out_stride) {
  const GemmS4Shape& shape = args.shape;
  const size_t blocks = blocks_of(shape), depth = depth_of(shape);
  const int8_t* a = args.a + m * depth;
  const int32_t* corrections = args.corrections + m * blocks;
  const size_t column = offset / 4;
  typename Simd::Float totals[kRows][kParts];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int p = 0; p < kParts; ++p) totals[r][p] = Simd::zero();
  }
  for (size_t b = 0; b < blocks; ++b) {
    const size_t count = block_depth(shape, b);
    const uint8_t* scales = w + count / kStep * kStepBytes;
    const uint8_t* zeros = scales + kNr * (kHalf ? 2 : 4);
    typename Simd::Int sums[kRows][kParts];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const typename Simd::Int correction = Simd::broadcast(corrections[r * blocks + b]);
#pragma GCC unroll 2
      for (int p = 0; p < kParts; ++p) {
        sums[r][p] =
            kZeros ? Simd::multiply(correction, Simd::load_bytes(zeros + column + p * Simd::kLanes))
                   : correction;
      }
    }
    size_t k = 0;
    for (; k + 4 * kStep <= count; k += 4 * kStep, w += 4 * kStepBytes) {
      add_steps<Simd, kRows, kParts, 4>(w + offset, a + k, depth, sums);
    }
    if (k < count) add_steps<Simd, kRows, kParts, 2>(w + offset, a + k, depth, sums);
#pragma GCC unroll 2
    for (int p = 0; p < kParts; ++p) {
      const typename Simd::Float scale =
          kHalf ? Simd::load_halves(scales + (column + p * Simd::kLanes) * 2)
                : Simd::load_floats(scales + (column + p * Simd::kLanes) * 4);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        totals[r][p] = Simd::add(totals[r][p], Simd::scaled(sums[r][p], scale));
      }
    }
    a += count;
    w = scales + block_tail(shape);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int p = 0; p < kParts; ++p) {
      Simd::store(out + r * out_stride + column + p * Simd::kLanes, totals[r][p]);
    }
  }
}

// All columns of a panel.
template <class Simd, int kRows, bool kHalf, bool kZeros>
QRT_INLINE void run_rows(const GemmS4Args& args, const uint8_t* w, size_t m, float* out,
                         size_t out_stride) {
  constexpr int kAll = kNr / Simd::kLanes;
  // Vectors of several rows fill the registers: a part of the columns at a time.
  constexpr int kParts = kRows == 1 ? kAll : 1;
  for (int p = 0; p < kAll; p += kParts) {
    run_tile<Simd, kRows, kParts, kHalf, kZeros>(args, w, m, static_cast<size_t>(p) * Simd::kBytes,
                                                 out, out_stride);
  }
}

template <class Simd, bool kHalf, bool kZeros>
void run_panels(const GemmS4Args& args, size_t m0, size_t m1, size_t n0, size_t n1, float* out) {
  constexpr size_t kMr = Simd::kMr;
  const uint64_t bytes = panel_bytes(args.shape);
  for (size_t n = n0; n < n1; n += kNr) {
    const uint8_t* w = static_cast<const uint8_t*>(args.packed) + n / kNr * bytes;
    const size_t columns = n1 - n < kNr ? n1 - n : kNr;
    alignas(64) float buffer[kMr * kNr];
    for (size_t m = m0; m < m1;) {
      float* to = out + m * args.out_stride + n;
      const bool direct = columns == kNr;
      float* tile = direct ? to : buffer;
      const size_t stride = direct ? args.out_stride : size_t{kNr};
      const size_t left = m1 - m, rows = left >= kMr ? kMr : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      if (rows == kMr) {
        run_rows<Simd, kMr, kHalf, kZeros>(args, w, m, tile, stride);
      } else if (rows == 4) {
        run_rows<Simd, 4, kHalf, kZeros>(args, w, m, tile, stride);
      } else if (rows == 2) {
        run_rows<Simd, 2, kHalf, kZeros>(args, w, m, tile, stride);
      } else {
        run_rows<Simd, 1, kHalf, kZeros>(args, w, m, tile, stride);
      }
      for (size_t r = 0; !direct && r < rows; ++r) {
        memcpy(to + r * args.out_stride, buffer + r * kNr, columns * sizeof(float));
      }
      m += rows;
    }
  }
}

template <class Simd>
void run_all(const GemmS4Args& args, size_t m0, size_t m1, size_t n0, size_t n1, float* out) {
  const auto run = args.shape.half_scales   ? args.shape.zero_points ? run_panels<Simd, true, true>
                                                                     : run_panels<Simd, true, false>
                     : args.shape.zero_points ? run_panels<Simd, false, true>
                                            : run_panels<Simd, false, false>;
  run(args, m0, m1, n0, n1, out);
}

template <class Simd>
constexpr GemmS4Kernel make_row(const char* name, QrtFeatures needs, int preference,
                                size_t throughput,
                                void (*run)(const GemmS4Args&, size_t, size_t, size_t, size_t,
                                            float*)) {
  GemmS4Kernel row{};
  row.name = name;
  row.needs = needs;
  row.preference = preference;
  row.mr = Simd::kMr;
  row.nr = kNr;
  row.throughput = throughput;
  row.packed_bytes = packed_bytes;
  row.pack = pack;
  row.correct = correct_blocks;
  row.run = run;
  return row;
}

}  // namespace
}  // namespace qrt::kernels
