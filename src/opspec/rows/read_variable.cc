// ReadVariable: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::ReadVariable;
  row.signatures = "state any -> =0";
  row.infer = infer_same_shape;
  row.has_effects = true;
  return row;
}

}  // namespace

extern const OpSpec kReadVariableSpec;
const OpSpec kReadVariableSpec = row();

}  // namespace qrt::rt
