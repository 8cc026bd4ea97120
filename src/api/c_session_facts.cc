// The C API's sessions: what they remember from run to run, and what they cost.
#include "src/api/boundary.h"
#include "src/api/handles.h"

using qrt::api::guarded;
using qrt::api::null_argument;
using qrt::rt::Code;
using qrt::rt::Node;
using qrt::rt::Session;
using qrt::rt::Status;

extern "C" {

void qrt_session_reset_state(qrt_session* session) {
  if (session != nullptr) session->session->reset_state();
}

size_t qrt_session_state_bytes(const qrt_session* session) {
  return session != nullptr ? session->session->state_bytes() : 0;
}

qrt_status qrt_session_save_state(const qrt_session* session, void* data, size_t bytes,
                                  qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || (data == nullptr && bytes > 0)) return null_argument();
    return session->session->save_state(data, bytes);
  });
}

qrt_status qrt_session_restore_state(qrt_session* session, const void* data, size_t bytes,
                                     qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || (data == nullptr && bytes > 0)) return null_argument();
    return session->session->restore_state(data, bytes);
  });
}

qrt_status qrt_session_memory(const qrt_session* session, qrt_memory_info* info, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    const Session& s = *session->session;
    qrt_memory_info facts = {};
    facts.arena_bytes = s.memory().arena;
    facts.activation_bytes = s.memory().activations;
    facts.variable_bytes = s.memory().variables;
    facts.scratch_bytes = s.memory().scratch;
    facts.weight_bytes = s.program().model().weights().size();
    facts.packed_bytes = s.packed_bytes();
    facts.beside_bytes = s.memory().beside;
    return qrt::api::write_struct(facts, info, "memory info");
  });
}

void qrt_session_set_profiling(qrt_session* session, int32_t on) {
  if (session != nullptr) session->session->set_profiling(on != 0);
}

size_t qrt_session_op_count(const qrt_session* session) {
  return session != nullptr ? session->session->program().nodes().size() : 0;
}

qrt_status qrt_session_op_info(const qrt_session* session, size_t index, qrt_op_info* info,
                               qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (session == nullptr || info == nullptr) return null_argument();
    const Session& s = *session->session;
    const size_t count = s.program().nodes().size();
    if (index >= count) {
      return qrt::rt::error(Code::InvalidArgument, "operator %zu does not exist, the model has %zu",
                            index, count);
    }
    const Node& node = s.program().nodes()[index];
    const qrt::rt::OpKernel* kernel = s.program().kernel(index);
    // Of what it computes, or, where it only changes a variable, of that.
    const int shown = node.outputs() > 0 ? node.output_index(0) : node.input_index(0);
    const qrt::rt::Shape& shape = s.tensor_shape(shown);
    qrt_op_info facts = {};
    facts.name = node.name();
    facts.kind = qrt::fb::EnumNameOpOptions(node.type());
    facts.kernel = kernel != nullptr ? kernel->name() : "";
    facts.time_ns = s.profile_ns()[index];
    facts.runs = s.profiled_runs();
    facts.type = static_cast<uint32_t>(s.program().tensors()[static_cast<size_t>(shown)].type);
    facts.rank = shape.rank();
    std::copy(shape.begin(), shape.end(), facts.dims);
    return qrt::api::write_struct(facts, info, "operator info");
  });
}

}  // extern "C"
