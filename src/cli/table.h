// Rows and columns in plain text: as wide as their widest cell, numbers aligned right.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace qrt::cli {

class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;  // alignment
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns. A cell may have several lines, then the others stand at its middle.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  void print(std::FILE* file = stdout, const char* indent = "  ") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Names and facts, one a line: what stands above the tables.
class Facts {
 public:
  void add(const std::string& name, const std::string& fact) { rows_.push_back({name, fact}); }
  bool empty() const { return rows_.empty(); }
  void print(std::FILE* file = stdout) const;

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

}  // namespace qrt::cli
