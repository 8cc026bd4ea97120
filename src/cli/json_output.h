// How every `--json` prints: keys in the order they were set, and names from files made valid
// UTF-8.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>

namespace qrt::cli {

using Json = nlohmann::ordered_json;

inline void print_json(const Json& json) {
  std::puts(json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

}  // namespace qrt::cli
