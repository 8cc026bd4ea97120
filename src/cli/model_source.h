// Opening whatever model the user names: a .qrt is mapped, a .tflite or .onnx is converted in
// memory. By content, not by file name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/memory.h"
#include "src/cli/public_api.h"
#include "src/graph/graph.h"
#include "src/import/import.h"
#include "src/runtime/session.h"

namespace qrt::cli {

// A model, ready to build Programs from, and the bytes it lives in: keep it as long as they live.
struct OpenModel {
  std::string path;
  import::Format format = import::Format::Unknown;
  size_t source_bytes = 0;  // of the file
  double load_us = 0;       // until verified; a foreign model's conversion is included
  rt::AlignedBuffer bytes;  // of a converted model; empty for a .qrt
  uint32_t entry = 0;       // of those that the model has
  std::optional<Model> api;
  std::shared_ptr<const rt::Model> model;  // the same: records_of(*api)

  const fb::Subgraph& record() const { return model->entry(entry); }
  bool converted() const { return format != import::Format::Qrt; }
};

const char* format_name(import::Format format);  // "TensorFlow Lite", ...

// What kind of model the file is, and its size; an error for a file that is none.
rt::Result<import::Format> identify(const std::string& path, size_t* bytes);

// `signature`: the name of the entry to use; "": the first. The error lists the names there are.
// `options` are for models that are converted.
rt::Result<OpenModel> open_model(const std::string& path, const std::string& signature = "",
                                 import::ImportOptions options = {});

// The bytes of a .qrt made from a foreign model, loaded once as a user would, so that no file is
// written that cannot be run.
struct Converted {
  graph::Bytes file;
  OpenModel open;
  std::shared_ptr<const rt::Program> program;
};
// `complete` adds to the graph, before it is written, what the source does not say. `signature`:
// the one entry that it is to have; "": all.
using CompleteGraph = std::function<rt::Status(graph::Graph*)>;
rt::Result<Converted> convert_model(const std::string& path, const CompleteGraph& complete,
                                    const std::string& signature = "",
                                    import::ImportOptions options = {});

// "'encode', 'decode'": the entries of a model that has several; else "".
std::string entry_list(const rt::Model& model);

// "image f32 [1x224x224x3], scale 0.0078 zero point 128": what a user must know to feed a tensor.
std::string describe(const rt::Tensor& tensor);

}  // namespace qrt::cli
