#include <algorithm>
#include <map>

#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

// The tensor with its two last axes as libqrt's MatMul may read them: as they are, or swapped.
struct Matrix {
  int value;
  bool transposed;
};

Matrix matrix(Call& c, Tensor& x) {
  const Order plain = plain_order(x.rank());
  Order swapped = plain;
  std::swap(swapped[x.rank() - 1], swapped[x.rank() - 2]);
  if (!x.fixed && x.order() == swapped) return {c.b.form(x, swapped), true};
  return {c.b.form(x, plain), false};
}

// A constant 2-D factor times a number; only plain f32 constants can be multiplied here.
TensorPtr scaled_constant(Call& c, Tensor& x, float factor) {
  const graph::Value* value = c.b.constant_value(x);
  if (value == nullptr) return nullptr;
  std::vector<float> elements(value->as<float>(), value->as<float>() + value->elements());
  c.b.charge(value->data->size());
  for (float& element : elements) element *= factor;
  const auto* bytes = reinterpret_cast<const uint8_t*>(elements.data());
  return c.b.constant(x.name + "/scaled", DType::F32, x.shape,
                      graph::Bytes(bytes, bytes + elements.size() * sizeof(float)));
}

// x * factor as a node.
Tensor times(Call& c, Tensor& x, float factor, const char* suffix) {
  Numbers number{DType::F32, {}, {}, {factor}};
  const TensorPtr constant = make_constant(c.b, c.temporary(suffix) + "/factor", number);
  const int value =
      emit_binary(c, fb::BinaryKind::Mul, x, *constant, x.order(), c.temporary(suffix));
  return c.inner(suffix, value, x.order());
}

// A value of shape [O] with what is added to every row, or -1 if the addend is no such thing.
int as_bias(Call& c, Tensor& addend, Dim outputs) {
  const auto rank = addend.rank();
  if (!addend.fixed || checked_elements(addend.shape) != outputs) return -1;
  if (rank > 0 && addend.shape[rank - 1] != outputs) return -1;
  return c.b.reshaped(c.b.plain(addend), {outputs}, addend.name + "/bias");
}

// The s4 weights that a constant was made from, or -1.
int nibbles_of(const std::map<int, int>& known, const Tensor& x) {
  const auto found = known.find(x.forms.front().value);
  return found != known.end() ? found->second : -1;
}

// alpha * A' * B' + beta * C, where ' transposes if asked to.
void import_gemm(Call& c) {
  const float alpha = c.attributes.number("alpha", 1.0f);
  const float beta = c.attributes.number("beta", 1.0f);
  const bool trans_a = c.attributes.flag("transA", false);
  const bool trans_b = c.attributes.flag("transB", false);
  Tensor &a = c.floats(0), &b = c.floats(1);
  if (a.rank() != 2 || b.rank() != 2) invalid("matrices of %zu and %zu axes", a.rank(), b.rank());
  const Dim m = a.shape[trans_a ? 1 : 0], k = a.shape[trans_a ? 0 : 1];
  const Dim n = b.shape[trans_b ? 0 : 1];
  if (c.b.dims().differ(b.shape[trans_b ? 1 : 0].symbol(), k.symbol())) {
    invalid("matrices of shapes %s and %s", text(a.shape).c_str(), text(b.shape).c_str());
  }
  const Shape shape = {m, n};
  check_size(shape);
  if (c.has(2) && broadcast(c.b.dims(), c.floats(2).shape, shape) != shape) {
    invalid("an addend of shape %s", text(c.in(2).shape).c_str());
  }

  // The addend as a bias, if it is one number a column and needs no factor that it cannot take.
  TensorPtr addend = c.has(2) ? c.pointer(2) : nullptr;
  bool addend_scaled = beta == 1.0f;
  if (addend && !addend_scaled) {
    if (TensorPtr scaled = scaled_constant(c, *addend, beta)) {
      addend = scaled;
      addend_scaled = true;
    }
  }
  TensorPtr weights = c.pointer(1);
  bool alpha_done = alpha == 1.0f;
  if (!alpha_done) {
    if (TensorPtr scaled = scaled_constant(c, b, alpha)) {
      weights = scaled;
      alpha_done = true;
    }
  }
  std::vector<int> inputs;
  const bool connected = b.fixed;
  int bias = -1;
  if (connected) {
    // Weights lie [O,I]; what libqrt reads as its rows is what ONNX calls A'.
    const int nibbles = nibbles_of(trans_b ? c.b.nibbles.rows : c.b.nibbles.columns, *weights);
    inputs = {c.b.form(a, trans_a ? Order{1, 0} : Order{0, 1}),
              nibbles >= 0 ? nibbles : c.b.form(*weights, trans_b ? Order{0, 1} : Order{1, 0})};
    if (addend && addend_scaled && alpha_done) bias = as_bias(c, *addend, n);
    if (bias >= 0) inputs.push_back(bias);
  }
  const bool add_after = addend && bias < 0;
  const Order order = plain_order(2);
  const bool last = alpha_done && !add_after;
  const int product = c.b.value(last ? c.output_name(0) : c.temporary("product"), DType::F32);
  if (connected) {
    c.emit(fb::FullyConnectedT{}, inputs, {product});
  } else {
    const Matrix left = matrix(c, a), right = matrix(c, *weights);
    fb::MatMulT options;
    options.transpose_a = trans_a != left.transposed;
    options.transpose_b = trans_b != right.transposed;
    c.emit(std::move(options), {left.value, right.value}, {product});
  }
  Tensor result = c.inner("product", product, order);
  if (!alpha_done) result = times(c, result, alpha, add_after ? "scaled" : "result");
  if (add_after) {
    Tensor term = addend_scaled ? *addend : times(c, *addend, beta, "beta");
    const int sum = emit_binary(c, fb::BinaryKind::Add, result, term, order, c.output_name(0));
    return c.out_value(0, sum, order);
  }
  c.out_value(0, result.forms.front().value, order);
}

