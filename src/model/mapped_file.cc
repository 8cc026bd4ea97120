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

Result<MappedFile> MappedFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error(Code::Io, "cannot open '%s': %s", path.c_str(), std::strerror(errno));
  struct stat facts;
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    close(fd);
    return error(Code::Io, "'%s' is not a regular file", path.c_str());
  }
  if (static_cast<uint64_t>(facts.st_size) > kMaxBlockBytes) {
    close(fd);
    return error(Code::OutOfMemory, "'%s' has %lld bytes, more than this CPU has addresses for",
                 path.c_str(), static_cast<long long>(facts.st_size));
  }
  MappedFile file;
  file.size_ = static_cast<size_t>(facts.st_size);
  if (file.size_ > 0) {
    void* memory = mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd, 0);
    const int reason = errno;
    if (memory == MAP_FAILED) {
      close(fd);
      file.size_ = 0;
      return error(Code::Io, "cannot map '%s': %s", path.c_str(), std::strerror(reason));
    }
    file.data_ = static_cast<const uint8_t*>(memory);
  }
  close(fd);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace qrt::rt
