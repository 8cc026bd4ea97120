// What an importer or exporter could not map, gathered so that one message lists all of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace qrt::import {

class Problems {
 public:
  // kind: the operator; who: the node, as its author knows it.
  void add(const std::string& kind, const std::string& reason, const std::string& who);
  bool empty() const { return count_ == 0; }
  // Grouped by operator and reason; `done` is what could not be done.
  rt::Status status(const char* done = "imported") const;

 private:
  size_t count_ = 0;
  std::map<std::string, std::vector<std::string>> groups_;
};

}  // namespace qrt::import
