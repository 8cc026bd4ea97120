// TensorScatter: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape &data = x.in(0), &updates = x.in(1);
  int axis;
  QRT_RETURN_IF_ERROR(
      require_axis(x, x.node().options<fb::TensorScatter>().axis(), data.rank(), &axis));
  bool fits = updates.rank() == data.rank();
  for (int i = 0; fits && i < data.rank(); ++i) {
    fits = i == axis ? !is_number(updates[i]) || !is_number(data[i]) || updates[i] <= data[i]
                     : !x.dims().differ(updates[i], data[i]);
  }
  if (!fits) {
    return x.node().fail(Code::InvalidModel, "has updates %s along axis %d for data %s",
                         x.text_in(1).c_str(), axis, x.text_in(0).c_str());
  }
  x.out(0, data);
  if (!x.node().has_input(2)) return {};
  const Shape& places = x.in(2);
  const bool one = places.rank() == 0 || (places.rank() == 1 && !x.dims().differ(places[0], 1));
  if (one || (places.rank() == 1 && axis > 0 && !x.dims().differ(places[0], data[0]))) return {};
  return x.node().fail(Code::InvalidModel, "begins at %s places along axis %d of data %s",
                       x.text_in(2).c_str(), axis, x.text_in(0).c_str());
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::TensorScatter;
  row.signatures = "movable, =0, [index] -> =0";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kTensorScatterSpec;
const OpSpec kTensorScatterSpec = row();

}  // namespace qrt::rt
