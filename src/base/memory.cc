#include "src/base/memory.h"

#include <cstdlib>

#include "src/base/checked.h"

namespace qrt::rt {
namespace {

thread_local const Allocator* current = nullptr;

void* c_library_allocate(size_t bytes) {
  void* memory = nullptr;
  return posix_memalign(&memory, kAlignment, bytes) == 0 ? memory : nullptr;
}

}  // namespace

Allocator current_allocator() { return current != nullptr ? *current : Allocator{}; }

void AlignedFree::operator()(uint8_t* p) const {
  if (allocator_.deallocate != nullptr) {
    allocator_.deallocate(allocator_.user, p, bytes_);
  } else {
    std::free(p);
  }
}

AlignedBuffer allocate_aligned(uint64_t wanted) {
  if (wanted > kMaxBlockBytes) return nullptr;
  const auto bytes = static_cast<size_t>(align_up(wanted > 0 ? wanted : 1, kAlignment));
  const Allocator allocator = current_allocator();
  void* memory = allocator.allocate != nullptr
                     ? allocator.allocate(allocator.user, bytes, kAlignment)
                     : c_library_allocate(bytes);
  return AlignedBuffer(static_cast<uint8_t*>(memory), AlignedFree(allocator, bytes));
}

AllocatorScope::AllocatorScope(const Allocator& allocator)
    : allocator_(allocator), outer_(current) {
  current = &allocator_;
}

AllocatorScope::~AllocatorScope() { current = outer_; }

}  // namespace qrt::rt
