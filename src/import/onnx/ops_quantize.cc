#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "src/base/dtype.h"
#include "src/graph/qdq_constants.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/tensor_proto.h"

namespace qrt::import::onnx_import {
namespace {

// Inputs 1 and 2: scale and zero point, both known, for an input of x's shape. The type is the zero
// point's, or `otherwise` without one.
Quantization read_quantization(Call& c, const Tensor& x, DType otherwise, DType* type) {
  const graph::Value* scales = c.b.constant_value(c.floats(1));
  Quantization q;
  q.scales.assign(scales->as<float>(), scales->as<float>() + scales->elements());
  *type = otherwise;
  if (c.has(2)) {
    Tensor& zero_point = c.in(2);
    *type = zero_point.type;
    const auto numbers = numbers_of(c.b, zero_point);
    if (numbers->size() != q.scales.size()) {
      invalid("%zu scales and %zu zero points", q.scales.size(), numbers->size());
    }
    q.zero_points.assign(numbers->integers.begin(), numbers->integers.end());
  }
  if (*type != DType::S8 && *type != DType::U8 && *type != DType::S16 && *type != DType::S32) {
    unsupported("a zero point of type %s", rt::dtype_name(*type));
  }
  // An output whose weights are all zero has a scale of zero in some models: any will do.
  const bool zero_allowed = c.b.constant_value(c.in(0)) != nullptr && x.type != DType::F32;
  for (float& scale : q.scales) {
    const bool tiny = scale >= 0 && scale < std::numeric_limits<float>::min();
    if (tiny && zero_allowed) scale = std::numeric_limits<float>::min();
    if (!std::isnormal(scale) || scale < 0) invalid("a scale of %g", static_cast<double>(scale));
  }
  const int64_t axis = c.attributes.integer("axis", 1);
  if (c.attributes.integer("block_size", 0) != 0) unsupported("scales by block (block_size)");
  if (q.scales.size() == 1) {
    // A single scale is one for all elements, also where it stands in a vector.
  } else if (c.in(1).rank() == 1) {
    q.axis = checked_axis(axis, x.rank());
    if (q.scales.size() != static_cast<size_t>(x.shape[static_cast<size_t>(q.axis)])) {
      invalid("%zu scales for a tensor of %s along axis %d", q.scales.size(), text(x.shape).c_str(),
              q.axis);
    }
  } else {
    invalid("scales of shape %s", text(c.in(1).shape).c_str());
  }
  if (std::all_of(q.zero_points.begin(), q.zero_points.end(), [](int32_t z) { return z == 0; })) {
    q.zero_points.clear();
  }
  return q;
}

// Weights that are stored as floats: QuantizeLinear of a constant.
TensorPtr quantized_constant(Call& c, Tensor& x, const Quantization& q, DType type) {
  const graph::Value* value = c.b.constant_value(x);
  c.b.charge(value->data->size());
  const std::vector<float> elements(value->as<float>(), value->as<float>() + value->elements());
  graph::Bytes bytes = graph::quantize_elements(elements, declared(x.shape), q, type);
  return c.b.constant(c.output_name(0), type, x.shape, std::move(bytes), q);
}

Quantization arranged_quantization(Quantization q, const Order& order) {
  if (q.axis >= 0) q.axis = position(order, q.axis);
  return q;
}

// Whether scale and zero point are known now.
bool known_now(Call& c) {
  if (c.b.constant_value(c.floats(1)) == nullptr) return false;
  return !c.has(2) || numbers_of(c.b, c.in(2)).has_value();
}

// With a scale that is known only at run time, both operators are what ONNX defines them as: floats
// and their arithmetic.
class AtRunTime {
 public:
  explicit AtRunTime(Call& call) : c(call), x_(call.in(0)), order_(call.in(0).order()) {
    check_not_by_block();
  }

  // (x - zero point) * scale
  void dequantize() {
    if (c.has(2) && c.in(2).type != x_.type) {
      invalid("an input of type %s and a zero point of type %s", rt::dtype_name(x_.type),
              rt::dtype_name(c.in(2).type));
    }
    int value = as_float(c.b.form(x_, order_), "float");
    if (c.has(2)) value = binary(fb::BinaryKind::Sub, value, zero_point(), "steps");
    c.emit(product(), {value, along_axis(c.floats(1))}, {c.out(0, DType::F32, order_)});
  }

