#include "src/import/onnx/call.h"

#include <algorithm>

#include "src/base/dtype.h"

namespace qrt::import::onnx_import {
namespace {

void check_index(const Tensor& tensor, const char* what) {
  if (tensor.type == DType::S64 || tensor.type == DType::S32) return;
  invalid("%s of type %s", what, rt::dtype_name(tensor.type));
}

}  // namespace

std::string kind_of(const ::onnx::NodeProto& node) {
  return (node.domain().empty() ? "" : node.domain() + ".") + node.op_type();
}

Call::Call(Builder& builder, const ModelContext& model_context, ::onnx::NodeProto& node,
           int table_variant, std::vector<TensorPtr> inputs, std::vector<bool> sole_use,
           std::vector<bool> outputs_read)
    : b(builder),
      attributes(node),
      model(model_context),
      variant(table_variant),
      name(node.name().empty() ? node.output(0) : node.name()),
      kind(kind_of(node)),
      results(static_cast<size_t>(node.output_size())),
      inputs_(std::move(inputs)),
      sole_use_(std::move(sole_use)),
      outputs_read_(std::move(outputs_read)),
      outputs_(node.output().begin(), node.output().end()) {
  while (!inputs_.empty() && inputs_.back() == nullptr) inputs_.pop_back();
}

const TensorPtr& Call::pointer(size_t i) const {
  if (!has(i)) invalid("input %zu is missing", i);
  return inputs_[i];
}

Tensor& Call::floats(size_t i) const {
  Tensor& tensor = in(i);
  if (tensor.type != DType::F32)
    unsupported("input %zu of type %s", i, rt::dtype_name(tensor.type));
  return tensor;
}

Tensor& Call::reals(size_t i) const { return in(i).type == DType::F64 ? in(i) : floats(i); }

Quantization Call::moved_quantization(int value) const {
  const Quantization q = b.graph.value(value).quantization;
  if (q.axis >= 0) unsupported("values that are quantized per channel");
  return q;
}

std::vector<int64_t> Call::integers(size_t i, const char* what) const {
  check_index(in(i), what);
  const auto numbers = numbers_of(b, in(i));
  if (!numbers) unsupported("%s known only at run time", what);
  return numbers->integers;
}

Shape Call::sizes(size_t i, const char* what) const {
  check_index(in(i), what);
  if (const rt::Integers* known = b.integers(in(i).forms.front().value)) {
    return {known->begin(), known->end()};
  }
  Shape result;
  for (int64_t element : integers(i, what)) {
    if (element < -1 || element > INT32_MAX) {
      invalid("a dimension of %lld", static_cast<long long>(element));
    }
    result.emplace_back(static_cast<int32_t>(element));
  }
  return result;
}

int Call::out(size_t k, DType type, const Order& order, const Quantization& quantization) {
  const int value = b.value(outputs_[k], type, quantization);
  out_value(k, value, order);
  return value;
}

int Call::out(size_t k, DType type, const Shape& shape, const Order& order,
              const Quantization& quantization) {
  const int value = b.value(outputs_[k], type, arranged(shape, order), quantization);
  out_value(k, value, order);
  return value;
}

void Call::out_value(size_t k, int value, const Order& order) {
  const bool fixed = std::all_of(inputs_.begin(), inputs_.end(), [](const TensorPtr& input) {
    return input == nullptr || input->fixed;
  });
  results[k] = std::make_shared<Tensor>(
      Tensor{outputs_[k], b.graph.value(value).type, {}, {{order, value}}, fixed});
  b.update_shape(*results[k]);
}

Tensor Call::inner(const char* suffix, int value, const Order& order) const {
  Tensor tensor{temporary(suffix), b.graph.value(value).type, {}, {{order, value}}, false};
  b.update_shape(tensor);
  return tensor;
}

}  // namespace qrt::import::onnx_import
