// libqrt for C++17: the C API of qrt.h with owners instead of handles. Header only, so that it
// works with any compiler and standard library that can call C. The rules of qrt.h on errors,
// threads and lifetimes hold, and so do the contracts of its functions.
//
//   auto model = qrt::Model::load_file("digits.qrt");
//   if (!model.ok()) return fail(model.status());
//   auto session = qrt::Session::create(*model);
//   if (!session.ok()) return fail(session.status());
//   ... session->set_input(0, pixels); session->run(); session->get_output(0, answers);
//
// - Nothing here throws or allocates; it compiles without exceptions and RTTI.
// - What can fail returns a Status, or a Result that holds a value or a Status. Neither turns into
// a
//   bool: ask ok(). Both are [[nodiscard]].
// - Owners move and do not copy. One that was moved from may be destroyed or assigned to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "qrt/qrt.h"

namespace qrt {

// How a call went: a code, and one sentence if it failed.
class [[nodiscard]] Status {
 public:
  Status() noexcept {
    raw_.struct_size = sizeof raw_;
    raw_.status = QRT_OK;
    raw_.message[0] = '\0';
  }
  bool ok() const noexcept { return raw_.status == QRT_OK; }
  qrt_status code() const noexcept { return raw_.status; }
  const char* message() const noexcept { return raw_.message; }  // "" if ok
  qrt_error* raw() noexcept { return &raw_; }

 private:
  qrt_error raw_;
};

// A value, or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : value_(std::move(value)) {}      // NOLINT: implicit by intent
  Result(const Status& status) noexcept : status_(status) {}  // NOLINT: implicit by intent
  bool ok() const noexcept { return value_.has_value(); }
  const Status& status() const noexcept { return status_; }
  // Only if ok().
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

// Structures of qrt.h, zeroed and with their size set. Assign to their fields.
template <class Struct>
struct Sized : Struct {
  Sized() noexcept : Struct() { this->struct_size = sizeof(Struct); }
};
using Allocator = Sized<qrt_allocator>;
using ModelOptions = Sized<qrt_model_options>;
using ProgramOptions = Sized<qrt_program_options>;
using SessionOptions = Sized<qrt_session_options>;
using MemoryInfo = Sized<qrt_memory_info>;
using OpInfo = Sized<qrt_op_info>;
using InputShape = qrt_input_shape;

struct TensorInfo : Sized<qrt_tensor_info> {
  // 0 while a dimension is open.
  size_t elements() const noexcept {
    size_t product = 1;
    for (int32_t i = 0; i < rank; ++i) product *= dims[i] < 0 ? 0 : static_cast<size_t>(dims[i]);
    return product;
  }
};

namespace internal {

// Whether a container of contiguous elements of type T, such as std::vector<T> or std::array<T, N>.
template <class Container, class T>
using IfHolds =
    std::enable_if_t<std::is_convertible_v<decltype(std::declval<Container&>().data()), const T*> &&
                     std::is_convertible_v<decltype(std::declval<Container&>().size()), size_t>>;

template <class Handle, void (*function)(Handle*)>
struct Free {
  void operator()(Handle* handle) const noexcept { function(handle); }
};
template <class Handle, void (*function)(Handle*)>
using Owner = std::unique_ptr<Handle, Free<Handle, function>>;

}  // namespace internal

class Model {
 public:
  static Result<Model> load_file(const char* path, const ModelOptions& options = {}) noexcept {
    Status status;
    qrt_model* model = nullptr;
    if (qrt_model_load_file(path, &options, &model, status.raw()) != QRT_OK) return status;
    return Model(model);
  }
  static Result<Model> load_fd(int fd, uint64_t offset, uint64_t bytes,
                               const ModelOptions& options = {}) noexcept {
    Status status;
    qrt_model* model = nullptr;
    if (qrt_model_load_fd(fd, offset, bytes, &options, &model, status.raw()) != QRT_OK)
      return status;
    return Model(model);
  }
  // `data` is used in place: aligned to 16 bytes, and outliving the model and what is made of it.
  static Result<Model> load_buffer(const void* data, size_t bytes,
                                   const ModelOptions& options = {}) noexcept {
    Status status;
    qrt_model* model = nullptr;
    if (qrt_model_load_buffer(data, bytes, &options, &model, status.raw()) != QRT_OK) return status;
    return Model(model);
  }