  // x / scale, rounded to even, + zero point, within the range of the type
  void quantize(DType type) {
    rt::IntRange range;
    if (!rt::quantized_range(type, &range) || rt::dtype_bits(type) > 16) {
      unsupported("a zero point of type %s beside a scale that is known only at run time",
                  rt::dtype_name(type));
    }
    const int quotient =
        binary(fb::BinaryKind::Div, c.b.form(x_, order_), along_axis(c.floats(1)), "steps");
    int value = c.b.value(c.temporary("rounded"), DType::F32);
    fb::UnaryT round, clip;
    round.kind = fb::UnaryKind::Round;
    c.emit(std::move(round), {quotient}, {value});
    if (c.has(2)) value = binary(fb::BinaryKind::Add, value, zero_point(), "shifted");
    const int within = c.b.value(c.temporary("within"), DType::F32);
    clip.clamp = graph::make_clamp(static_cast<float>(range.min), static_cast<float>(range.max));
    c.emit(std::move(clip), {value}, {within});
    c.emit(fb::CastT{}, {within}, {c.out(0, type, order_)});
  }

 private:
  void check_not_by_block() {
    if (c.attributes.integer("block_size", 0) != 0) unsupported("scales by block (block_size)");
    axis_ = c.attributes.integer("axis", 1);
  }

  static fb::BinaryT product() {
    fb::BinaryT product;
    product.kind = fb::BinaryKind::Mul;
    return product;
  }

  int as_float(int value, const char* suffix) {
    if (c.b.graph.value(value).type == DType::F32) return value;
    const int result = c.b.value(c.temporary(suffix), DType::F32);
    c.emit(fb::CastT{}, {value}, {result});
    return result;
  }

  int binary(fb::BinaryKind kind, int a, int b, const char* suffix) {
    const int result = c.b.value(c.temporary(suffix), DType::F32);
    fb::BinaryT binary;
    binary.kind = kind;
    c.emit(std::move(binary), {a, b}, {result});
    return result;
  }

  int zero_point() { return as_float(along_axis(c.in(2)), "zero_point"); }

  // One number, or one for each element of the axis, as it broadcasts to x.
  int along_axis(Tensor& numbers) {
    Shape shape(x_.rank(), Dim(1));
    if (numbers.rank() == 1 && !numbers.shape[0].is(1)) {
      const int axis = checked_axis(axis_, x_.rank());
      if (c.b.dims().differ(numbers.shape[0].symbol(),
                            x_.shape[static_cast<size_t>(axis)].symbol())) {
        invalid("scales or zero points of shape %s for a tensor of %s along axis %d",
                text(numbers.shape).c_str(), text(x_.shape).c_str(), axis);
      }
      shape[static_cast<size_t>(position(order_, axis))] = numbers.shape[0];
    } else if (numbers.rank() > 1) {
      invalid("scales of shape %s", text(numbers.shape).c_str());
    } else {
      shape.clear();
    }
    return c.b.reshaped(c.b.plain(numbers), shape, numbers.name + "/along_axis");
  }

