// What the oracles compute with: numbers in double and a shape, row by row. Oracles are plain loops
// over the published meaning of an operator (TensorFlow Lite's, ONNX's, NumPy's) and include
// nothing of the library, so that they can be wrong only by themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace oracle {

using Dims = std::vector<int32_t>;

inline size_t count(const Dims& shape) {
  size_t product = 1;
  for (int32_t dim : shape) product *= static_cast<size_t>(dim);
  return product;
}

// Position of an index in a row-major array.
inline size_t position(const Dims& index, const Dims& shape) {
  size_t flat = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    flat = flat * static_cast<size_t>(shape[i]) + static_cast<size_t>(index[i]);
  }
  return flat;
}

struct Tensor {
  Dims shape;
  std::vector<double> values;

  Tensor() = default;
  explicit Tensor(Dims dims, double value = 0)
      : shape(std::move(dims)), values(count(shape), value) {}
  Tensor(Dims dims, std::vector<double> numbers)
      : shape(std::move(dims)), values(std::move(numbers)) {}

  int32_t dim(size_t axis) const { return shape[axis]; }
  double& at(const Dims& index) { return values[position(index, shape)]; }
  double at(const Dims& index) const { return values[position(index, shape)]; }
  // Of four axes.
  double at(int32_t a, int32_t b, int32_t c, int32_t d) const {
    return values[((static_cast<size_t>(a) * static_cast<size_t>(shape[1]) +
                    static_cast<size_t>(b)) *
                       static_cast<size_t>(shape[2]) +
                   static_cast<size_t>(c)) *
                      static_cast<size_t>(shape[3]) +
                  static_cast<size_t>(d)];
  }
};

// All indices of a shape in order; a scalar has one, {}.
inline void for_each_index(const Dims& shape, const std::function<void(const Dims&)>& visit) {
  Dims index(shape.size(), 0);
  for (size_t n = count(shape); n > 0; --n) {
    visit(index);
    for (size_t i = shape.size(); i-- > 0;) {
      if (++index[i] < shape[i]) break;
      index[i] = 0;
    }
  }
}

inline Tensor map(Tensor x, const std::function<double(double)>& f) {
  for (double& value : x.values) value = f(value);
  return x;
}

}  // namespace oracle
