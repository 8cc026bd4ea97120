// Reduce: see schema/qrt.fbs.
#include <algorithm>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

fb::ReduceKind kind_of(const void* options) { return as<fb::Reduce>(options).kind(); }

const char* signatures(const void* options) {
  switch (kind_of(options)) {
    case fb::ReduceKind::Prod:
      return "number -> =0";
    case fb::ReduceKind::Max:
    case fb::ReduceKind::Min:
      return "number/s8/u8/s16/bool/q -> =0";
    default:
      return "number -> =0; q8 -> q8; q16 -> q16";
  }
}

Status check(const Node& node) {
  const fb::ReduceKind kind = node.options<fb::Reduce>().kind();
  if (kind <= fb::ReduceKind::MAX) return {};
  return node.fail(Code::InvalidModel, "has an unknown kind, %d", static_cast<int>(kind));
}

// How shapes are multiplied out, or the largest of several is found.
void infer_integers(Inference& x) {
  Integers elements;
  if (!x.integers(0, &elements) || elements.empty()) return;
  const auto combine = [&](int32_t a, int32_t b) {
    switch (kind_of(&x.node().options<fb::Reduce>())) {
      case fb::ReduceKind::Prod:
        return x.dims().mul(a, b);
      case fb::ReduceKind::Sum:
        return x.dims().add(a, b);
      case fb::ReduceKind::Max:
        return x.dims().max(a, b);
      case fb::ReduceKind::Min:
        return x.dims().min(a, b);
      default:
        return kInvalidDim;
    }
  };
  // The largest number may stand for any that is larger.
  if (std::find(elements.begin(), elements.end(), INT32_MAX) != elements.end()) return;
  int32_t all = elements[0];
  for (size_t i = 1; i < elements.size() && all != kInvalidDim; ++i) {
    all = combine(all, elements[i]);
  }
  const bool known = kind_of(&x.node().options<fb::Reduce>()) != fb::ReduceKind::Mean;
  if (known && all != kInvalidDim) x.out_integers(0, {all});
}

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::Reduce>();
  const Shape& in = x.in(0);
  unsigned reduced = 0;
  for (int32_t axis : *options.axes()) {
    int resolved;
    if (!resolve_axis(axis, in.rank(), &resolved) || (reduced >> resolved & 1u) != 0) {
      return x.node().fail(Code::InvalidModel, "has an axis that %s lacks, or one twice",
                           x.text(in).c_str());
    }
    reduced |= 1u << resolved;
  }
  Shape out;
  int64_t count = 1;
  for (int i = 0; i < in.rank(); ++i) {
    const bool gone = (reduced >> i & 1u) != 0;
    if (gone && is_number(in[i])) count *= in[i];
    if (!gone || options.keep_dims()) out.push_back(gone ? 1 : in[i]);
  }
  const bool selects =
      options.kind() == fb::ReduceKind::Max || options.kind() == fb::ReduceKind::Min;
  // Sums of quantized values stay within 32 bits.
  const DType type = x.node().input(0).type;
  if (!selects && ((type == DType::S8 && count > (int64_t{1} << 22)) ||
                   (type == DType::S16 && count > 65535))) {
    return x.node().fail(Code::Unsupported, "reduces %lld values to one",
                         static_cast<long long>(count));
  }
  if (count == 0 && (selects || type == DType::S8 || type == DType::S16)) {
    return x.node().fail(Code::InvalidModel, "reduces nothing: its input is %s",
                         x.text(in).c_str());
  }
  x.out(0, out);
  if (reduced == 1) infer_integers(x);
  return {};
}

QuantizedAs quantized(const void* options) {
  switch (kind_of(options)) {
    case fb::ReduceKind::Mean:
    case fb::ReduceKind::Sum:
      return QuantizedAs::Computes;
    case fb::ReduceKind::Max:
    case fb::ReduceKind::Min:
      return QuantizedAs::Moves;
    default:
      return QuantizedAs::Float;
  }
}

const char* kind_name(const void* options) { return fb::EnumNameReduceKind(kind_of(options)); }

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Reduce;
  row.signatures_of = signatures;
  row.check = check;
  row.infer = infer;
  row.quantized_of = quantized;
  row.kind_name = kind_name;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kReduceSpec;
const OpSpec kReduceSpec = row();

}  // namespace qrt::rt
