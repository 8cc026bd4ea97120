#include "src/import/dim.h"

#include "src/base/checked.h"

namespace qrt::import {

std::vector<int32_t> declared(const Dimensions& shape) {
  std::vector<int32_t> result;
  for (Dim dim : shape) result.push_back(dim.open() ? -1 : dim.symbol());
  return result;
}

std::optional<fb::ReshapeT> reshape_options(const Dimensions& from, const Dimensions& to) {
  fb::ReshapeT options;
  bool rest = false;
  for (size_t i = 0; i < to.size(); ++i) {
    if (!to[i].open()) {
      options.shape.push_back(to[i]);
    } else if (i < from.size() && from[i] == to[i]) {
      options.shape.push_back(0);
      options.keep_mask |= 1u << i;
    } else {
      if (rest) return std::nullopt;
      rest = true;
      options.shape.push_back(-1);
    }
  }
  return options;
}

bool keep_open_batch(const Dimensions& from, Dimensions* to) {
  if (from.empty() || to->empty() || !from[0].open() || !(*to)[0].is(1)) return false;
  const auto rest = [](const Dimensions& shape, int64_t* elements) {
    *elements = 1;
    for (size_t i = 1; i < shape.size(); ++i) {
      if (shape[i].open() || shape[i].symbol() < 0) return false;
      if (!rt::checked_mul<int64_t>(*elements, shape[i].symbol(), elements)) return false;
    }
    return true;
  };
  int64_t before, after;
  if (!rest(from, &before) || !rest(*to, &after) || before != after) return false;
  (*to)[0] = from[0];
  return true;
}

}  // namespace qrt::import
