#include "tests/support/npy_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace qrt::test {
namespace {

// Fortran's order: the first index runs fastest.
void from_fortran_order(cli::NpyArray& array) {
  const size_t rank = array.shape.size(), bytes = rt::dtype_bytes(array.type);
  const auto data = array.data;
  std::vector<size_t> index(rank, 0);
  for (size_t to = 0; to * bytes < data.size(); ++to) {
    size_t from = 0;
    for (size_t i = rank; i-- > 0;) from = from * static_cast<size_t>(array.shape[i]) + index[i];
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(from * bytes), bytes,
                array.data.begin() + static_cast<std::ptrdiff_t>(to * bytes));
    for (size_t i = rank; i-- > 0;) {
      if (++index[i] < static_cast<size_t>(array.shape[i])) break;
      index[i] = 0;
    }
  }
}

template <class T>
std::vector<double> as_numbers(const void* data, size_t bytes) {
  const T* elements = static_cast<const T*>(data);
  return {elements, elements + bytes / sizeof(T)};
}

}  // namespace

cli::NpyArray read_npy(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string file{std::istreambuf_iterator<char>(stream), {}};
  const size_t fortran = file.find("'fortran_order': True,");
  if (fortran != std::string::npos) file.replace(fortran, 22, "'fortran_order':False,");
  auto array = cli::parse_npy(reinterpret_cast<const uint8_t*>(file.data()), file.size());
  EXPECT_TRUE(array.ok()) << path << ": " << array.status().message();
  if (array.ok() && fortran != std::string::npos) from_fortran_order(*array);
  return array.ok() ? std::move(*array) : cli::NpyArray{};
}

std::vector<double> numbers(rt::DType type, const void* data, size_t bytes) {
  switch (type) {
    case rt::DType::F32:
      return as_numbers<float>(data, bytes);
    case rt::DType::F64:
      return as_numbers<double>(data, bytes);
    case rt::DType::S8:
      return as_numbers<int8_t>(data, bytes);
    case rt::DType::U8:
    case rt::DType::Bool:
      return as_numbers<uint8_t>(data, bytes);
    case rt::DType::S16:
      return as_numbers<int16_t>(data, bytes);
    case rt::DType::S32:
      return as_numbers<int32_t>(data, bytes);
    case rt::DType::S64:
      return as_numbers<int64_t>(data, bytes);
    default:
      ADD_FAILURE() << "unexpected element type " << rt::dtype_name(type);
      return {};
  }
}

}  // namespace qrt::test
