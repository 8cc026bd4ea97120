#include "src/import/problems.h"

namespace qrt::import {
namespace {

// More than this many lines help nobody.
constexpr size_t kMostListed = 1000;

}  // namespace

void Problems::add(const std::string& kind, const std::string& reason, const std::string& who) {
  ++count_;
  if (count_ <= kMostListed) groups_[kind + ": " + reason].push_back(who);
}

rt::Status Problems::status(const char* done) const {
  std::string message = std::string("cannot be ") + done + ", for " + std::to_string(count_) +
                        (count_ == 1 ? " reason:" : " reasons:");
  for (const auto& [reason, members] : groups_) {
    message += "\n  " + reason;
    for (const std::string& who : members) message += "\n    " + who;
  }
  if (count_ > kMostListed) {
    message += "\n  and " + std::to_string(count_ - kMostListed) + " more";
  }
  return rt::Status(rt::Code::Unsupported, message);
}

}  // namespace qrt::import
