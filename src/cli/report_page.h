// The page of `qrt quantize --report`: one HTML file that needs nothing else and fetches nothing.
//
// The report is what `qrt quantize --json` prints. Sections that it lacks are left out of the page,
// which says what would fill them.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/cli/json_output.h"

namespace qrt::cli {

// Names stay text whatever they hold. Numbers other than the recipe's are shortened to what can be
// drawn: six digits, 256 bins of a histogram, 256 bars of channels.
std::string report_page(const Json& report);

// The file is whole or absent.
rt::Status write_report_page(const std::string& path, const Json& report);

}  // namespace qrt::cli
