#include "tests/oracle/matrix.h"

#include <algorithm>

namespace oracle {

Tensor fully_connected(const Tensor& in, const Tensor& weights, const std::vector<double>& bias) {
  const auto inputs = static_cast<size_t>(weights.dim(1));
  const auto outputs = static_cast<size_t>(weights.dim(0));
  Dims shape = in.shape;
  shape.back() = weights.dim(0);
  Tensor out(shape);
  for (size_t row = 0; row < in.values.size() / inputs; ++row) {
    for (size_t o = 0; o < outputs; ++o) {
      double sum = bias.empty() ? 0 : bias[o];
      for (size_t i = 0; i < inputs; ++i) {
        sum += in.values[row * inputs + i] * weights.values[o * inputs + i];
      }
      out.values[row * outputs + o] = sum;
    }
  }
  return out;
}

Dims broadcast_shapes(const Dims& a, const Dims& b) {
  const size_t rank = std::max(a.size(), b.size());
  Dims out(rank, 1);
  for (size_t i = 1; i <= rank; ++i) {
    for (const Dims* shape : {&a, &b}) {
      if (i > shape->size()) continue;
      const int32_t dim = (*shape)[shape->size() - i];
      if (dim != 1) out[rank - i] = dim;
    }
  }
  return out;
}

Dims broadcast_index(const Dims& index, const Dims& shape) {
  Dims own(index.end() - static_cast<std::ptrdiff_t>(shape.size()), index.end());
  for (size_t i = 0; i < own.size(); ++i) {
    if (shape[i] == 1) own[i] = 0;
  }
  return own;
}

Tensor mat_mul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  const auto batch_of = [](const Tensor& t) { return Dims(t.shape.begin(), t.shape.end() - 2); };
  const auto last = [](const Tensor& t, bool first) { return *(t.shape.end() - (first ? 2 : 1)); };
  const Dims a_batch = batch_of(a), b_batch = batch_of(b);
  const int32_t rows = last(a, !transpose_a), depth = last(a, transpose_a);
  const int32_t columns = last(b, transpose_b);
  const Dims batch = broadcast_shapes(a_batch, b_batch);
  Dims shape = batch;
  shape.push_back(rows);
  shape.push_back(columns);
  Tensor out(shape);
  const auto element = [](const Tensor& t, Dims index, int32_t row, int32_t column, bool swap) {
    index.push_back(swap ? column : row);
    index.push_back(swap ? row : column);
    return t.at(index);
  };
  for_each_index(shape, [&](const Dims& o) {
    const Dims outer(o.begin(), o.end() - 2);
    const Dims from_a = broadcast_index(outer, a_batch), from_b = broadcast_index(outer, b_batch);
    double sum = 0;
    for (int32_t k = 0; k < depth; ++k) {
      sum += element(a, from_a, *(o.end() - 2), k, transpose_a) *
             element(b, from_b, k, o.back(), transpose_b);
    }
    out.at(o) = sum;
  });
  return out;
}

}  // namespace oracle
