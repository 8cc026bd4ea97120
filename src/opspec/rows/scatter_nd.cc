// ScatterNd: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  return check_reduction(node, node.options<fb::ScatterNd>().reduction());
}

Status infer(Inference& x) {
  const Shape &data = x.in(0), &indices = x.in(1), &updates = x.in(2);
  const int tuple = indices.rank() == 0 ? -1 : indices.last();
  if (indices.rank() > 0 && !is_number(tuple)) {
    return x.node().fail(Code::Unsupported, "its indices have an open number of coordinates");
  }
  if (tuple < 1 || tuple > data.rank()) {
    return x.node().fail(Code::InvalidModel, "its indices are %s for data of %d dimensions",
                         x.text(indices).c_str(), data.rank());
  }
  const int named = indices.rank() - 1;
  bool fits = updates.rank() == named + data.rank() - tuple;
  for (int i = 0; fits && i < updates.rank(); ++i) {
    fits = !x.dims().differ(updates[i], i < named ? indices[i] : data[i - named + tuple]);
  }
  if (!fits) {
    return x.node().fail(Code::InvalidModel, "has updates %s for indices %s and data %s",
                         x.text(updates).c_str(), x.text(indices).c_str(), x.text(data).c_str());
  }
  for (int k = 0; k < tuple; ++k) QRT_RETURN_IF_ERROR(check_indexed_axis(x, k));
  QRT_RETURN_IF_ERROR(check_constant_indices(
      x.node(), [&](int64_t e) { return data[static_cast<int>(e % tuple)]; }));
  x.out(0, data);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::ScatterNd;
  row.signatures_of = [](const void* options) {
    return scatter_signatures(as<fb::ScatterNd>(options).reduction());
  };
  row.check = check;
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kScatterNdSpec;
const OpSpec kScatterNdSpec = row();

}  // namespace qrt::rt
