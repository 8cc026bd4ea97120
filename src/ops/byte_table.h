// The kernel of every operator that maps one byte to one byte: Unary on s8, Quantize between types
// of eight bits. The operator fills the table when it is chosen.
#pragma once

#include <array>

#include "kernels/lut.h"
#include "src/ops/common.h"
#include "src/ops/row_kernel.h"

namespace qrt::rt {

class ByteTable final : public RowKernel<kernels::LutKernel> {
 public:
  using Entries = std::array<uint8_t, 256>;  // by the input byte, read as unsigned

  ByteTable(const kernels::LutKernel& row, const Entries& entries)
      : RowKernel(row), entries_(entries) {
    for (size_t i = 0; i < entries.size(); ++i) {
      shifts_ = shifts_ && entries[i] == static_cast<uint8_t>(i + entries[0]);
    }
  }

  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }
  void run(const RunContext& context) const override {
    const auto* in = context.in<uint8_t>(0);
    auto* out = context.out<uint8_t>();
    context.pool.parallel_for(static_cast<size_t>(context.shape_out().elements()), 1,
                              [&](size_t begin, size_t end, size_t) {
                                if (shifts_) {
                                  row_.add(entries_[0], in + begin, end - begin, out + begin);
                                } else {
                                  row_.run(entries_.data(), in + begin, end - begin, out + begin);
                                }
                              });
  }

 private:
  Entries entries_;
  bool shifts_ = true;  // every entry is its index and one constant: between s8 and u8
};

}  // namespace qrt::rt
