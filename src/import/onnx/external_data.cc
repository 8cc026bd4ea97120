#include "src/import/onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include "src/base/checked.h"
#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

namespace fs = std::filesystem;

struct Location {
  std::string file;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

uint64_t parse_number(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) {
    invalid("'%s' as a position in external data", text.c_str());
  }
  return number;
}

Location parse_location(const ::onnx::TensorProto& tensor) {
  Location location;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location.file = entry.value();
    if (entry.key() == "offset") location.offset = parse_number(entry.value());
    if (entry.key() == "length") location.length = parse_number(entry.value());
  }
  return location;
}

// The real path of a file inside the folder.
std::string resolve(const std::string& file, const std::string& folder) {
  const fs::path relative(file);
  bool outside = file.empty() || file.find('\0') != std::string::npos || relative.is_absolute();
  for (const fs::path& part : relative) outside = outside || part == "..";
  if (outside) {
    invalid("external data at '%s': the path must stay in the model's folder", file.c_str());
  }
  std::error_code error;
  const fs::path base = fs::canonical(folder.empty() ? "." : folder, error);
  if (error) invalid("the model's folder '%s' cannot be read", folder.c_str());
  const fs::path real = fs::canonical(base / relative, error);
  if (error) {
    invalid("external data '%s': %s", file.c_str(), error.message().c_str());
  }
  const fs::path inside = real.lexically_relative(base);
  if (inside.empty() || *inside.begin() == "..") {
    invalid("external data '%s' is a link that leaves the model's folder", file.c_str());
  }
  return real.string();
}

class File {
 public:
  // O_NONBLOCK: opening a pipe must not wait; O_NOFOLLOW: the path holds no links any more.
  explicit File(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // The size of a regular file; nothing if it is none.
  std::optional<uint64_t> size() const {
    struct stat info;
    if (fd_ < 0 || ::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return static_cast<uint64_t>(info.st_size);
  }
  bool read(uint64_t offset, graph::Bytes* bytes) const {
    for (size_t done = 0; done < bytes->size();) {
      const ssize_t got = ::pread(fd_, bytes->data() + done, bytes->size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      done += static_cast<size_t>(got);
    }
    return true;
  }

 private:
  int fd_;
};

}  // namespace

graph::Bytes read_external_data(const ::onnx::TensorProto& tensor, const std::string& folder,
                                uint64_t bytes) {
  const Location location = parse_location(tensor);
  if (location.length && *location.length != bytes) {
    invalid("%llu bytes of external data, needs %llu",
            static_cast<unsigned long long>(*location.length),
            static_cast<unsigned long long>(bytes));
  }
  const File file(resolve(location.file, folder));
  const std::optional<uint64_t> size = file.size();
  if (!size) invalid("external data '%s' is no readable file", location.file.c_str());
  uint64_t end;
  if (!rt::checked_add(location.offset, bytes, &end) || end > *size) {
    invalid("external data '%s': %llu bytes at %llu lie outside its %llu bytes",
            location.file.c_str(), static_cast<unsigned long long>(bytes),
            static_cast<unsigned long long>(location.offset),
            static_cast<unsigned long long>(*size));
  }
  graph::Bytes data(bytes);
  if (!file.read(location.offset, &data)) {
    invalid("external data '%s' cannot be read", location.file.c_str());
  }
  return data;
}

}  // namespace qrt::import::onnx_import
