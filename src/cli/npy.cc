// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include "src/cli/npy.h"

#include <cctype>
#include <cstring>

#include "src/base/checked.h"

namespace qrt::cli {
namespace {

using rt::Code;
using rt::DType;
using rt::error;

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicBytes = 6;
// NumPy's own limit on headers is 10,000 characters; the longest that we understand is far shorter.
constexpr size_t kMaxHeaderBytes = 65536;
constexpr size_t kMaxDimensions = 32;

struct Name {
  const char* descr;  // without the byte order
  DType type;
};
constexpr Name kNames[] = {{"f4", DType::F32}, {"f2", DType::F16}, {"f8", DType::F64},
                           {"i1", DType::S8},  {"u1", DType::U8},  {"i2", DType::S16},
                           {"i4", DType::S32}, {"i8", DType::S64}, {"b1", DType::Bool}};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

// Reads the dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}: a small part of
// Python's literals, and nothing is evaluated.
class HeaderParser {
 public:
  HeaderParser(const char* text, size_t bytes) : at_(text), end_(text + bytes) {}

  rt::Status parse(Header* header) {
    bool descr = false, order = false, shape = false;
    if (!take('{')) return bad("does not start with {");
    while (!take('}')) {
      std::string key;
      if (!string(&key) || !take(':')) return bad("has no 'key':");
      bool* seen = key == "descr" ? &descr : key == "fortran_order" ? &order : &shape;
      if (*seen || (seen == &shape && key != "shape")) {
        return bad("has an unexpected key '" + key + "'");
      }
      *seen = true;
      if (seen == &descr) {
        if (!string(&header->descr)) return bad("has a descr that is no plain number type");
      } else if (seen == &order) {
        if (!boolean(&header->fortran_order)) return bad("has a fortran_order that is no bool");
      } else if (!tuple(&header->shape)) {
        return bad("has a shape that is no tuple of sizes");
      }
      if (!take(',') && !ahead('}')) return bad("lacks a comma");
    }
    skip_space();
    if (at_ != end_) return bad("goes on after }");
    if (!descr || !order || !shape) return bad("lacks descr, fortran_order or shape");
    return {};
  }

 private:
  static rt::Status bad(const std::string& what) {
    return rt::Status(Code::InvalidArgument, "the .npy header " + what);
  }
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool ahead(char c) {
    skip_space();
    return at_ != end_ && *at_ == c;
  }
  bool take(char c) {
    if (!ahead(c)) return false;
    ++at_;
    return true;
  }
  bool string(std::string* text) {
    skip_space();
    if (at_ == end_ || (*at_ != '\'' && *at_ != '"')) return false;
    const char* begin = at_ + 1;
    const auto* close =
        static_cast<const char*>(std::memchr(begin, *at_, static_cast<size_t>(end_ - begin)));
    if (close == nullptr || close - begin > 64) return false;
    text->assign(begin, close);
    at_ = close + 1;
    return true;
  }
  bool word(const char* expected) {
    const size_t length = std::strlen(expected);
    if (static_cast<size_t>(end_ - at_) < length || std::memcmp(at_, expected, length) != 0) {
      return false;
    }
    at_ += length;
    return true;
  }
  bool boolean(bool* value) {
    skip_space();
    *value = word("True");
    return *value || word("False");
  }
  bool size(int64_t* value) {
    skip_space();
    if (at_ == end_ || std::isdigit(static_cast<unsigned char>(*at_)) == 0) return false;
    for (*value = 0; at_ != end_ && std::isdigit(static_cast<unsigned char>(*at_)) != 0; ++at_) {
      if (!rt::checked_mul<int64_t>(*value, 10, value) ||
          !rt::checked_add<int64_t>(*value, *at_ - '0', value)) {
        return false;
      }
    }
    if (at_ != end_ && *at_ == 'L') ++at_;  // Python 2 wrote long integers so
    return true;
  }
  bool tuple(std::vector<int64_t>* values) {
    if (!take('(')) return false;
    while (!take(')')) {
      int64_t value;
      if (values->size() == kMaxDimensions || !size(&value)) return false;
      values->push_back(value);
      if (!take(',') && !ahead(')')) return false;
    }
    return true;
  }

