// A bar on stderr that says how far long work is and how long it will take. Silent where stderr is
// no terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace qrt::cli {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Time starts anew with another `what`. Always true: it stops nothing.
  bool operator()(const char* what, size_t done, size_t total);

 private:
  using Clock = std::chrono::steady_clock;

  bool shown_, drawn_ = false;
  std::string what_;
  Clock::time_point start_, next_;
};

// "calibrating  ██████──────  60 of 120, 4 s left"; `seconds` have passed so far.
std::string progress_line(const std::string& what, size_t done, size_t total, double seconds);

}  // namespace qrt::cli
