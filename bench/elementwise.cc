// Throughput of each row of the elementwise families, in bytes read and written a second, beside a
// memcpy of as many bytes in the same run: small tensors lie in the first cache, middle ones in the
// second, large ones in memory.
//
//   qrt_bench_elementwise --benchmark_filter='binary|memcpy'
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/arg_x8.h"
#include "kernels/binary_s8.h"
#include "kernels/convert_s8.h"
#include "kernels/function_f32.h"
#include "kernels/lut.h"
#include "kernels/pool_s8.h"
#include "kernels/reduce_s8.h"
#include "kernels/resize_bilinear.h"
#include "kernels/softmax_s8.h"
#include "src/runtime/cpu.h"

namespace {

using namespace qrt::kernels;

constexpr Output kOut = {0, -128, 127};
constexpr size_t kSizes[] = {size_t{1} << 12, size_t{1} << 17, size_t{1} << 24};

template <class T = int8_t>
std::vector<T> random_elements(size_t count) {
  std::mt19937 random(1);
  std::vector<T> elements(count);
  for (T& x : elements) x = static_cast<T>(static_cast<int8_t>(random()));
  return elements;
}

// Runs and reports the bytes that a call reads and writes.
template <class Body>
void measure(benchmark::State& state, size_t bytes, const Body& body) {
  for (auto _ : state) {
    body();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes) * state.iterations());
}

void copy(benchmark::State& state, size_t n) {
  const auto in = random_elements(n);
  std::vector<int8_t> out(n);
  measure(state, 2 * n, [&] { std::memcpy(out.data(), in.data(), n); });
}

void binary(benchmark::State& state, const BinaryS8Kernel* kernel, size_t n, bool product,
            size_t b_step) {
  const auto a = random_elements(n), b = random_elements(n);
  std::vector<int8_t> out(n);
  const BinaryS8Args args = {3, -5, 0.61f, 0.57f, kOut};
  const auto run = product ? kernel->mul : kernel->add;
  measure(state, (2 + b_step) * n,
          [&] { run(args, a.data(), 1, b.data(), b_step, n, out.data()); });
}

void lut(benchmark::State& state, const LutKernel* kernel, size_t n, bool shift) {
  const auto in = random_elements<uint8_t>(n), table = random_elements<uint8_t>(256);
  std::vector<uint8_t> out(n);
  measure(state, 2 * n, [&] {
    if (shift) {
      kernel->add(128, in.data(), n, out.data());
    } else {
      kernel->run(table.data(), in.data(), n, out.data());
    }
  });
}

void quantize(benchmark::State& state, const ConvertS8Kernel* kernel, size_t n) {
  const auto in = random_elements<float>(n);
  std::vector<int8_t> out(n);
  measure(state, 5 * n, [&] { kernel->f32_to_s8(in.data(), n, 0.7f, kOut, out.data()); });
}

void dequantize(benchmark::State& state, const ConvertS8Kernel* kernel, size_t n) {
  const auto in = random_elements(n);
  std::vector<float> out(n);
  measure(state, 5 * n, [&] { kernel->s8_to_f32(in.data(), n, 0.7f, 3, out.data()); });
}

// Windows of `taps` neighbouring pixels; what lies in them again is not counted.
void pool(benchmark::State& state, const PoolS8Kernel* kernel, size_t pixels, size_t channels,
          size_t taps, bool max) {
  const auto in = random_elements((pixels + taps) * channels);
  std::vector<const int8_t*> indirection;
  for (size_t i = 0; i < pixels * taps; ++i) {
    indirection.push_back(in.data() + (i / taps + i % taps) * channels);
  }
  std::vector<int8_t> out(pixels * channels);
  const PoolS8Args args = {channels, taps, indirection.data(), channels, 0, nullptr, kOut};
  const auto run = max ? kernel->max : kernel->average;
  measure(state, in.size() + out.size(), [&] { run(args, pixels, out.data()); });
}

