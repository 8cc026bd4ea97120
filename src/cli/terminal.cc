#include "src/cli/terminal.h"

#include <unistd.h>

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace qrt::cli {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::string styled(const char* code, const std::string& text) {
  return colour() ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
}

// Three significant digits: 1.23, 12.3, 123.
std::string three_digits(double value) {
  return format(value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
}

bool continues_utf8(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

bool colour() {
  static const bool on = [] {
    if (is_set("NO_COLOR")) return false;
    if (is_set("FORCE_COLOR")) return true;
    const char* term = std::getenv("TERM");
    return isatty(STDOUT_FILENO) != 0 && (term == nullptr || std::strcmp(term, "dumb") != 0);
  }();
  return on;
}

bool utf8() {
  static const bool on = [] {
    // The first of the three that is set decides, as POSIX has it.
    for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
      if (!is_set(variable)) continue;
      const std::string locale = std::getenv(variable);
      return locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos;
    }
    return true;  // nothing is said in most containers, whose terminals do understand it
  }();
  return on;
}

std::string bold(const std::string& text) { return styled("1", text); }
std::string dim(const std::string& text) { return styled("2", text); }

size_t display_width(const std::string& text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if (!continues_utf8(text[i])) {
      ++width;
    }
  }
  return width;
}

std::string printable(const std::string& text) {
  std::string safe = text;
  for (char& c : safe) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = c == '\n' || c == '\t' ? ' ' : '?';
  }
  return safe;
}

std::string shorten(const std::string& text, size_t width) {
  if (display_width(text) <= width) return text;
  std::vector<size_t> starts;  // of the characters
  for (size_t i = 0; i < text.size(); ++i) {
    if (!continues_utf8(text[i])) starts.push_back(i);
  }
  // The end of a name tells more than its beginning.
  const size_t head = (width - 1) / 3, tail = width - 1 - head;
  return text.substr(0, starts[head]) + "…" + text.substr(starts[starts.size() - tail]);
}

std::string short_name(const std::string& name, size_t width) {
  return shorten(printable(name.substr(0, name.find(';'))), width);
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1024) return format("%llu B", static_cast<unsigned long long>(bytes));
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1023.5) break;
    value /= 1024;
    unit = next;
  }
  return three_digits(value) + " " + unit;
}

std::string human_us(double us) {
  if (us < 999.5) return three_digits(us) + " µs";
  if (us < 999.5e3) return three_digits(us / 1e3) + " ms";
  return three_digits(us / 1e6) + " s";
}

std::string human_count(double count) {
  if (count < 9999.5) return format("%.0f", count);
  const char* unit = "";
  for (const char* next : {"k", "M", "G", "T", "P"}) {
    if (count < 999.5) break;
    count /= 1000;
    unit = next;
  }
  return three_digits(count) + " " + unit;
}

std::string human_real(double value) { return format("%.4g", value); }

std::string format(const char* pattern, ...) {
  va_list args, again;
  va_start(args, pattern);
  va_copy(again, args);
  const int length = std::vsnprintf(nullptr, 0, pattern, args);
  va_end(args);
  std::string text(static_cast<size_t>(length > 0 ? length : 0) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), pattern, again);
  va_end(again);
  text.pop_back();
  return text;
}

void note(const std::string& text) {
  std::fflush(stdout);
  std::fprintf(stderr, "qrt: note: %s\n", printable(text).c_str());
}

}  // namespace qrt::cli
