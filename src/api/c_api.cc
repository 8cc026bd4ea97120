// The C API over Model, Program and Session. Each call catches what the standard library throws
// when memory is short, and turns every Status into the caller's qrt_error.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "kernels/requantize.h"
#include "qrt/qrt.h"
#include "src/runtime/session.h"

struct qrt_model {
  std::shared_ptr<const qrt::rt::Model> model;
};
struct qrt_program {
  std::shared_ptr<const qrt::rt::Program> program;
};
struct qrt_session {
  std::unique_ptr<qrt::rt::Session> session;
};

namespace {

using qrt::rt::Code;
using qrt::rt::DType;
using qrt::rt::Status;

qrt_status report(Code code, const char* message, qrt_error* error) {
  const auto status = static_cast<qrt_status>(code);
  if (error != nullptr) {
    error->status = status;
    std::strncpy(error->message, message, sizeof error->message - 1);
    error->message[sizeof error->message - 1] = '\0';
  }
  return status;
}

// Runs `body`, which returns a Status, at the edge of the library.
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

Status null_argument() { return {Code::InvalidArgument, "an argument is null"}; }

// A structure of the caller's, which may be of an older, shorter version: what it lacks is zero.
template <class Options>
Status copy_options(const Options* from, Options* to) {
  std::memset(static_cast<void*>(to), 0, sizeof *to);
  if (from == nullptr) return {};
  if (from->struct_size < sizeof from->struct_size || from->struct_size > 4096) {
    return {Code::InvalidArgument, "struct_size of the options is not set"};
  }
  std::memcpy(static_cast<void*>(to), from, std::min(from->struct_size, sizeof *to));
  return {};
}

void fill_info(const qrt::rt::Tensor& tensor, const qrt::rt::Shape& shape, size_t bytes,
               qrt_tensor_info* info) {
  std::memset(info, 0, sizeof *info);
  info->name = tensor.name;
  info->type = static_cast<qrt_type>(tensor.type);
  info->rank = shape.rank();
  std::copy(shape.begin(), shape.end(), info->dims);
  info->bytes = bytes;
  if (tensor.quantization.present()) {
    info->scale = tensor.quantization.scale();
    info->zero_point = tensor.quantization.zero_point();
  }
}

Status no_such_tensor(const char* kind, size_t index, size_t count) {
  return qrt::rt::error(Code::InvalidArgument, "%s %zu does not exist, the model has %zu", kind,
                        index, count);
}

Status check_input(qrt_session* session, size_t index) {
  const size_t count = session->session->inputs();
  return index < count ? Status() : no_such_tensor("input", index, count);
}

Status check_output(const qrt_session* session, size_t index) {
  const size_t count = session->session->outputs();
  return index < count ? Status() : no_such_tensor("output", index, count);
}

Status wrong_size(const qrt::rt::Tensor& tensor, const char* unit, size_t given, size_t wanted) {
  return qrt::rt::error(Code::InvalidArgument, "tensor '%s' has %zu %s, not %zu", tensor.name,
                        wanted, unit, given);
}

template <class T>
void quantize(const qrt::rt::Tensor& tensor, const float* from, size_t count, T* to) {
  qrt::rt::IntRange range = {0, 0};
  (void)qrt::rt::quantized_range(tensor.type, &range);
  const qrt::kernels::Output out = {tensor.quantization.zero_point(), range.min, range.max};
  const float inverse = 1.0f / tensor.quantization.scale();
  for (size_t i = 0; i < count; ++i) {
    const float steps = std::isnan(from[i]) ? 0.0f : from[i] * inverse;
    to[i] = static_cast<T>(qrt::kernels::quantize_steps(steps, out));
  }
}

template <class T>
void dequantize(const qrt::rt::Tensor& tensor, const T* from, size_t count, float* to) {
  const float scale = tensor.quantization.scale();
  const int32_t zero_point = tensor.quantization.zero_point();
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i] - zero_point) * scale;
}

Status not_real(const qrt::rt::Tensor& tensor) {
  return qrt::rt::error(Code::Unsupported, "tensor '%s' of %s does not hold real numbers",
                        tensor.name, qrt::rt::dtype_name(tensor.type));
}

bool quantized(const qrt::rt::Tensor& t) {
  return t.quantization.present() && t.quantization.per_tensor();
}

