// Arrays that references left in .npy files.
#pragma once

#include <filesystem>
#include <vector>

#include "src/cli/npy.h"

namespace qrt::test {

// Also in Fortran's order, which the tool refuses. Fails the test if there is no such array.
cli::NpyArray read_npy(const std::filesystem::path& path);

// Elements as double, whatever their type.
std::vector<double> numbers(rt::DType type, const void* data, size_t bytes);
inline std::vector<double> numbers(const cli::NpyArray& array) {
  return numbers(array.type, array.data.data(), array.data.size());
}

}  // namespace qrt::test