void softmax(benchmark::State& state, const SoftmaxS8Kernel* kernel, size_t rows, size_t n) {
  uint32_t exponentials[256];
  for (int d = 0; d < 256; ++d) {
    exponentials[d] = static_cast<uint32_t>(std::exp(-0.1 * d) * (1 << 23));
  }
  const auto in = random_elements(rows * n);
  std::vector<int8_t> out(rows * n);
  const SoftmaxS8Args args = {n, exponentials, 256.0, {-128, -128, 127}};
  measure(state, 2 * rows * n, [&] { kernel->run(args, in.data(), rows, out.data()); });
}

void function(benchmark::State& state, const FunctionF32Kernel* kernel, FunctionF32 which,
              size_t n) {
  std::vector<float> in(n), out(n);
  for (size_t i = 0; i < n; ++i) in[i] = static_cast<float>(i % 997) * 0.01f - 5;
  const FunctionF32Args args = {which, 1, 1, 1, -1e30f, 1e30f};
  measure(state, 8 * n, [&] { kernel->run(args, in.data(), n, out.data()); });
}

void softmax_f32(benchmark::State& state, const FunctionF32Kernel* kernel, size_t rows, size_t n) {
  std::vector<float> in(rows * n), out(rows * n);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 997) * 0.01f - 5;
  measure(state, 8 * in.size(), [&] { kernel->softmax(in.data(), rows, n, 1, false, out.data()); });
}

// Rows of 65 pixels made `scale` times as wide.
void resize(benchmark::State& state, const ResizeBilinearKernel* kernel, size_t channels,
            int32_t scale, bool is_float) {
  constexpr int32_t kPixels = 65;
  std::vector<ResizeTap> taps;
  for (int32_t i = 0; i < (kPixels - 1) * scale; ++i) {
    taps.push_back({i / scale, i / scale + 1,
                    static_cast<float>(i % scale) / static_cast<float>(scale),
                    (i % scale << kResizeBits) / scale});
  }
  const ResizeRowArgs args = {taps.data(), taps.size(), channels};
  const size_t row = kPixels * channels, elements = taps.size() * channels + 2 * row;
  if (is_float) {
    const auto in = random_elements<float>(2 * row);
    std::vector<float> out(taps.size() * channels);
    measure(state, elements * sizeof(float),
            [&] { kernel->bilinear_f32(args, in.data(), in.data() + row, 0.3f, out.data()); });
  } else {
    const auto in = random_elements(2 * row);
    std::vector<int8_t> out(taps.size() * channels);
    measure(state, elements,
            [&] { kernel->bilinear_s8(args, in.data(), in.data() + row, 700, out.data()); });
  }
}

void arg(benchmark::State& state, const ArgX8Kernel* kernel, size_t rows, size_t n) {
  const auto in = random_elements<uint8_t>(rows * n);
  std::vector<int32_t> out(rows);
  measure(state, rows * n, [&] { kernel->run(in.data(), rows, n, kLargestS8, out.data()); });
}

void reduce(benchmark::State& state, const ReduceS8Kernel* kernel, size_t rows, size_t columns,
            bool along_rows) {
  const auto in = random_elements(rows * columns);
  std::vector<int32_t> sums(rows + columns);
  const auto run = along_rows ? kernel->add_rows : kernel->add_columns;
  measure(state, rows * columns, [&] { run(in.data(), rows, columns, sums.data()); });
}

std::string size_name(size_t n) {
  return n < size_t{1} << 20 ? std::to_string(n >> 10) + "K" : std::to_string(n >> 20) + "M";
}

// One benchmark for each row of a family that this CPU can run.
template <class Kernel, class Run>
void add(const Kernel* const* (*rows)(size_t*), const std::string& name, const Run& run) {
  size_t count = 0;
  const Kernel* const* table = rows(&count);
  for (size_t i = 0; i < count; ++i) {
    if (!qrt::rt::cpu_facts().has(table[i]->needs)) continue;
    benchmark::RegisterBenchmark(
        (std::string(table[i]->name) + "/" + name).c_str(),
        [run, kernel = table[i]](benchmark::State& state) { run(state, kernel); });
  }
}

