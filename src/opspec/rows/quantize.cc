// Quantize: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Quantize;
  row.signatures = "f32/q/q32 -> q; q16 -> q32";
  row.infer = infer_same_shape;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kQuantizeSpec;
const OpSpec kQuantizeSpec = row();

}  // namespace qrt::rt
