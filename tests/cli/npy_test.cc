// The reader of .npy files: what NumPy writes is read, and no header can make it read astray.
#include "src/cli/npy.h"

#include <gtest/gtest.h>

#include <cstring>

namespace qrt::cli {
namespace {

using rt::DType;

std::string file(const std::string& header, const std::string& data, int version = 1) {
  std::string text = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    text += static_cast<char>(header.size() >> (8 * i) & 255);
  }
  return text + header + data;
}

std::string header(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }    \n";
}

rt::Result<NpyArray> parse(const std::string& text) {
  return parse_npy(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

TEST(Npy, ReadsEveryTypeOfAModel) {
  const struct {
    const char* descr;
    DType type;
    size_t bytes;
  } kinds[] = {{"<f4", DType::F32, 4}, {"<f2", DType::F16, 2},  {"|i1", DType::S8, 1},
               {"|u1", DType::U8, 1},  {"<i2", DType::S16, 2},  {"<i4", DType::S32, 4},
               {"<i8", DType::S64, 8}, {"|b1", DType::Bool, 1}, {"<f8", DType::F64, 8}};
  for (const auto& kind : kinds) {
    const std::string data(6 * kind.bytes, '\1');
    const auto array = parse(file(header(kind.descr, "(2, 3)"), data));
    ASSERT_TRUE(array.ok()) << kind.descr << ": " << array.status().message();
    EXPECT_EQ(array->type, kind.type);
    EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(std::string(array->data.begin(), array->data.end()), data);
  }
}

TEST(Npy, ReadsAllVersionsAndShapes) {
  for (int version : {1, 2, 3}) {
    EXPECT_TRUE(parse(file(header("|u1", "(1,)"), "x", version)).ok());
  }
  const auto scalar = parse(file(header("|u1", "()"), "x"));
  ASSERT_TRUE(scalar.ok());
  EXPECT_EQ(scalar->shape_str(), "scalar");
  EXPECT_TRUE(parse(file(header("|u1", "(0, 3)"), "")).ok());
  EXPECT_TRUE(parse(file(header("|u1", "(1L, 2L)"), "xx")).ok());  // Python 2
  // Keys in another order, other quotes, no trailing comma.
  EXPECT_TRUE(
      parse(file("{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"|i1\"}", "abcd")).ok());
}

TEST(Npy, SwapsBigEndian) {
  const auto swapped = parse(file(header(">i2", "(1,)"), std::string("\x01\x02", 2)));
  ASSERT_TRUE(swapped.ok());
  EXPECT_EQ(swapped->data, (std::vector<uint8_t>{2, 1}));
}

TEST(Npy, ReadsWhatItWrites) {
  const std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6, 7, 8};
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{1, 2}, {2}, {1, 1, 1, 2, 1}}) {
    const std::vector<uint8_t> bytes = format_npy(DType::S32, shape, data.data(), data.size());
    EXPECT_EQ((bytes.size() - data.size()) % 64, 0u);
    const auto array = parse_npy(bytes.data(), bytes.size());
    ASSERT_TRUE(array.ok()) << array.status().message();
    EXPECT_EQ(array->type, DType::S32);
    EXPECT_EQ(array->shape, shape);
    EXPECT_EQ(array->data, data);
  }
}

TEST(Npy, RefusesMalformedHeaders) {
  const std::string good = header("|u1", "(2,)");
  const std::string cases[] = {
      "",
      "\x93NUMPY",
      std::string("\x93NUMPY\x01\x00", 8),
      std::string("\x93NUMPY\x01\x00\xff\xff", 10),          // longer than the file
      std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12),  // four gigabytes of header
      file(good, "xx", 9),                                   // no such version
      file("", ""),
      file("{", ""),
      file("{}", ""),
      file("{'descr'", ""),
      file("{'descr': '|u1'}", "x"),
      file("{'descr': '|u1', 'shape': (1,)}", "x"),
      file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "xxxx"),
      file("{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}", "x"),
      file("{'descr': '|u1', 'fortran_order': False, 'shape': 1}", "x"),
      file("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'extra': 1}", "x"),
      file("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", "x"),
      file("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} and more", "x"),
      file("{'descr': '|u1", "x"),
      file(header("|u1", "(-1,)"), "x"),
      file(header("|u1", "(1.0,)"), "x"),
      file(header("|u1", "(1 2)"), "xx"),
      file(header("|u1", "("), "x"),
      file(header("|u1", "(99999999999999999999,)"), "x"),
      file(header("|u1", "(4294967296, 4294967296)"), ""),
      file(header("<f4", "(4611686018427387904,)"), ""),  // bytes overflow, elements do not
      file(header("<f4", "(9223372036854775807, 4)"), "xxxx"),
      file(header("|u1", "(" + std::string(200, '1') + ")"), "x"),
      file(header("<c8", "(1,)"), "xxxxxxxx"),
      file(header("|O", "(1,)"), "xxxxxxxx"),
      file(header("<U4", "(1,)"), "xxxxxxxxxxxxxxxx"),
      file(header("f4", "(1,)"), "xxxx"),
      file(header("", "(1,)"), "x"),
      file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2)}", "xxxx"),
      file(good, "x"),    // too little data
      file(good, "xxx"),  // too much
  };
  for (const std::string& text : cases) {
    const auto array = parse(text);
    EXPECT_FALSE(array.ok()) << text;
    EXPECT_FALSE(array.status().message().empty());
  }
}

TEST(Npy, RefusesEveryTruncation) {
  const std::string whole = file(header("<f4", "(1, 2)"), "12345678");
  ASSERT_TRUE(parse(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    // A copy of the exact length, so that a sanitizer sees a read past the end.
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(length));
    EXPECT_FALSE(parse_npy(cut.data(), cut.size()).ok()) << length;
  }
}

TEST(Npy, ReadsManyDimensionsButNotEndless) {
  std::string ones = "(";
  for (int i = 0; i < 32; ++i) ones += "1,";
  EXPECT_TRUE(parse(file(header("|u1", ones + ")"), "x")).ok());
  EXPECT_FALSE(parse(file(header("|u1", ones + "1,)"), "x")).ok());
}

}  // namespace
}  // namespace qrt::cli
