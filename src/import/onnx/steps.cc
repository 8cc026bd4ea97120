#include "src/import/onnx/steps.h"

#include <algorithm>
#include <numeric>

#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {

using fb::BinaryKind;

int Steps::unary(fb::UnaryKind kind, int x, float alpha, float beta) {
  fb::UnaryT options;
  options.kind = kind;
  options.alpha = alpha;
  options.beta = beta;
  return add(std::move(options), {x}, type_of(x));
}

int Steps::clip(int x, float low, float high) {
  fb::UnaryT options;
  options.clamp = graph::make_clamp(low, high);
  return add(std::move(options), {x}, type_of(x));
}

int Steps::binary(BinaryKind kind, int a, int b) {
  fb::BinaryT options;
  options.kind = kind;
  return add(std::move(options), {a, b}, compares(kind) ? DType::Bool : type_of(a));
}

int Steps::cast(int x, DType type) { return type_of(x) == type ? x : add(fb::CastT{}, {x}, type); }

int Steps::select(int condition, int yes, int no) {
  return add(fb::SelectT{}, {condition, yes, no}, type_of(yes));
}

int Steps::reduce(fb::ReduceKind kind, int x, std::vector<int32_t> positions, bool keep_dims) {
  fb::ReduceT options;
  options.kind = kind;
  options.axes = std::move(positions);
  options.keep_dims = keep_dims;
  return add(std::move(options), {x}, type_of(x));
}

int Steps::arg_max(int x, int position, bool min, bool keep_dims) {
  fb::ArgReduceT options;
  options.axis = position;
  options.min = min;
  options.keep_dims = keep_dims;
  return add(std::move(options), {x}, DType::S64);
}

int Steps::concat(std::vector<int> parts, int position) {
  if (parts.size() == 1) return parts[0];
  fb::ConcatT options;
  options.axis = position;
  const DType type = type_of(parts[0]);
  return add(std::move(options), std::move(parts), type);
}

int Steps::reshape(int x, const Shape& shape) { return c_.b.reshaped(x, shape, next_name()); }

namespace {

// Everything of a tensor of this rank.
fb::SliceT whole(size_t rank) {
  fb::SliceT options;
  options.begins.assign(rank, 0);
  options.ends.assign(rank, 0);
  options.strides.assign(rank, 1);
  options.begin_mask = options.end_mask = (1u << rank) - 1;
  return options;
}

}  // namespace

int Steps::slice(int x, int position, int32_t begin, int32_t end, int32_t step) {
  const auto axis = static_cast<size_t>(position);
  fb::SliceT options = whole(c_.b.shape(x).size());
  options.begins[axis] = begin;
  options.ends[axis] = -end;
  options.strides[axis] = step;
  options.begin_mask &= ~(1u << axis);
  if (end != 0) options.end_mask &= ~(1u << axis);
  if (begin == 0 && end == 0 && step == 1) return x;
  return add(std::move(options), {x}, type_of(x), quantization_of(x));
}

int Steps::slice_part(int x, int position, int32_t begin, int32_t size) {
  const auto axis = static_cast<size_t>(position);
  fb::SliceT options = whole(c_.b.shape(x).size());
  options.begins[axis] = begin;
  options.ends[axis] = begin + size;
  options.begin_mask &= ~(1u << axis);
  options.end_mask &= ~(1u << axis);
  return add(std::move(options), {x}, type_of(x), quantization_of(x));
}

int Steps::row(int x, int32_t index) {
  fb::SliceT options = whole(c_.b.shape(x).size());
  options.begins[0] = index;
  options.ends[0] = index + 1;
  options.begin_mask &= ~1u;
  options.end_mask &= ~1u;
  options.shrink_mask = 1;
  return add(std::move(options), {x}, type_of(x), quantization_of(x));
}

int Steps::reversed(int x, int position) { return slice(x, position, -1, 0, -1); }

int Steps::number(DType type, double value) {
  if (type == DType::F64) return cast(number(DType::F32, value), type);
  Numbers numbers{type, {}, {}, {}};
  if (numbers.is_float()) {
    numbers.floats = {static_cast<float>(value)};
  } else {
    numbers.integers = {static_cast<int64_t>(value)};
  }
  return make_constant(c_.b, next_name(), numbers)->forms.front().value;
}

int Steps::indices(int x, int position) {
  const Shape shape = c_.b.shape(x);
  const Dim size = shape[static_cast<size_t>(position)];
  Shape along(shape.size(), 1);
  along[static_cast<size_t>(position)] = size;
  if (!size.open()) {
    std::vector<int64_t> all(static_cast<size_t>(int32_t{size}));
    std::iota(all.begin(), all.end(), 0);
    return c_.b.reshaped(c_.b.vector_constant(next_name(), all), along, next_name());
  }
  const int limit = this->size(x, position);
  const int zero = number(DType::S64, 0), step = number(DType::S64, 1);
  return reshape(add(fb::RangeT{}, {zero, limit, step}, DType::S64), along);
}

int Steps::size(int x, int position) {
  const Dim size = c_.b.shape(x)[static_cast<size_t>(position)];
  if (!size.open()) return number(DType::S64, size.symbol());
  const int sizes = add(fb::ShapeOfT{}, {x}, DType::S64);
  return add(fb::GatherT{}, {sizes, number(DType::S32, position)}, DType::S64);
}

void Steps::finish(int value, const Order& order, size_t k) {
  if (c_.b.producer(value) != nullptr) c_.b.graph.value(value).name = c_.output_name(k);
  c_.out_value(k, value, order);
}

}  // namespace qrt::import::onnx_import
