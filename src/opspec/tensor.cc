#include "src/opspec/tensor.h"
#include "src/model/dtype.h"

namespace qrt::rt {

bool same_quantization(const Quantization& a, const Quantization& b) {
  if (a.count() != b.count() || a.axis != b.axis || a.block != b.block) return false;
  for (size_t i = 0; i < a.count(); ++i) {
    if (a.scale(i) != b.scale(i) || a.zero_point(i) != b.zero_point(i)) return false;
  }
  return true;
}

Tensor declared_tensor(const fb::Tensor& from) {
  Tensor tensor;
  if (from.name() != nullptr) tensor.name = from.name()->c_str();
  tensor.type = dtype_of(from.type());
  tensor.shape = Shape(from.shape()->data(), from.shape()->size());
  tensor.constant = from.is_constant();
  tensor.variable = from.is_variable();
  tensor.unpadded = tensor.constant;
  if (const fb::Quantization* q = from.quantization()) {
    tensor.quantization.scales = {q->scales()->data(), q->scales()->size()};
    if (const auto* zero_points = q->zero_points()) {
      tensor.quantization.zero_points = {zero_points->data(), zero_points->size()};
    }
    tensor.quantization.axis = q->axis();
    tensor.quantization.block = q->block();
    if (const auto* scales = q->scales_f16()) {
      tensor.quantization.scales_f16 = {scales->data(), scales->size()};
    }
    if (const auto* zero_points = q->zero_points_s8()) {
      tensor.quantization.zero_points_s8 = {zero_points->data(), zero_points->size()};
    }
  }
  return tensor;
}

Tensor decode_tensor(const fb::Tensor& from, Span<const uint8_t> weights) {
  Tensor tensor = declared_tensor(from);
  if (tensor.constant || from.data_bytes() > 0) tensor.data = weights.data() + from.data_offset();
  return tensor;
}

}  // namespace qrt::rt
