// Range: see schema/qrt.fbs.
#include <algorithm>
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

// -1: too many.
template <class T>
int64_t count_floats(const Node& node) {
  const auto at = [&](size_t i) { return static_cast<double>(*node.input(i).as<T>()); };
  const double count = std::ceil((at(1) - at(0)) / at(2));
  if (!(count > 0)) return std::isnan(count) ? -1 : 0;
  return count <= INT32_MAX ? static_cast<int64_t>(count) : -1;
}

template <class T>
int64_t count_integers(const Node& node) {
  const auto at = [&](size_t i) { return int64_t{*node.input(i).as<T>()}; };
  int64_t start = at(0), limit = at(1), delta = at(2);
  if (delta == 0) return -1;
  if (delta < 0 ? start <= limit : limit <= start) return 0;
  // Unsigned, for the distance may have 64 bits.
  const auto low = static_cast<uint64_t>(delta < 0 ? limit : start);
  const auto high = static_cast<uint64_t>(delta < 0 ? start : limit);
  const uint64_t step = delta < 0 ? 0 - static_cast<uint64_t>(delta) : static_cast<uint64_t>(delta);
  const uint64_t count = (high - low - 1) / step + 1;
  return count <= INT32_MAX ? static_cast<int64_t>(count) : -1;
}

Status infer_constant(Inference& x) {
  const Node& node = x.node();
  const DType type = node.input(0).type;
  const int64_t count = type == DType::F32   ? count_floats<float>(node)
                        : type == DType::F64 ? count_floats<double>(node)
                        : type == DType::S32 ? count_integers<int32_t>(node)
                                             : count_integers<int64_t>(node);
  if (count < 0) {
    return node.fail(Code::InvalidModel, "its numbers are too many, or never reach its limit");
  }
  x.out(0, {static_cast<int32_t>(count)});
  return {};
}

Status infer(Inference& x) {
  const Node& node = x.node();
  for (size_t i = 0; i < 3; ++i) {
    for (int32_t dim : x.in(i)) {
      if (!x.dims().differ(dim, 1)) continue;
      return node.fail(Code::InvalidModel, "input %zu is %s, not one number", i,
                       x.text_in(i).c_str());
    }
  }
  if (node.input(0).constant && node.input(1).constant && node.input(2).constant) {
    return infer_constant(x);
  }
  Integers start, limit, delta;
  if (!x.integers(0, &start) || !x.integers(1, &limit) || !x.integers(2, &delta) ||
      start.size() != 1 || limit.size() != 1 || delta.size() != 1 || !is_number(delta[0])) {
    return node.fail(Code::Unsupported,
                     "how many numbers it gives depends on values that are known only in a run");
  }
  Dims& dims = x.dims();
  const int32_t step = delta[0];
  if (step == 0) return node.fail(Code::InvalidModel, "its numbers never reach its limit");
  const int32_t distance = step > 0 ? dims.sub(limit[0], start[0]) : dims.sub(start[0], limit[0]);
  int32_t count = dims.ceil_div(distance, step > 0 ? step : -step);
  if (is_number(count) && count < 0 && count != kInvalidDim) count = 0;
  x.out(0, {count});
  if (!is_number(count)) return {};
  Integers elements;
  constexpr int32_t kMost = 64;  // that anything asks for
  for (int32_t i = 0; i < std::min(count, kMost + 1); ++i) {
    elements.push_back(dims.add(start[0], dims.mul(i, step)));
    if (elements.back() == kInvalidDim) return {};
  }
  x.out_integers(0, std::move(elements));
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::Range;
  row.signatures = "number, =0, =0 -> =0";
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kRangeSpec;
const OpSpec kRangeSpec = row();

}  // namespace qrt::rt
