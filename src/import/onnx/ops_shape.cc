// Operators that give the same elements another shape or other axes, and those that ask for shapes.
#include <algorithm>

#include "src/base/checked.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

// Numbers that show which dimensions of two shapes correspond to each other.
graph::Sizes comparable(Call& c, const Shape& shape) {
  graph::Sizes sizes;
  for (Dim dim : shape) {
    sizes.push_back(c.b.dims().at_primes(dim.symbol()));
    if (sizes.back() < 0) needs_size();
  }
  return sizes;
}

// Modulo 2^64: equal numbers of elements give equal products.
uint64_t product(const graph::Sizes& sizes) {
  uint64_t result = 1;
  for (int64_t size : sizes) result *= static_cast<uint64_t>(size);
  return result;
}

// Output 0 is x under another shape. Elements move only where the layout hides their order.
void reshape_to(Call& c, Tensor& x, const Shape& shape) {
  if (c.b.graph.value(x.forms.front().value).constant() && !is_open(shape)) {
    const int value = c.b.reshaped(c.b.plain(x), shape, c.output_name(0));
    return c.out_value(0, value, plain_order(shape.size()));
  }
  const graph::Sizes before = comparable(c, x.shape), after = comparable(c, shape);
  if (product(before) != product(after)) needs_size();  // n / 7 * 7 need not be n
  const Order from = graph::reshapable_order(before, x.order(), after);
  const auto order = graph::reshaped_order(before, from, after);
  if (!order) needs_size();
  const int value = c.b.reshaped(c.b.form(x, from), arranged(shape, *order), c.output_name(0));
  c.out_value(0, value, *order);
}

// To a shape that is computed when the model runs, by input 1.
void reshape_by_input(Call& c, Tensor& x, size_t rank) {
  const int input = c.b.plain(x), shape = c.b.plain(c.in(1));
  const Quantization q = c.moved_quantization(input);
  c.emit(fb::ReshapeT{}, {input, shape}, {c.out(0, x.type, plain_order(rank), q)});
}

int64_t elements_of(const Shape& shape) {
  int64_t elements = 1;
  for (int32_t dim : shape) elements *= dim;
  return elements;
}

int32_t elements_of(rt::Dims& dims, const Shape& shape) {
  int32_t elements = 1;
  for (Dim dim : shape) elements = dims.mul(elements, dim.symbol());
  return elements;
}

// An attribute at first, an input since opset 13.
std::vector<int64_t> read_axes(Call& c) {
  if (c.has(1)) return c.integers(1, "axes");
  return c.attributes.integers("axes");
}

// The dimensions from `start` to `end` of ONNX's shape, as integers of a node.
int emit_shape(Call& c, Tensor& x, int64_t start, int64_t end, const std::string& name) {
  const Form form = x.forms.front();
  const auto rank = static_cast<int64_t>(x.rank());
  const bool picked = form.order != plain_order(x.rank()) || end - start != rank;
  const int whole = c.b.value(picked ? name + "/all" : name, DType::S64);
  c.emit(fb::ShapeOfT{}, {form.value}, {whole});
  if (!picked) return whole;
  std::vector<int32_t> positions;
  for (int64_t axis = start; axis < end; ++axis) {
    positions.push_back(position(form.order, static_cast<int>(axis)));
  }
  return emit_gather(c, whole, 0, positions, name);
}

void import_identity(Call& c) { c.out_same(0, c.pointer(0)); }

// Output 1 of Dropout: everything is kept.
void emit_full_mask(Call& c, Tensor& x) {
  const TensorPtr yes = make_constant(c.b, c.temporary("kept"), {DType::Bool, {}, {1}, {}});
  std::vector<int> inputs = {yes->forms.front().value};
  fb::BroadcastToT options;
  if (is_open(x.shape)) {
    const auto rank = static_cast<int64_t>(x.rank());
    inputs.push_back(emit_shape(c, x, 0, rank, c.temporary("shape")));
  } else {
    options.shape = declared(x.shape);
  }
  c.emit(std::move(options), std::move(inputs), {c.out(1, DType::Bool, plain_order(x.rank()))});
}

void import_dropout(Call& c) {
  c.attributes.ignore("ratio");
  c.attributes.ignore("seed");
  // It drops something only in training, and of a ratio that is not 0.
  const auto is_zero = [&](size_t i) {
    const auto number = numbers_of(c.b, c.in(i));
    return number && number->size() == 1 &&
           (number->is_float() ? number->floats[0] == 0 : number->integers[0] == 0);
  };
  if (c.has(2) && !is_zero(2) && !(c.has(1) && is_zero(1))) unsupported("training_mode");
  if (c.output_read(1)) emit_full_mask(c, c.in(0));
  c.out_same(0, c.pointer(0));
}

// To a shape of which a Reshape's attributes can tell at most one size that is no input's; others
// need the shape as it is computed.
void reshape_open(Call& c, Tensor& x, const Shape& shape) {
  try {
    return reshape_to(c, x, shape);
  } catch (const Unsupported&) {
    if (c.b.integers(c.in(1).forms.front().value) == nullptr) throw;
  }
  reshape_by_input(c, x, shape.size());
}

