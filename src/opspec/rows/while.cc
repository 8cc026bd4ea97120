// While: see schema/qrt.fbs. It has no shape function, for it is taken apart (flat_graph.h).
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::While;
  row.signatures = "any, any.. -> any, any..";
  row.has_effects = true;  // those of its subgraphs
  return row;
}

}  // namespace

extern const OpSpec kWhileSpec;
const OpSpec kWhileSpec = row();

}  // namespace qrt::rt
