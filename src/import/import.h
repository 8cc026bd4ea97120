// Reading other frameworks' models. An importer maps foreign operators to those of schema/qrt.fbs;
// what it cannot map it collects, and fails with one message that lists all of it by node name.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::import {

enum class Format { Qrt, Tflite, Onnx, Unknown };

// By content, not by file name.
Format detect_format(const uint8_t* data, size_t bytes);

// `name` is used in messages; `data` needs to outlive the call only. Each signature of the file
// becomes an entry; `signature`: that one alone.
rt::Result<graph::Graph> import_tflite(const uint8_t* data, size_t bytes, const std::string& name,
                                       const std::string& signature = "");
// `path` finds external data beside the model.
rt::Result<graph::Graph> import_onnx(const uint8_t* data, size_t bytes, const std::string& path);

// Reads, imports and optimizes a .tflite or .onnx file: ready to serialize. `signature`: the name
// of the one entry that is wanted, if the file has several.
rt::Result<graph::Graph> import_file(const std::string& path, const std::string& signature = "");

}  // namespace qrt::import
