// One row times s4 weights that no cache holds, beside a loop that only reads as many bytes: in one
// process and in turns.
//
//   qrt_bench_weights [MEGABYTES [THREADS]]
#include <pthreadpool.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "bench/interleave.h"
#include "kernels/gemm_s4.h"
#include "src/base/memory.h"
#include "src/runtime/cpu.h"
#include "src/runtime/thread_pool.h"

namespace {

using qrt::kernels::GemmS4Kernel;
using qrt::kernels::GemmS4Shape;

constexpr size_t kDepth = 4096;

// Reads with the widest registers that the CPU has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define QRT_WIDEST __attribute__((target_clones("default", "avx2", "avx512f"), optimize("O3")))
#else
#define QRT_WIDEST
#endif

using Line = uint64_t __attribute__((vector_size(64), may_alias));

// Sums in registers: what is read must be used.
QRT_WIDEST uint64_t read_only(const uint8_t* bytes, size_t lines) {
  const auto* line = reinterpret_cast<const Line*>(bytes);
  Line a{}, b{}, c{}, d{};
  size_t i = 0;
  for (; i + 4 <= lines; i += 4, line += 4) {
    a |= line[0];
    b |= line[1];
    c |= line[2];
    d |= line[3];
  }
  for (; i < lines; ++i, ++line) a |= *line;
  a |= b | c | d;
  uint64_t all = 0;
  for (size_t k = 0; k < 8; ++k) all |= a[k];
  return all;
}

void measure(const GemmS4Kernel& kernel, size_t block, bool zero_points, size_t megabytes,
             qrt::rt::ThreadPool& pool) {
  GemmS4Shape shape{};
  shape.k = kDepth;
  shape.block = block;
  shape.half_scales = block < kDepth;
  shape.zero_points = zero_points;
  shape.n = kernel.nr;
  const uint64_t panel = kernel.packed_bytes(shape);
  const size_t panels = static_cast<size_t>((uint64_t{megabytes} << 20) / panel) + 1;
  shape.n *= panels;
  // The same panel over and over: packing a layer of this size takes longer than all else.
  const auto bytes = static_cast<size_t>(kernel.packed_bytes(shape));
  const qrt::rt::AlignedBuffer packed = qrt::rt::allocate_aligned(bytes);
  const size_t blocks = qrt::kernels::blocks_of(shape);
  {
    GemmS4Shape one = shape;
    one.n = kernel.nr;
    std::vector<uint8_t> w(one.n * one.k / 2);
    for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<uint8_t>(i * 167 >> 3);
    const std::vector<float> scales(one.n * blocks, 0.01f);
    const std::vector<uint16_t> halves(one.n * blocks, 0x2400);
    const std::vector<int8_t> zeros(one.n * blocks, 1);
    kernel.pack({one, w.data(), scales.data(), halves.data(), zeros.data()}, packed.get());
    for (size_t p = 1; p < panels; ++p) {
      std::memcpy(packed.get() + p * panel, packed.get(), static_cast<size_t>(panel));
    }
  }
  std::vector<int8_t> a(qrt::kernels::depth_of(shape));
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<int8_t>(i * 37);
  std::vector<int32_t> corrections(blocks);
  kernel.correct(shape, a.data(), corrections.data());
  std::vector<float> out(shape.n);
  const qrt::kernels::GemmS4Args args = {shape, packed.get(), a.data(), corrections.data(),
                                         shape.n};
  volatile uint64_t sink = 0;
  const std::vector<double> seconds = qrt::bench::interleaved_seconds(
      {[&] {
         pool.parallel_for(panels, panel, [&](size_t begin, size_t end, size_t) {
           kernel.run(args, 0, 1, begin * kernel.nr, end * kernel.nr, out.data());
         });
       },
       [&] {
         pool.parallel_for(panels, panel, [&](size_t begin, size_t end, size_t) {
           sink = read_only(packed.get() + begin * panel, (end - begin) * panel / 64);
         });
       }},
      1.0);
  std::printf("%-28s %5zu %6s %8zu %10.2f %10.2f %6.0f %%\n", kernel.name, block,
              zero_points ? "yes" : "no", bytes >> 20,
              static_cast<double>(bytes) / seconds[0] * 1e-9,
              static_cast<double>(bytes) / seconds[1] * 1e-9, 100 * seconds[1] / seconds[0]);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t megabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 256;
  const size_t threads = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  qrt::rt::ThreadPool pool(threads);
  std::printf("%-28s %5s %6s %8s %10s %10s %8s\n", "kernel", "block", "zeros", "MB", "GB/s",
              "reads GB/s", "share");
  size_t count = 0;
  const GemmS4Kernel* const* rows = qrt::kernels::gemm_s4_kernels(&count);
  for (size_t i = 1; i < count; ++i) {
    if (!qrt::rt::cpu_facts().has(rows[i]->needs)) continue;
    for (const size_t block : {size_t{32}, size_t{128}, kDepth}) {
      measure(*rows[i], block, block == 32, megabytes, pool);
    }
  }
  return 0;
}
