// A .qrt model in memory: mapped or in the caller's buffer, completely verified, never copied.
// Immutable, so any number of threads and Programs may share it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "qrt_generated.h"
#include "src/base/memory.h"
#include "src/base/span.h"
#include "src/base/status.h"
#include "src/model/mapped_file.h"

namespace qrt::rt {

// Alignment that a caller's buffer must have: the widest element is eight bytes, and constants are
// laid out at multiples of sixteen.
inline constexpr size_t kModelAlignment = 16;

class Model {
 public:
  // `name` is what messages call it; empty: the path.
  static Result<std::shared_ptr<const Model>> open(const std::string& path, std::string name = "");
  // Uses `data` in place: it must outlive the model and be aligned to kModelAlignment.
  // `name` is what messages call it.
  static Result<std::shared_ptr<const Model>> from_buffer(const void* data, size_t bytes,
                                                          std::string name = "model");

  // A model inside of a file that is open, as in an app's package: `bytes` from `offset` on, 0: to
  // the file's end. It is mapped where the offset is a multiple of kModelAlignment, and otherwise
  // copied. The descriptor may be closed afterwards.
  static Result<std::shared_ptr<const Model>> from_descriptor(int fd, uint64_t offset,
                                                              uint64_t bytes, std::string name);

  const fb::Model& root() const { return *root_; }
  // What it computes, one or several things that a caller chooses from: subgraphs, by number.
  uint32_t entries() const { return static_cast<uint32_t>(entries_.size()); }
  unsigned entry_subgraph(uint32_t i) const { return entries_[i]; }
  const fb::Subgraph& entry(uint32_t i) const { return *root_->subgraphs()->Get(entries_[i]); }
  const char* entry_name(uint32_t i) const {
    return entry(i).name() != nullptr ? entry(i).name()->c_str() : "";
  }
  // The first of that name; null: the first of all. The error lists the names there are.
  Result<uint32_t> find_entry(const char* name) const;
  // The segment that tensors' data_offset counts from.
  Span<const uint8_t> weights() const { return weights_; }
  size_t file_bytes() const { return bytes_; }
  // The path it was opened from, or what the caller named it.
  const std::string& name() const { return name_; }

 private:
  Model() = default;
  Status parse(const void* data, size_t bytes);

  MappedFile file_;
  AlignedBuffer copy_;  // of a part of a file that lies at an odd offset
  std::string name_;
  size_t bytes_ = 0;
  const fb::Model* root_ = nullptr;
  std::vector<unsigned> entries_;
  Span<const uint8_t> weights_;
};

// Whether the bytes claim to be a .qrt file (its identifier; nothing else is looked at).
bool has_qrt_identifier(const void* data, size_t bytes);

}  // namespace qrt::rt