// numpy's matmul.
void import_matmul(Call& c) {
  Tensor &a = c.reals(0), &b = c.reals(1);
  check_same_type({&a, &b});
  if (a.rank() == 0 || b.rank() == 0) invalid("a product of scalars");
  // A vector is a matrix of one row (on the left) or column (on the right), dropped afterwards.
  const bool row = a.rank() == 1, column = b.rank() == 1;
  const auto as_matrix = [&](Tensor& x, const Shape& shape) {
    const int value = c.b.reshaped(c.b.plain(x), shape, x.name + "/matrix");
    return Tensor{x.name, x.type, shape, {{plain_order(2), value}}, x.fixed};
  };
  Tensor left = row ? as_matrix(a, {1, a.shape[0]}) : Tensor{};
  Tensor right = column ? as_matrix(b, {b.shape[0], 1}) : Tensor{};
  Tensor &x = row ? left : a, &y = column ? right : b;
  if (c.b.dims().differ(x.shape.back().symbol(), y.shape[y.rank() - 2].symbol())) {
    invalid("matrices of shapes %s and %s", text(a.shape).c_str(), text(b.shape).c_str());
  }
  const std::string name = row || column ? c.temporary("matrix") : c.output_name(0);
  const int product = c.b.value(name, a.type);
  const int nibbles = nibbles_of(c.b.nibbles.columns, y);
  if (nibbles >= 0) {
    c.emit(fb::FullyConnectedT{}, {c.b.plain(x), nibbles}, {product});
  } else if (y.fixed && y.rank() == 2 && a.type == DType::F32) {
    c.emit(fb::FullyConnectedT{}, {c.b.plain(x), c.b.form(y, {1, 0})}, {product});
  } else {
    const Matrix m = matrix(c, x), n = matrix(c, y);
    fb::MatMulT options;
    options.transpose_a = m.transposed;
    options.transpose_b = n.transposed;
    c.emit(std::move(options), {m.value, n.value}, {product});
  }
  Shape kept = c.b.shape(product);
  if (row) kept.erase(kept.end() - 2);
  if (column) kept.pop_back();
  const int result = c.b.reshaped(product, kept, c.output_name(0));
  c.out_value(0, result, plain_order(kept.size()));
}

constexpr Row kRows[] = {
    {"Gemm", 2, 3, import_gemm},
    {"MatMul", 2, 2, import_matmul},
};

}  // namespace

rt::Span<const Row> matmul_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
