// Throughput of each kernel row on shapes of real networks, in multiply-accumulates a second and as
// the share of what the multipliers of its instruction set can do at most, measured in the same
// run.
//
//   qrt_bench_kernels --benchmark_filter=gemm
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "bench/ceiling.h"
#include "kernels/dwconv_s8.h"
#include "kernels/gemm_s8.h"
#include "kernels/winograd_s8.h"
#include "src/base/memory.h"
#include "src/runtime/cpu.h"

namespace {

using qrt::kernels::DwconvS8Kernel;
using qrt::kernels::GemmS8Kernel;
using qrt::kernels::WinogradS8Kernel;

std::vector<int8_t> random_bytes(size_t count) {
  std::mt19937 random(1);
  std::vector<int8_t> bytes(count);
  for (int8_t& b : bytes) b = static_cast<int8_t>(random());
  return bytes;
}

void report(benchmark::State& state, qrt::rt::CpuFeatures needs, size_t macs) {
  using benchmark::Counter;
  const auto count = static_cast<double>(macs);
  state.counters["MAC/s"] = Counter(count, Counter::kIsIterationInvariantRate);
  const double ceiling = qrt::bench::ceiling_of(needs);
  if (ceiling <= 0) return;
  state.counters["of_ceiling"] = Counter(count / ceiling, Counter::kIsIterationInvariantRate);
}

// Pixels, output channels, taps and input channels. Weights are spread over all values, or, as
// those of one scale for all channels are, mostly small.
struct GemmShape {
  const char* name;
  size_t m, n, taps, k;
  bool small_weights = false;
};
constexpr GemmShape kGemmShapes[] = {
    {"mobilenet_expand_56", 56 * 56, 144, 1, 24},
    {"mobilenet_project_28", 28 * 28, 32, 1, 192},
    {"mobilenet_expand_14", 14 * 14, 576, 1, 96},
    {"mobilenet_project_7", 7 * 7, 320, 1, 960},
    {"mobilenet_head", 7 * 7, 1280, 1, 320},
    {"resnet_3x3_56", 56 * 56, 64, 9, 64},
    {"resnet_3x3_14", 14 * 14, 256, 9, 256},
    {"classifier", 1, 1000, 1, 1280},
    {"square_512", 512, 512, 1, 512},
    {"small_weights_14", 14 * 14, 576, 1, 96, true},
    {"small_weights_7", 7 * 7, 320, 1, 960, true},
};

void gemm(benchmark::State& state, const GemmS8Kernel* kernel, GemmShape s) {
  const auto a = random_bytes(s.m * s.k + s.taps * s.k);
  auto w = random_bytes(s.n * s.taps * s.k);
  for (size_t i = 0; s.small_weights && i < w.size(); ++i) w[i] = static_cast<int8_t>(w[i] / 8);
  const std::vector<float> multipliers(s.n, 1e-4f);
  std::vector<const int8_t*> indirection;
  for (size_t i = 0; i < s.m * s.taps; ++i) indirection.push_back(a.data() + i / s.taps * s.k);
  std::vector<int8_t> out(s.m * s.n);
  auto packed = qrt::rt::allocate_aligned(kernel->packed_bytes(s.n, s.taps, s.k));
  kernel->pack({s.n, s.taps, s.k, w.data(), nullptr, 3, nullptr, multipliers.data(), s.m == 1},
               packed.get());
  const qrt::kernels::GemmS8Args args = {
      packed.get(), s.n, s.taps, s.k,           s.taps > 1 ? indirection.data() : nullptr,
      a.data(),     s.k, s.n,    {0, -128, 127}};
  for (auto _ : state) {
    kernel->run(args, 0, s.m, 0, s.n, out.data());
    benchmark::DoNotOptimize(out.data());
  }
  report(state, kernel->needs, s.m * s.n * s.taps * s.k);
}

struct DwconvShape {
  const char* name;
  size_t side, channels, kernel, stride;
};
constexpr DwconvShape kDwconvShapes[] = {
    {"3x3_112x32", 112, 32, 3, 1}, {"3x3s2_112x96", 112, 96, 3, 2}, {"3x3_56x144", 56, 144, 3, 1},
    {"3x3_28x192", 28, 192, 3, 1}, {"3x3_14x384", 14, 384, 3, 1},   {"3x3_7x960", 7, 960, 3, 1},
    {"5x5s2_56x72", 56, 72, 5, 2}, {"5x5_28x120", 28, 120, 5, 1},   {"5x5_7x960", 7, 960, 5, 1}};

void dwconv(benchmark::State& state, const DwconvS8Kernel* kernel, DwconvShape s) {
  const qrt::kernels::DwconvS8Shape shape = {s.channels, 1,        s.kernel, s.kernel,
                                             s.stride,   s.stride, 1,        1};
  const auto a = random_bytes(s.side * s.side * s.channels),
             w = random_bytes(s.channels * shape.taps());
  const std::vector<float> multipliers(s.channels, 1e-3f);
  const qrt::kernels::DwconvS8Weights weights = {shape, w.data(), nullptr,
                                                 3,     nullptr,  multipliers.data()};
  const size_t out_side = (s.side + s.stride - 1) / s.stride;
  std::vector<int8_t> out(out_side * out_side * s.channels);
  auto packed = qrt::rt::allocate_aligned(kernel->packed_bytes(weights));
  kernel->pack(weights, packed.get());
  auto scratch = qrt::rt::allocate_aligned(kernel->scratch_bytes(shape, out_side));
  const qrt::kernels::DwconvS8Args args = {shape,  packed.get(),   a.data(),     s.side,
                                           s.side, s.kernel / 2,   s.kernel / 2, out_side,
                                           3,      {0, -128, 127}, scratch.get()};
  for (auto _ : state) {
    kernel->run(args, 0, out_side, 0, s.channels, out.data());
    benchmark::DoNotOptimize(out.data());
  }
  report(state, kernel->needs, out_side * out_side * s.channels * shape.taps());
}

// Feature maps of side x side, as many output channels as input channels. What is counted is the
// plain convolution's multiplications, of which Winograd's method leaves 4 of 9, with larger tiles
// 1 of 4.
struct WinogradShape {
  const char* name;
  size_t tile, side, channels;
};
constexpr WinogradShape kWinogradShapes[] = {
    {"2x2_of_32x16", 2, 32, 16},   {"4x4_of_32x16", 4, 32, 16}, {"2x2_of_8x64", 2, 8, 64},
    {"4x4_of_8x64", 4, 8, 64},     {"2x2_of_56x64", 2, 56, 64}, {"4x4_of_56x64", 4, 56, 64},
    {"2x2_of_7x64", 2, 7, 64},     {"4x4_of_7x64", 4, 7, 64},   {"2x2_of_14x256", 2, 14, 256},
    {"4x4_of_14x256", 4, 14, 256}, {"2x2_of_7x512", 2, 7, 512}};

void winograd(benchmark::State& state, const WinogradS8Kernel* kernel, WinogradShape s) {
  const auto a = random_bytes(s.side * s.side * s.channels),
             w = random_bytes(s.channels * 9 * s.channels);
  const std::vector<float> multipliers(s.channels, 1e-4f);
  std::vector<int8_t> out(s.side * s.side * s.channels);
  auto packed = qrt::rt::allocate_aligned(kernel->packed_bytes(s.tile, s.channels, s.channels));
  kernel->pack(s.tile, {s.channels, s.channels, w.data(), nullptr, 3, nullptr, multipliers.data()},
               packed.get());
  const size_t across = (s.side + s.tile - 1) / s.tile, tiles = across * across;
  auto scratch = qrt::rt::allocate_aligned(kernel->scratch_bytes(
      s.tile, s.channels, std::min(tiles, kernel->block(s.tile, s.channels))));
  const qrt::kernels::WinogradS8Args args = {
      packed.get(), s.tile, s.channels, s.channels,     a.data(),     s.side, s.side, 1, 1,
      s.side,       s.side, 3,          {0, -128, 127}, scratch.get()};
  for (auto _ : state) {
    kernel->run(args, 0, tiles, 0, s.channels, out.data());
    benchmark::DoNotOptimize(out.data());
  }
  report(state, kernel->needs, s.side * s.side * s.channels * 9 * s.channels);
}

template <class Kernel, class Shape, size_t N>
void add(const Kernel* const* (*rows)(size_t*), const Shape (&shapes)[N],
         void (*run)(benchmark::State&, const Kernel*, Shape)) {
  size_t count = 0;
  const Kernel* const* table = rows(&count);
  for (const Shape& shape : shapes) {
    for (size_t i = 0; i < count; ++i) {
      if (!qrt::rt::cpu_facts().has(table[i]->needs)) continue;
      benchmark::RegisterBenchmark((std::string(table[i]->name) + "/" + shape.name).c_str(), run,
                                   table[i], shape);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const qrt::bench::Ceiling& c : qrt::bench::ceilings()) {
    benchmark::AddCustomContext(std::string("ceiling of ") + c.instructions,
                                std::to_string(c.macs_per_second * 1e-9) + " GMAC/s");
  }
  add(qrt::kernels::gemm_s8_kernels, kGemmShapes, gemm);
  add(qrt::kernels::dwconv_s8_kernels, kDwconvShapes, dwconv);
  add(qrt::kernels::winograd_s8_kernels, kWinogradShapes, winograd);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
