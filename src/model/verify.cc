#include "src/model/verify.h"

#include <cmath>
#include <vector>

#include "src/base/checked.h"
#include "src/base/dtype.h"
#include "src/base/shape.h"

namespace qrt::rt {
namespace {

constexpr uint16_t kVersionMajor = 1;
constexpr uint64_t kSegmentAlignment = 64;
constexpr uint64_t kConstantAlignment = 16;

// Planning memory takes time that grows with the square of this: seconds at the limit.
constexpr unsigned kMaxTensors = 1u << 16;

Status invalid(const std::string& message) { return Status(Code::InvalidModel, message); }

const char* name_of(const fb::Tensor& tensor) {
  return tensor.name() != nullptr ? tensor.name()->c_str() : "";
}

Status tensor_error(int index, const fb::Tensor& tensor, const std::string& what) {
  return invalid("tensor " + std::to_string(index) + " '" + name_of(tensor) + "': " + what);
}

Status verify_shape(int index, const fb::Tensor& tensor) {
  const auto& dims = *tensor.shape();
  if (dims.size() > static_cast<unsigned>(kMaxRank)) {
    return tensor_error(index, tensor,
                        "has " + std::to_string(dims.size()) + " dimensions, more than " +
                            std::to_string(kMaxRank));
  }
  const bool may_be_unknown = !tensor.is_constant() && !tensor.is_variable();
  Shape known = Shape::ones(static_cast<int>(dims.size()));
  for (unsigned i = 0; i < dims.size(); ++i) {
    const int32_t dim = dims.Get(i);
    if (dim == -1 && may_be_unknown) continue;
    if (dim < 0) return tensor_error(index, tensor, "has a dimension of " + std::to_string(dim));
    known[static_cast<int>(i)] = dim;
  }
  uint64_t bytes;
  if (!checked_bytes(known, dtype_bits(tensor.type()), kMaxTensorBytes, &bytes)) {
    return tensor_error(index, tensor, "is too large: " + known.str());
  }
  return {};
}

Status verify_data(int index, const fb::Tensor& tensor, uint64_t weights_bytes) {
  if (tensor.is_constant() && tensor.is_variable()) {
    return tensor_error(index, tensor, "is both constant and variable");
  }
  if (!tensor.is_constant()) {
    if (tensor.data_bytes() == 0) return {};
    if (!tensor.is_variable()) {
      return tensor_error(index, tensor, "has data but is no constant and no variable");
    }
  }
  uint64_t end, expected;
  if (!checked_add(tensor.data_offset(), tensor.data_bytes(), &end) || end > weights_bytes ||
      tensor.data_offset() % kConstantAlignment != 0) {
    return tensor_error(index, tensor,
                        "its data lies outside the weights segment or is misaligned");
  }
  const Shape shape(tensor.shape()->data(), tensor.shape()->size());
  if (!checked_bytes(shape, dtype_bits(tensor.type()), kMaxTensorBytes, &expected) ||
      expected != tensor.data_bytes()) {
    return tensor_error(index, tensor,
                        "has " + std::to_string(tensor.data_bytes()) + " bytes of data, but " +
                            shape.str() + " of " + dtype_name(tensor.type()) + " needs " +
                            std::to_string(expected));
  }
  return {};
}

// How many scales the quantization must have; 0 if axis or block make no sense.
uint64_t expected_scales(const fb::Quantization& q, const fb::Tensor& tensor) {
  if (q.axis() == -1 && q.block() == 0) return 1;
  const auto& dims = *tensor.shape();
  if (q.axis() < 0 || static_cast<unsigned>(q.axis()) >= dims.size() || q.block() < 0) return 0;
  const int32_t dim = dims.Get(static_cast<unsigned>(q.axis()));
  if (dim < 1) return 0;
  if (q.block() == 0) return static_cast<uint64_t>(dim);
  // By block: one scale for every run of `block` elements along the axis.
  if (dim % q.block() != 0) return 0;
  uint64_t elements = 1;
  for (int32_t d : dims) {
    if (d < 1) return 0;
    elements *= static_cast<uint64_t>(d);
  }
  return elements / static_cast<uint64_t>(q.block());
}

Status verify_quantization(int index, const fb::Tensor& tensor) {
  const fb::Quantization* q = tensor.quantization();
  if (q == nullptr) return {};
  IntRange range;
  if (!quantized_range(tensor.type(), &range)) {
    return tensor_error(
        index, tensor,
        std::string("a quantization on elements of type ") + dtype_name(tensor.type()));
  }
  const uint64_t expected = expected_scales(*q, tensor);
  if (expected == 0) {
    return tensor_error(index, tensor, "its quantization axis or block does not fit its shape");
  }
  if (q->scales()->size() != expected) {
    return tensor_error(index, tensor,
                        "has " + std::to_string(q->scales()->size()) + " scales, needs " +
                            std::to_string(expected));
  }
  for (float scale : *q->scales()) {
    if (!std::isnormal(scale) || scale < 0) {
      return tensor_error(index, tensor,
                          "has a scale of " + std::to_string(scale) + ", not a positive number");
    }
  }
  const auto* zero_points = q->zero_points();
  if (zero_points == nullptr || zero_points->size() == 0) return {};
  if (zero_points->size() != expected) {
    return tensor_error(index, tensor,
                        "has " + std::to_string(zero_points->size()) + " zero points for " +
                            std::to_string(expected) + " scales");
  }
  for (int32_t zero_point : *zero_points) {
    if (zero_point < range.min || zero_point > range.max) {
      return tensor_error(index, tensor,
                          "has a zero point of " + std::to_string(zero_point) +
                              ", outside the range of " + dtype_name(tensor.type()));
    }
  }
  return {};
}

Status verify_tensor(int index, const fb::Tensor* tensor, uint64_t weights_bytes) {
  if (tensor == nullptr) return invalid("tensor " + std::to_string(index) + " is missing");
  if (!dtype_valid(tensor->type())) {
    return tensor_error(
        index, *tensor,
        "has an unknown element type " + std::to_string(static_cast<int>(tensor->type())));
  }
  QRT_RETURN_IF_ERROR(verify_shape(index, *tensor));
  QRT_RETURN_IF_ERROR(verify_data(index, *tensor, weights_bytes));
  return verify_quantization(index, *tensor);
}

// Follows execution order and knows which tensors have a value at each point.
class OrderChecker {
 public:
  explicit OrderChecker(const fb::Subgraph& graph)
      : graph_(graph), defined_(graph.tensors()->size(), false) {
    for (unsigned i = 0; i < defined_.size(); ++i) {
      const fb::Tensor& t = *graph.tensors()->Get(i);
      defined_[i] = t.is_constant() || t.is_variable();
    }
  }

