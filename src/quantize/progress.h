// How long work tells how far it is, and is told to stop.
#pragma once

#include <cstddef>
#include <functional>

#include "src/base/status.h"

namespace qrt::quantize {

// `what`: "calibrating", a few words. false: stop; the work then ends with Code::Cancelled.
using Progress = std::function<bool(const char* what, size_t done, size_t total)>;

inline rt::Status tell(const Progress& progress, const char* what, size_t done, size_t total) {
  if (!progress || progress(what, done, total)) return {};
  return rt::error(rt::Code::Cancelled, "%s was stopped after %zu of %zu", what, done, total);
}

}  // namespace qrt::quantize
