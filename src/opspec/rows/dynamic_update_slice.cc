// DynamicUpdateSlice: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape &data = x.in(0), &updates = x.in(1), &begins = x.in(2);
  if (updates.rank() != data.rank() || begins.rank() != 1 ||
      x.dims().differ(begins[0], data.rank())) {
    return x.node().fail(Code::InvalidModel, "has updates %s and begins %s for data %s",
                         x.text(updates).c_str(), x.text(begins).c_str(), x.text(data).c_str());
  }
  for (int i = 0; i < data.rank(); ++i) {
    if (is_number(data[i]) && is_number(updates[i]) && updates[i] > data[i]) {
      return x.node().fail(Code::InvalidModel, "has updates %s, larger than its data %s",
                           x.text(updates).c_str(), x.text(data).c_str());
    }
  }
  x.out(0, data);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::DynamicUpdateSlice;
  row.signatures = "movable, =0, index -> =0";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kDynamicUpdateSliceSpec;
const OpSpec kDynamicUpdateSliceSpec = row();

}  // namespace qrt::rt