  uint32_t entries() const noexcept { return qrt_model_entry_count(handle()); }
  const char* entry_name(uint32_t entry) const noexcept {
    return qrt_model_entry_name(handle(), entry);
  }
  size_t inputs(uint32_t entry = 0) const noexcept {
    return qrt_model_input_count(handle(), entry);
  }
  size_t outputs(uint32_t entry = 0) const noexcept {
    return qrt_model_output_count(handle(), entry);
  }
  // The index of an input or output; -1 if there is none of that name.
  int32_t find_input(const char* name, uint32_t entry = 0) const noexcept {
    return qrt_model_find_input(handle(), entry, name);
  }
  int32_t find_output(const char* name, uint32_t entry = 0) const noexcept {
    return qrt_model_find_output(handle(), entry, name);
  }
  // As declared. All zero if there is no such index.
  TensorInfo input_info(size_t index, uint32_t entry = 0) const noexcept {
    TensorInfo info;
    (void)qrt_model_input_info(handle(), entry, index, &info, nullptr);
    return info;
  }
  TensorInfo output_info(size_t index, uint32_t entry = 0) const noexcept {
    TensorInfo info;
    (void)qrt_model_output_info(handle(), entry, index, &info, nullptr);
    return info;
  }

  size_t metadata_count() const noexcept { return qrt_model_metadata_count(handle()); }
  const char* metadata_key(size_t index) const noexcept {
    return qrt_model_metadata_key(handle(), index);
  }
  const char* metadata_value(size_t index) const noexcept {
    return qrt_model_metadata_value(handle(), index);
  }
  const char* find_metadata(const char* key) const noexcept {
    return qrt_model_find_metadata(handle(), key);
  }
  // A line a class; null if the model has no labels.
  const char* output_labels(size_t index, uint32_t entry = 0) const noexcept {
    return qrt_model_output_labels(handle(), entry, index);
  }

  const qrt_model* handle() const noexcept { return model_.get(); }

 private:
  explicit Model(qrt_model* model) noexcept : model_(model) {}
  internal::Owner<qrt_model, qrt_model_free> model_;
};

// A model compiled for this CPU. Share one between sessions: they then share packed weights.
class Program {
 public:
  static Result<Program> create(const Model& model, const ProgramOptions& options = {}) noexcept {
    Status status;
    qrt_program* program = nullptr;
    if (qrt_program_create(model.handle(), &options, &program, status.raw()) != QRT_OK)
      return status;
    return Program(program);
  }

  const char* isa() const noexcept { return qrt_program_isa(handle()); }
  // What SessionOptions::arena_bytes must be for a session with these options.
  Result<size_t> required_arena(const SessionOptions& options = {}) const noexcept {
    Status status;
    size_t bytes = 0;
    if (qrt_session_required_arena(handle(), &options, &bytes, status.raw()) != QRT_OK)
      return status;
    return bytes;
  }

  const qrt_program* handle() const noexcept { return program_.get(); }

 private:
  explicit Program(qrt_program* program) noexcept : program_(program) {}
  internal::Owner<qrt_program, qrt_program_free> program_;
};

class Session {
 public:
  static Result<Session> create(const Program& program,
                                const SessionOptions& options = {}) noexcept {
    Status status;
    qrt_session* session = nullptr;
    if (qrt_session_create(program.handle(), &options, &session, status.raw()) != QRT_OK)
      return status;
    return Session(session);
  }
  // With a program of its own, for the common case of one session a model.
  static Result<Session> create(const Model& model, const SessionOptions& options = {}) noexcept {
    const Result<Program> program = Program::create(model);
    if (!program.ok()) return program.status();
    return create(*program, options);
  }

  size_t threads() const noexcept { return qrt_session_threads(handle()); }
  size_t inputs() const noexcept { return qrt_session_input_count(handle()); }
  size_t outputs() const noexcept { return qrt_session_output_count(handle()); }
  // The index of an input or output; -1 if there is none of that name.
  int32_t find_input(const char* name) const noexcept {
    return qrt_session_find_input(handle(), name);
  }
  int32_t find_output(const char* name) const noexcept {
    return qrt_session_find_output(handle(), name);
  }
  // With present shapes. All zero if there is no such index.
  TensorInfo input_info(size_t index) const noexcept {
    TensorInfo info;
    (void)qrt_session_input_info(handle(), index, &info, nullptr);
    return info;
  }
  TensorInfo output_info(size_t index) const noexcept {
    TensorInfo info;
    (void)qrt_session_output_info(handle(), index, &info, nullptr);
    return info;
  }

