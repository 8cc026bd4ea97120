#include "src/quantize/scheme.h"

namespace qrt::quantize {
namespace {

struct Name {
  Scheme scheme;
  const char* name;
};
constexpr Name kNames[] = {{Scheme::Float, "float"},     {Scheme::S8, "s8"},
                           {Scheme::S16, "s16"},         {Scheme::W4, "w4"},
                           {Scheme::Dynamic, "dynamic"}, {Scheme::DynamicW4, "dynamic-w4"}};

bool matches_from(const char* pattern, const char* text) {
  for (; *pattern != '\0' && *pattern != '*'; ++pattern, ++text) {
    if (*pattern != *text) return false;
  }
  if (*pattern == '\0') return *text == '\0';
  for (;; ++text) {
    if (matches_from(pattern + 1, text)) return true;
    if (*text == '\0') return false;
  }
}

}  // namespace

const char* scheme_name(Scheme scheme) {
  for (const Name& row : kNames) {
    if (row.scheme == scheme) return row.name;
  }
  return "";
}

bool find_scheme(const std::string& name, Scheme* scheme) {
  for (const Name& row : kNames) {
    if (name != row.name) continue;
    *scheme = row.scheme;
    return true;
  }
  return false;
}

std::string scheme_names() {
  std::string names;
  for (const Name& row : kNames) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

bool matches(const std::string& pattern, const std::string& text) {
  return matches_from(pattern.c_str(), text.c_str());
}

}  // namespace qrt::quantize
