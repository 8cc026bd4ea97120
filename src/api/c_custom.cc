// The C API's calls for custom operators' callbacks. None of them allocates, but for a failure.
#include <cstring>

#include "src/api/boundary.h"
#include "src/api/custom_node.h"
#include "src/api/tensor_info.h"

namespace {

using qrt::api::report;
using qrt::rt::Code;
using qrt::rt::Node;
using qrt::rt::Shape;

const qrt::fb::Custom& options_of(const qrt_custom_node& node) {
  return node.node.options<qrt::fb::Custom>();
}

bool has_input(const qrt_custom_node* node, size_t index) {
  return node != nullptr && index < node->node.inputs() && node->node.has_input(index);
}

qrt_status write_info(const qrt::rt::Tensor& tensor, const Shape& shape, qrt_tensor_info* info) {
  return report(qrt::api::write_tensor_info(tensor, shape, info).code(), "", nullptr);
}

// Null if there is none of this name.
const qrt::fb::Attribute* find_attribute(const qrt_custom_node* node, const char* name) {
  if (node == nullptr || name == nullptr || options_of(*node).attributes() == nullptr) {
    return nullptr;
  }
  for (const qrt::fb::Attribute* attribute : *options_of(*node).attributes()) {
    if (std::strcmp(attribute->name()->c_str(), name) == 0) return attribute;
  }
  return nullptr;
}

template <class Numbers>
size_t count_of(const Numbers* numbers) {
  return numbers != nullptr ? numbers->size() : 0;
}

template <class Numbers, class T>
int32_t copy_list(const Numbers* from, T* values, size_t capacity, size_t* count) {
  *count = from->size();
  for (size_t i = 0; i < *count && i < capacity; ++i) {
    values[i] = static_cast<T>(from->Get(static_cast<unsigned>(i)));
  }
  return 1;
}

bool can_take(const void* values, size_t capacity, const size_t* count) {
  return count != nullptr && (values != nullptr || capacity == 0);
}

}  // namespace

extern "C" {

size_t qrt_custom_input_count(const qrt_custom_node* node) {
  return node != nullptr ? node->node.inputs() : 0;
}

size_t qrt_custom_output_count(const qrt_custom_node* node) {
  return node != nullptr ? node->node.outputs() : 0;
}

qrt_status qrt_custom_input_info(const qrt_custom_node* node, size_t index, qrt_tensor_info* info) {
  if (!has_input(node, index) || info == nullptr) return QRT_INVALID_ARGUMENT;
  return write_info(node->node.input(index), node->node.shape_in(node->shapes, index), info);
}

qrt_status qrt_custom_output_info(const qrt_custom_node* node, size_t index,
                                  qrt_tensor_info* info) {
  if (node == nullptr || index >= node->node.outputs() || info == nullptr) {
    return QRT_INVALID_ARGUMENT;
  }
  if (node->context == nullptr) return QRT_INVALID_ARGUMENT;
  return write_info(node->node.output(index), node->node.shape_out(node->shapes, index), info);
}

const void* qrt_custom_input_data(const qrt_custom_node* node, size_t index) {
  if (!has_input(node, index)) return nullptr;
  if (node->context != nullptr) return node->context->in<void>(index);
  const qrt::rt::Tensor& tensor = node->node.input(index);
  return tensor.constant ? tensor.data : nullptr;
}

void* qrt_custom_output_data(const qrt_custom_node* node, size_t index) {
  if (node == nullptr || node->context == nullptr || index >= node->node.outputs()) return nullptr;
  return node->context->out<void>(index);
}

qrt_status qrt_custom_set_output_shape(qrt_custom_node* node, size_t index, const int32_t* dims,
                                       int32_t rank) {
  if (node == nullptr || node->context != nullptr || index >= node->node.outputs() || rank < 0 ||
      rank > QRT_MAX_RANK || (dims == nullptr && rank > 0)) {
    return QRT_INVALID_ARGUMENT;
  }
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0) return QRT_INVALID_ARGUMENT;
  }
  // Otherwise it is scratch that is asked for, and the shapes are known.
  if (node->inference != nullptr) {
    node->inference->out(index, Shape(dims, static_cast<size_t>(rank)));
  }
  return QRT_OK;
}

void qrt_custom_set_scratch_bytes(qrt_custom_node* node, size_t bytes) {
  if (node != nullptr) node->scratch_bytes = bytes;
}

void* qrt_custom_scratch(const qrt_custom_node* node) {
  return node != nullptr ? node->scratch : nullptr;
}

const void* qrt_custom_data(const qrt_custom_node* node, size_t* bytes) {
  const auto* data = node != nullptr ? options_of(*node).data() : nullptr;
  if (bytes != nullptr) *bytes = count_of(data);
  return data != nullptr ? data->data() : nullptr;
}

int32_t qrt_custom_attribute_int(const qrt_custom_node* node, const char* name, int64_t* value) {
  size_t count = 0;
  return value != nullptr && qrt_custom_attribute_ints(node, name, value, 1, &count) && count == 1;
}

int32_t qrt_custom_attribute_float(const qrt_custom_node* node, const char* name, double* value) {
  size_t count = 0;
  return value != nullptr && qrt_custom_attribute_floats(node, name, value, 1, &count) &&
         count == 1;
}

int32_t qrt_custom_attribute_string(const qrt_custom_node* node, const char* name,
                                    const char** value) {
  const qrt::fb::Attribute* attribute = find_attribute(node, name);
  if (attribute == nullptr || attribute->text() == nullptr || value == nullptr) return 0;
  *value = attribute->text()->c_str();
  return 1;
}

int32_t qrt_custom_attribute_ints(const qrt_custom_node* node, const char* name, int64_t* values,
                                  size_t capacity, size_t* count) {
  const qrt::fb::Attribute* attribute = find_attribute(node, name);
  if (attribute == nullptr || !can_take(values, capacity, count)) return 0;
  if (attribute->ints() == nullptr) return 0;
  return copy_list(attribute->ints(), values, capacity, count);
}

int32_t qrt_custom_attribute_floats(const qrt_custom_node* node, const char* name, double* values,
                                    size_t capacity, size_t* count) {
  const qrt::fb::Attribute* attribute = find_attribute(node, name);
  if (attribute == nullptr || !can_take(values, capacity, count)) return 0;
  if (attribute->floats() != nullptr) {
    return copy_list(attribute->floats(), values, capacity, count);
  }
  return attribute->ints() != nullptr ? copy_list(attribute->ints(), values, capacity, count) : 0;
}

qrt_status qrt_custom_fail(qrt_custom_node* node, const char* message) {
  if (node != nullptr && message != nullptr) {
    try {
      node->failure = message;
    } catch (const std::bad_alloc&) {
      // The status says enough.
    }
  }
  return QRT_OPERATOR_FAILED;
}

}  // extern "C"
