#include "src/import/dim.h"

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

}  // namespace qrt::import