  Call& c;
  Tensor& x_;
  const Order order_;
  int64_t axis_ = 1;
};

void import_quantize_linear(Call& c) {
  c.attributes.ignore("saturate");  // concerns float8 only
  Tensor& x = c.floats(0);
  check_size(x.shape);
  DType otherwise = DType::U8;
  if (const int64_t given = c.attributes.integer("output_dtype", 0); given != 0) {
    otherwise = element_type(static_cast<int32_t>(given));
  }
  if (c.attributes.integer("precision", 0) > 1) unsupported("precision");
  if (!known_now(c)) return AtRunTime(c).quantize(c.has(2) ? c.in(2).type : otherwise);
  DType type;
  const Quantization q = read_quantization(c, x, otherwise, &type);
  if (type == DType::S32) unsupported("quantization to s32");
  // libqrt quantizes with one scale; constants are no matter of a run.
  if (q.axis >= 0 && c.b.constant_value(x) == nullptr) return AtRunTime(c).quantize(type);
  if (c.b.constant_value(x) != nullptr) return c.out_same(0, quantized_constant(c, x, q, type));
  const Order order = x.order();
  const int input = c.b.form(x, order);
  c.emit(fb::QuantizeT{}, {input}, {c.out(0, type, order, arranged_quantization(q, order))});
}

// Whether a graph input holds these integers, and nothing has read them yet but to bring them into
// another order: then they may be said to be quantized.
bool only_from_outside(Call& c, const Tensor& x) {
  const auto& inputs = c.b.graph.inputs;
  const int made = x.forms.front().value;
  if (std::find(inputs.begin(), inputs.end(), made) == inputs.end()) return false;
  const auto is_form = [&](int value) {
    return std::any_of(x.forms.begin(), x.forms.end(),
                       [&](const Form& form) { return form.value == value; });
  };
  return std::none_of(c.b.graph.nodes.begin(), c.b.graph.nodes.end(), [&](const graph::Node& node) {
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(), is_form);
    return reads && !is_form(node.outputs[0]) && node.type() != fb::OpOptions::ShapeOf;
  });
}

// Constants of s4 in bytes: operators do not take them for what they are.
TensorPtr widened(Call& c, size_t i) {
  if (!c.has(i)) return nullptr;
  const TensorPtr& tensor = c.pointer(i);
  const graph::Value* value = c.b.constant_value(*tensor);
  if (tensor->type != DType::S4 || value == nullptr) return tensor;
  c.b.charge(value->elements());
  graph::Bytes bytes(static_cast<size_t>(value->elements()));
  for (size_t k = 0; k < bytes.size(); ++k) {
    const int nibble = (*value->data)[k / 2] >> (k % 2 * 4) & 15;
    bytes[k] = static_cast<uint8_t>((nibble ^ 8) - 8);
  }
  return c.b.constant(tensor->name, DType::S8, tensor->shape, std::move(bytes));
}

// A constant with scales by block, as the floats that it stands for.
TensorPtr dequantized_blocks(Call& c, int64_t block) {
  Tensor &x = c.in(0), &scales = c.floats(1);
  const int axis = checked_axis(c.attributes.integer("axis", 1), x.rank());
  const auto along = static_cast<size_t>(axis);
  const graph::Value* codes = c.b.constant_value(x);
  const graph::Value* steps = c.b.constant_value(scales);
  if (codes == nullptr || steps == nullptr) unsupported("scales by block of what is no constant");
  if (codes->type != DType::S8 && codes->type != DType::U8) {
    unsupported("scales by block of elements of type %s", rt::dtype_name(codes->type));
  }
  if (block < 1) invalid("block_size=%lld", static_cast<long long>(block));
  check_size(x.shape);
  Shape expected = x.shape;
  const int64_t size = int32_t{x.shape[along]};
  expected[along] = static_cast<int32_t>((size + block - 1) / block);
  const graph::Value* zeros = nullptr;
  if (c.has(2)) {
    zeros = c.b.constant_value(c.in(2));
    if (zeros == nullptr || zeros->type != codes->type || c.in(2).shape != expected) {
      invalid("zero points that do not fit its input and scales");
    }
  }
  if (scales.shape != expected) {
    invalid("scales of shape %s for a tensor of %s in blocks of %lld along axis %d",
            text(scales.shape).c_str(), text(x.shape).c_str(), static_cast<long long>(block), axis);
  }
  size_t inner = 1;
  for (size_t i = along + 1; i < x.rank(); ++i) inner *= static_cast<size_t>(int32_t{x.shape[i]});
  const auto length = static_cast<size_t>(size), width = static_cast<size_t>(block);
  const size_t blocks = (length + width - 1) / width;
  const auto code = [](const graph::Value& value, size_t i) {
    return value.type == DType::S8 ? int{value.as<int8_t>()[i]} : int{value.as<uint8_t>()[i]};
  };
  const auto count = static_cast<size_t>(codes->elements());
  c.b.charge(uint64_t{count} * sizeof(float));
  graph::Bytes bytes(count * sizeof(float));
  for (size_t i = 0; i < count; ++i) {
    const size_t row = i / inner / length, at = i / inner % length / width;
    const size_t k = (row * blocks + at) * inner + i % inner;
    const int zero_point = zeros != nullptr ? code(*zeros, k) : 0;
    const float real = static_cast<float>(code(*codes, i) - zero_point) * steps->as<float>()[k];
    std::memcpy(bytes.data() + i * sizeof real, &real, sizeof real);
  }
  return c.b.constant(c.output_name(0), DType::F32, x.shape, std::move(bytes));
}

// A matrix of s4 by blocks of one of its axes also becomes weights [O,I] of what multiplies by it.
void keep_nibbles(Call& c, int value, int64_t block) {
  Tensor& x = c.in(0);
  const int axis = checked_axis(c.attributes.integer("axis", 1), x.rank());
  if (x.rank() != 2 || block % 16 != 0) return;
  const bool columns = axis == 0;
  const auto rows = static_cast<size_t>(int32_t{x.shape[0]});
  const auto width = static_cast<size_t>(int32_t{x.shape[1]});
  const size_t outputs = columns ? width : rows, depth = columns ? rows : width;
  const size_t blocks = (depth + static_cast<size_t>(block) - 1) / static_cast<size_t>(block);
  const auto* codes = c.b.constant_value(x)->as<int8_t>();
  const auto* scales = c.b.constant_value(c.in(1))->as<float>();
  const int8_t* zeros = c.has(2) ? c.b.constant_value(c.in(2))->as<int8_t>() : nullptr;
  c.b.charge(uint64_t{outputs} * (depth / 2 + 1 + blocks * 2 * sizeof(float)));
  Quantization q;
  q.axis = 1;
  q.block = static_cast<int>(block);
  graph::Bytes bytes((outputs * depth + 1) / 2, 0);
  for (size_t o = 0, at = 0; o < outputs; ++o) {
    for (size_t b = 0; b < blocks; ++b) {
      const size_t from = columns ? b * outputs + o : o * blocks + b;
      if (!std::isnormal(scales[from]) || scales[from] < 0) return;
      q.scales.push_back(scales[from]);
      if (zeros != nullptr) q.zero_points.push_back(zeros[from]);
    }
    for (size_t i = 0; i < depth; ++i, ++at) {
      const int code = codes[columns ? i * outputs + o : o * depth + i];
      bytes[at / 2] |= static_cast<uint8_t>((code & 15) << (at % 2 * 4));
    }
  }
  const int weights = c.b.graph.add_constant_bytes(
      x.name, DType::S4, {static_cast<int32_t>(outputs), static_cast<int32_t>(depth)},
      std::move(bytes), std::move(q));
  (columns ? c.b.nibbles.columns : c.b.nibbles.rows)[value] = weights;
}

void import_dequantize_linear(Call& c) {
  const bool narrow = c.in(0).type == DType::S4;
  std::vector<TensorPtr> inputs = {widened(c, 0), c.pointer(1)};
  if (c.has(2)) inputs.push_back(widened(c, 2));
  c.replace_inputs(std::move(inputs));
  if (const int64_t block = c.attributes.integer("block_size", 0); block != 0) {
    if (c.attributes.integer("output_dtype", 1) != 1) unsupported("output_dtype");
    const TensorPtr floats = dequantized_blocks(c, block);
    if (narrow) keep_nibbles(c, floats->forms.front().value, block);
    return c.out_same(0, floats);
  }
  Tensor& x = c.in(0);
  check_size(x.shape);
  DType type;
  if (c.attributes.integer("output_dtype", 1) != 1) unsupported("output_dtype");
  if (!known_now(c)) return AtRunTime(c).dequantize();
  const Quantization q = read_quantization(c, x, x.type, &type);
  if (type != x.type) {
    invalid("an input of type %s and a zero point of type %s", rt::dtype_name(x.type),
            rt::dtype_name(type));
  }
  const Order order = x.order();
  int input = c.b.form(x, order);
  if (const graph::Value value = c.b.graph.value(input); value.constant()) {
    // The same bytes may stand for several sets of numbers: each gets a value of its own.
    input = c.b.graph.add_tensor(x.name, x.type, value.shape, arranged_quantization(q, order));
    c.b.graph.value(input).data = value.data;
  } else if (value.quantization.empty() && only_from_outside(c, x)) {
    // Integers from outside, which say only here what they stand for.
    for (Form& form : x.forms) {
      c.b.graph.value(form.value).quantization = arranged_quantization(q, form.order);
    }
  } else if (!(value.quantization == arranged_quantization(q, order))) {
    return AtRunTime(c).dequantize();  // they were made with other ones
  }
  c.emit(fb::DequantizeT{}, {input}, {c.out(0, DType::F32, order)});
}

constexpr Row kRows[] = {
    {"DequantizeLinear", 2, 3, import_dequantize_linear},
    {"QuantizeLinear", 2, 3, import_quantize_linear},
};

}  // namespace

rt::Span<const Row> quantize_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
