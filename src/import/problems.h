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
  // Grouped by operator and reason, with counts; `done` is what could not be done.
  rt::Status status(const char* done = "imported") const;

 private:
  struct Group {
    size_t count = 0;
    std::vector<std::string> names;  // the first of them
  };
  size_t count_ = 0, not_listed_ = 0;
  std::map<std::string, Group> groups_;  // by operator and reason
};

}  // namespace qrt::import
