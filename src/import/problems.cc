#include "src/import/problems.h"

namespace qrt::import {
namespace {

// More than this many groups, and names a group, help nobody.
constexpr size_t kMostGroups = 100, kMostNamed = 10;

}  // namespace

void Problems::add(const std::string& kind, const std::string& reason, const std::string& who) {
  ++count_;
  const std::string key = kind + ": " + reason;
  if (groups_.size() >= kMostGroups && groups_.count(key) == 0) {
    ++not_listed_;
    return;
  }
  Group& group = groups_[key];
  ++group.count;
  if (group.names.size() < kMostNamed) group.names.push_back(who);
}

rt::Status Problems::status(const char* done) const {
  std::string message = std::string("cannot be ") + done + ", for " + std::to_string(count_) +
                        (count_ == 1 ? " reason:" : " reasons:");
  for (const auto& [reason, group] : groups_) {
    message += "\n  " + reason;
    if (group.count > 1) message += " (" + std::to_string(group.count) + " times)";
    for (const std::string& who : group.names) message += "\n    " + who;
    if (group.count > group.names.size()) {
      message += "\n    and " + std::to_string(group.count - group.names.size()) + " more";
    }
  }
  if (not_listed_ > 0) message += "\n  and " + std::to_string(not_listed_) + " more";
  return rt::Status(rt::Code::Unsupported, message);
}

}  // namespace qrt::import
