// What quantized convolutions have in common: packed weights, zero point and range of the output.
#pragma once

#include "kernels/requantize.h"
#include "src/base/memory.h"
#include "src/ops/conv2d.h"
#include "src/ops/quantized_weights.h"

namespace qrt::rt {

class PackedConv : public OpKernel {
 public:
  size_t packed_bytes() const override { return packed_bytes_; }

 protected:
  explicit PackedConv(const Node& node) : in_zero_point_(node.input(0).quantization.zero_point()) {
    const Tensor& out = node.output(0);
    const QuantizedLimits limits = quantized_limits(node.options<fb::Conv2D>().clamp(), out);
    out_ = {out.quantization.zero_point(), limits.min, limits.max};
  }

  Status allocate(const Node& node, uint64_t bytes) {
    packed_ = allocate_aligned(bytes);
    packed_bytes_ = static_cast<size_t>(bytes);
    if (packed_ != nullptr) return {};
    return node.fail(Code::OutOfMemory, "no memory for %llu bytes of packed weights",
                     static_cast<unsigned long long>(bytes));
  }

  AlignedBuffer packed_;
  size_t packed_bytes_ = 0;
  int32_t in_zero_point_;
  kernels::Output out_ = {};
};

}  // namespace qrt::rt
