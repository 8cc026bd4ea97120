// Tile: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const auto& multiples = *x.node().options<fb::Tile>().multiples();
  if (multiples.size() != static_cast<unsigned>(in.rank())) {
    return x.node().fail(Code::InvalidModel, "has %u multiples, the input has %d axes",
                         multiples.size(), in.rank());
  }
  Shape out = in;
  for (int i = 0; i < in.rank(); ++i) {
    const int32_t multiple = multiples.Get(static_cast<unsigned>(i));
    out[i] = x.dims().mul(in[i], multiple);
    if (multiple < 0 || out[i] == kInvalidDim) {
      return x.node().fail(Code::InvalidModel, "repeats axis %d, of %s elements, %d times", i,
                           x.dims().text(in[i]).c_str(), multiple);
    }
  }
  x.out(0, out);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Tile;
  row.signatures = "movable -> =0";
  row.infer = infer;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kTileSpec;
const OpSpec kTileSpec = row();

}  // namespace qrt::rt
