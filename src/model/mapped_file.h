// A file, or a part of one, mapped read-only into memory, so that weights are used in place and
// shared by processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/status.h"

namespace qrt::rt {

// A part of a file that is open: `bytes` from `offset` on.
struct FileRange {
  int fd = -1;
  uint64_t offset = 0, bytes = 0;
};

// What the caller says of a part of a file, completed and checked: it lies inside a regular file,
// and this build can address it. 0 bytes: from `offset` to the file's end. `name` is what messages
// call it.
Result<FileRange> file_range(int fd, uint64_t offset, uint64_t bytes, const std::string& name);

// Copies the whole range to `to`. The file's position stays.
Status read_range(const FileRange& range, const std::string& name, uint8_t* to);

class MappedFile {
 public:
  // Refuses what is not a regular file. An empty file maps to no bytes.
  static Result<MappedFile> open(const std::string& path);
  // A range from file_range, at any offset. The descriptor may be closed afterwards.
  static Result<MappedFile> map(const FileRange& range, const std::string& name);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const uint8_t* data() const { return pages_ + skipped_; }
  size_t size() const { return size_; }

 private:
  uint8_t* pages_ = nullptr;
  size_t skipped_ = 0;  // from the start of a page to the start of the data
  size_t size_ = 0;
};

}  // namespace qrt::rt
