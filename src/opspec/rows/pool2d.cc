// Pool2D: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

bool selects(const void* options) { return as<fb::Pool2D>(options).kind() == fb::PoolKind::Max; }

const char* signatures(const void* options) {
  return selects(options) ? "f32 -> f32; q8/q16 -> =0" : "f32 -> f32; q8 -> q8; q16 -> =0";
}

Status check(const Node& node) {
  const auto& options = node.options<fb::Pool2D>();
  if (options.kind() > fb::PoolKind::MAX) {
    return node.fail(Code::InvalidModel, "has an unknown kind, %d",
                     static_cast<int>(options.kind()));
  }
  QRT_RETURN_IF_ERROR(check_clamp(node, options.clamp()));
  return check_window(node, *options.window(), options.kernel_h(), options.kernel_w());
}

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::Pool2D>();
  const Shape& in = x.in(0);
  int32_t out_h, out_w;
  QRT_RETURN_IF_ERROR(infer_window(x, *options.window(), in, options.kernel_h(), options.kernel_w(),
                                   &out_h, &out_w, options.ceil_mode()));
  // Sums of the window's values stay within 32 bits, and its addresses within reason.
  const int64_t taps = int64_t{options.kernel_h()} * options.kernel_w();
  const int64_t most = x.node().input(0).type == DType::S16 ? 65535 : int64_t{1} << 20;
  if (taps > most) {
    return x.node().fail(Code::Unsupported, "has a window of %lld elements",
                         static_cast<long long>(taps));
  }
  x.out(0, {in[0], out_h, out_w, in[3]});
  return {};
}

QuantizedAs quantized(const void* options) {
  if (!selects(options)) return QuantizedAs::Computes;
  // A clamp between two quantized values would not survive.
  return as<fb::Pool2D>(options).clamp() == nullptr ? QuantizedAs::Moves : QuantizedAs::Float;
}

const char* kind_name(const void* options) {
  return fb::EnumNamePoolKind(as<fb::Pool2D>(options).kind());
}

// That of images.
bool keeps_places(const Node&, const Shapes&, size_t, int axis) { return axis == 0; }

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Pool2D;
  row.signatures_of = signatures;
  row.check = check;
  row.infer = infer;
  row.quantized_of = quantized;
  row.clamp = OpSpec::Clamp::Keeps;
  row.kind_name = kind_name;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kPool2DSpec;
const OpSpec kPool2DSpec = row();

}  // namespace qrt::rt
