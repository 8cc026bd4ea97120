#include "src/cli/running_model.h"

#include "src/cli/machine_options.h"
#include "src/import/runnable.h"

namespace qrt::cli {

rt::Result<RunningModel> start_model(OpenModel open, const std::string& isa, size_t threads) {
  ProgramOptions program_options;
  if (!isa.empty()) program_options.isa = isa.c_str();
  program_options.entry = open.model->entry_name(open.entry);
  auto program = Program::create(*open.api, program_options);
  if (program.status().code() == QRT_UNSUPPORTED) {
    // Every operator that libqrt lacks, not the first alone.
    QRT_RETURN_IF_ERROR(import::build_program(open.model).status());
  }
  if (!program.ok()) return status_of(program.status());
  SessionOptions session_options;
  session_options.threads = static_cast<int32_t>(thread_count(threads));
  QRT_ASSIGN_OR_RETURN(Session session, result_of(Session::create(*program, session_options)));
  return RunningModel{std::move(open), std::move(*program), std::move(session)};
}

rt::Result<std::unique_ptr<rt::Session>> start_session(const OpenModel& open,
                                                       const std::string& isa, size_t threads) {
  rt::ProgramOptions wishes;
  if (!isa.empty()) wishes.isa = isa.c_str();
  wishes.entry = open.model->entry_name(open.entry);
  QRT_ASSIGN_OR_RETURN(auto program, import::build_program(open.model, wishes));
  rt::SessionOptions options;
  options.threads = thread_count(threads);
  return rt::Session::create(std::move(program), options);
}

}  // namespace qrt::cli