void import_reshape(Call& c) {
  Tensor& x = c.in(0);
  rt::Dims& dims = c.b.dims();
  const bool allow_zero = c.attributes.flag("allowzero", false);
  Shape shape = c.sizes(1, "a shape");
  int rest = -1;
  int64_t known = 1;  // elements, if all sizes are numbers
  int32_t product = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i].is(0) && !allow_zero) {
      if (i >= x.rank()) invalid("a dimension to copy that the input does not have");
      shape[i] = x.shape[i];
    }
    if (shape[i].is(-1)) {
      if (rest >= 0) invalid("a shape with two dimensions of -1");
      rest = static_cast<int>(i);
      continue;
    }
    product = dims.mul(product, shape[i].symbol());
    if (!shape[i].open() && !rt::checked_mul<int64_t>(known, shape[i], &known)) {
      invalid("a dimension of %d", shape[i].symbol());
    }
  }
  if (is_open(shape) || is_open(x.shape)) {
    if (rest < 0) keep_open_batch(x.shape, &shape);
    if (rest >= 0) {
      const int32_t all = elements_of(dims, x.shape);
      if (product == 0 || product == rt::kInvalidDim || all == rt::kInvalidDim) {
        needs_size();
      }
      shape[static_cast<size_t>(rest)] = dims.floor_div(all, product);
    }
    return reshape_open(c, x, shape);
  }
  const int64_t elements = elements_of(x.shape);
  if (rest >= 0) {
    if (known == 0 || elements % known != 0) {
      invalid("%lld elements that a shape with -1 cannot hold", static_cast<long long>(elements));
    }
    const int64_t left = elements / known;
    shape[static_cast<size_t>(rest)] = checked_constant_shape({left})[0];
    known = elements;
  }
  if (known != elements) {
    invalid("%lld elements for a shape of %lld", static_cast<long long>(elements),
            static_cast<long long>(known));
  }
  reshape_to(c, x, checked_constant_shape({shape.begin(), shape.end()}));
}

void import_flatten(Call& c) {
  Tensor& x = c.in(0);
  const int64_t given = c.attributes.integer("axis", 1);
  const auto rank = static_cast<int64_t>(x.rank());
  if (given < -rank || given > rank) invalid("axis %lld", static_cast<long long>(given));
  reshape_to(c, x,
             flattened(c.b.dims(), x.shape, static_cast<int>(given < 0 ? given + rank : given)));
}

// Axes of which some are open: that these have one element is known in a run.
void squeeze_open(Call& c, Tensor& x, const std::vector<int>& axes) {
  Order order = x.order();
  int value = c.b.form(x, order);
  for (size_t i = axes.size(); i-- > 0;) {
    const graph::Value from = c.b.graph.value(value);
    if (from.quantization.axis >= 0) unsupported("values that are quantized per channel");
    const std::string name =
        i == 0 ? c.output_name(0) : c.temporary("squeezed") + std::to_string(i);
    const int result = c.b.value(name, from.type, from.quantization);
    fb::SqueezeT options;
    options.axis = position(order, axes[i]);
    c.emit(std::move(options), {value}, {result});
    order = graph::without_axes(order, {axes[i]});
    value = result;
  }
  c.out_value(0, value, order);
}

void import_squeeze(Call& c) {
  Tensor& x = c.in(0);
  const bool given = c.has(1) || c.attributes.has("axes");
  const std::vector<int> axes = checked_axes(read_axes(c), x.rank());
  const bool open = std::any_of(axes.begin(), axes.end(), [&](int axis) {
    return x.shape[static_cast<size_t>(axis)].open();
  });
  if (open) return squeeze_open(c, x, axes);
  Shape shape;
  for (int axis = 0; axis < static_cast<int>(x.rank()); ++axis) {
    const Dim dim = x.shape[static_cast<size_t>(axis)];
    const bool named = std::binary_search(axes.begin(), axes.end(), axis);
    if (named && dim != 1) {
      invalid("axis %d of size %d to be dropped", axis, dim.symbol());
    }
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
    shape.push_back(added ? Dim(1) : x.shape[next++]);
  }
  if (shape.size() > static_cast<size_t>(rt::kMaxRank)) {
    unsupported("a tensor of %zu dimensions, more than %d", shape.size(), rt::kMaxRank);
  }
  reshape_to(c, x, shape);
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
    return c.out_value(0, value, plain_order(shape.size()));
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
  Tensor& x = c.in(0);
  const auto rank = static_cast<int64_t>(x.rank());
  const auto bound = [&](const char* name, int64_t otherwise) {
    const int64_t given = c.attributes.integer(name, otherwise);
    return std::clamp(given < 0 ? given + rank : given, int64_t{0}, rank);
  };
  const int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  if (start == end) return c.out_constant(0, {DType::S64, {Dim(0)}, {}, {}});
  c.out_value(0, emit_shape(c, x, start, end, c.output_name(0)), plain_order(1));
}

void import_size(Call& c) {
  Tensor& x = c.in(0);
  const auto rank = static_cast<int64_t>(x.rank());
  fb::ReduceT options;
  options.kind = fb::ReduceKind::Prod;
  options.axes = {0};
  c.emit(std::move(options), {emit_shape(c, x, 0, rank, c.temporary("shape"))},
         {c.out(0, DType::S64, plain_order(0))});
}

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
