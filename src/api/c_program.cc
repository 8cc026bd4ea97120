// The C API's programs.
#include "src/api/boundary.h"
#include "src/api/custom_node.h"
#include "src/api/handles.h"

namespace {

using qrt::api::guarded;
using qrt::api::null_argument;
using qrt::rt::Code;
using qrt::rt::LogLevel;
using qrt::rt::Status;

static_assert(QRT_LOG_INFO == static_cast<int>(LogLevel::Info));
static_assert(QRT_LOG_WARNING == static_cast<int>(LogLevel::Warning));

// The caller's log function behind LogSink's.
struct Logger {
  qrt_log_function log;
  void* user;
  static void write(void* self, LogLevel level, const char* message) {
    const auto* logger = static_cast<Logger*>(self);
    logger->log(logger->user, static_cast<uint32_t>(level), message);
  }
};

}  // namespace

extern "C" {

qrt_status qrt_program_create(const qrt_model* model, const qrt_program_options* options,
                              qrt_program** program, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (model == nullptr || program == nullptr) return null_argument();
    qrt_program_options wishes;
    QRT_RETURN_IF_ERROR(qrt::api::read_struct(options, &wishes, "program options"));
    qrt::rt::ProgramOptions program_options;
    program_options.isa = wishes.isa;
    program_options.entry = wishes.entry;
    QRT_RETURN_IF_ERROR(qrt::api::read_allocator(wishes.allocator, &program_options.allocator));
    QRT_ASSIGN_OR_RETURN(
        program_options.customs,
        qrt::api::read_custom_operators(wishes.custom_operators, wishes.custom_operator_count));
    Logger logger{wishes.log, wishes.log_user};
    if (wishes.log != nullptr) program_options.log = {&Logger::write, &logger};
    QRT_ASSIGN_OR_RETURN(auto built, qrt::rt::Program::build(model->model, program_options));
    *program = new qrt_program{std::move(built)};
    return {};
  });
}

void qrt_program_free(qrt_program* program) { delete program; }

const char* qrt_program_isa(const qrt_program* program) {
  return program != nullptr ? qrt::rt::isa_name(program->program->features()) : "";
}

}  // extern "C"
