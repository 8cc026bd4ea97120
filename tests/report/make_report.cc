// Writes the page of a report: make_report REPORT.json PAGE.html
#include <cstdio>
#include <fstream>

#include "src/cli/report_page.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: make_report REPORT.json PAGE.html\n");
    return 2;
  }
  std::ifstream file(argv[1]);
  const auto report = qrt::cli::Json::parse(file, nullptr, false);
  if (report.is_discarded()) {
    std::fprintf(stderr, "'%s' is not JSON\n", argv[1]);
    return 1;
  }
  const auto status = qrt::cli::write_report_page(argv[2], report);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
