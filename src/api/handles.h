// What the C API's handles are. The tool uses the public API and looks inside here for what only a
// tool wants to know.
#pragma once

#include <memory>

#include "qrt/qrt.h"
#include "src/runtime/session.h"

struct qrt_model {
  std::shared_ptr<const qrt::rt::Model> model;
};
struct qrt_program {
  std::shared_ptr<const qrt::rt::Program> program;
};
struct qrt_session {
  std::unique_ptr<qrt::rt::Session> session;
  std::vector<qrt::rt::InputShape>
      wanted;  // by a resize; stays, so that the next allocates nothing
};
