#include "src/cli/table.h"

#include <algorithm>

#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

constexpr const char* kGap = "  ";

std::vector<std::string> lines_of(const std::string& cell) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end; (end = cell.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(cell.substr(begin, end - begin));
  }
  lines.push_back(cell.substr(begin));
  return lines;
}

std::string padded(const std::string& text, size_t width, bool right) {
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return right ? space + text : text + space;
}

void print_line(std::FILE* file, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  std::fprintf(file, "%s\n", line.c_str());
}

}  // namespace

void Table::print(std::FILE* file, const char* indent) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (size_t c = 0; c < row.size(); ++c) {
      for (const std::string& line : lines_of(row[c])) {
        widths[c] = std::max(widths[c], display_width(line));
      }
    }
  }

  std::string header = indent;
  for (size_t c = 0; c < columns_.size(); ++c) {
    header += padded(bold(columns_[c].title), widths[c], columns_[c].right) + kGap;
  }
  print_line(file, header);

  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> cells;
    size_t height = 1;
    for (const std::string& cell : row) {
      cells.push_back(lines_of(cell));
      height = std::max(height, cells.back().size());
    }
    for (size_t l = 0; l < height; ++l) {
      std::string line = indent;
      for (size_t c = 0; c < cells.size(); ++c) {
        const size_t top = (height - cells[c].size()) / 2;
        const bool here = l >= top && l - top < cells[c].size();
        line += padded(here ? cells[c][l - top] : "", widths[c], columns_[c].right) + kGap;
      }
      print_line(file, line);
    }
    if (height > 1) std::fputc('\n', file);
  }
}

void Facts::print(std::FILE* file) const {
  size_t width = 0;
  for (const auto& [name, fact] : rows_) width = std::max(width, display_width(name));
  for (const auto& [name, fact] : rows_) {
    std::fprintf(file, "%s%s%s\n", bold(padded(name, width, false)).c_str(), kGap, fact.c_str());
  }
}

}  // namespace qrt::cli
