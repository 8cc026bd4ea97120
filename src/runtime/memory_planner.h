// Places buffers with known lifetimes into one arena so that those alive together never overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/status.h"

namespace qrt::rt {

// Alive from step `first` to step `last`, both included.
struct BufferRequest {
  uint64_t bytes;
  int first, last;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // one a request, multiples of kAlignment
  size_t bytes = 0;             // of the arena, at most kMaxBlockBytes less a page
};

// Greedy by size: the largest buffer first, each at the lowest offset free during its lifetime
// (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
// Fails with OutOfMemory when the arena would exceed `limit` bytes, or what has addresses.
Result<MemoryPlan> plan_memory(const std::vector<BufferRequest>& requests, uint64_t limit);

}  // namespace qrt::rt
