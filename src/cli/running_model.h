// A model that is ready to run, for `qrt run` and `qrt bench`.
#pragma once

#include <memory>
#include <string>

#include "src/cli/model_source.h"
#include "src/cli/public_api.h"

namespace qrt::cli {

struct RunningModel {
  OpenModel open;
  Program program;
  Session session;

  // As the model declares them: a dimension may be open.
  rt::Tensor input(size_t i) const { return tensor_of(open.api->input_info(i, open.entry)); }
  // As they are now.
  rt::Tensor output(size_t i) const { return tensor_of(session.output_info(i)); }
};

// isa: "" for the best. threads: 0 for one a core.
rt::Result<RunningModel> start_model(OpenModel open, const std::string& isa, size_t threads);

// The session below the public API, which lets others watch its operators; `open` must outlive it.
rt::Result<std::unique_ptr<rt::Session>> start_session(const OpenModel& open,
                                                       const std::string& isa, size_t threads);

}  // namespace qrt::cli
