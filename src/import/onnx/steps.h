// Operators that ONNX has and libqrt does not, in steps: what rules write that emit several nodes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/import/onnx/call.h"

namespace qrt::import::onnx_import {

// Every step takes values and gives a new one, which lies as its inputs do.
class Steps {
 public:
  explicit Steps(Call& call) : c_(call) {}

  int unary(fb::UnaryKind kind, int x, float alpha = 0, float beta = 0);
  // Between two numbers, of which one may be infinite.
  int clip(int x, float low, float high);
  // Broadcasts as numpy does.
  int binary(fb::BinaryKind kind, int a, int b);
  int cast(int x, DType type);
  int select(int condition, int yes, int no);
  // `positions`: the axes as they lie.
  int reduce(fb::ReduceKind kind, int x, std::vector<int32_t> positions, bool keep_dims);
  int arg_max(int x, int position, bool min, bool keep_dims);
  int concat(std::vector<int> parts, int position);
  int reshape(int x, const Shape& shape);
  // Of one axis: from `begin`, and to `end` elements before its end.
  int slice(int x, int position, int32_t begin, int32_t end, int32_t step = 1);
  // The first `size` elements, or those from `begin` on; and one, whose axis, the first, is
  // dropped.
  int slice_to(int x, int position, int32_t size) { return slice_part(x, position, 0, size); }
  int slice_part(int x, int position, int32_t begin, int32_t size);
  int row(int x, int32_t index);
  // Backwards.
  int reversed(int x, int position);

  // Constants: a scalar, and 0, 1, ... along an axis as long as x's, which may be open.
  int number(float value) { return number(DType::F32, value); }
  int number(DType type, double value);
  int indices(int x, int position);
  // The size of an axis, as one s64.
  int size(int x, int position);

  // Another kind of node with one output.
  template <class Options>
  int add(Options options, std::vector<int> inputs, DType type,
          const Quantization& quantization = {}) {
    const int result = c_.b.value(next_name(), type, quantization);
    c_.emit(std::move(options), std::move(inputs), {result});
    return result;
  }
  // The value is output k.
  void finish(int value, const Order& order, size_t k = 0);

 private:
  std::string next_name() { return c_.temporary("step") + std::to_string(count_++); }
  DType type_of(int x) const { return c_.b.graph.value(x).type; }
  const Quantization& quantization_of(int x) const { return c_.b.graph.value(x).quantization; }

  Call& c_;
  int count_ = 0;
};

}  // namespace qrt::import::onnx_import