  // The tensor's own memory; T is the C++ type of its elements.
  template <class T>
  T* input(size_t index) noexcept {
    return static_cast<T*>(qrt_session_input_data(handle(), index));
  }
  template <class T>
  const T* output(size_t index) const noexcept {
    return static_cast<const T*>(qrt_session_output_data(handle(), index));
  }

  // Elements of the tensor's own type; `bytes` is input_info(index).bytes or
  // output_info(index).bytes.
  Status set_input_bytes(size_t index, const void* data, size_t bytes) noexcept {
    Status status;
    (void)qrt_session_set_input(handle(), index, data, bytes, status.raw());
    return status;
  }
  Status get_output_bytes(size_t index, void* data, size_t bytes) const noexcept {
    Status status;
    (void)qrt_session_get_output(handle(), index, data, bytes, status.raw());
    return status;
  }

  // Real numbers, quantized and dequantized as the tensor needs. `count`, or the container's size,
  // is input_info(index).elements() or output_info(index).elements().
  Status set_input(size_t index, const float* values, size_t count) noexcept {
    Status status;
    (void)qrt_session_set_input_f32(handle(), index, values, count, status.raw());
    return status;
  }
  Status get_output(size_t index, float* values, size_t count) const noexcept {
    Status status;
    (void)qrt_session_get_output_f32(handle(), index, values, count, status.raw());
    return status;
  }
  template <class Container, class = internal::IfHolds<const Container, float>>
  Status set_input(size_t index, const Container& values) noexcept {
    return set_input(index, values.data(), values.size());
  }
  template <class Container, class = internal::IfHolds<Container, float>>
  Status get_output(size_t index, Container& values) const noexcept {
    return get_output(index, values.data(), values.size());
  }

  template <class Container, class = internal::IfHolds<const Container, int32_t>>
  Status resize_input(size_t index, const Container& dims) noexcept {
    Status status;
    (void)qrt_session_resize_input(handle(), index, dims.data(), static_cast<int32_t>(dims.size()),
                                   status.raw());
    return status;
  }
  Status resize_inputs(const InputShape* shapes, size_t count) noexcept {
    Status status;
    (void)qrt_session_resize_inputs(handle(), shapes, count, status.raw());
    return status;
  }

  // The caller's memory instead of the session's; null unbinds. See qrt_session_bind_input.
  Status bind_input(size_t index, const void* memory, size_t bytes) noexcept {
    Status status;
    (void)qrt_session_bind_input(handle(), index, memory, bytes, status.raw());
    return status;
  }
  Status bind_output(size_t index, void* memory, size_t bytes) noexcept {
    Status status;
    (void)qrt_session_bind_output(handle(), index, memory, bytes, status.raw());
    return status;
  }

  Status run() noexcept {
    Status status;
    (void)qrt_session_run(handle(), status.raw());
    return status;
  }
  // From any thread.
  void cancel() noexcept { qrt_session_cancel(handle()); }

  void reset_state() noexcept { qrt_session_reset_state(handle()); }
  size_t state_bytes() const noexcept { return qrt_session_state_bytes(handle()); }
  Status save_state(void* data, size_t bytes) const noexcept {
    Status status;
    (void)qrt_session_save_state(handle(), data, bytes, status.raw());
    return status;
  }
  Status restore_state(const void* data, size_t bytes) noexcept {
    Status status;
    (void)qrt_session_restore_state(handle(), data, bytes, status.raw());
    return status;
  }

  MemoryInfo memory() const noexcept {
    MemoryInfo info;
    (void)qrt_session_memory(handle(), &info, nullptr);
    return info;
  }
  void set_profiling(bool on) noexcept { qrt_session_set_profiling(handle(), on ? 1 : 0); }
  size_t operators() const noexcept { return qrt_session_op_count(handle()); }
  // All zero if there is no such index.
  OpInfo operator_info(size_t index) const noexcept {
    OpInfo info;
    (void)qrt_session_op_info(handle(), index, &info, nullptr);
    return info;
  }

  qrt_session* handle() const noexcept { return session_.get(); }

 private:
  explicit Session(qrt_session* session) noexcept : session_(session) {}
  internal::Owner<qrt_session, qrt_session_free> session_;
};

}  // namespace qrt