  Status check() {
    for (int32_t input : *graph_.inputs()) {
      if (!valid(input)) return invalid("graph input " + std::to_string(input) + " does not exist");
      if (defined_[static_cast<size_t>(input)]) {
        return invalid("graph input " + std::to_string(input) +
                       " is a constant, a variable or listed twice");
      }
      defined_[static_cast<size_t>(input)] = true;
    }
    for (unsigned i = 0; i < graph_.operators()->size(); ++i) {
      QRT_RETURN_IF_ERROR(check_operator(i, graph_.operators()->Get(i)));
    }
    if (graph_.outputs()->size() == 0) return invalid("the graph has no outputs");
    for (int32_t output : *graph_.outputs()) {
      if (!valid(output) || !defined_[static_cast<size_t>(output)]) {
        return invalid("graph output " + std::to_string(output) + " is never computed");
      }
    }
    return {};
  }

 private:
  bool valid(int32_t index) const {
    return index >= 0 && static_cast<size_t>(index) < defined_.size();
  }

  static Status operator_error(unsigned index, const fb::Operator* op, const std::string& what) {
    const char* name = op != nullptr && op->name() != nullptr ? op->name()->c_str() : "";
    return invalid("operator " + std::to_string(index) + " '" + name + "': " + what);
  }

  Status check_operator(unsigned index, const fb::Operator* op) {
    if (op == nullptr) return operator_error(index, op, "is missing");
    const auto kind = op->options_type();
    if (kind < fb::OpOptions::MIN || kind > fb::OpOptions::MAX) {
      return operator_error(index, op,
                            "is of kind " + std::to_string(static_cast<int>(kind)) +
                                ", which this version of libqrt does not know");
    }
    if (kind == fb::OpOptions::NONE || op->options() == nullptr) {
      return operator_error(index, op, "has no options");
    }
    for (int32_t input : *op->inputs()) {
      if (input == -1) continue;
      if (!valid(input)) {
        return operator_error(index, op,
                              "reads tensor " + std::to_string(input) + ", which does not exist");
      }
      if (!defined_[static_cast<size_t>(input)]) {
        return operator_error(
            index, op, "reads tensor " + std::to_string(input) + " before anything computes it");
      }
    }
    for (int32_t output : *op->outputs()) {
      if (!valid(output)) {
        return operator_error(index, op,
                              "writes tensor " + std::to_string(output) + ", which does not exist");
      }
      if (defined_[static_cast<size_t>(output)]) {
        return operator_error(
            index, op, "writes tensor " + std::to_string(output) + ", which already has a value");
      }
      defined_[static_cast<size_t>(output)] = true;
    }
    return {};
  }

  const fb::Subgraph& graph_;
  std::vector<bool> defined_;
};

Status verify_subgraph(const fb::Subgraph* graph, uint64_t weights_bytes) {
  if (graph == nullptr) return invalid("a subgraph is missing");
  const auto& tensors = *graph->tensors();
  if (tensors.size() > kMaxTensors) {
    return invalid("the graph has " + std::to_string(tensors.size()) + " tensors, more than " +
                   std::to_string(kMaxTensors));
  }
  for (unsigned i = 0; i < tensors.size(); ++i) {
    QRT_RETURN_IF_ERROR(verify_tensor(static_cast<int>(i), tensors.Get(i), weights_bytes));
  }
  return OrderChecker(*graph).check();
}

}  // namespace

Status verify_layout(const fb::Model& model, size_t file_bytes) {
  if (model.version_major() != kVersionMajor) {
    return error(Code::Unsupported,
                 "the file is of format version %u, this libqrt reads version %u",
                 model.version_major(), kVersionMajor);
  }
  uint64_t end;
  if (!checked_add(model.weights_offset(), model.weights_bytes(), &end) || end != file_bytes ||
      model.weights_offset() % kSegmentAlignment != 0) {
    return error(Code::InvalidModel,
                 "the model is truncated or damaged: its weights should end at byte %llu, the file "
                 "has %zu",
                 static_cast<unsigned long long>(model.weights_offset() + model.weights_bytes()),
                 file_bytes);
  }
  return {};
}

Status verify_model(const fb::Model& model) {
  if (model.subgraphs()->size() == 0) return invalid("the model has no subgraph");
  for (const fb::Subgraph* graph : *model.subgraphs()) {
    QRT_RETURN_IF_ERROR(verify_subgraph(graph, model.weights_bytes()));
  }
  if (model.sections() != nullptr) {
    for (const fb::Section* section : *model.sections()) {
      uint64_t end;
      if (section == nullptr || !checked_add(section->data_offset(), section->data_bytes(), &end) ||
          end > model.weights_bytes()) {
        return invalid("an optional section lies outside the weights segment");
      }
    }
  }
  return {};
}

}  // namespace qrt::rt
