// What a custom operator's callbacks see, and the runtime's view of what the app gives.
#pragma once

#include <string>

#include "qrt/qrt.h"
#include "src/runtime/custom_operator.h"

// One operator during one call of the app's.
struct qrt_custom_node {
  const qrt::rt::Node& node;
  const qrt::rt::Shapes& shapes;  // of all tensors
  void* scratch = nullptr;
  const qrt::rt::RunContext* context = nullptr;  // within `run`
  qrt::rt::Inference* inference = nullptr;       // within `shape`, when shapes are asked for
  uint64_t scratch_bytes = 0;
  std::string failure{};  // what the app says of one
};

namespace qrt::api {

// Those that the options list, copied.
rt::Result<rt::CustomOperators> read_custom_operators(const qrt_custom_operator* list,
                                                      size_t count);

}  // namespace qrt::api