Status set_reals(const qrt::rt::Tensor& tensor, const float* from, size_t count, void* to) {
  if (tensor.type == DType::F32) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (tensor.type == DType::S8 && quantized(tensor)) {
    quantize(tensor, from, count, static_cast<int8_t*>(to));
  } else if (tensor.type == DType::U8 && quantized(tensor)) {
    quantize(tensor, from, count, static_cast<uint8_t*>(to));
  } else if (tensor.type == DType::S16 && quantized(tensor)) {
    quantize(tensor, from, count, static_cast<int16_t*>(to));
  } else {
    return not_real(tensor);
  }
  return {};
}

Status get_reals(const qrt::rt::Tensor& tensor, const void* from, size_t count, float* to) {
  if (tensor.type == DType::F32) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (tensor.type == DType::S8 && quantized(tensor)) {
    dequantize(tensor, static_cast<const int8_t*>(from), count, to);
  } else if (tensor.type == DType::U8 && quantized(tensor)) {
    dequantize(tensor, static_cast<const uint8_t*>(from), count, to);
  } else if (tensor.type == DType::S16 && quantized(tensor)) {
    dequantize(tensor, static_cast<const int16_t*>(from), count, to);
  } else {
    return not_real(tensor);
  }
  return {};
}

}  // namespace

extern "C" {

const char* qrt_version(void) { return QRT_VERSION; }

qrt_status qrt_model_load_file(const char* path, qrt_model** model, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (path == nullptr || model == nullptr) return null_argument();
    QRT_ASSIGN_OR_RETURN(auto loaded, qrt::rt::Model::open(path));
    *model = new qrt_model{std::move(loaded)};
    return {};
  });
}

qrt_status qrt_model_load_buffer(const void* data, size_t bytes, qrt_model** model,
                                 qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (model == nullptr) return null_argument();
    QRT_ASSIGN_OR_RETURN(auto loaded, qrt::rt::Model::from_buffer(data, bytes));
    *model = new qrt_model{std::move(loaded)};
    return {};
  });
}

void qrt_model_free(qrt_model* model) { delete model; }

qrt_status qrt_program_create(const qrt_model* model, const qrt_program_options* options,
                              qrt_program** program, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (model == nullptr || program == nullptr) return null_argument();
    qrt_program_options wishes;
    QRT_RETURN_IF_ERROR(copy_options(options, &wishes));
    qrt::rt::ProgramOptions program_options;
    program_options.isa = wishes.isa;
    QRT_ASSIGN_OR_RETURN(auto built, qrt::rt::Program::build(model->model, program_options));
    *program = new qrt_program{std::move(built)};
    return {};
  });
}

void qrt_program_free(qrt_program* program) { delete program; }

qrt_status qrt_session_create(const qrt_program* program, const qrt_session_options* options,
                              qrt_session** session, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (program == nullptr || session == nullptr) return null_argument();
    qrt_session_options wishes;
    QRT_RETURN_IF_ERROR(copy_options(options, &wishes));
    qrt::rt::SessionOptions session_options;
    session_options.threads = static_cast<size_t>(std::max(wishes.threads, 1));
    session_options.pool = static_cast<pthreadpool_t>(wishes.thread_pool);
    if (wishes.max_arena_bytes > 0) session_options.max_arena_bytes = wishes.max_arena_bytes;
    QRT_ASSIGN_OR_RETURN(auto made, qrt::rt::Session::create(program->program, session_options));
    *session = new qrt_session{std::move(made)};
    return {};
  });
}

void qrt_session_free(qrt_session* session) { delete session; }

size_t qrt_session_input_count(const qrt_session* session) {
  return session != nullptr ? session->session->inputs() : 0;
}

size_t qrt_session_output_count(const qrt_session* session) {
  return session != nullptr ? session->session->outputs() : 0;
}

qrt_status qrt_session_input_info(const qrt_session* session, size_t index, qrt_tensor_info* info,
                                  qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    QRT_RETURN_IF_ERROR(check_input(const_cast<qrt_session*>(session), index));
    const qrt::rt::Session& s = *session->session;
    fill_info(s.input(index), s.input_shape(index), s.input_bytes(index), info);
    return {};
  });
}

qrt_status qrt_session_output_info(const qrt_session* session, size_t index, qrt_tensor_info* info,
                                   qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    QRT_RETURN_IF_ERROR(check_output(session, index));
    const qrt::rt::Session& s = *session->session;
    fill_info(s.output(index), s.output_shape(index), s.output_bytes(index), info);
    return {};
  });
}

