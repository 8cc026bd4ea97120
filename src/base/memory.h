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

// At least max(bytes, 1) bytes aligned to kAlignment, uninitialised; empty if memory is short.
AlignedBuffer allocate_aligned(size_t bytes);

}  // namespace qrt::rt
