// Select: see schema/qrt.fbs.
#include <algorithm>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// Sizes of which some condition on sizes chooses.
void infer_integers(Inference& x, const Shape& out) {
  Integers condition, a, b, result;
  if (out.rank() > 1 || !x.integers(0, &condition) || !x.integers(1, &a) || !x.integers(2, &b)) {
    return;
  }
  if (condition.empty() || a.empty() || b.empty()) return;
  const auto at = [](const Integers& list, size_t i) { return list[list.size() == 1 ? 0 : i]; };
  const size_t count = std::max({condition.size(), a.size(), b.size()});
  for (size_t i = 0; i < count; ++i) {
    const int32_t chosen = at(condition, i), yes = at(a, i), no = at(b, i);
    if (is_number(chosen)) {
      result.push_back(chosen != 0 ? yes : no);
    } else {
      result.push_back(yes == no ? yes : x.dims().unknown());
    }
  }
  x.out_integers(0, std::move(result));
}

Status infer(Inference& x) {
  Shape out;
  if (!broadcast(x.dims(), x.in(1), x.in(2), &out) ||
      !broadcast(x.dims(), x.in(0), Shape(out), &out)) {
    return x.node().fail(Code::InvalidModel, "cannot broadcast %s, %s and %s together",
                         x.text_in(0).c_str(), x.text_in(1).c_str(), x.text_in(2).c_str());
  }
  x.out(0, out);
  infer_integers(x, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Select;
  row.signatures = "bool, movable, =1 -> =1";
  row.infer = infer;
  row.quantized = QuantizedAs::Joins;
  row.first_quantized_input = 1;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kSelectSpec;
const OpSpec kSelectSpec = row();

}  // namespace qrt::rt
