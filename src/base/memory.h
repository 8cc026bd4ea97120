// The one place from which the runtime takes large blocks of memory (arenas, packed weights,
// variables, copies of models): aligned, from the allocator of the caller's choice, and null, never
// an exception, when there is none. Small blocks whose size does not grow with a tensor are the C++
// heap's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace qrt::rt {

// A cache line, and the widest vector of any supported CPU.
inline constexpr size_t kAlignment = 64;

// Where blocks come from. Without functions: the C library.
struct Allocator {
  void* user = nullptr;
  // At least `bytes` (which is not 0) aligned to `alignment`, a power of two; or null.
  void* (*allocate)(void* user, size_t bytes, size_t alignment) = nullptr;
  // `memory` and `bytes` are those of one call of allocate.
  void (*deallocate)(void* user, void* memory, size_t bytes) = nullptr;
};

// Gives a block back to the allocator that it came from.
class AlignedFree {
 public:
  AlignedFree() = default;
  AlignedFree(const Allocator& allocator, size_t bytes) : allocator_(allocator), bytes_(bytes) {}
  void operator()(uint8_t* p) const;

 private:
  Allocator allocator_;
  size_t bytes_ = 0;
};
using AlignedBuffer = std::unique_ptr<uint8_t, AlignedFree>;

// At least max(bytes, 1) bytes aligned to kAlignment, uninitialised; empty if memory is short, or
// if so many bytes have no addresses. 64 bits on every CPU: what a file asks for is not cut short.
// From this thread's innermost AllocatorScope, or else from the C library.
AlignedBuffer allocate_aligned(uint64_t bytes);

// No block of memory is larger, so that differences of addresses in it fit ptrdiff_t.
inline constexpr uint64_t kMaxBlockBytes = uint64_t{SIZE_MAX} / 2 - kAlignment;

// What allocate_aligned would take memory from now.
Allocator current_allocator();

// While it lives, this thread's large blocks come from `allocator`: so operators need not know of
// it. What makes Programs and plans Sessions opens one.
class AllocatorScope {
 public:
  explicit AllocatorScope(const Allocator& allocator);
  ~AllocatorScope();
  AllocatorScope(const AllocatorScope&) = delete;
  AllocatorScope& operator=(const AllocatorScope&) = delete;

 private:
  Allocator allocator_;
  const Allocator* outer_;
};

}  // namespace qrt::rt
