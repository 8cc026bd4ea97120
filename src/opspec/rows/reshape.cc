// Reshape: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// The shape wanted: input 1, if it is given, else the attribute.
Status wanted_shape(Inference& x, Integers* wanted) {
  const auto& options = x.node().options<fb::Reshape>();
  if (!x.node().has_input(1)) {
    wanted->assign(options.shape()->begin(), options.shape()->end());
    for (int32_t dim : *wanted) {
      if (dim >= -1) continue;
      return x.node().fail(Code::InvalidModel, "its shape has an impossible dimension, %d", dim);
    }
  } else if (!x.integers(1, wanted)) {
    return x.node().fail(Code::Unsupported,
                         "its shape '%s' depends on values that are known only in a run",
                         x.node().input(1).name);
  }
  if (wanted->size() > static_cast<size_t>(kMaxRank)) {
    return x.node().fail(Code::InvalidModel, "has %zu dimensions, more than %d", wanted->size(),
                         kMaxRank);
  }
  return {};
}

Status infer(Inference& x) {
  Integers wanted;
  QRT_RETURN_IF_ERROR(wanted_shape(x, &wanted));
  Dims& dims = x.dims();
  const Shape& in = x.in(0);
  const uint32_t keep = x.node().options<fb::Reshape>().keep_mask();
  Shape out = Shape::ones(static_cast<int>(wanted.size()));
  int rest = -1;
  int32_t known = 1;
  for (int i = 0; i < out.rank(); ++i) {
    int32_t dim = wanted[static_cast<size_t>(i)];
    if ((keep >> i & 1u) != 0) {
      if (i >= in.rank()) {
        return x.node().fail(Code::InvalidModel, "keeps dimension %d, which %s lacks", i,
                             x.text(in).c_str());
      }
      dim = in[i];
    }
    if (dim == -1 && rest < 0) {
      rest = i;
      continue;
    }
    if (is_number(dim) && dim < 0) {
      return x.node().fail(Code::InvalidModel, "its shape has an impossible dimension, %d", dim);
    }
    out[i] = dim;
    known = dims.mul(known, dim);
  }
  const int32_t elements = product(dims, in, 0, in.rank());
  // Numbers of elements go beyond what a dimension holds.
  if (all_numbers(in) && all_numbers(out)) {
    const auto all = static_cast<uint64_t>(in.elements());
    uint64_t others;  // of one byte each
    bool fits = checked_bytes(out, 8, kMaxTensorBytes, &others);
    if (fits && rest >= 0) {
      fits = others > 0 && all % others == 0 && all / others <= INT32_MAX;
      if (fits) out[rest] = static_cast<int32_t>(all / others);
    } else {
      fits = fits && others == all;
    }
    if (!fits) {
      return x.node().fail(Code::InvalidModel, "cannot give %s the shape %s", x.text(in).c_str(),
                           x.text(out).c_str());
    }
  } else if (rest >= 0) {
    out[rest] = known == kInvalidDim || elements == kInvalidDim || known == 0
                    ? dims.open()
                    : dims.floor_div(elements, known);
  } else if (known != kInvalidDim && elements != kInvalidDim && dims.differ(known, elements)) {
    return x.node().fail(Code::InvalidModel, "cannot give %s the shape %s", x.text(in).c_str(),
                         x.text(out).c_str());
  }
  x.out(0, out);
  Integers elements_in;
  if (out.rank() <= 1 && x.integers(0, &elements_in)) x.out_integers(0, std::move(elements_in));
  return {};
}

// One that the result has, too, behind as many elements.
bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  if (input != 0) return false;
  const Shape &in = node.shape_in(shapes, 0), &out = node.shape_out(shapes, 0);
  const int to = static_cast<int>(std::find(out.begin(), out.end(), in[axis]) - out.begin());
  if (to == out.rank()) return false;
  int64_t before = 1, after = 1;
  for (int i = 0; i < axis; ++i) before = is_number(in[i]) && before > 0 ? before * in[i] : -1;
  for (int i = 0; i < to; ++i) after = is_number(out[i]) && after > 0 ? after * out[i] : -2;
  return before == after;
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Reshape;
  row.signatures = "any, [index] -> =0";
  row.infer = infer;
  row.alias = true;
  row.quantized = QuantizedAs::Moves;
  row.keeps_places = keeps_places;
  return row;
}

}  // namespace

extern const OpSpec kReshapeSpec;
const OpSpec kReshapeSpec = row();

}  // namespace qrt::rt
