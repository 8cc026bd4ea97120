#include "src/import/import.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "src/graph/grow_state.h"
#include "src/graph/keep_state.h"
#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"

namespace qrt::import {
namespace {

using rt::Code;
using rt::error;
using rt::Status;

bool has_identifier(const uint8_t* data, size_t bytes, const char* identifier) {
  return bytes >= 8 && std::memcmp(data + 4, identifier, 4) == 0;
}

// Protocol buffers' variable-length integer at *at; false if it does not end within the bytes.
bool read_varint(const uint8_t* data, size_t bytes, size_t* at, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && *at < bytes; shift += 7) {
    const uint8_t byte = data[(*at)++];
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

// ONNX has no identifier. Its outermost message is a run of fields, of which none has a number
// above kLastField and one, that of the graph, must be there.
bool looks_like_onnx(const uint8_t* data, size_t bytes) {
  constexpr uint64_t kGraphField = 7, kLastField = 25;
  enum WireType { Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5 };
  bool graph_seen = false;
  size_t at = 0;
  while (at < bytes) {
    uint64_t key, number;
    if (!read_varint(data, bytes, &at, &key)) return false;
    const uint64_t field = key >> 3;
    if (field < 1 || field > kLastField) return false;
    size_t skip = 0;
    switch (key & 7) {
      case Varint:
        if (!read_varint(data, bytes, &at, &number)) return false;
        break;
      case Fixed64:
        skip = 8;
        break;
      case Fixed32:
        skip = 4;
        break;
      case Delimited:
        if (!read_varint(data, bytes, &at, &number) || number > bytes - at) return false;
        skip = static_cast<size_t>(number);
        graph_seen = graph_seen || field == kGraphField;
        break;
      default:
        return false;
    }
    if (skip > bytes - at) return false;
    at += skip;
  }
  return graph_seen;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Status read_file(const std::string& path, std::vector<uint8_t>* bytes) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return error(Code::Io, "cannot open '%s': %s", path.c_str(), std::strerror(errno));
  }
  constexpr size_t kChunk = size_t{1} << 20;
  size_t got = 0;
  do {
    bytes->resize(bytes->size() + kChunk);
    got = std::fread(bytes->data() + bytes->size() - kChunk, 1, kChunk, file.get());
    bytes->resize(bytes->size() - kChunk + got);
  } while (got == kChunk);
  if (std::ferror(file.get()) != 0) {
    return error(Code::Io, "cannot read '%s': %s", path.c_str(), std::strerror(errno));
  }
  return {};
}

rt::Result<graph::Graph> import_bytes(const std::vector<uint8_t>& bytes, const std::string& path,
                                      const ImportOptions& options) {
  switch (detect_format(bytes.data(), bytes.size())) {
    case Format::Tflite:
      return import_tflite(bytes.data(), bytes.size(), path, options);
    case Format::Onnx: {
      auto graph = import_onnx(bytes.data(), bytes.size(), path, options);
      if (!graph.ok() || options.signature.empty()) return graph;
      const Status chosen = graph::keep_entry(*graph, options.signature);
      if (!chosen.ok()) return chosen.within(path);
      return graph;
    }
    case Format::Qrt:
      return error(Code::InvalidArgument, "'%s' is a libqrt model already", path.c_str());
    case Format::Unknown:
      break;
  }
  return error(Code::InvalidModel,
               "'%s' is neither a TensorFlow Lite nor an ONNX model, or is truncated",
               path.c_str());
}

// That the file has what was to be left to the app.
Status check_customs(const graph::Graph& graph, const ImportOptions& options) {
  std::set<std::string> missing = options.customs;
  for (int32_t g = 0; g < graph::graph_count(graph); ++g) {
    for (const graph::Node& node : graph::graph_at(graph, g).nodes) {
      if (const fb::CustomT* custom = node.options.AsCustom()) missing.erase(custom->name);
    }
  }
  if (missing.empty()) return {};
  return error(Code::InvalidArgument,
               "the model has no operator '%s' to leave to the app; messages and viewers show what "
               "its operators are called",
               missing.begin()->c_str());
}

// "Gelu 6, LayerNormalization 12"
std::string listed(const std::map<std::string, int>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(count);
  }
  return text;
}

// Tells people what the model is no more, in its metadata.
void describe_changes(graph::Graph* graph) {
  const graph::Record& record = graph->record;
  const auto say = [&](const char* key, const std::string& text) {
    if (!text.empty()) graph->metadata.emplace_back(key, text);
  };
  say("import.fused", listed(record.fused));
  say("import.folded", record.folded > 0 ? std::to_string(record.folded) : "");
  say("import.upgraded", listed(record.upgraded));
}

}  // namespace

Format detect_format(const uint8_t* data, size_t bytes) {
  if (has_identifier(data, bytes, "QRT1")) return Format::Qrt;
  if (has_identifier(data, bytes, "TFL3")) return Format::Tflite;
  return looks_like_onnx(data, bytes) ? Format::Onnx : Format::Unknown;
}

rt::Result<graph::Graph> import_file(const std::string& path, const ImportOptions& options) {
  try {
    std::vector<uint8_t> bytes;
    QRT_RETURN_IF_ERROR(read_file(path, &bytes));
    auto graph = import_bytes(bytes, path, options);
    if (!graph.ok()) return graph;
    if (const Status customs = check_customs(*graph, options); !customs.ok()) {
      return customs.within(path);
    }
    std::vector<graph::KeptState> states;
    Status status = graph::find_states(*graph, options.states, &states);
    for (const graph::KeptState& state : states) {
      if (status.ok() && state.most == 0) {
        status = graph::keep_state(*graph, state.input, state.output);
      }
    }
    if (status.ok()) status = graph::optimize(*graph);
    // Once attention is one operator, which can read a part of a state.
    if (status.ok()) status = graph::grow_states(*graph, states);
    if (!status.ok()) return status.within(path);
    describe_changes(&*graph);
    return graph;
  } catch (const std::bad_alloc&) {
    return error(Code::OutOfMemory, "%s: not enough memory", path.c_str());
  } catch (const std::exception& exception) {
    return error(Code::InvalidModel, "%s: %s", path.c_str(), exception.what());
  }
}

}  // namespace qrt::import
