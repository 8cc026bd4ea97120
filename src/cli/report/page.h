// The page without a report: page.html with styles, scripts and Chart.js in it, made by
// embed.cmake.
#pragma once

#include <cstddef>

namespace qrt::cli::report {

extern const unsigned char kPage[];
extern const size_t kPageBytes;

}  // namespace qrt::cli::report
