// Operators that make tensors out of attributes, or larger tensors out of small ones.
#include <algorithm>

#include "src/base/checked.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"
#include "src/import/onnx/tensor_proto.h"

namespace qrt::import::onnx_import {
namespace {

TensorPtr constant_from(Call& c, ::onnx::TensorProto& proto) {
  Constant constant = read_tensor(proto, c.model.folder);
  return c.b.constant(c.output_name(0), constant.type, checked_constant_shape(constant.dims),
                      std::move(constant.bytes));
}

template <class T>
Shape vector_shape(const std::vector<T>& elements) {
  return checked_constant_shape({static_cast<int64_t>(elements.size())});
}

// x with its axes of one element, and new ones before them, repeated to fill `shape`; sizes that
// the model leaves open are read from input `from`.
void broadcast_to(Call& c, const TensorPtr& tensor, const Shape& shape, size_t from) {
  Tensor& x = *tensor;
  if (x.shape == shape) return c.out_same(0, tensor);
  const bool open = is_open(shape);
  const bool as_it_lies = x.rank() == shape.size() && !open;
  const Order order = as_it_lies ? x.order() : plain_order(shape.size());
  const int input = c.b.broadcast_form(x, order);
  const Quantization q = c.moved_quantization(input);
  fb::BroadcastToT options;
  std::vector<int> inputs = {input};
  if (open) {
    inputs.push_back(c.b.plain(c.in(from)));
  } else {
    options.shape = declared(arranged(shape, order));
  }
  c.emit(std::move(options), inputs, {c.out(0, x.type, order, q)});
}

void import_constant(Call& c) {
  Attributes& a = c.attributes;
  if (::onnx::TensorProto* tensor = a.tensor("value")) {
    return c.out_same(0, constant_from(c, *tensor));
  }
  if (a.has("value_float")) {
    return c.out_constant(0, {DType::F32, {}, {}, {a.number("value_float", 0)}});
  }
  if (a.has("value_int")) {
    return c.out_constant(0, {DType::S64, {}, {a.integer("value_int", 0)}, {}});
  }
  if (a.has("value_floats")) {
    const std::vector<float> elements = a.numbers("value_floats");
    return c.out_constant(0, {DType::F32, vector_shape(elements), {}, elements});
  }
  if (a.has("value_ints")) {
    const std::vector<int64_t> elements = a.integers("value_ints");
    return c.out_constant(0, {DType::S64, vector_shape(elements), elements, {}});
  }
  unsupported("a constant that is no tensor of numbers");
}

void import_constant_of_shape(Call& c) {
  const Shape wanted = c.sizes(0, "a shape");
  const bool open = is_open(wanted);
  const Shape shape = open ? wanted : checked_constant_shape({wanted.begin(), wanted.end()});
  TensorPtr element;
  if (::onnx::TensorProto* value = c.attributes.tensor("value")) {
    element = constant_from(c, *value);
    if (element->shape.size() > 1 || (!element->shape.empty() && element->shape[0] != 1)) {
      invalid("a value of shape %s", text(element->shape).c_str());
    }
  } else {
    element = make_constant(c.b, c.temporary("value"), {DType::F32, {}, {}, {0.0f}});
  }
  broadcast_to(c, element, shape, 0);
}

void import_range(Call& c) {
  check_same_type({&c.in(0), &c.in(1), &c.in(2)});
  for (size_t i = 0; i < 3; ++i) {
    if (checked_elements(c.in(i).shape) != 1) invalid("limits that are no numbers");
  }
  c.emit(fb::RangeT{}, {c.b.plain(c.in(0)), c.b.plain(c.in(1)), c.b.plain(c.in(2))},
         {c.out(0, c.in(0).type, plain_order(1))});
}

void import_expand(Call& c) {
  const Tensor& x = c.in(0);
  const Shape wanted = c.sizes(1, "a shape");
  check_size(wanted);
  broadcast_to(c, c.pointer(0), broadcast(c.b.dims(), x.shape, wanted), 1);
}

void import_tile(Call& c) {
  Tensor& x = c.in(0);
  const std::vector<int64_t> repeats = c.integers(1, "repeats");
  if (repeats.size() != x.rank()) {
    invalid("%zu repeats for %zu dimensions", repeats.size(), x.rank());
  }
  bool once = true;
  std::vector<int64_t> dims;  // at least
  for (size_t i = 0; i < repeats.size(); ++i) {
    dims.emplace_back();
    if (repeats[i] < 0 ||
        !rt::checked_mul(repeats[i], int64_t{least_size(x.shape[i])}, &dims.back())) {
      invalid("%lld repeats", static_cast<long long>(repeats[i]));
    }
    once = once && repeats[i] == 1;
  }
  checked_shape(dims);
  if (once) return c.out_same(0, c.pointer(0));
  fb::TileT options;
  for (int axis : x.order()) {
    options.multiples.push_back(static_cast<int32_t>(repeats[static_cast<size_t>(axis)]));
  }
  c.move(std::move(options), x, x.order(), x.order());
}

// 1 on a diagonal, 0 elsewhere.
void import_eye_like(Call& c) {
  const Tensor& x = c.in(0);
  if (x.rank() != 2) invalid("an input of shape %s", text(x.shape).c_str());
  const auto k = c.attributes.integer("k", 0);
  DType type = x.type;
  if (const int64_t given = c.attributes.integer("dtype", 0); given != 0) {
    type = element_type(static_cast<int32_t>(given));
  }
  Steps steps(c);
  const int value = c.b.plain(c.in(0));
  const int shift =
      steps.number(DType::S64, static_cast<double>(std::clamp<int64_t>(k, INT32_MIN, INT32_MAX)));
  const int rows = steps.binary(fb::BinaryKind::Add, steps.indices(value, 0), shift);
  const int equal = steps.binary(fb::BinaryKind::Equal, rows, steps.indices(value, 1));
  steps.finish(steps.cast(equal, type), plain_order(2));
}

// One triangle of each matrix.
void import_trilu(Call& c) {
  Tensor& x = c.in(0);
  int64_t k = 0;
  if (c.has(1)) {
    const std::vector<int64_t> given = c.integers(1, "a diagonal");
    if (given.size() != 1) invalid("a diagonal that is no number");
    k = std::clamp<int64_t>(given[0], -INT32_MAX, INT32_MAX);
  }
  fb::TriluT options;
  options.upper = c.attributes.flag("upper", true);
  options.k = static_cast<int32_t>(k);
  c.move(std::move(options), x, plain_order(x.rank()), plain_order(x.rank()));
}

constexpr Row kRows[] = {
    {"Constant", 0, 0, import_constant}, {"ConstantOfShape", 1, 1, import_constant_of_shape},
    {"Expand", 2, 2, import_expand},     {"EyeLike", 1, 1, import_eye_like},
    {"Range", 3, 3, import_range},       {"Tile", 2, 2, import_tile},
    {"Trilu", 1, 2, import_trilu},
};

}  // namespace

rt::Span<const Row> constant_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