void* qrt_session_input_data(qrt_session* session, size_t index) {
  if (session == nullptr || index >= session->session->inputs()) return nullptr;
  return session->session->input_data(index);
}

const void* qrt_session_output_data(const qrt_session* session, size_t index) {
  if (session == nullptr || index >= session->session->outputs()) return nullptr;
  return session->session->output_data(index);
}

qrt_status qrt_session_set_input(qrt_session* session, size_t index, const void* data, size_t bytes,
                                 qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    QRT_RETURN_IF_ERROR(check_input(session, index));
    qrt::rt::Session& s = *session->session;
    if (bytes != s.input_bytes(index)) {
      return wrong_size(s.input(index), "bytes", bytes, s.input_bytes(index));
    }
    std::memcpy(s.input_data(index), data, bytes);
    return {};
  });
}

qrt_status qrt_session_get_output(const qrt_session* session, size_t index, void* data,
                                  size_t bytes, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    QRT_RETURN_IF_ERROR(check_output(session, index));
    const qrt::rt::Session& s = *session->session;
    if (bytes != s.output_bytes(index)) {
      return wrong_size(s.output(index), "bytes", bytes, s.output_bytes(index));
    }
    std::memcpy(data, s.output_data(index), bytes);
    return {};
  });
}

qrt_status qrt_session_set_input_f32(qrt_session* session, size_t index, const float* data,
                                     size_t count, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    QRT_RETURN_IF_ERROR(check_input(session, index));
    qrt::rt::Session& s = *session->session;
    const auto elements = static_cast<size_t>(s.input_shape(index).elements());
    if (count != elements) return wrong_size(s.input(index), "elements", count, elements);
    return set_reals(s.input(index), data, count, s.input_data(index));
  });
}

qrt_status qrt_session_get_output_f32(const qrt_session* session, size_t index, float* data,
                                      size_t count, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    QRT_RETURN_IF_ERROR(check_output(session, index));
    const qrt::rt::Session& s = *session->session;
    const auto elements = static_cast<size_t>(s.output_shape(index).elements());
    if (count != elements) return wrong_size(s.output(index), "elements", count, elements);
    return get_reals(s.output(index), s.output_data(index), count, data);
  });
}

qrt_status qrt_session_resize_input(qrt_session* session, size_t index, const int32_t* dims,
                                    int32_t rank, qrt_error* error) {
  return qrt_session_resize_inputs(session, 1, &index, &dims, &rank, error);
}

qrt_status qrt_session_resize_inputs(qrt_session* session, size_t count, const size_t* indices,
                                     const int32_t* const* dims, const int32_t* ranks,
                                     qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr) return null_argument();
    if (count > 0 && (indices == nullptr || dims == nullptr || ranks == nullptr)) {
      return null_argument();
    }
    std::vector<qrt::rt::InputShape> shapes;
    for (size_t i = 0; i < count; ++i) {
      if (dims[i] == nullptr && ranks[i] > 0) return null_argument();
      if (ranks[i] < 0 || ranks[i] > QRT_MAX_RANK) {
        return qrt::rt::error(Code::InvalidArgument, "a tensor has 0 to %d dimensions, not %d",
                              QRT_MAX_RANK, ranks[i]);
      }
      shapes.emplace_back(indices[i], qrt::rt::Shape(dims[i], static_cast<size_t>(ranks[i])));
    }
    return session->session->resize_inputs({shapes.data(), shapes.size()});
  });
}

qrt_status qrt_session_run(qrt_session* session, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    return session != nullptr ? session->session->run() : null_argument();
  });
}

void qrt_session_cancel(qrt_session* session) {
  if (session != nullptr) session->session->cancel();
}

void qrt_session_reset_state(qrt_session* session) {
  if (session != nullptr) session->session->reset_state();
}

qrt_status qrt_session_memory(const qrt_session* session, qrt_memory_info* info, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    qrt_memory_info facts;
    QRT_RETURN_IF_ERROR(copy_options(info, &facts));
    const qrt::rt::Session& s = *session->session;
    facts.arena_bytes = s.arena_bytes();
    facts.weight_bytes = s.program().model().weights().size();
    facts.packed_bytes = s.packed_bytes();
    std::memcpy(static_cast<void*>(info), &facts, std::min(info->struct_size, sizeof facts));
    return {};
  });
}

}  // extern "C"
