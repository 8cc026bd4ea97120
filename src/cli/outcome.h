// How a subcommand ends: a Status, and whether the command line or the world was at fault, which
// decides the exit code (0 done, 1 failed, 2 wrong usage).
#pragma once

#include <string>
#include <utility>

#include "src/base/status.h"

namespace qrt::cli {

class [[nodiscard]] Outcome {
 public:
  Outcome() = default;
  Outcome(rt::Status status)  // NOLINT: implicit, so that QRT_RETURN_IF_ERROR works
      : status_(std::move(status)), exit_code_(status_.ok() ? 0 : 1) {}

  // The command line must be changed; another file would not help.
  static Outcome usage(std::string message) {
    Outcome outcome(rt::Status(rt::Code::InvalidArgument, std::move(message)));
    outcome.exit_code_ = 2;
    return outcome;
  }

  bool ok() const { return exit_code_ == 0; }
  int exit_code() const { return exit_code_; }
  const rt::Status& status() const { return status_; }

 private:
  rt::Status status_;
  int exit_code_ = 0;
};

}  // namespace qrt::cli
