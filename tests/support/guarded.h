// Memory with an inaccessible page right behind it (or right before it), so that a kernel that
// reads or writes outside what it was given is caught at the instruction.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qrt::test {

enum class Guard { Behind, Before };

template <class T>
class Guarded {
 public:
  Guarded(size_t count, Guard guard) : bytes_(count * sizeof(T)) {
    page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    inner_ = (bytes_ + page_ - 1) / page_ * page_;
    base_ = static_cast<uint8_t*>(
        mmap(nullptr, inner_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + page_, inner_, PROT_READ | PROT_WRITE);
    uint8_t* first = base_ + page_;
    data_ = reinterpret_cast<T*>(guard == Guard::Behind ? first + inner_ - bytes_ : first);
  }
  Guarded(const std::vector<T>& from, Guard guard) : Guarded(from.size(), guard) {
    for (size_t i = 0; i < from.size(); ++i) data_[i] = from[i];
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(base_, inner_ + 2 * page_); }

  T* data() const { return data_; }
  size_t size() const { return bytes_ / sizeof(T); }
  T& operator[](size_t i) const { return data_[i]; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size(); }

 private:
  size_t bytes_, page_, inner_;
  uint8_t* base_;
  T* data_;
};

}  // namespace qrt::test
