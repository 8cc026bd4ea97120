// A hash by which bytes are recognized. Not against malice: who relies on it must be safe with a
// wrong match.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qrt::rt {

// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
class Fingerprint {
 public:
  void add(const void* data, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      value_ = (value_ ^ static_cast<const uint8_t*>(data)[i]) * 1099511628211u;
    }
  }
  template <class T>
  void add(T number) {
    add(&number, sizeof number);
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 14695981039346656037u;
};

}  // namespace qrt::rt
