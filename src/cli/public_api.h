// The tool uses libqrt through its public API, as an app does. Here is what turns the API's types
// into those that the tool's readers and printers share with the converter, and the one way to what
// the API does not tell (the file's own records).
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "qrt/qrt.hpp"
#include "src/base/status.h"
#include "src/model/model.h"
#include "src/runtime/program.h"

namespace qrt::cli {

rt::Status status_of(const qrt::Status& status);

template <class T>
rt::Result<T> result_of(qrt::Result<T> result) {
  if (!result.ok()) return status_of(result.status());
  return std::move(*result);
}

rt::Shape shape_of(const TensorInfo& info);
// A tensor as its info describes it; views of the same arrays, so it lives no longer than they do.
rt::Tensor tensor_of(const TensorInfo& info);

// What is behind the handles.
std::shared_ptr<const rt::Model> records_of(const qrt::Model& model);
std::shared_ptr<const rt::Program> records_of(const qrt::Program& program);

}  // namespace qrt::cli
