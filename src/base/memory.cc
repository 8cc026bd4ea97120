#include "src/base/memory.h"

#include <cstdlib>

#include "src/base/checked.h"

namespace qrt::rt {

void AlignedFree::operator()(uint8_t* p) const { std::free(p); }

AlignedBuffer allocate_aligned(uint64_t bytes) {
  if (bytes > kMaxBlockBytes) return nullptr;
  const auto rounded = static_cast<size_t>(align_up(bytes > 0 ? bytes : 1, kAlignment));
  void* memory = nullptr;
  if (posix_memalign(&memory, kAlignment, rounded) != 0) {
    return nullptr;
  }
  return AlignedBuffer(static_cast<uint8_t*>(memory));
}

}  // namespace qrt::rt
