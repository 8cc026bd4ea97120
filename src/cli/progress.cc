#include "src/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

constexpr size_t kWidth = 24;
constexpr auto kBetween = std::chrono::milliseconds(100);

std::string duration(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  if (s < 60) return format("%ld s", s);
  if (s < 3600) return format("%ld min %02ld s", s / 60, s % 60);
  return format("%ld h %02ld min", s / 3600, s / 60 % 60);
}

}  // namespace

std::string progress_line(const std::string& what, size_t done, size_t total, double seconds) {
  const double share =
      total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0;
  const auto full = static_cast<size_t>(share * kWidth);
  std::string line = what + "  ";
  for (size_t i = 0; i < kWidth; ++i) {
    line += utf8() ? (i < full ? "█" : "─") : (i < full ? "#" : "-");
  }
  line += format("  %zu of %zu", done, total);
  if (share > 0 && share < 1) line += ", " + duration(seconds * (1 - share) / share) + " left";
  return line;
}

ProgressBar::ProgressBar() : shown_(isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

bool ProgressBar::operator()(const char* what, size_t done, size_t total) {
  if (!shown_) return true;
  const Clock::time_point now = Clock::now();
  if (what_ != what) {
    what_ = what;
    start_ = now;
    next_ = now + kBetween;
  }
  if (now < next_) return true;
  next_ = now + kBetween;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::fprintf(stderr, "\r%s\033[K", printable(progress_line(what_, done, total, seconds)).c_str());
  return true;
}

}  // namespace qrt::cli
