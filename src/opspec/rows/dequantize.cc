// Dequantize: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status infer(Inference& x) {
  const Shape in = x.in(0);
  const Quantization& q = x.node().input(0).quantization;
  if (!q.per_tensor() &&
      (q.axis >= in.rank() ||
       (is_number(in[q.axis]) && q.scales.size() != static_cast<size_t>(in[q.axis])))) {
    return x.node().fail(Code::InvalidModel, "has %zu scales for %s", q.scales.size(),
                         x.text(in).c_str());
  }
  x.out(0, in);
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Dequantize;
  row.signatures = "quantized -> f32";
  row.infer = infer;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kDequantizeSpec;
const OpSpec kDequantizeSpec = row();

}  // namespace qrt::rt
