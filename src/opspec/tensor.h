// A tensor as the model declares it: a view of the model's own arrays.
#pragma once

#include "qrt_generated.h"
#include "src/base/dtype.h"
#include "src/base/shape.h"
#include "src/base/small_float.h"
#include "src/base/span.h"

namespace qrt::rt {

// How integers stand for real numbers: real = scale * (q - zero_point). Without scales they do not.
struct Quantization {
  Span<const float> scales;
  Span<const int32_t> zero_points;  // empty: all zero
  int axis = -1;                    // -1: per tensor
  int block = 0;                    // 0: not by block
  // Of constants by block, instead of the two above.
  Span<const uint16_t> scales_f16 = {};
  Span<const int8_t> zero_points_s8 = {};

  size_t count() const { return scales.empty() ? scales_f16.size() : scales.size(); }
  bool present() const { return count() > 0; }
  bool per_tensor() const { return count() == 1; }
  float scale(size_t i = 0) const {
    if (scales.empty()) return static_cast<float>(Half::of_bits(scales_f16[i]));
    return scales[per_tensor() ? 0 : i];
  }
  bool has_zero_points() const { return !zero_points.empty() || !zero_points_s8.empty(); }
  int32_t zero_point(size_t i = 0) const {
    if (!zero_points_s8.empty()) return zero_points_s8[i];
    return zero_points.empty() ? 0 : zero_points[per_tensor() ? 0 : i];
  }
};
// Whether the same integers stand for the same numbers. Absent zero points are zero.
bool same_quantization(const Quantization& a, const Quantization& b);

struct Tensor {
  const char* name = "";
  DType type = DType::F32;
  Shape shape;  // -1: open, known only to a session
  Quantization quantization;
  // Of a constant, or what a variable starts as; else null.
  const void* data = nullptr;
  bool constant = false;
  bool variable = false;
  // Nothing past its last byte may be read: its memory is the file's, which may end there. True of
  // constants and of what operators that only rename make of them.
  bool unpadded = false;

  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};

// The record without its elements: `data` is null. The model has been verified.
Tensor declared_tensor(const fb::Tensor& from);
// `weights`: the segment that constants' offsets count from. The model has been verified.
Tensor decode_tensor(const fb::Tensor& from, Span<const uint8_t> weights);

// A quantized tensor with one scale of type s8: what integer kernels take.
inline bool is_qs8(const Tensor& t) {
  return t.type == DType::S8 && t.quantization.present() && t.quantization.per_tensor();
}

}  // namespace qrt::rt