  const char* at_;
  const char* end_;
};

rt::Status parse_descr(const std::string& descr, DType* type, bool* swapped) {
  const std::string base = descr.empty() ? "" : descr.substr(1);
  const char order = descr.empty() ? '?' : descr[0];
  bool known = false;
  for (const Name& name : kNames) {
    if (base != name.descr) continue;
    *type = name.type;
    known = true;
  }
  if (!known || std::string("<>|=").find(order) == std::string::npos) {
    return error(Code::InvalidArgument,
                 "the .npy holds elements of type '%s'; float32, float16, float64, int8, uint8, "
                 "int16, int32, int64 and bool can be read",
                 descr.c_str());
  }
  *swapped = order == '>';
  return {};
}

void swap_bytes(std::vector<uint8_t>* data, size_t width) {
  for (size_t i = 0; i + width <= data->size(); i += width) {
    for (size_t k = 0; k < width / 2; ++k) std::swap((*data)[i + k], (*data)[i + width - 1 - k]);
  }
}

size_t little_endian(const uint8_t* bytes, size_t count) {
  size_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (int64_t dim : shape) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

}  // namespace

std::string NpyArray::shape_str() const { return shape_text(shape); }
std::string NpyView::shape_str() const { return shape_text(shape); }

std::vector<uint8_t> NpyView::copy(size_t from_byte, size_t count_bytes) const {
  std::vector<uint8_t> part(data + from_byte, data + from_byte + count_bytes);
  if (swapped) swap_bytes(&part, rt::dtype_bytes(type));
  return part;
}

bool is_npy(const uint8_t* data, size_t bytes) {
  return bytes >= kMagicBytes && std::memcmp(data, kMagic, kMagicBytes) == 0;
}

rt::Result<NpyView> view_npy(const uint8_t* data, size_t bytes) {
  if (!is_npy(data, bytes)) return error(Code::InvalidArgument, "not a .npy file");
  if (bytes < kMagicBytes + 4) return error(Code::InvalidArgument, "the .npy file is cut off");
  const int version = data[kMagicBytes];
  if (version < 1 || version > 3) {
    return error(Code::InvalidArgument, "the .npy file is of version %d; 1 to 3 can be read",
                 version);
  }
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t header_at = kMagicBytes + 2 + length_bytes;
  if (bytes < header_at) return error(Code::InvalidArgument, "the .npy file is cut off");
  const size_t header_bytes = little_endian(data + kMagicBytes + 2, length_bytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > bytes - header_at) {
    return error(Code::InvalidArgument,
                 "the .npy header claims %zu bytes, the file has %zu after its start", header_bytes,
                 bytes - header_at);
  }
  Header header;
  QRT_RETURN_IF_ERROR(
      HeaderParser(reinterpret_cast<const char*>(data) + header_at, header_bytes).parse(&header));

  NpyView view;
  QRT_RETURN_IF_ERROR(parse_descr(header.descr, &view.type, &view.swapped));
  if (header.fortran_order && header.shape.size() > 1) {
    return error(Code::InvalidArgument,
                 "the .npy is in Fortran order; save numpy.ascontiguousarray(array) instead");
  }
  const size_t width = rt::dtype_bytes(view.type);
  uint64_t expected = width;
  bool fits = true;
  for (int64_t dim : header.shape) {
    fits = fits && rt::checked_mul(expected, static_cast<uint64_t>(dim), &expected);
  }
  const size_t present = bytes - header_at - header_bytes;
  if (!fits || expected != present) {
    return error(Code::InvalidArgument,
                 "the .npy header says %s of %zu-byte elements, but %zu bytes follow; the file is "
                 "truncated or damaged",
                 shape_text(header.shape).c_str(), width, present);
  }
  view.shape = std::move(header.shape);
  view.data = data + header_at + header_bytes;
  view.bytes = present;
  return view;
}

rt::Result<NpyArray> parse_npy(const uint8_t* data, size_t bytes) {
  QRT_ASSIGN_OR_RETURN(NpyView view, view_npy(data, bytes));
  return NpyArray{view.type, std::move(view.shape), view.copy(0, view.bytes)};
}

std::vector<uint8_t> format_npy(DType type, const std::vector<int64_t>& shape, const void* data,
                                size_t bytes) {
  std::string header = "{'descr': '";
  for (const Name& name : kNames) {
    if (name.type == type)
      header += (rt::dtype_bytes(type) == 1 ? "|" : "<") + std::string(name.descr);
  }
  header += "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : shape) header += std::to_string(dim) + ",";
  header += "), }";
  // The data start at a multiple of 64 bytes, after a newline.
  const size_t start = rt::align_up(kMagicBytes + 4 + header.size() + 1, 64);
  header.append(start - (kMagicBytes + 4) - header.size() - 1, ' ');
  header += '\n';

  std::vector<uint8_t> file(kMagic, kMagic + kMagicBytes);
  file.push_back(1);
  file.push_back(0);
  file.push_back(static_cast<uint8_t>(header.size() & 255));
  file.push_back(static_cast<uint8_t>(header.size() >> 8));
  file.insert(file.end(), header.begin(), header.end());
  const auto* begin = static_cast<const uint8_t*>(data);
  file.insert(file.end(), begin, begin + bytes);
  return file;
}

}  // namespace qrt::cli
