// An operator whose work is done by a row of a kernel family.
#pragma once

#include "src/ops/kernel_choice.h"
#include "src/runtime/op_kernel.h"

namespace qrt::rt {

template <class Row>
class RowKernel : public OpKernel {
 public:
  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

 protected:
  explicit RowKernel(const Row& row) : row_(row) {}

  const Row& row_;
};

}  // namespace qrt::rt
