// Every row of dwconv_s8 against sums computed here in 64 bits.
#include "kernels/dwconv_s8.h"

#include <cmath>

#include "src/base/memory.h"
#include "tests/support/guarded.h"
#include "tests/support/kernel_rows.h"

namespace qrt::test {
namespace {

using kernels::DwconvS8Kernel;

struct Problem {
  kernels::DwconvS8Shape shape;  // channels, multiplier, kernel, stride, dilation (each h, w)
  size_t in_h, in_w;
  size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int a_zero = 5;
  bool w_zeros = false;
  int fill = 0;  // of the input, with weights of -128; 0: random
  Guard guard = Guard::Behind;
  int32_t bias = -300;
  float scale = 1;  // times a multiplier that spreads the outputs over their range
};

size_t out_size(size_t in, size_t pad, size_t kernel, size_t stride, size_t dilation) {
  return (in + pad - (kernel - 1) * dilation - 1) / stride + 1;
}

void check(const DwconvS8Kernel& kernel, const Problem& p) {
  const kernels::DwconvS8Shape& s = p.shape;
  SCOPED_TRACE(testing::Message() << s.channels << " channels x " << s.multiplier << ", kernel "
                                  << s.kernel_h << "x" << s.kernel_w << ", stride " << s.stride_h
                                  << "," << s.stride_w << ", dilation " << s.dilation_h << ","
                                  << s.dilation_w << ", input " << p.in_h << "x" << p.in_w
                                  << ", zero " << p.a_zero << ", fill " << p.fill);
  const size_t outputs = s.outputs(), taps = s.taps();
  const size_t out_h =
      out_size(p.in_h, p.pad_top + p.pad_bottom, s.kernel_h, s.stride_h, s.dilation_h);
  const size_t out_w =
      out_size(p.in_w, p.pad_left + p.pad_right, s.kernel_w, s.stride_w, s.dilation_w);
  const size_t in_bytes = p.in_h * p.in_w * s.channels;
  const auto in =
      p.fill != 0 ? std::vector<int8_t>(in_bytes, int8_t(p.fill)) : random_s8(in_bytes, 3);
  const auto w =
      p.fill != 0 ? std::vector<int8_t>(outputs * taps, -128) : random_s8(outputs * taps, 4);
  std::vector<int32_t> bias, zeros;
  std::vector<float> multipliers;
  for (size_t c = 0; c < outputs; ++c) {
    bias.push_back(p.bias + static_cast<int32_t>(c % 7 * 19));
    zeros.push_back(p.w_zeros ? static_cast<int32_t>(c * 29 % 256) - 128 : 0);
    multipliers.push_back(p.scale / static_cast<float>(150.0 * std::sqrt(taps) + c));
  }
  const kernels::DwconvS8Weights weights = {
      s, w.data(), bias.data(), p.a_zero, p.w_zeros ? zeros.data() : nullptr, multipliers.data()};
  const size_t packed_bytes = kernel.packed_bytes(weights);
  rt::AlignedBuffer packed = rt::allocate_aligned(packed_bytes);
  kernel.pack(weights, packed.get());
  rt::AlignedBuffer scratch = rt::allocate_aligned(kernel.scratch_bytes(s, out_w));
  const Guarded<int8_t> guarded_in(in, p.guard);
  const Guarded<int8_t> out(out_h * out_w * outputs, p.guard);
  const kernels::DwconvS8Args args = {s,        packed.get(),   guarded_in.data(), p.in_h,
                                      p.in_w,   p.pad_top,      p.pad_left,        out_w,
                                      p.a_zero, {4, -120, 125}, scratch.get()};
  // In ranges of rows and blocks, as threads would.
  const size_t split = outputs > kernel.block ? kernel.block : 0;
  kernel.run(args, 0, out_h / 2, split, outputs, out.data());
  kernel.run(args, out_h / 2, out_h, split, outputs, out.data());
  if (split > 0) kernel.run(args, 0, out_h, 0, split, out.data());
  for (size_t oy = 0; oy < out_h; ++oy) {
    for (size_t ox = 0; ox < out_w; ++ox) {
      for (size_t c = 0; c < outputs; ++c) {
        int64_t sum = bias[c];  // which wraps around as the kernel's
        for (size_t t = 0; t < taps; ++t) {
          const auto y = static_cast<int64_t>(oy * s.stride_h + t / s.kernel_w * s.dilation_h) -
                         static_cast<int64_t>(p.pad_top);
          const auto x = static_cast<int64_t>(ox * s.stride_w + t % s.kernel_w * s.dilation_w) -
                         static_cast<int64_t>(p.pad_left);
          if (y < 0 || x < 0 || y >= static_cast<int64_t>(p.in_h) ||
              x >= static_cast<int64_t>(p.in_w)) {
            continue;  // padding counts as the zero point: its difference from it is 0
          }
          const size_t at = (static_cast<size_t>(y) * p.in_w + static_cast<size_t>(x)) * s.channels;
          sum += int64_t{in[at + c / s.multiplier] - p.a_zero} * (w[c * taps + t] - zeros[c]);
        }
        const float steps = static_cast<float>(static_cast<int32_t>(sum)) * multipliers[c];
        const double q = std::nearbyint(static_cast<double>(steps)) + 4;
        ASSERT_EQ(out[(oy * out_w + ox) * outputs + c],
                  static_cast<int8_t>(std::min(std::max(q, -120.0), 125.0)))
            << "row " << oy << " column " << ox << " channel " << c;
      }
    }
  }
}

class DwconvS8 : public testing::TestWithParam<const DwconvS8Kernel*> {};

TEST_P(DwconvS8, EveryNumberOfChannels) {
  for (size_t channels = 1; channels <= 140; ++channels) {
    const Guard guard = channels % 2 == 0 ? Guard::Behind : Guard::Before;
    check(*GetParam(), {{channels, 1, 3, 3, 1, 1, 1, 1}, 4, 5, 1, 1, 1, 1, 5, false, 0, guard});
  }
}

TEST_P(DwconvS8, EveryKernelSize) {
  for (size_t h = 1; h <= 9; ++h) {
    for (size_t w = 1; w <= 9; ++w) {
      check(*GetParam(), {{20, 1, h, w, 1, 1, 1, 1}, h + 2, w + 5, h / 2, w / 2, 0, w / 3, -7});
      check(*GetParam(), {{70, 1, h, w, 1, 1, 1, 1}, h, w, 0, 0, 0, 0, 7});
    }
  }
}

TEST_P(DwconvS8, EveryWidth) {
  for (size_t w = 1; w <= 70; ++w) {
    check(*GetParam(), {{17, 1, 3, 3, 1, 1, 1, 1}, 3, w, 1, 1, 1, 1});
    check(*GetParam(), {{66, 1, 3, 3, 2, 2, 1, 1}, 3, w, 1, 1, 1, 1});
    check(*GetParam(), {{19, 1, 5, 5, 1, 1, 1, 1}, 4, w, 2, 2, 2, 2});
    check(*GetParam(), {{32, 1, 5, 5, 2, 2, 1, 1}, 7, w, 1, 1, 2, 3});
  }
}

TEST_P(DwconvS8, StridesAndDilations) {
  for (size_t stride = 1; stride <= 4; ++stride) {
    for (size_t dilation = 1; dilation <= 4; ++dilation) {
      for (size_t kernel : {1, 2, 3, 5}) {
        const size_t pad = (kernel - 1) * dilation / 2;
        check(*GetParam(),
              {{18, 1, kernel, kernel, stride, 1, 1, dilation}, 21, 19, pad, pad, pad, pad});
        check(*GetParam(), {{65, 1, kernel, kernel, stride, stride, dilation, dilation},
                            17,
                            23,
                            pad,
                            pad,
                            pad,
                            pad});
      }
    }
  }
}

// Windows that lie wholly in the padding, at every side.
TEST_P(DwconvS8, PaddingLargerThanTheKernel) {
  check(*GetParam(), {{33, 1, 3, 3, 1, 1, 1, 1}, 2, 3, 4, 5, 6, 7, -128});
  check(*GetParam(), {{33, 1, 3, 3, 2, 2, 1, 1}, 1, 1, 7, 7, 7, 7, 127});
}

TEST_P(DwconvS8, SeveralOutputsAChannel) {
  for (size_t multiplier : {2, 3, 8, 70}) {
    check(*GetParam(), {{5, multiplier, 3, 3, 1, 1, 1, 1}, 4, 6, 1, 1, 1, 1});
  }
}

TEST_P(DwconvS8, ExtremesAndZeroPoints) {
  for (int zero : {-128, 0, 127}) {
    for (int fill : {-128, 0, 127}) {
      for (bool w_zeros : {false, true}) {
        check(*GetParam(), {{80, 1, 5, 5, 1, 1, 1, 1}, 6, 7, 2, 2, 2, 2, zero, w_zeros, fill});
      }
    }
  }
}

// Every order in which a row of outputs may find what rows before it left behind.
TEST_P(DwconvS8, RowsOfLargeWindows) {
  for (size_t h = 1; h <= 12; ++h) {
    for (size_t stride : {1, 2, 4}) {
      for (size_t dilation : {1, 2, 3}) {
        const size_t pad = 2 * dilation;
        check(*GetParam(),
              {{24, 1, 5, 5, stride, 1, dilation, dilation}, h, 15, pad, pad, pad, pad, 3});
        check(*GetParam(), {{16, 1, 5, 5, stride, 2, dilation, 1}, h, 150, pad, 1, pad, 2, 3});
      }
    }
  }
}

// Sums that wrap around, and steps that no integer holds.
TEST_P(DwconvS8, OutOfRange) {
  for (size_t kernel : {3, 5}) {
    for (int32_t bias : {INT32_MIN, INT32_MIN + 100000, INT32_MAX - 100000, INT32_MAX - 200}) {
      for (float scale : {1.0f, 1e-6f}) {
        check(*GetParam(), {{33, 1, kernel, kernel, 1, 1, 1, 1},
                            6,
                            7,
                            1,
                            1,
                            1,
                            1,
                            5,
                            false,
                            0,
                            Guard::Behind,
                            bias,
                            scale});
      }
    }
    for (float scale : {1e4f, 1e6f, 1e30f}) {
      for (bool w_zeros : {false, true}) {
        check(*GetParam(), {{33, 1, kernel, kernel, 1, 1, 1, 1},
                            6,
                            7,
                            1,
                            1,
                            1,
                            1,
                            5,
                            w_zeros,
                            0,
                            Guard::Behind,
                            -300,
                            scale});
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, DwconvS8,
                         testing::ValuesIn(runnable_rows(kernels::dwconv_s8_kernels)),
                         row_name<DwconvS8Kernel>);

}  // namespace
}  // namespace qrt::test
