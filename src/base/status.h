// How every fallible call of libqrt reports: a code for programs, one sentence for people.
// The sentence names the file, operator, tensor and numbers, and has no trailing full stop.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace qrt::rt {

// Values are those of qrt_status in the C API.
enum class Code {
  Ok = 0,
  InvalidArgument = 1,  // the caller's arguments
  InvalidModel = 2,     // the model's bytes
  Unsupported = 3,      // a valid request that this build cannot serve
  Io = 4,
  OutOfMemory = 5,
  Cancelled = 6,       // the caller's own wish
  OperatorFailed = 7,  // one that the app gave
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::Ok; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same code, with "prefix: " before the sentence: who or what it was about.
  Status within(const std::string& prefix) const {
    return ok() ? *this : Status(code_, prefix + ": " + message_);
  }

 private:
  Code code_ = Code::Ok;
  std::string message_;
};

// printf-style construction: error(Code::Io, "cannot open '%s'", path).
Status error(Code code, const char* format, ...) __attribute__((format(printf, 2, 3)));

// A value or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit by intent
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: implicit by intent

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace qrt::rt

#define QRT_RETURN_IF_ERROR(expression)                                                      \
  do {                                                                                       \
    if (::qrt::rt::Status qrt_status_ = (expression); !qrt_status_.ok()) return qrt_status_; \
  } while (0)

#define QRT_CONCAT_INNER(a, b) a##b
#define QRT_CONCAT(a, b) QRT_CONCAT_INNER(a, b)
#define QRT_ASSIGN_OR_RETURN_NAMED(name, declaration, expression) \
  auto name = (expression);                                       \
  if (!name.ok()) return name.status();                           \
  declaration = std::move(*name)
// QRT_ASSIGN_OR_RETURN(Model model, Model::open(path));
#define QRT_ASSIGN_OR_RETURN(declaration, expression) \
  QRT_ASSIGN_OR_RETURN_NAMED(QRT_CONCAT(qrt_result_, __LINE__), declaration, expression)
