// libqrt for C++17: the C API of qrt.h with owners instead of handles. Header only, so that it
// works with any compiler and standard library that can call C. Nothing here throws; the rules of
// qrt.h on threads and lifetimes hold.
//
//   auto model = qrt::Model::load_file("digits.qrt");
//   if (!model) return fail(model.error());
//   auto session = qrt::Session::create(*model);
//   session->input<float>(0) ...; session->run(); session->output<float>(0) ...
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "qrt/qrt.h"

namespace qrt {

// What went wrong: a status and one sentence. Default: nothing did.
class Error {
 public:
  Error() { raw_.status = QRT_OK, raw_.message[0] = '\0'; }
  explicit operator bool() const { return raw_.status != QRT_OK; }
  qrt_status status() const { return raw_.status; }
  const char* message() const { return raw_.message; }
  qrt_error* raw() { return &raw_; }

 private:
  qrt_error raw_;
};

// A value, or the Error that says why there is none.
template <class T>
class Expected {
 public:
  Expected(T value)
      : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: implicit by intent
  Expected(Error error) : error_(error) {}                // NOLINT: implicit by intent
  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() { return *value_; }
  T* operator->() { return value_.get(); }
  const Error& error() const { return error_; }

 private:
  std::unique_ptr<T> value_;
  Error error_;
};

using TensorInfo = qrt_tensor_info;

class Model {
 public:
  static Expected<Model> load_file(const std::string& path) {
    Error error;
    qrt_model* model = nullptr;
    if (qrt_model_load_file(path.c_str(), &model, error.raw()) != QRT_OK) return error;
    return Model(model);
  }
  // `data` is used in place: aligned to 16 bytes, and outliving the model and what is made of it.
  static Expected<Model> load_buffer(const void* data, size_t bytes) {
    Error error;
    qrt_model* model = nullptr;
    if (qrt_model_load_buffer(data, bytes, &model, error.raw()) != QRT_OK) return error;
    return Model(model);
  }
  const qrt_model* handle() const { return model_.get(); }

 private:
  struct Free {
    void operator()(qrt_model* model) const { qrt_model_free(model); }
  };
  explicit Model(qrt_model* model) : model_(model) {}
  std::unique_ptr<qrt_model, Free> model_;
};

// A model compiled for this CPU. Share one between sessions: they then share packed weights.
class Program {
 public:
  // isa: see qrt_program_options; null for the best.
  static Expected<Program> create(const Model& model, const char* isa = nullptr) {
    Error error;
    qrt_program* program = nullptr;
    const qrt_program_options options = {sizeof(qrt_program_options), isa};
    if (qrt_program_create(model.handle(), &options, &program, error.raw()) != QRT_OK) return error;
    return Program(program);
  }
  const qrt_program* handle() const { return program_.get(); }

 private:
  struct Free {
    void operator()(qrt_program* program) const { qrt_program_free(program); }
  };
  explicit Program(qrt_program* program) : program_(program) {}
  std::unique_ptr<qrt_program, Free> program_;
};

class Session {
 public:
  static Expected<Session> create(const Program& program, int threads = 1) {
    Error error;
    qrt_session* session = nullptr;
    qrt_session_options options = {};
    options.struct_size = sizeof options;
    options.threads = threads;
    if (qrt_session_create(program.handle(), &options, &session, error.raw()) != QRT_OK)
      return error;
    return Session(session);
  }
  // With a program of its own, for the common case of one session a model.
  static Expected<Session> create(const Model& model, int threads = 1) {
    auto program = Program::create(model);
    if (!program) return program.error();
    return create(*program, threads);
  }

  size_t inputs() const { return qrt_session_input_count(session_.get()); }
  size_t outputs() const { return qrt_session_output_count(session_.get()); }
  // index < inputs() or outputs()
  TensorInfo input_info(size_t index) const {
    TensorInfo info = {};
    (void)qrt_session_input_info(session_.get(), index, &info, nullptr);
    return info;
  }
  TensorInfo output_info(size_t index) const {
    TensorInfo info = {};
    (void)qrt_session_output_info(session_.get(), index, &info, nullptr);
    return info;
  }

  // The tensor's own memory; T is the C++ type of its elements.
  template <class T>
  T* input(size_t index) {
    return static_cast<T*>(qrt_session_input_data(session_.get(), index));
  }
  template <class T>
  const T* output(size_t index) const {
    return static_cast<const T*>(qrt_session_output_data(session_.get(), index));
  }

  // Real numbers, quantized and dequantized as the tensor needs.
  Error set_input(size_t index, const std::vector<float>& values) {
    Error error;
    (void)qrt_session_set_input_f32(session_.get(), index, values.data(), values.size(),
                                    error.raw());
    return error;
  }
  Error get_output(size_t index, std::vector<float>* values) const {
    Error error;
    const TensorInfo info = output_info(index);
    size_t count = 1;
    for (int32_t i = 0; i < info.rank; ++i) count *= static_cast<size_t>(info.dims[i]);
    values->resize(count);
    (void)qrt_session_get_output_f32(session_.get(), index, values->data(), count, error.raw());
    return error;
  }

  Error resize_input(size_t index, const std::vector<int32_t>& dims) {
    Error error;
    (void)qrt_session_resize_input(session_.get(), index, dims.data(),
                                   static_cast<int32_t>(dims.size()), error.raw());
    return error;
  }

  Error run() {
    Error error;
    (void)qrt_session_run(session_.get(), error.raw());
    return error;
  }
  void reset_state() { qrt_session_reset_state(session_.get()); }

  qrt_session* handle() const { return session_.get(); }

 private:
  struct Free {
    void operator()(qrt_session* session) const { qrt_session_free(session); }
  };
  explicit Session(qrt_session* session) : session_(session) {}
  std::unique_ptr<qrt_session, Free> session_;
};

}  // namespace qrt
