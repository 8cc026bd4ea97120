// Pad: see schema/qrt.fbs.
#include "src/opspec/element.h"
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& pad = node.options<fb::Pad>();
  if (pad.mode() > fb::PadMode::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown mode %d", static_cast<int>(pad.mode()));
  }
  uint64_t pattern;
  if (pad.mode() == fb::PadMode::Constant &&
      !encode_element(node.input(0), pad.value(), &pattern)) {
    return node.fail(Code::InvalidModel, "its value %g cannot be expressed in its %s tensors",
                     static_cast<double>(pad.value()), dtype_name(node.input(0).type));
  }
  return {};
}

Status infer(Inference& x) {
  const Shape& in = x.in(0);
  const auto& pad = x.node().options<fb::Pad>();
  const auto rank = static_cast<unsigned>(in.rank());
  if (pad.before()->size() != rank || pad.after()->size() != rank) {
    return x.node().fail(Code::InvalidModel, "pads %u and %u axes, the input has %u",
                         pad.before()->size(), pad.after()->size(), rank);
  }
  Shape out = in;
  for (unsigned i = 0; i < rank; ++i) {
    const int axis = static_cast<int>(i);
    const int32_t before = pad.before()->Get(i), after = pad.after()->Get(i);
    out[axis] = x.dims().add(x.dims().add(in[axis], before), after);
    if (before < 0 || after < 0 || out[axis] == kInvalidDim) {
      return x.node().fail(Code::InvalidModel, "pads axis %u, of %s elements, by %d and %d", i,
                           x.dims().text(in[axis]).c_str(), before, after);
    }
    if (!is_number(in[axis]) || pad.mode() == fb::PadMode::Constant) continue;
    if (pad.mode() == fb::PadMode::Edge) {
      if (in[axis] > 0 || (before == 0 && after == 0)) continue;
      return x.node().fail(Code::InvalidModel, "repeats the edge of axis %u, which has no elements",
                           i);
    }
    const int32_t most = in[axis] - (pad.mode() == fb::PadMode::Reflect ? 1 : 0);
    if (before > most || after > most) {
      return x.node().fail(Code::InvalidModel, "mirrors %d and %d of the %d elements of axis %u",
                           before, after, in[axis], i);
    }
  }
  x.out(0, out);
  return {};
}

// A value that is not added, or that every quantization holds exactly.
QuantizedAs quantized(const void* options) {
  const auto& pad = as<fb::Pad>(options);
  return pad.mode() != fb::PadMode::Constant || pad.value() == 0 ? QuantizedAs::Moves
                                                                 : QuantizedAs::Joins;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Pad;
  row.signatures = "movable -> =0";
  row.check = check;
  row.infer = infer;
  row.quantized_of = quantized;
  return row;
}

}  // namespace

extern const OpSpec kPadSpec;
const OpSpec kPadSpec = row();

}  // namespace qrt::rt
