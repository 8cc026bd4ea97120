// The C API's sessions: making them, feeding them, running them. What they remember and cost is in
// c_session_facts.cc.
#include <vector>

#include "src/api/boundary.h"
#include "src/api/handles.h"
#include "src/api/reals.h"
#include "src/api/tensor_info.h"

namespace {

using qrt::api::guarded;
using qrt::api::null_argument;
using qrt::rt::Bound;
using qrt::rt::Code;
using qrt::rt::InputShape;
using qrt::rt::Session;
using qrt::rt::SessionOptions;
using qrt::rt::Shape;
using qrt::rt::Status;
using qrt::rt::Tensor;

static_assert(QRT_NOT_BOUND == static_cast<int>(Bound::No));
static_assert(QRT_BOUND_DIRECTLY == static_cast<int>(Bound::Directly));
static_assert(QRT_BOUND_BY_COPY == static_cast<int>(Bound::ByCopy));

Status check_rank(int32_t rank) {
  if (rank >= 0 && rank <= QRT_MAX_RANK) return {};
  return qrt::rt::error(Code::InvalidArgument, "a tensor has 0 to %d dimensions, not %d",
                        QRT_MAX_RANK, rank);
}

Status read_shapes(const qrt_input_shape* from, size_t count, std::vector<InputShape>* to) {
  if (from == nullptr && count > 0) return null_argument();
  for (size_t i = 0; i < count; ++i) {
    QRT_RETURN_IF_ERROR(check_rank(from[i].rank));
    to->emplace_back(from[i].index, Shape(from[i].dims, static_cast<size_t>(from[i].rank)));
  }
  return {};
}

// `shapes` holds what the result points to.
Status read_options(const qrt_session_options* from, SessionOptions* to,
                    std::vector<InputShape>* shapes) {
  qrt_session_options wishes;
  QRT_RETURN_IF_ERROR(qrt::api::read_struct(from, &wishes, "session options"));
  QRT_RETURN_IF_ERROR(read_shapes(wishes.input_shapes, wishes.input_shape_count, shapes));
  to->threads = static_cast<size_t>(std::max(wishes.threads, 1));
  to->pool = static_cast<pthreadpool_t>(wishes.thread_pool);
  if (wishes.max_arena_bytes > 0) to->max_arena_bytes = wishes.max_arena_bytes;
  to->input_shapes = {shapes->data(), shapes->size()};
  to->arena = wishes.arena;
  to->arena_bytes = wishes.arena_bytes;
  if (wishes.allocator != nullptr) {
    qrt::rt::Allocator allocator;
    QRT_RETURN_IF_ERROR(qrt::api::read_allocator(wishes.allocator, &allocator));
    to->allocator = allocator;
  }
  return {};
}

Status no_such_tensor(const char* kind, size_t index, size_t count) {
  return qrt::rt::error(Code::InvalidArgument, "%s %zu does not exist, the model has %zu", kind,
                        index, count);
}

Status check_input(const Session& session, size_t index) {
  return index < session.inputs() ? Status() : no_such_tensor("input", index, session.inputs());
}

Status check_output(const Session& session, size_t index) {
  return index < session.outputs() ? Status() : no_such_tensor("output", index, session.outputs());
}

// That the caller may write to it, and that it has `given` bytes or elements.
Status check_writable(const Session& session, size_t index) {
  QRT_RETURN_IF_ERROR(check_input(session, index));
  if (session.input_bound(index) == Bound::No) return {};
  return qrt::rt::error(Code::InvalidArgument,
                        "input '%s' is bound to memory of the caller's: write there, or unbind it",
                        session.input(index).name);
}

Status check_size(const Tensor& tensor, const char* unit, size_t given, size_t wanted) {
  if (given == wanted) return {};
  return qrt::rt::error(Code::InvalidArgument, "tensor '%s' has %zu %s, not %zu", tensor.name,
                        wanted, unit, given);
}

const qrt::fb::Subgraph& graph_of(const Session& session) { return session.program().record(); }

Status write_info(const Session& session, int32_t tensor, const Shape& shape, Bound bound,
                  qrt_tensor_info* info) {
  const auto& record = *graph_of(session).tensors()->Get(static_cast<unsigned>(tensor));
  return qrt::api::write_tensor_info(record, shape, static_cast<uint32_t>(bound), info);
}

}  // namespace

extern "C" {

qrt_status qrt_session_create(const qrt_program* program, const qrt_session_options* options,
                              qrt_session** session, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (program == nullptr || session == nullptr) return null_argument();
    SessionOptions session_options;
    std::vector<InputShape> shapes;
    QRT_RETURN_IF_ERROR(read_options(options, &session_options, &shapes));
    QRT_ASSIGN_OR_RETURN(auto made, Session::create(program->program, session_options));
    *session = new qrt_session{std::move(made), {}};
    return {};
  });
}

void qrt_session_free(qrt_session* session) { delete session; }

