// A .tflite file whose every offset and index may be followed without another check: an importer
// that trusts the file would be one crafted byte away from reading outside of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/span.h"
#include "src/base/status.h"
#include "tflite_read_generated.h"

namespace qrt::import::tflite {

class File {
 public:
  // Verifies the FlatBuffer and, of the first subgraph: that no table is missing, that tensors,
  // buffers and operator codes exist where an index names them, that data lies within the file, and
  // that operators stand in execution order. `data` must outlive the File.
  static rt::Result<File> open(const uint8_t* data, size_t bytes);
  // The same file with another subgraph in view, verified likewise.
  rt::Result<File> subgraph(int64_t index) const;

  size_t bytes() const { return bytes_; }
  const tfl::Model& model() const { return *model_; }
  // The subgraph in view, and its index. What follows is about that one.
  const tfl::Subgraph& graph() const { return *model_->subgraphs()->Get(graph_); }
  unsigned graph_index() const { return graph_; }
  unsigned graph_count() const { return model_->subgraphs()->size(); }

  size_t tensor_count() const { return graph().tensors()->size(); }
  const tfl::Tensor& tensor(int index) const {
    return *graph().tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }
  // The tensor's constant data; empty if it has none.
  rt::Span<const uint8_t> data(const tfl::Tensor& tensor) const;
  // The tensor's name, or "tensor_3" if it has none.
  std::string tensor_name(int index) const;

  size_t operator_count() const {
    return graph().operators() == nullptr ? 0 : graph().operators()->size();
  }
  const tfl::Operator& op(size_t index) const {
    return *graph().operators()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }
  const tfl::OperatorCode& code(const tfl::Operator& op) const {
    return *model_->operator_codes()->Get(op.opcode_index());
  }
  // "CONV_2D"; "CUSTOM 'name'"; "operator code 999" where the number is not known.
  std::string op_kind(const tfl::Operator& op) const;
  // "ADD", or the name of a custom operator; "" for a code that is not known.
  std::string op_name(const tfl::Operator& op) const;
  // "operator 3 CONV_2D 'conv1'", with the name of the first output.
  std::string op_label(size_t index) const;

 private:
  File() = default;
  rt::Status check_model() const;
  rt::Status check_graph() const;
  rt::Status check_buffers() const;
  rt::Status check_tensors() const;
  rt::Status check_operators() const;
  rt::Status check_order() const;
  rt::Status check_indices(const std::string& who, const flatbuffers::Vector<int32_t>* indices,
                           bool may_be_absent) const;

  std::shared_ptr<uint8_t[]> aligned_copy_;  // where the caller's bytes are not aligned
  const uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
  const tfl::Model* model_ = nullptr;
  unsigned graph_ = 0;
};

// The operator's number: older files have it in a byte, newer ones in a field of its own.
inline tfl::Builtin builtin_of(const tfl::OperatorCode& code) {
  const int number = code.builtin_code() > code.deprecated_builtin_code()
                         ? code.builtin_code()
                         : code.deprecated_builtin_code();
  return static_cast<tfl::Builtin>(number);
}

// A name as messages quote it: a hostile file's may be megabytes long.
std::string shortened(const std::string& name);

}  // namespace qrt::import::tflite
