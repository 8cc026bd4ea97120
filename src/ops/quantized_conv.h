// What quantized convolutions have in common: a row of kernels, zero points, range of the output.
#pragma once

#include "kernels/requantize.h"
#include "src/ops/conv2d.h"
#include "src/ops/quantized_weights.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {

template <class Row>
class QuantizedConv : public RowKernel<Row> {
 protected:
  QuantizedConv(const Node& node, const Row& row)
      : RowKernel<Row>(row),
        in_zero_point_(node.input(0).quantization.zero_point()),
        out_(quantized_output(node.options<fb::Conv2D>().clamp(), node.output(0))) {}

  const int32_t in_zero_point_;
  const kernels::Output out_;
};

}  // namespace qrt::rt