qrt_status qrt_session_required_arena(const qrt_program* program,
                                      const qrt_session_options* options, size_t* bytes,
                                      qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (program == nullptr || bytes == nullptr) return null_argument();
    SessionOptions session_options;
    std::vector<InputShape> shapes;
    QRT_RETURN_IF_ERROR(read_options(options, &session_options, &shapes));
    QRT_ASSIGN_OR_RETURN(*bytes, Session::required_arena(program->program, session_options));
    return {};
  });
}

size_t qrt_session_threads(const qrt_session* session) {
  return session != nullptr ? session->session->threads() : 0;
}

size_t qrt_session_input_count(const qrt_session* session) {
  return session != nullptr ? session->session->inputs() : 0;
}

size_t qrt_session_output_count(const qrt_session* session) {
  return session != nullptr ? session->session->outputs() : 0;
}

int32_t qrt_session_find_input(const qrt_session* session, const char* name) {
  if (session == nullptr) return -1;
  const auto& graph = graph_of(*session->session);
  return qrt::api::find_tensor(graph, *graph.inputs(), name);
}

int32_t qrt_session_find_output(const qrt_session* session, const char* name) {
  if (session == nullptr) return -1;
  const auto& graph = graph_of(*session->session);
  return qrt::api::find_tensor(graph, *graph.outputs(), name);
}

qrt_status qrt_session_input_info(const qrt_session* session, size_t index, qrt_tensor_info* info,
                                  qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    const Session& s = *session->session;
    QRT_RETURN_IF_ERROR(check_input(s, index));
    return write_info(s, s.program().inputs()[index], s.input_shape(index), s.input_bound(index),
                      info);
  });
}

qrt_status qrt_session_output_info(const qrt_session* session, size_t index, qrt_tensor_info* info,
                                   qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    const Session& s = *session->session;
    QRT_RETURN_IF_ERROR(check_output(s, index));
    return write_info(s, s.program().outputs()[index], s.output_shape(index), s.output_bound(index),
                      info);
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
    Session& s = *session->session;
    QRT_RETURN_IF_ERROR(check_writable(s, index));
    QRT_RETURN_IF_ERROR(check_size(s.input(index), "bytes", bytes, s.input_bytes(index)));
    std::memcpy(s.input_data(index), data, bytes);
    return {};
  });
}

qrt_status qrt_session_get_output(const qrt_session* session, size_t index, void* data,
                                  size_t bytes, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    const Session& s = *session->session;
    QRT_RETURN_IF_ERROR(check_output(s, index));
    QRT_RETURN_IF_ERROR(check_size(s.output(index), "bytes", bytes, s.output_bytes(index)));
    std::memmove(data, s.output_data(index), bytes);  // which a caller may have bound to `data`
    return {};
  });
}

qrt_status qrt_session_set_input_f32(qrt_session* session, size_t index, const float* data,
                                     size_t count, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    Session& s = *session->session;
    QRT_RETURN_IF_ERROR(check_writable(s, index));
    const auto elements = static_cast<size_t>(s.input_shape(index).elements());
    QRT_RETURN_IF_ERROR(check_size(s.input(index), "elements", count, elements));
    return qrt::api::set_reals(s.input(index), data, count, s.input_data(index));
  });
}

qrt_status qrt_session_get_output_f32(const qrt_session* session, size_t index, float* data,
                                      size_t count, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || data == nullptr) return null_argument();
    const Session& s = *session->session;
    QRT_RETURN_IF_ERROR(check_output(s, index));
    const auto elements = static_cast<size_t>(s.output_shape(index).elements());
    QRT_RETURN_IF_ERROR(check_size(s.output(index), "elements", count, elements));
    return qrt::api::get_reals(s.output(index), s.output_data(index), count, data);
  });
}

qrt_status qrt_session_resize_input(qrt_session* session, size_t index, const int32_t* dims,
                                    int32_t rank, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || (dims == nullptr && rank > 0)) return null_argument();
    QRT_RETURN_IF_ERROR(check_rank(rank));
    return session->session->resize_input(index, Shape(dims, static_cast<size_t>(rank)));
  });
}

qrt_status qrt_session_resize_inputs(qrt_session* session, const qrt_input_shape* shapes,
                                     size_t count, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr) return null_argument();
    session->wanted.clear();
    QRT_RETURN_IF_ERROR(read_shapes(shapes, count, &session->wanted));
    return session->session->resize_inputs({session->wanted.data(), session->wanted.size()});
  });
}

qrt_status qrt_session_bind_input(qrt_session* session, size_t index, const void* memory,
                                  size_t bytes, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    return session != nullptr ? session->session->bind_input(index, memory, bytes)
                              : null_argument();
  });
}

qrt_status qrt_session_bind_output(qrt_session* session, size_t index, void* memory, size_t bytes,
                                   qrt_error* error) {
  return guarded(error, [&]() -> Status {
    return session != nullptr ? session->session->bind_output(index, memory, bytes)
                              : null_argument();
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

}  // extern "C"
