// Cast: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  x.out(0, Shape(x.in(0)));
  Integers elements;
  const DType to = x.node().output(0).type;
  const bool truths = to == DType::Bool && x.node().input(0).type != DType::Bool;
  if ((to != DType::S32 && to != DType::S64 && to != DType::Bool) || !x.integers(0, &elements)) {
    return {};
  }
  for (int32_t& element : elements) {
    if (element == INT32_MAX && to == DType::S32) return {};  // it may stand for any large number
    if (!truths) continue;
    if (is_number(element)) {
      element = element != 0 ? 1 : 0;
    } else {
      element = x.dims().at_least(element, 1) ? 1 : x.dims().unknown();
    }
  }
  x.out_integers(0, std::move(elements));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Cast;
  row.signatures = "f32/f64/f16/bf16/integers/bool -> f32/f64/f16/bf16/integers/bool";
  row.infer = infer;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kCastSpec;
const OpSpec kCastSpec = row();

}  // namespace qrt::rt
