#include "src/model/verify.h"

#include <cmath>
#include <map>
#include <vector>

#include "src/base/checked.h"
#include "src/base/shape.h"
#include "src/base/small_float.h"
#include "src/model/calls.h"
#include "src/model/dtype.h"

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
  if (!checked_bytes(known, dtype_bits(dtype_of(tensor.type())), kMaxTensorBytes, &bytes)) {
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
  if (!checked_bytes(shape, dtype_bits(dtype_of(tensor.type())), kMaxTensorBytes, &expected) ||
      expected != tensor.data_bytes()) {
    return tensor_error(index, tensor,
                        "has " + std::to_string(tensor.data_bytes()) + " bytes of data, but " +
                            shape.str() + " of " + dtype_name(dtype_of(tensor.type())) + " needs " +
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
  uint64_t elements = 1;
  for (int32_t d : dims) {
    if (d < 1) return 0;
    elements *= static_cast<uint64_t>(d);
  }
  const auto along = static_cast<uint64_t>(dim), block = static_cast<uint64_t>(q.block());
  return elements / along * ((along + block - 1) / block);
}

template <class Vector>
uint64_t size_of(const Vector* vector) {
  return vector == nullptr ? 0 : vector->size();
}

// What may stand in fewer bits, and in one place only.
Status verify_narrow(int index, const fb::Tensor& tensor, const fb::Quantization& q) {
  if (size_of(q.scales_f16()) == 0 && size_of(q.zero_points_s8()) == 0) return {};
  if (q.block() == 0 || !tensor.is_constant()) {
    return tensor_error(index, tensor,
                        "has scales in f16 or zero points in bytes, but is no constant by block");
  }
  if (size_of(q.scales_f16()) != 0 && size_of(q.scales()) != 0) {
    return tensor_error(index, tensor, "has scales in f32 and in f16");
  }
  if (size_of(q.zero_points_s8()) != 0 && size_of(q.zero_points()) != 0) {
    return tensor_error(index, tensor, "has zero points in 32 bits and in bytes");
  }
  return {};
}

Status verify_half(int index, const fb::Tensor& tensor, uint16_t bits) {
  constexpr uint16_t kSmallestNormal = 0x0400, kInfinity = 0x7C00;
  if (bits >= kSmallestNormal && bits < kInfinity) return {};
  const auto scale = static_cast<double>(Half::of_bits(bits));
  return tensor_error(
      index, tensor,
      "has a scale of " + std::to_string(scale) + " in f16, not a positive normal number");
}

template <class ZeroPoints>
Status verify_zero_points(int index, const fb::Tensor& tensor, const ZeroPoints* zero_points,
                          IntRange range) {
  if (zero_points == nullptr) return {};
  for (const int32_t zero_point : *zero_points) {
    if (zero_point >= range.min && zero_point <= range.max) continue;
    return tensor_error(index, tensor,
                        "has a zero point of " + std::to_string(zero_point) +
                            ", outside the range of " + dtype_name(dtype_of(tensor.type())));
  }
  return {};
}

Status verify_quantization(int index, const fb::Tensor& tensor) {
  const fb::Quantization* q = tensor.quantization();
  if (q == nullptr) return {};
  IntRange range;
  if (!quantized_range(dtype_of(tensor.type()), &range)) {
    return tensor_error(
        index, tensor,
        std::string("a quantization on elements of type ") + dtype_name(dtype_of(tensor.type())));
  }
  const uint64_t expected = expected_scales(*q, tensor);
  if (expected == 0) {
    return tensor_error(index, tensor, "its quantization axis or block does not fit its shape");
  }
  QRT_RETURN_IF_ERROR(verify_narrow(index, tensor, *q));
  const uint64_t scales = size_of(q->scales()) + size_of(q->scales_f16());
  if (scales != expected) {
    return tensor_error(
        index, tensor,
        "has " + std::to_string(scales) + " scales, needs " + std::to_string(expected));
  }
  for (float scale : *q->scales()) {
    if (!std::isnormal(scale) || scale < 0) {
      return tensor_error(index, tensor,
                          "has a scale of " + std::to_string(scale) + ", not a positive number");
    }
  }
  if (const auto* bits = q->scales_f16()) {
    for (const uint16_t scale : *bits) QRT_RETURN_IF_ERROR(verify_half(index, tensor, scale));
  }
  const uint64_t zero_points = size_of(q->zero_points()) + size_of(q->zero_points_s8());
  if (zero_points != 0 && zero_points != expected) {
    return tensor_error(index, tensor,
                        "has " + std::to_string(zero_points) + " zero points for " +
                            std::to_string(expected) + " scales");
  }
  QRT_RETURN_IF_ERROR(verify_zero_points(index, tensor, q->zero_points(), range));
  return verify_zero_points(index, tensor, q->zero_points_s8(), range);
}

Status verify_tensor(int index, const fb::Tensor* tensor, uint64_t weights_bytes) {
  if (tensor == nullptr) return invalid("tensor " + std::to_string(index) + " is missing");
  if (!dtype_valid(dtype_of(tensor->type()))) {
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
  // One of so many subgraphs.
  OrderChecker(const fb::Subgraph& graph, unsigned subgraphs)
      : graph_(graph), subgraphs_(subgraphs), defined_(graph.tensors()->size(), false) {
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
    const Calls calls = calls_of(*op);
    for (int i = 0; i < calls.count; ++i) {
      if (calls.subgraphs[i] >= 0 && static_cast<unsigned>(calls.subgraphs[i]) < subgraphs_) {
        continue;
      }
      return operator_error(index, op,
                            "runs subgraph " + std::to_string(calls.subgraphs[i]) + " of " +
                                std::to_string(subgraphs_));
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
  const unsigned subgraphs_;
  std::vector<bool> defined_;
};

// Subgraphs that call others, in circles or not. Those that call none are taken away until none is
// left, or only circles are.
Status verify_no_recursion(const fb::Model& model) {
  const auto& graphs = *model.subgraphs();
  std::vector<size_t> calls(graphs.size(), 0);
  std::vector<std::vector<unsigned>> callers(graphs.size());
  for (unsigned g = 0; g < graphs.size(); ++g) {
    for (const fb::Operator* op : *graphs.Get(g)->operators()) {
      const Calls of = calls_of(*op);
      calls[g] += static_cast<size_t>(of.count);
      for (int i = 0; i < of.count; ++i) {
        callers[static_cast<size_t>(of.subgraphs[i])].push_back(g);
      }
    }
  }
  std::vector<unsigned> done;
  for (unsigned g = 0; g < graphs.size(); ++g) {
    if (calls[g] == 0) done.push_back(g);
  }
  for (size_t i = 0; i < done.size(); ++i) {
    for (unsigned caller : callers[done[i]]) {
      if (--calls[caller] == 0) done.push_back(caller);
    }
  }
  for (unsigned g = 0; g < graphs.size(); ++g) {
    if (calls[g] != 0) {
      return invalid("subgraph " + std::to_string(g) + " calls itself, or others that do");
    }
  }
  return {};
}

bool same_numbers(const fb::Quantization* a, const fb::Quantization* b) {
  if (a == nullptr || b == nullptr) return a == b;
  const auto same = [](const auto* x, const auto* y) {
    const size_t m = x == nullptr ? 0 : x->size(), n = y == nullptr ? 0 : y->size();
    return m == n && (m == 0 || std::equal(x->begin(), x->end(), y->begin()));
  };
  return a->axis() == b->axis() && a->block() == b->block() && same(a->scales(), b->scales()) &&
         same(a->zero_points(), b->zero_points());
}

// Variables of one number are alike, and each subgraph has one at most.
Status verify_shared_variables(const fb::Model& model) {
  std::map<int32_t, std::pair<unsigned, const fb::Tensor*>> known;  // and the subgraph
  for (unsigned g = 0; g < model.subgraphs()->size(); ++g) {
    const auto& tensors = *model.subgraphs()->Get(g)->tensors();
    for (unsigned t = 0; t < tensors.size(); ++t) {
      const fb::Tensor& tensor = *tensors.Get(t);
      if (tensor.variable_id() < 0) continue;
      const int index = static_cast<int>(t);
      if (!tensor.is_variable()) {
        return tensor_error(index, tensor, "has the number of a variable, but is none");
      }
      auto [found, added] = known.insert({tensor.variable_id(), {g, &tensor}});
      if (added) continue;
      const fb::Tensor& other = *found->second.second;
      const bool alike = tensor.type() == other.type() &&
                         tensor.data_offset() == other.data_offset() &&
                         tensor.data_bytes() == other.data_bytes() &&
                         same_numbers(tensor.quantization(), other.quantization()) &&
                         Shape(tensor.shape()->data(), tensor.shape()->size()) ==
                             Shape(other.shape()->data(), other.shape()->size());
      if (!alike || found->second.first == g) {
        return tensor_error(index, tensor,
                            "has variable number " + std::to_string(tensor.variable_id()) +
                                ", as '" + name_of(other) + "' has, which " +
                                (alike ? "stands in the same subgraph" : "is not like it"));
      }
      found->second.first = g;
    }
  }
  return {};
}

Status verify_subgraph(const fb::Subgraph* graph, bool entry, unsigned subgraphs,
                       uint64_t weights_bytes) {
  if (graph == nullptr) return invalid("a subgraph is missing");
  const auto& tensors = *graph->tensors();
  if (tensors.size() > kMaxTensors) {
    return invalid("the graph has " + std::to_string(tensors.size()) + " tensors, more than " +
                   std::to_string(kMaxTensors));
  }
  for (unsigned i = 0; i < tensors.size(); ++i) {
    QRT_RETURN_IF_ERROR(verify_tensor(static_cast<int>(i), tensors.Get(i), weights_bytes));
  }
  QRT_RETURN_IF_ERROR(OrderChecker(*graph, subgraphs).check());
  // Others may be run for their effects.
  if (entry && graph->outputs()->size() == 0) return invalid("the graph has no outputs");
  return {};
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
  const unsigned count = model.subgraphs()->size();
  for (unsigned g = 0; g < count; ++g) {
    const fb::Subgraph* graph = model.subgraphs()->Get(g);
    const bool entry = g == 0 || (graph != nullptr && graph->is_entry());
    QRT_RETURN_IF_ERROR(verify_subgraph(graph, entry, count, model.weights_bytes()));
  }
  QRT_RETURN_IF_ERROR(verify_no_recursion(model));
  QRT_RETURN_IF_ERROR(verify_shared_variables(model));
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
