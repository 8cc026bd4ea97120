// How the importer's rules give up. Thrown inside src/import/onnx only; import_onnx turns both into
// a Status.
#pragma once

#include <stdexcept>
#include <string>

namespace qrt::import::onnx_import {

// The node is valid ONNX that libqrt cannot express. The importer goes on, to list all of them.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The model contradicts ONNX's specification or itself. The import stops.
struct Invalid : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] void unsupported(const char* format, ...) __attribute__((format(printf, 1, 2)));
[[noreturn]] void invalid(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace qrt::import::onnx_import
