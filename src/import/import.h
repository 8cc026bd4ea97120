// Reading other frameworks' models. An importer maps foreign operators to those of schema/qrt.fbs;
// what it cannot map it collects, and fails with one message that lists all of it by node name.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/graph/keep_state.h"

namespace qrt::import {

enum class Format { Qrt, Tflite, Onnx, Unknown };

// By content, not by file name.
Format detect_format(const uint8_t* data, size_t bytes);

// A dimension that the caller asks for. -1 is an open one, also where the file fixes it; open
// dimensions of one name have one size.
struct InputDim {
  InputDim(int32_t number) : size(number) {}
  explicit InputDim(std::string open_name) : size(-1), name(std::move(open_name)) {}

  int32_t size;
  std::string name;  // "": the file's, or none
};

struct ImportOptions {
  std::string signature;  // the one entry that is wanted, if the file has several; "": all
  // By an input's name, the shape it takes: dimensions become fixed or open.
  std::map<std::string, std::vector<InputDim>> input_shapes;
  // Operators that are left to the app, by the name that the file has for them: TensorFlow Lite's
  // custom code or "SVDF", ONNX's "domain.Operator" or "Operator". They become Custom.
  std::set<std::string> customs = {};
  // Inputs and the outputs that callers would hand back as these: they become variables of the
  // first entry (src/graph/keep_state.h, grow_state.h).
  std::vector<graph::KeptState> states = {};
};

// `name` is used in messages; `data` needs to outlive the call only. Each signature of the file
// becomes an entry.
rt::Result<graph::Graph> import_tflite(const uint8_t* data, size_t bytes, const std::string& name,
                                       const ImportOptions& options = {});
// `path` finds external data beside the model.
rt::Result<graph::Graph> import_onnx(const uint8_t* data, size_t bytes, const std::string& path,
                                     const ImportOptions& options = {});

// Reads, imports and optimizes a .tflite or .onnx file: ready to serialize.
rt::Result<graph::Graph> import_file(const std::string& path, const ImportOptions& options = {});

}  // namespace qrt::import
