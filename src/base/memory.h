// The one place from which the runtime takes large blocks of memory: aligned, and null (never an
// exception) when there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace qrt::rt {

// A cache line, and the widest vector of any supported CPU.
inline constexpr size_t kAlignment = 64;

struct AlignedFree {
  void operator()(uint8_t* p) const;
};
using AlignedBuffer = std::unique_ptr<uint8_t, AlignedFree>;

// At least max(bytes, 1) bytes aligned to kAlignment, uninitialised; empty if memory is short, or
// if so many bytes have no addresses. 64 bits on every CPU: what a file asks for is not cut short.
AlignedBuffer allocate_aligned(uint64_t bytes);

// No block of memory is larger, so that differences of addresses in it fit ptrdiff_t.
inline constexpr uint64_t kMaxBlockBytes = uint64_t{SIZE_MAX} / 2 - kAlignment;

}  // namespace qrt::rt
