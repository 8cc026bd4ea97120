#include "src/import/tflite/file.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"

namespace qrt::import::tflite {

using flatbuffers::Offset;
using flatbuffers::uoffset_t;
using flatbuffers::Vector;
using rt::Code;
using rt::error;
using rt::Status;

namespace {

constexpr unsigned kMaxDepth = 64;
constexpr unsigned kMaxTables = 1000000;
constexpr uint32_t kSchemaVersion = 3;
constexpr size_t kScalarAlignment = 8;

// The entry's offset is 0, which FlatBuffers takes for a table without fields.
template <class T>
bool null_entry(const Vector<Offset<T>>& tables, uoffset_t i) {
  return reinterpret_cast<const uint8_t*>(tables.Get(i)) == tables.Data() + i * sizeof(uoffset_t);
}

template <class T>
Status check_entries(const Vector<Offset<T>>* tables, const char* what) {
  if (tables == nullptr) return {};
  for (uoffset_t i = 0; i < tables->size(); ++i) {
    if (null_entry(*tables, i)) return error(Code::InvalidModel, "%s %u is missing", what, i);
  }
  return {};
}

template <class T>
size_t size_of(const Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

bool has_no_elements(const tfl::Tensor& tensor) {
  if (tensor.shape() == nullptr) return false;
  return std::any_of(tensor.shape()->begin(), tensor.shape()->end(), [](int d) { return d == 0; });
}

}  // namespace

std::string shortened(const std::string& name) {
  constexpr size_t kLongest = 120;
  return name.size() <= kLongest ? name : name.substr(0, kLongest) + "...";
}

rt::Result<File> File::open(const uint8_t* data, size_t bytes) {
  if (bytes <= 8) {
    return error(Code::InvalidModel, "%zu bytes are too few for a TensorFlow Lite model", bytes);
  }
  if (!flatbuffers::BufferHasIdentifier(data, tfl::ModelIdentifier())) {
    return Status(Code::InvalidModel, "not a TensorFlow Lite model: the identifier TFL3 is absent");
  }
  File file;
  file.data_ = data;
  file.bytes_ = bytes;
  if (reinterpret_cast<uintptr_t>(data) % kScalarAlignment != 0) {
    file.aligned_copy_.reset(new uint8_t[bytes]);
    std::memcpy(file.aligned_copy_.get(), data, bytes);
    file.data_ = file.aligned_copy_.get();
  }
  // Weights may stand behind the 2 GB that FlatBuffers' offsets can reach.
  const size_t reachable = std::min<size_t>(bytes, FLATBUFFERS_MAX_BUFFER_SIZE - 1);
  flatbuffers::Verifier verifier(file.data_, reachable, kMaxDepth, kMaxTables);
  if (!tfl::VerifyModelBuffer(verifier)) {
    return Status(Code::InvalidModel,
                  "the file is truncated or damaged: it is not a valid FlatBuffer");
  }
  file.model_ = tfl::GetModel(file.data_);
  QRT_RETURN_IF_ERROR(file.check_model());
  QRT_RETURN_IF_ERROR(file.check_graph());
  if (size_of(file.graph().outputs()) == 0) {
    return Status(Code::InvalidModel, "the graph has no outputs");
  }
  return file;
}

rt::Result<File> File::subgraph(int64_t index) const {
  if (index < 0 || index >= graph_count()) {
    return error(Code::InvalidModel, "subgraph %lld does not exist; there are %u",
                 static_cast<long long>(index), graph_count());
  }
  File other = *this;
  other.graph_ = static_cast<unsigned>(index);
  if (Status status = other.check_graph(); !status.ok()) {
    return status.within("subgraph " + std::to_string(index));
  }
  return other;
}

Status File::check_model() const {
  if (model_->version() != kSchemaVersion) {
    return error(Code::Unsupported, "TensorFlow Lite schema version %u; only version %u is known",
                 model_->version(), kSchemaVersion);
  }
  QRT_RETURN_IF_ERROR(check_entries(model_->operator_codes(), "operator code"));
  QRT_RETURN_IF_ERROR(check_entries(model_->buffers(), "buffer"));
  if (size_of(model_->subgraphs()) == 0 || null_entry(*model_->subgraphs(), 0)) {
    return Status(Code::InvalidModel, "the model has no subgraph");
  }
  QRT_RETURN_IF_ERROR(check_entries(model_->subgraphs(), "subgraph"));
  return check_buffers();
}

Status File::check_graph() const {
  if (graph().tensors() == nullptr) return Status(Code::InvalidModel, "the model has no tensors");
  QRT_RETURN_IF_ERROR(check_entries(graph().tensors(), "tensor"));
  QRT_RETURN_IF_ERROR(check_entries(graph().operators(), "operator"));
  QRT_RETURN_IF_ERROR(check_tensors());
  QRT_RETURN_IF_ERROR(check_operators());
  return check_order();
}

Status File::check_buffers() const {
  for (uoffset_t i = 0; i < size_of(model_->buffers()); ++i) {
    const tfl::Buffer& buffer = *model_->buffers()->Get(i);
    if (size_of(buffer.data()) != 0 || buffer.offset() <= 1) continue;
    uint64_t end;
    if (!rt::checked_add<uint64_t>(buffer.offset(), buffer.size(), &end) || end > bytes_) {
      return error(Code::InvalidModel,
                   "buffer %u: %llu bytes at offset %llu end outside the file of %zu bytes", i,
                   static_cast<unsigned long long>(buffer.size()),
                   static_cast<unsigned long long>(buffer.offset()), bytes_);
    }
  }
  return {};
}

Status File::check_tensors() const {
  const size_t buffers = size_of(model_->buffers());
  for (size_t i = 0; i < tensor_count(); ++i) {
    const int index = static_cast<int>(i);
    if (tensor(index).buffer() >= buffers) {
      return error(Code::InvalidModel, "tensor %d '%s': buffer %u does not exist; there are %zu",
                   index, shortened(tensor_name(index)).c_str(), tensor(index).buffer(), buffers);
    }
    if (tensor(index).is_variable() && !data(tensor(index)).empty()) {
      return error(Code::InvalidModel, "tensor %d '%s': is a variable, but has constant data",
                   index, shortened(tensor_name(index)).c_str());
    }
  }
  return {};
}

Status File::check_indices(const std::string& who, const Vector<int32_t>* indices,
                           bool may_be_absent) const {
  for (uoffset_t i = 0; i < size_of(indices); ++i) {
    const int32_t index = indices->Get(i);
    if (index == -1 && may_be_absent) continue;
    if (index < 0 || static_cast<size_t>(index) >= tensor_count()) {
      return error(Code::InvalidModel, "%s: tensor %d does not exist; there are %zu", who.c_str(),
                   index, tensor_count());
    }
  }
  return {};
}

Status File::check_operators() const {
  // Several operators may share one list in the file, so that a small file can ask for a great deal
  // of work. Honest files are far below this bound.
  size_t references = 0;
  for (size_t i = 0; i < operator_count(); ++i) {
    if (op(i).opcode_index() >= size_of(model_->operator_codes())) {
      return error(Code::InvalidModel, "operator %zu: operator code %u does not exist", i,
                   op(i).opcode_index());
    }
    references +=
        size_of(op(i).inputs()) + size_of(op(i).outputs()) + size_of(op(i).intermediates());
    if (references > bytes_) {
      return Status(Code::InvalidModel, "operators list more tensors than the file can hold");
    }
    const std::string who = "operator " + std::to_string(i);
    QRT_RETURN_IF_ERROR(check_indices(who, op(i).outputs(), false));
    QRT_RETURN_IF_ERROR(check_indices(who, op(i).inputs(), true));
    QRT_RETURN_IF_ERROR(check_indices(who, op(i).intermediates(), true));
  }
  QRT_RETURN_IF_ERROR(check_indices("graph inputs", graph().inputs(), false));
  QRT_RETURN_IF_ERROR(check_indices("graph outputs", graph().outputs(), false));
  return {};
}

// A single walk proves that there is no cycle, no second writer and no read of a value that nothing
// computes.
Status File::check_order() const {
  enum class State : uint8_t { None, Constant, Variable, Input, Computed };
  std::vector<State> states(tensor_count(), State::None);
  for (size_t i = 0; i < states.size(); ++i) {
    const tfl::Tensor& t = tensor(static_cast<int>(i));
    if (!data(t).empty()) states[i] = State::Constant;
    if (t.is_variable()) states[i] = State::Variable;
  }
  const auto name = [this](int index) { return shortened(tensor_name(index)); };
  for (uoffset_t i = 0; i < size_of(graph().inputs()); ++i) {
    const int index = graph().inputs()->Get(i);
    State& state = states[static_cast<size_t>(index)];
    if (state != State::None) {
      return error(Code::InvalidModel, "graph input '%s' is a constant, a variable or listed twice",
                   name(index).c_str());
    }
    state = State::Input;
  }
  for (size_t n = 0; n < operator_count(); ++n) {
    for (uoffset_t i = 0; i < size_of(op(n).inputs()); ++i) {
      const int index = op(n).inputs()->Get(i);
      // A tensor without elements needs no data: the shape that RESHAPE reads to make a scalar.
      if (index == -1 || states[static_cast<size_t>(index)] != State::None ||
          has_no_elements(tensor(index))) {
        continue;
      }
      return error(Code::InvalidModel, "%s: reads tensor %d '%s', which nothing has computed",
                   op_label(n).c_str(), index, name(index).c_str());
    }
    for (uoffset_t i = 0; i < size_of(op(n).outputs()); ++i) {
      const int index = op(n).outputs()->Get(i);
      State& state = states[static_cast<size_t>(index)];
      if (state != State::None) {
        const char* what = state == State::Constant   ? "is a constant"
                           : state == State::Variable ? "is a variable"
                           : state == State::Input    ? "is a graph input"
                                                      : "is already computed";
        return error(Code::InvalidModel, "%s: writes tensor %d '%s', which %s", op_label(n).c_str(),
                     index, name(index).c_str(), what);
      }
      state = State::Computed;
    }
  }
  for (uoffset_t i = 0; i < size_of(graph().outputs()); ++i) {
    const int index = graph().outputs()->Get(i);
    if (states[static_cast<size_t>(index)] == State::None) {
      return error(Code::InvalidModel, "graph output '%s' is never computed", name(index).c_str());
    }
  }
  return {};
}

rt::Span<const uint8_t> File::data(const tfl::Tensor& tensor) const {
  const tfl::Buffer& buffer = *model_->buffers()->Get(tensor.buffer());
  if (size_of(buffer.data()) != 0) return {buffer.data()->data(), buffer.data()->size()};
  if (buffer.offset() <= 1) return {};
  return {data_ + buffer.offset(), static_cast<size_t>(buffer.size())};
}

std::string File::tensor_name(int index) const {
  const flatbuffers::String* name = tensor(index).name();
  return size_of(name) == 0 ? "tensor_" + std::to_string(index) : name->str();
}

std::string File::op_kind(const tfl::Operator& op) const {
  const tfl::OperatorCode& opcode = code(op);
  const tfl::Builtin builtin = builtin_of(opcode);
  if (builtin == tfl::Builtin::CUSTOM) return "CUSTOM '" + shortened(op_name(op)) + "'";
  const std::string name = op_name(op);
  return name.empty() ? "operator code " + std::to_string(static_cast<int>(builtin)) : name;
}

std::string File::op_name(const tfl::Operator& op) const {
  const tfl::OperatorCode& opcode = code(op);
  const tfl::Builtin builtin = builtin_of(opcode);
  if (builtin != tfl::Builtin::CUSTOM) return tfl::EnumNameBuiltin(builtin);
  return opcode.custom_code() == nullptr ? "" : opcode.custom_code()->str();
}

std::string File::op_label(size_t index) const {
  const tfl::Operator& node = op(index);
  std::string label = "operator " + std::to_string(index) + " " + op_kind(node);
  if (size_of(node.outputs()) != 0) {
    label += " '" + shortened(tensor_name(node.outputs()->Get(0))) + "'";
  }
  return label;
}

}  // namespace qrt::import::tflite
