// DynamicSlice: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape &in = x.in(0), &begins = x.in(1);
  const auto& sizes = *x.node().options<fb::DynamicSlice>().sizes();
  const int rank = in.rank();
  if (static_cast<int>(sizes.size()) != rank || begins.rank() != 1 ||
      x.dims().differ(begins[0], rank)) {
    return x.node().fail(Code::InvalidModel, "has %u sizes and begins %s for an input of %d axes",
                         sizes.size(), x.text(begins).c_str(), rank);
  }
  Shape out;
  for (int i = 0; i < rank; ++i) {
    const int32_t size = sizes.Get(static_cast<unsigned>(i));
    if (size < -1 || (is_number(in[i]) && size > in[i])) {
      return x.node().fail(Code::InvalidModel, "takes %d elements of axis %d, which has %s", size,
                           i, x.dims().text(in[i]).c_str());
    }
    out.push_back(size < 0 ? in[i] : size);
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::DynamicSlice;
  row.signatures = "movable, index -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  return row;
}

}  // namespace

extern const OpSpec kDynamicSliceSpec;
const OpSpec kDynamicSliceSpec = row();

}  // namespace qrt::rt
