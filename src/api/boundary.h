// The edge between C callers and the library: nothing thrown crosses it, every Status becomes the
// caller's qrt_error, and no more of a caller's structure is touched than its struct_size says.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

#include "qrt/qrt.h"
#include "src/base/memory.h"
#include "src/base/status.h"

namespace qrt::api {

using rt::Code;
using rt::Status;

// Fills `error`, if it is not null.
qrt_status report(Code code, const char* message, qrt_error* error);

// Runs `body`, which returns a Status. What the standard library throws when memory is short
// becomes one, too.
template <class Body>
qrt_status guarded(qrt_error* error, const Body& body) {
  try {
    const Status status = body();
    return report(status.code(), status.message().c_str(), error);
  } catch (const std::bad_alloc&) {
    return report(Code::OutOfMemory, "out of memory", error);
  } catch (const std::exception& e) {
    return report(Code::OutOfMemory, e.what(), error);
  }
}

Status null_argument();

// Whether the bytes of a structure of the caller's can be used: its size is set, and nothing is set
// behind the `known` bytes of this version. `from` points to the structure.
Status check_struct(const void* from, size_t struct_size, size_t known, const char* what);
// That the size is set.
Status check_struct_size(size_t struct_size, const char* what);

// A structure that the library reads: `to` is what this version knows, with zeros for fields that
// an older caller lacks. A null `from` is all zeros.
template <class Struct>
Status read_struct(const Struct* from, Struct* to, const char* what) {
  std::memset(static_cast<void*>(to), 0, sizeof *to);
  if (from == nullptr) return {};
  QRT_RETURN_IF_ERROR(check_struct(from, from->struct_size, sizeof *from, what));
  std::memcpy(static_cast<void*>(to), from, std::min(from->struct_size, sizeof *to));
  return {};
}

// A structure that the library fills: as much of `from` as the caller's has room for, and zeros for
// fields that only a newer caller knows.
template <class Struct>
Status write_struct(const Struct& from, Struct* to, const char* what) {
  const size_t size = to->struct_size;
  QRT_RETURN_IF_ERROR(check_struct_size(size, what));
  const size_t head = sizeof to->struct_size, known = std::min(size, sizeof from);
  auto* bytes = reinterpret_cast<unsigned char*>(to);
  std::memcpy(bytes + head, reinterpret_cast<const unsigned char*>(&from) + head, known - head);
  std::memset(bytes + known, 0, size - known);
  return {};
}

// The caller's allocator; null gives the C library's.
Status read_allocator(const qrt_allocator* from, rt::Allocator* to);

}  // namespace qrt::api
