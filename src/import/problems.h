// What an importer could not map, gathered so that one message lists all of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace qrt::import {

class Problems {
 public:
  // kind: the foreign operator; who: the node, as its author knows it.
  void add(const std::string& kind, const std::string& reason, const std::string& who);
  bool empty() const { return count_ == 0; }
  // Grouped by operator and reason.
  rt::Status status() const;

 private:
  size_t count_ = 0;
  std::map<std::string, std::vector<std::string>> groups_;
};

}  // namespace qrt::import
