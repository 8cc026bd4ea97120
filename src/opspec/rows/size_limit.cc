// SizeLimit: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape &value = x.in(0), &limit = x.in(1);
  bool fits = value.rank() <= 1 && value.rank() == limit.rank();
  for (int i = 0; fits && i < value.rank(); ++i) fits = !x.dims().differ(value[i], limit[i]);
  if (!fits) {
    return x.node().fail(Code::InvalidModel, "limits %s by %s", x.text_in(0).c_str(),
                         x.text_in(1).c_str());
  }
  Integers limits;
  if (!x.integers(1, &limits)) {
    return x.node().fail(Code::Unsupported,
                         "its limit '%s' depends on values that are known only in a run",
                         x.node().input(1).name);
  }
  x.out(0, limit);
  x.out_integers(0, std::move(limits));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::SizeLimit;
  row.signatures = "index, =0 -> =0";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kSizeLimitSpec;
const OpSpec kSizeLimitSpec = row();

}  // namespace qrt::rt
