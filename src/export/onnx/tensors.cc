#include "src/export/onnx/tensors.h"

#include <algorithm>
#include <cmath>

#include "src/graph/quantized_values.h"

namespace qrt::onnx_export {
namespace {

using graph::Bytes;
using graph::plain_order;

// What turns s8 codes into u8 ones.
int offset(const Value& value) { return value.type == DType::S8 ? 128 : 0; }

std::vector<int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

bool quantized(const Value& value) { return !value.quantization.empty(); }

// "/nchw", "/nhwc" or "/transposed": what a form in that order is called.
const char* suffix_of(const Order& order) {
  if (order == plain_order(order.size())) return order.size() == 4 ? "/nhwc" : "/plain";
  return order == graph::channels_first(order.size()) ? "/nchw" : "/transposed";
}

}  // namespace

bool has_codes(const Value& value) { return graph::eight_bit(value); }

uint8_t code_of(const Value& value, float real) {
  const double scale = static_cast<double>(value.quantization.scales[0]);
  const double code =
      std::nearbyint(static_cast<double>(real) / scale) + static_cast<double>(zero_code(value));
  return static_cast<uint8_t>(std::clamp(code, 0.0, 255.0));
}

uint8_t zero_code(const Value& value) {
  return static_cast<uint8_t>(value.quantization.zero_point() + offset(value));
}

bool same_codes(const Value& a, const Value& b) {
  return has_codes(a) && has_codes(b) && a.quantization.scales == b.quantization.scales &&
         zero_code(a) == zero_code(b);
}

Tensors::Tensors(const graph::Graph& source, ModelWriter& writer)
    : graph(source), model(writer), forms_(source.values.size()) {}

Order Tensors::order(int v) const {
  const auto& all = forms_[static_cast<size_t>(v)];
  return value(v).constant() || all.empty() ? plain_order(rank(v)) : all.front().order;
}

Order Tensors::common_order(const std::vector<int>& values, size_t rank_wanted) const {
  const Order plain = plain_order(rank_wanted);
  for (int v : values) {
    if (rank(v) == rank_wanted && order(v) != plain) return order(v);
  }
  return plain;
}

std::string Tensors::codes(int v, const Order& order) { return form(v, order, false); }

std::string Tensors::numbers(int v, const Order& order) {
  return form(v, order, quantized(value(v)));
}

std::string Tensors::own(int v) {
  const Value& x = value(v);
  if (!has_codes(x) || x.type == DType::U8) return plain_codes(v);
  return quantize(plain_numbers(v), x.quantization.scales[0], x.quantization.zero_point(), x.type,
                  x.name + "/s8");
}

const Tensors::Form* Tensors::find(int v, const Order& order, bool numbers) const {
  for (const Form& form : forms_[static_cast<size_t>(v)]) {
    if (form.numbers == numbers && form.order == order) return &form;
  }
  return nullptr;
}

const std::string& Tensors::keep(int v, bool numbers, const Order& order, std::string tensor) {
  forms(v).push_back({numbers, order, std::move(tensor)});
  return forms(v).back().tensor;
}

std::string Tensors::form(int v, const Order& order, bool numbers) {
  if (const Form* found = find(v, order, numbers)) return found->tensor;
  const Value& x = value(v);
  if (x.constant() && numbers && !has_codes(x)) return weights(v, order);
  if (x.constant() && !numbers) return keep(v, false, order, constant(v, order, offset(x)));
  if (numbers) {
    if (!has_codes(x)) throw Unsupported(std::string("numbers of type ") + rt::dtype_name(x.type));
    return keep(v, true, order,
                dequantize(codes(v, order), x.quantization.scales, {zero_code(x)}, DType::U8, -1,
                           x.name + "/float"));
  }
  for (const Form& made : forms(v)) {
    if (made.numbers) continue;
    const std::string tensor =
        rearranged(made.tensor, shape(v), made.order, order, x.name + suffix_of(order));
    return keep(v, false, order, tensor);
  }
  throw Unsupported("state that lives from one run to the next");
}

std::string Tensors::weights(int v, const Order& order) {
  const Value& x = value(v);
  if (!x.constant() || !quantized(x)) return numbers(v, order);
  std::string& made = weights_[{v, order}];
  if (!made.empty()) return made;
  const graph::Quantization& q = x.quantization;
  if (q.block != 0) throw Unsupported("weights that are quantized by block");
  const int axis = q.axis < 0 ? -1 : graph::position(order, q.axis);
  made = dequantize(constant(v, order, 0), q.scales, q.zero_points, x.type, axis, x.name);
  return made;
}

std::string Tensors::constant(int v, const Order& order, int shift) {
  const Value& x = value(v);
  if (onnx_type(x.type) == 0) {
    throw Unsupported(std::string("constants of type ") + rt::dtype_name(x.type));
  }
  const Bytes* bytes = x.data.get();
  Bytes arranged, shifted;
  if (!graph::same_elements(x.shape, plain_order(rank(v)), order)) {
    arranged = graph::transpose_bytes(x, std::vector<int32_t>(order.begin(), order.end()));
    bytes = &arranged;
  }
  if (shift != 0) {
    shifted = *bytes;
    for (uint8_t& code : shifted) code = static_cast<uint8_t>(code + shift);
    bytes = &shifted;
  }
  return model.constant(x.name, shift != 0 ? DType::U8 : x.type,
                        dims_of(graph::arranged(x.shape, order)), bytes->data(), bytes->size());
}

std::string Tensors::broadcast(int v, const Order& order, bool numbers) {
  const bool floats = numbers && quantized(value(v));
  const size_t missing = order.size() - rank(v);
  if (missing == 0) return form(v, order, floats);
  const Value& x = value(v);
  const bool single =
      std::all_of(x.shape.begin(), x.shape.end(), [](int32_t dim) { return dim == 1; });
  if (single || order == plain_order(order.size())) {
    return form(v, plain_order(rank(v)), floats);
  }
  // Dimensions of one element come before the others, then all lie as asked for.
  Shape padded(missing, 1);
  padded.insert(padded.end(), x.shape.begin(), x.shape.end());
  const std::string wide =
      reshaped(form(v, plain_order(rank(v)), floats), padded, x.name + "/broadcast");
  return rearranged(wide, padded, plain_order(padded.size()), order, x.name + suffix_of(order));
}

void Tensors::set_codes(int v, const Order& order, const std::string& tensor) {
  keep(v, false, order, tensor);
}

void Tensors::set_numbers(int v, const Order& order, const std::string& tensor) {
  const Value& x = value(v);
  if (!quantized(x)) return set_codes(v, order, tensor);
  if (!has_codes(x)) {
    throw Unsupported(std::string("results of type ") + rt::dtype_name(x.type));
  }
  set_codes(v, order,
            quantize(tensor, x.quantization.scales[0], zero_code(x), DType::U8, x.name + "/u8"));
}

void Tensors::set_same(int v, int from, const std::vector<int>& perm) {
  if (value(from).constant()) plain_codes(from);
  std::vector<Form> same;
  for (const Form& form : forms(from)) {
    Order order;
    for (int axis : form.order) {
      order.push_back(static_cast<int>(std::find(perm.begin(), perm.end(), axis) - perm.begin()));
    }
    same.push_back({form.numbers, std::move(order), form.tensor});
  }
  forms(v) = std::move(same);
}

void Tensors::set_numbers_of(int v, int from) {
  const Order lying = order(from);
  set_codes(v, lying, numbers(from, lying));
}

void Tensors::add_input(int v, const std::string& name) {
  const Value& x = value(v);
  const Order plain = plain_order(rank(v));
  model.input(name, x.type, x.shape, x.dim_names);
  if (!has_codes(x) || x.type == DType::U8) return set_codes(v, plain, name);
  const graph::Quantization& q = x.quantization;
  set_numbers(v, plain, dequantize(name, q.scales, {q.zero_point()}, x.type, -1, name + "/float"));
}

namespace {

template <class T>
std::string zero_points_constant(ModelWriter& model, const std::string& name,
                                 const std::vector<int32_t>& zero_points, bool per_tensor) {
  const std::vector<T> narrow(zero_points.begin(), zero_points.end());
  return per_tensor ? model.scalar(name, narrow[0]) : model.vector(name, narrow);
}

std::string zero_points_constant(ModelWriter& model, const std::string& name, DType type,
                                 const std::vector<int32_t>& zero_points, bool per_tensor) {
  switch (type) {
    case DType::S8:
      return zero_points_constant<int8_t>(model, name, zero_points, per_tensor);
    case DType::U8:
      return zero_points_constant<uint8_t>(model, name, zero_points, per_tensor);
    case DType::S32:
      return zero_points_constant<int32_t>(model, name, zero_points, per_tensor);
    default:
      throw Unsupported(std::string("quantized numbers of type ") + rt::dtype_name(type));
  }
}

}  // namespace

std::string Tensors::dequantize(const std::string& tensor, const std::vector<float>& scales,
                                const std::vector<int32_t>& zero_points, DType type, int axis,
                                const std::string& wanted) {
  const bool per_tensor = axis < 0;
  std::vector<int32_t> zeros = zero_points;
  zeros.resize(scales.size());
  Names inputs = {tensor,
                  per_tensor ? model.scalar(wanted + "/scale", scales[0])
                             : model.vector(wanted + "/scales", scales),
                  zero_points_constant(model, wanted + "/zero_point", type, zeros, per_tensor)};
  Attributes attributes;
  if (!per_tensor) attributes.push_back({"axis", int64_t{axis}});
  return model.node("DequantizeLinear", std::move(inputs), wanted, attributes);
}

std::string Tensors::quantize(const std::string& tensor, float scale, int32_t zero_point,
                              DType type, const std::string& wanted) {
  return model.node("QuantizeLinear",
                    {tensor, model.scalar(wanted + "/scale", scale),
                     zero_points_constant(model, wanted + "/zero_point", type, {zero_point}, true)},
                    wanted);
}

std::string Tensors::rearranged(const std::string& tensor, const Shape& shape, const Order& from,
                                const Order& to, const std::string& wanted) {
  if (from == to) return tensor;
  const auto unknown = std::count(shape.begin(), shape.end(), -1);
  if (unknown <= 1 && graph::same_elements(shape, from, to)) {
    return reshaped(tensor, graph::arranged(shape, to), wanted);
  }
  const std::vector<int32_t> perm = graph::transposition(from, to);
  return model.node("Transpose", {tensor}, wanted,
                    {{"perm", std::vector<int64_t>(perm.begin(), perm.end())}});
}

std::string Tensors::reshaped(const std::string& tensor, const Shape& shape,
                              const std::string& wanted) {
  if (std::count(shape.begin(), shape.end(), -1) > 1) {
    throw Unsupported("a reshape to several unknown dimensions");
  }
  return model.node("Reshape", {tensor, model.vector(wanted + "/shape", dims_of(shape))}, wanted);
}

}  // namespace qrt::onnx_export
