// How the importer's rules give up. Thrown inside src/import/onnx only; import_onnx turns both into
// a Status.
#pragma once

#include <stdexcept>
#include <string>

#include "src/import/dim.h"

namespace qrt::import::onnx_import {

// The model contradicts ONNX's specification or itself. The import stops.
struct Invalid : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] void unsupported(const char* format, ...) __attribute__((format(printf, 1, 2)));
[[noreturn]] void invalid(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace qrt::import::onnx_import
