#include "src/api/boundary.h"

#include <cstddef>

namespace qrt::api {
namespace {

// Larger than any structure will be: a size that nobody set is mostly larger.
constexpr size_t kMaxStructBytes = 4096;

static_assert(QRT_OK == static_cast<int>(Code::Ok));
static_assert(QRT_INVALID_ARGUMENT == static_cast<int>(Code::InvalidArgument));
static_assert(QRT_INVALID_MODEL == static_cast<int>(Code::InvalidModel));
static_assert(QRT_UNSUPPORTED == static_cast<int>(Code::Unsupported));
static_assert(QRT_IO_ERROR == static_cast<int>(Code::Io));
static_assert(QRT_OUT_OF_MEMORY == static_cast<int>(Code::OutOfMemory));
static_assert(QRT_CANCELLED == static_cast<int>(Code::Cancelled));
static_assert(QRT_OPERATOR_FAILED == static_cast<int>(Code::OperatorFailed));

}  // namespace

qrt_status report(Code code, const char* message, qrt_error* error) {
  const auto status = static_cast<qrt_status>(code);
  constexpr size_t kStatusEnd = offsetof(qrt_error, status) + sizeof status;
  if (error == nullptr || error->struct_size < kStatusEnd || error->struct_size > kMaxStructBytes) {
    return status;
  }
  error->status = status;
  if (*message == '\0' && error->struct_size > offsetof(qrt_error, message)) {
    error->message[0] = '\0';  // every run ends so
    return status;
  }
  const size_t room = std::min(error->struct_size, sizeof *error) - offsetof(qrt_error, message);
  if (room > 0) {
    const size_t length = std::min(std::strlen(message), std::min(room, sizeof error->message) - 1);
    std::memcpy(error->message, message, length);
    error->message[length] = '\0';
  }
  return status;
}

Status null_argument() { return {Code::InvalidArgument, "an argument is null"}; }

Status check_struct_size(size_t struct_size, const char* what) {
  if (struct_size >= sizeof struct_size && struct_size <= kMaxStructBytes) return {};
  return rt::error(Code::InvalidArgument, "struct_size of the %s is not set", what);
}

Status check_struct(const void* from, size_t struct_size, size_t known, const char* what) {
  QRT_RETURN_IF_ERROR(check_struct_size(struct_size, what));
  const auto* bytes = static_cast<const unsigned char*>(from);
  for (size_t i = known; i < struct_size; ++i) {
    if (bytes[i] == 0) continue;
    return rt::error(Code::InvalidArgument,
                     "the %s set a field at byte %zu, this version of libqrt knows %zu bytes", what,
                     i, known);
  }
  return {};
}

Status read_allocator(const qrt_allocator* from, rt::Allocator* to) {
  *to = {};
  if (from == nullptr) return {};
  qrt_allocator wishes;
  QRT_RETURN_IF_ERROR(read_struct(from, &wishes, "allocator"));
  if (wishes.allocate == nullptr || wishes.deallocate == nullptr) {
    return {Code::InvalidArgument, "an allocator has both functions, allocate and deallocate"};
  }
  *to = {wishes.user, wishes.allocate, wishes.deallocate};
  return {};
}

}  // namespace qrt::api
