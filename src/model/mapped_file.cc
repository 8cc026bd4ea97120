#include "src/model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "src/base/memory.h"

namespace qrt::rt {
namespace {

constexpr uint64_t kMaxPageBytes = 65536;

// Closes a descriptor when its function returns.
class Closer {
 public:
  explicit Closer(int fd) : fd_(fd) {}
  ~Closer() { close(fd_); }
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;

 private:
  int fd_;
};

}  // namespace

Result<FileRange> file_range(int fd, uint64_t offset, uint64_t bytes, const std::string& name) {
  struct stat facts;
  if (fstat(fd, &facts) != 0) {
    return error(Code::Io, "'%s' is not open: %s", name.c_str(), std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) {
    return error(Code::Io, "'%s' is not a regular file", name.c_str());
  }
  const auto size = static_cast<uint64_t>(facts.st_size);
  if (offset > size || bytes > size - offset) {
    return error(Code::Io, "'%s' has %llu bytes, not %llu from %llu on", name.c_str(),
                 static_cast<unsigned long long>(size), static_cast<unsigned long long>(bytes),
                 static_cast<unsigned long long>(offset));
  }
  if (bytes == 0) bytes = size - offset;
  // A page more is mapped where the offset lies within one.
  if (bytes > kMaxBlockBytes - kMaxPageBytes) {
    return error(Code::OutOfMemory, "'%s' has %llu bytes, more than this CPU has addresses for",
                 name.c_str(), static_cast<unsigned long long>(bytes));
  }
  return FileRange{fd, offset, bytes};
}

Status read_range(const FileRange& range, const std::string& name, uint8_t* to) {
  for (uint64_t done = 0; done < range.bytes;) {
    const ssize_t count = pread(range.fd, to + done, static_cast<size_t>(range.bytes - done),
                                static_cast<off_t>(range.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return error(Code::Io, "cannot read '%s': %s", name.c_str(),
                   count < 0 ? std::strerror(errno) : "it ended early");
    }
    done += static_cast<uint64_t>(count);
  }
  return {};
}

Result<MappedFile> MappedFile::map(const FileRange& range, const std::string& name) {
  MappedFile file;
  if (range.bytes == 0) return file;
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto skipped = static_cast<size_t>(range.offset % page);
  const auto size = static_cast<size_t>(range.bytes);
  void* memory = mmap(nullptr, skipped + size, PROT_READ, MAP_PRIVATE, range.fd,
                      static_cast<off_t>(range.offset - skipped));
  if (memory == MAP_FAILED) {
    return error(Code::Io, "cannot map '%s': %s", name.c_str(), std::strerror(errno));
  }
  file.pages_ = static_cast<uint8_t*>(memory);
  file.skipped_ = skipped;
  file.size_ = size;
  return file;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error(Code::Io, "cannot open '%s': %s", path.c_str(), std::strerror(errno));
  const Closer closer(fd);
  QRT_ASSIGN_OR_RETURN(const FileRange range, file_range(fd, 0, 0, path));
  return map(range, path);
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(skipped_, other.skipped_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (pages_ != nullptr) munmap(pages_, skipped_ + size_);
}

}  // namespace qrt::rt
