// Trilu: the elements of matrices on one side of a diagonal; zero (of quantized ones: their zero
// point) on the other.
#include <algorithm>
#include <cstring>

#include "src/ops/common.h"
#include "src/opspec/element.h"

namespace qrt::rt {
namespace {

template <class T>
class TriluKernel final : public OpKernel {
 public:
  explicit TriluKernel(const Node& node)
      : upper_(node.options<fb::Trilu>().upper()), k_(node.options<fb::Trilu>().k()) {
    uint64_t bits = 0;
    (void)encode_element(node.input(0), 0, &bits);
    std::memcpy(&zero_, &bits, sizeof zero_);  // little-endian, as the model's format is
  }
  const char* name() const override { return "trilu"; }

  void run(const RunContext& context) const override {
    const Shape& shape = context.shape_out();
    const int rank = shape.rank();
    const int64_t columns = shape[rank - 1], lines = shape[rank - 2];
    const T* in = context.in<T>(0);
    T* out = context.out<T>();
    context.pool.parallel_for(
        static_cast<size_t>(shape.elements(0, rank - 1)), static_cast<size_t>(columns) * sizeof(T),
        [&](size_t begin, size_t end, size_t) {
          for (auto row = static_cast<int64_t>(begin); row < static_cast<int64_t>(end); ++row) {
            copy_row(in + row * columns, out + row * columns, row % lines, columns);
          }
        });
  }
  bool may_overwrite(const Node&, const Shapes&, size_t) const override { return true; }

 private:
  void copy_row(const T* in, T* out, int64_t line, int64_t columns) const {
    const int64_t diagonal = line + k_ + (upper_ ? 0 : 1);  // the first column on its right
    const int64_t border = std::clamp<int64_t>(diagonal, 0, columns);
    const int64_t first = upper_ ? border : 0, last = upper_ ? columns : border;
    if (in != out) std::copy(in + first, in + last, out + first);
    std::fill(out, out + first, zero_);
    std::fill(out + last, out + columns, zero_);
  }

  const bool upper_;
  const int64_t k_;
  T zero_;
};

Choice choose(const Node& node, const ChooseContext&) {
  switch (dtype_bytes(node.input(0).type)) {
    case 1:
      return make_kernel<TriluKernel<uint8_t>>(node);
    case 2:
      return make_kernel<TriluKernel<uint16_t>>(node);
    case 4:
      return make_kernel<TriluKernel<uint32_t>>(node);
    default:
      return make_kernel<TriluKernel<uint64_t>>(node);
  }
}

}  // namespace

const OpDef kTriluOp = {choose};

}  // namespace qrt::rt
