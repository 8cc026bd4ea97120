// Operators that give the same elements another shape or other axes, and those that ask for shapes.
#include <algorithm>

#include "src/base/checked.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

// Output 0 is x under another shape. Elements move only where the layout hides their order.
void reshape_to(Call& c, Tensor& x, const Shape& shape) {
  const bool constant = c.b.graph.value(x.forms.front().value).constant();
  const Order from = constant ? plain_order(x.rank()) : reshapable_order(x.shape, x.order(), shape);
  const Order order = constant ? plain_order(shape.size()) : *reshaped_order(x.shape, from, shape);
  const int value = c.b.reshaped(c.b.form(x, from), arranged(shape, order), c.output_name(0));
  c.out_value(0, value, shape, order);
}

int64_t elements_of(const Shape& shape) {
  int64_t elements = 1;
  for (int32_t dim : shape) elements *= dim;
  return elements;
}

// An attribute at first, an input since opset 13.
std::vector<int64_t> read_axes(Call& c) {
  if (c.has(1)) return c.integers(1, "axes");
  return c.attributes.integers("axes");
}

void import_identity(Call& c) { c.out_same(0, c.pointer(0)); }

void import_dropout(Call& c) {
  c.attributes.ignore("ratio");
  c.attributes.ignore("seed");
  if (c.has(2)) {
    const auto training = numbers_of(c.b, c.in(2));
    if (!training || training->integers != std::vector<int64_t>{0}) unsupported("training_mode");
  }
  if (c.output_read(1)) unsupported("the mask as an output");
  c.out_same(0, c.pointer(0));
}

void import_reshape(Call& c) {
  Tensor& x = c.in(0);
  const bool allow_zero = c.attributes.flag("allowzero", false);
  std::vector<int64_t> dims = c.integers(1, "a shape");
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !allow_zero) {
      if (i >= x.rank()) invalid("a dimension to copy that the input does not have");
      dims[i] = x.shape[i];
    }
    if (dims[i] == -1) {
      if (open >= 0) invalid("a shape with two dimensions of -1");
      open = static_cast<int64_t>(i);
    } else if (dims[i] < 0 || !rt::checked_mul(known, dims[i], &known)) {
      invalid("a dimension of %lld", static_cast<long long>(dims[i]));
    }
  }
  const int64_t elements = elements_of(x.shape);
  if (open >= 0) {
    if (known == 0 || elements % known != 0) {
      invalid("%lld elements that a shape with -1 cannot hold", static_cast<long long>(elements));
    }
    dims[static_cast<size_t>(open)] = elements / known;
    known = elements;
  }
  if (known != elements) {
    invalid("%lld elements for a shape of %lld", static_cast<long long>(elements),
            static_cast<long long>(known));
  }
  reshape_to(c, x, checked_constant_shape(dims));
}

void import_flatten(Call& c) {
  Tensor& x = c.in(0);
  const int64_t given = c.attributes.integer("axis", 1);
  const auto rank = static_cast<int64_t>(x.rank());
  if (given < -rank || given > rank) invalid("axis %lld", static_cast<long long>(given));
  const int64_t axis = given < 0 ? given + rank : given;
  int64_t rows = 1;
  for (int64_t i = 0; i < axis; ++i) rows *= x.shape[static_cast<size_t>(i)];
  const int64_t elements = checked_elements(x.shape);
  reshape_to(c, x, checked_shape({rows, elements / rows}));
}

void import_squeeze(Call& c) {
  Tensor& x = c.in(0);
  const bool given = c.has(1) || c.attributes.has("axes");
  const std::vector<int> axes = checked_axes(read_axes(c), x.rank());
  Shape shape;
  for (int axis = 0; axis < static_cast<int>(x.rank()); ++axis) {
    const int32_t dim = x.shape[static_cast<size_t>(axis)];
    const bool named = std::binary_search(axes.begin(), axes.end(), axis);
    if (named && dim != 1) invalid("axis %d of size %d to be dropped", axis, dim);
    if (!(given ? named : dim == 1)) shape.push_back(dim);
  }
  reshape_to(c, x, shape);
}

void import_unsqueeze(Call& c) {
  Tensor& x = c.in(0);
  const std::vector<int64_t> given = read_axes(c);
  const size_t rank = x.rank() + given.size();
  const std::vector<int> axes = checked_axes(given, rank);
  Shape shape;
  size_t next = 0;
  for (int axis = 0; axis < static_cast<int>(rank); ++axis) {
    const bool added = std::binary_search(axes.begin(), axes.end(), axis);
    shape.push_back(added ? 1 : x.shape[next++]);
  }
  reshape_to(c, x, checked_constant_shape({shape.begin(), shape.end()}));
}

// Only the axes get other numbers: who needs the elements to lie in another order asks for it.
void import_transpose(Call& c) {
  Tensor& x = c.in(0);
  std::vector<int64_t> perm = c.attributes.integers("perm");
  if (perm.empty()) {
    for (size_t i = x.rank(); i-- > 0;) perm.push_back(static_cast<int64_t>(i));
  }
  if (perm.size() != x.rank() || checked_axes(perm, x.rank()).size() != perm.size() ||
      std::any_of(perm.begin(), perm.end(), [](int64_t axis) { return axis < 0; })) {
    invalid("a perm that does not name each axis once");
  }
  Shape shape;
  for (int64_t axis : perm) shape.push_back(x.shape[static_cast<size_t>(axis)]);
  if (c.b.graph.value(x.forms.front().value).constant()) {
    const int value = c.b.transposed(c.b.plain(x), {perm.begin(), perm.end()}, c.output_name(0));
    return c.out_value(0, value, shape, plain_order(shape.size()));
  }
  auto result = std::make_shared<Tensor>(Tensor{c.output_name(0), x.type, shape, {}, x.fixed});
  for (const Form& form : x.forms) {
    Order order;
    for (int axis : form.order) {
      order.push_back(static_cast<int>(std::find(perm.begin(), perm.end(), axis) - perm.begin()));
    }
    result->forms.push_back({order, form.value});
  }
  c.out_same(0, result);
}

void import_shape(Call& c) {
  const Tensor& x = c.in(0);
  const auto rank = static_cast<int64_t>(x.rank());
  const auto bound = [&](const char* name, int64_t otherwise) {
    const int64_t given = c.attributes.integer(name, otherwise);
    return std::clamp(given < 0 ? given + rank : given, int64_t{0}, rank);
  };
  const int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  Numbers numbers{DType::S64, {static_cast<int32_t>(end - start)}, {}, {}};
  numbers.integers.assign(x.shape.begin() + start, x.shape.begin() + end);
  c.out_constant(0, numbers);
}

void import_size(Call& c) { c.out_constant(0, {DType::S64, {}, {elements_of(c.in(0).shape)}, {}}); }

constexpr Row kRows[] = {
    {"Dropout", 1, 3, import_dropout},     {"Flatten", 1, 1, import_flatten},
    {"Identity", 1, 1, import_identity},   {"Reshape", 2, 2, import_reshape},
    {"Shape", 1, 1, import_shape},         {"Size", 1, 1, import_size},
    {"Squeeze", 1, 2, import_squeeze},     {"Transpose", 1, 1, import_transpose},
    {"Unsqueeze", 1, 2, import_unsqueeze},
};

}  // namespace

rt::Span<const Row> shape_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
