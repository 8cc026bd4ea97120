// What a fixture's runs were given and gave: NAME.in.npy and NAME.out.npy hold the arrays of all
// inputs or outputs, run by run, one .npy after another, as numpy.save writes them to an open file.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "src/cli/npy.h"
#include "src/runtime/session.h"

namespace qrt::test {

// An array of a tensor's contents; two elements of S4 share a byte, which .npy has no type for.
inline cli::NpyArray array_of(rt::DType type, const rt::Shape& shape, const void* data,
                              size_t bytes) {
  cli::NpyArray array;
  array.type = type == rt::DType::S4 ? rt::DType::U8 : type;
  if (type == rt::DType::S4) {
    array.shape = {static_cast<int64_t>(bytes)};
  } else {
    array.shape.assign(shape.begin(), shape.end());
  }
  const auto* first = static_cast<const uint8_t*>(data);
  array.data.assign(first, first + bytes);
  return array;
}

inline std::vector<uint8_t> read_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::vector<uint8_t> format_arrays(const std::vector<cli::NpyArray>& arrays) {
  std::vector<uint8_t> file;
  for (const cli::NpyArray& a : arrays) {
    const auto one = cli::format_npy(a.type, a.shape, a.data.data(), a.data.size());
    file.insert(file.end(), one.begin(), one.end());
  }
  return file;
}

// The arrays of a file; those before the first that cannot be read. An array ends where the next
// one's first bytes stand, which none has among its elements.
inline std::vector<cli::NpyArray> parse_arrays(const std::vector<uint8_t>& file) {
  std::vector<cli::NpyArray> arrays;
  const auto starts = [&](size_t at) { return cli::is_npy(file.data() + at, file.size() - at); };
  for (size_t begin = 0; begin < file.size();) {
    size_t end = begin + 1;
    while (end < file.size() && !starts(end)) ++end;
    auto array = cli::parse_npy(file.data() + begin, end - begin);
    if (!array.ok()) break;
    arrays.push_back(std::move(*array));
    begin = end;
  }
  return arrays;
}

}  // namespace qrt::test
