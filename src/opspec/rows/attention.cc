// Attention: see schema/qrt.fbs.
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

int32_t from_end(const Shape& shape, int i) { return shape[shape.rank() - i]; }

Status check(const Node& node) {
  const auto& options = node.options<fb::Attention>();
  if (!std::isfinite(options.scale())) {
    return node.fail(Code::InvalidModel, "has a scale of %g", static_cast<double>(options.scale()));
  }
  if (!(options.softcap() >= 0 && std::isfinite(options.softcap()))) {
    return node.fail(Code::InvalidModel, "has a softcap of %g",
                     static_cast<double>(options.softcap()));
  }
  if (!std::isnan(options.masked())) return {};
  return node.fail(Code::InvalidModel, "masks with a number that is none");
}

// Whether dimension `own` of a key, a value or a mask serves for `wanted`.
bool serves(Inference& x, int32_t own, int32_t wanted) {
  return own == 1 || !x.dims().differ(own, wanted);
}

// The axes before the last two.
bool leading_axes_fit(Inference& x, const Shape& of, const Shape& query) {
  if (of.rank() != query.rank()) return false;
  for (int i = 4; i <= of.rank(); ++i) {
    if (!serves(x, from_end(of, i), from_end(query, i))) return false;
  }
  if (of.rank() < 3) return true;
  const int32_t heads = from_end(of, 3), all = from_end(query, 3);
  if (is_number(heads) && is_number(all)) return heads > 0 ? all % heads == 0 : all == 0;
  return serves(x, heads, all);
}

bool mask_fits(Inference& x, const Shape& mask, const Shape& query, int32_t keys) {
  if (mask.rank() > query.rank()) return false;
  for (int i = 1; i <= mask.rank(); ++i) {
    if (!serves(x, from_end(mask, i), i == 1 ? keys : from_end(query, i))) return false;
  }
  return true;
}

// One number, or one for each item of axis 0.
bool lengths_fit(Inference& x, const Shape& lengths, const Shape& query) {
  if (lengths.rank() == 0) return true;
  if (lengths.rank() > 1) return false;
  return !x.dims().differ(lengths[0], 1) ||
         (query.rank() > 2 && !x.dims().differ(lengths[0], query[0]));
}

Status infer(Inference& x) {
  const Shape &query = x.in(0), &key = x.in(1), &value = x.in(2);
  bool fits = query.rank() >= 2 && leading_axes_fit(x, key, query) &&
              leading_axes_fit(x, value, query) &&
              !x.dims().differ(from_end(key, 1), from_end(query, 1)) &&
              !x.dims().differ(from_end(key, 2), from_end(value, 2));
  // Key and value have the same heads.
  if (fits && query.rank() > 2) fits = !x.dims().differ(from_end(key, 3), from_end(value, 3));
  if (!fits) {
    return x.node().fail(Code::InvalidModel, "a query of %s, a key of %s and a value of %s",
                         x.text_in(0).c_str(), x.text_in(1).c_str(), x.text_in(2).c_str());
  }
  if (x.node().has_input(3) && !mask_fits(x, x.in(3), query, from_end(key, 2))) {
    return x.node().fail(Code::InvalidModel, "a mask of %s for a query of %s and a key of %s",
                         x.text_in(3).c_str(), x.text_in(0).c_str(), x.text_in(1).c_str());
  }
  if (x.node().has_input(4) && !lengths_fit(x, x.in(4), query)) {
    return x.node().fail(Code::InvalidModel, "lengths of %s for a query of %s",
                         x.text_in(4).c_str(), x.text_in(0).c_str());
  }
  Shape out = query;
  out[out.rank() - 1] = from_end(value, 1);
  x.out(0, out);
  return {};
}

uint64_t macs(const Node& node, const Shapes& shapes) {
  const Shape &query = node.shape_in(shapes, 0), &value = node.shape_in(shapes, 2);
  return static_cast<uint64_t>(query.elements() + node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(from_end(value, 2));
}

// Each row of the query for itself.
bool keeps_places(const Node& node, const Shapes& shapes, size_t input, int axis) {
  if (node.has_input(4)) return false;
  return input == 0 && axis + 1 < node.shape_in(shapes, 0).rank() &&
         !node.options<fb::Attention>().causal();
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Attention;
  row.signatures = "f32, f32, f32, [f32/bool], [index] -> f32";
  row.check = check;
  row.infer = infer;
  row.keeps_places = keeps_places;
  row.macs = macs;
  return row;
}

}  // namespace

extern const OpSpec kAttentionSpec;
const OpSpec kAttentionSpec = row();

}  // namespace qrt::rt