void add_by_size(size_t n) {
  const std::string size = "/" + size_name(n);
  benchmark::RegisterBenchmark(("memcpy" + size).c_str(),
                               [n](benchmark::State& state) { copy(state, n); });
  add(binary_s8_kernels, "add" + size, [n](auto& s, auto* k) { binary(s, k, n, false, 1); });
  add(binary_s8_kernels, "mul" + size, [n](auto& s, auto* k) { binary(s, k, n, true, 1); });
  add(binary_s8_kernels, "mul_value" + size, [n](auto& s, auto* k) { binary(s, k, n, true, 0); });
  add(lut_kernels, "run" + size, [n](auto& s, auto* k) { lut(s, k, n, false); });
  add(lut_kernels, "add" + size, [n](auto& s, auto* k) { lut(s, k, n, true); });
  add(convert_s8_kernels, "f32_to_s8" + size, [n](auto& s, auto* k) { quantize(s, k, n / 4); });
  add(convert_s8_kernels, "s8_to_f32" + size, [n](auto& s, auto* k) { dequantize(s, k, n / 4); });
}

void add_by_shape() {
  for (const bool max : {false, true}) {
    const std::string kind = max ? "max" : "average";
    add(pool_s8_kernels, kind + "/4_of_28x28x64",
        [max](auto& s, auto* k) { pool(s, k, 28 * 28, 64, 4, max); });
    add(pool_s8_kernels, kind + "/49_of_1x1280",
        [max](auto& s, auto* k) { pool(s, k, 1, 1280, 49, max); });
  }
  add(softmax_s8_kernels, "1x1001", [](auto& s, auto* k) { softmax(s, k, 1, 1001); });
  add(function_f32_kernels, "softmax/1x1001", [](auto& s, auto* k) { softmax_f32(s, k, 1, 1001); });
  add(function_f32_kernels, "softmax/1000x21",
      [](auto& s, auto* k) { softmax_f32(s, k, 1000, 21); });
  constexpr std::pair<FunctionF32, const char*> kFunctions[] = {
      {FunctionF32::Exp, "exp"},   {FunctionF32::Logistic, "logistic"},
      {FunctionF32::Tanh, "tanh"}, {FunctionF32::Erf, "erf"},
      {FunctionF32::Gelu, "gelu"}, {FunctionF32::HardSwish, "hard_swish"}};
  for (const auto& [which, name] : kFunctions) {
    add(function_f32_kernels, std::string(name) + "/4096",
        [f = which](auto& s, auto* k) { function(s, k, f, 4096); });
  }
  add(softmax_s8_kernels, "1000x21", [](auto& s, auto* k) { softmax(s, k, 1000, 21); });
  for (const int32_t scale : {1, 2, 8}) {
    for (const size_t channels : {1, 3, 21, 64}) {
      const std::string name = std::to_string(channels) + "_times_" + std::to_string(scale);
      add(resize_bilinear_kernels, "s8/" + name,
          [=](auto& s, auto* k) { resize(s, k, channels, scale, false); });
      add(resize_bilinear_kernels, "f32/" + name,
          [=](auto& s, auto* k) { resize(s, k, channels, scale, true); });
    }
  }
  for (const size_t n : {2, 10, 21, 1000}) {
    add(arg_x8_kernels, "of_" + std::to_string(n),
        [n](auto& s, auto* k) { arg(s, k, 100000 / n, n); });
  }
  add(reduce_s8_kernels, "columns/49x1280",
      [](auto& s, auto* k) { reduce(s, k, 49, 1280, false); });
  add(reduce_s8_kernels, "columns/1024x21",
      [](auto& s, auto* k) { reduce(s, k, 1024, 21, false); });
  add(reduce_s8_kernels, "rows/64x1024", [](auto& s, auto* k) { reduce(s, k, 64, 1024, true); });
}

}  // namespace

int main(int argc, char** argv) {
  for (const size_t n : kSizes) add_by_size(n);
  add_by_shape();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
