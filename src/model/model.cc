#include "src/model/model.h"

#include <algorithm>
#include <cstring>

#include "src/model/verify.h"

namespace qrt::rt {
namespace {

// Root offset and identifier.
constexpr size_t kMinimumBytes = 8;

}  // namespace

bool has_qrt_identifier(const void* data, size_t bytes) {
  return bytes >= kMinimumBytes && fb::ModelBufferHasIdentifier(data);
}

Status Model::parse(const void* data, size_t bytes) {
  if (!has_qrt_identifier(data, bytes)) {
    return error(Code::InvalidModel, "not a .qrt model (%zu bytes, no QRT1 identifier)", bytes);
  }
  if (reinterpret_cast<uintptr_t>(data) % kModelAlignment != 0) {
    return error(Code::InvalidArgument, "the model's buffer must be aligned to %zu bytes",
                 kModelAlignment);
  }
  const auto* begin = static_cast<const uint8_t*>(data);
  // FlatBuffers' offsets reach two gigabytes; the weights behind them may be larger.
  const size_t reach = std::min<size_t>(bytes, FLATBUFFERS_MAX_BUFFER_SIZE - 1);
  flatbuffers::Verifier verifier(begin, reach);
  if (!fb::VerifyModelBuffer(verifier)) {
    return error(Code::InvalidModel, "the model is truncated or damaged (%zu bytes)", bytes);
  }
  root_ = fb::GetModel(begin);
  bytes_ = bytes;
  QRT_RETURN_IF_ERROR(verify_layout(*root_, bytes));
  weights_ = Span<const uint8_t>(begin + root_->weights_offset(), root_->weights_bytes());
  QRT_RETURN_IF_ERROR(verify_model(*root_));
  for (unsigned g = 0; g < root_->subgraphs()->size(); ++g) {
    if (g == 0 || root_->subgraphs()->Get(g)->is_entry()) entries_.push_back(g);
  }
  return {};
}

Result<uint32_t> Model::find_entry(const char* name) const {
  if (name == nullptr) return 0u;
  std::string all;
  for (uint32_t i = 0; i < entries(); ++i) {
    if (std::strcmp(entry_name(i), name) == 0) return i;
    if (i < 20) all += (i == 0 ? "'" : ", '") + std::string(entry_name(i)) + "'";
  }
  return error(Code::InvalidArgument, "the model has no entry '%s'; it has %s", name, all.c_str());
}

Result<std::shared_ptr<const Model>> Model::open(const std::string& path, std::string name) {
  QRT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  std::shared_ptr<Model> model(new Model);
  model->name_ = name.empty() ? path : std::move(name);
  model->file_ = std::move(file);
  if (Status s = model->parse(model->file_.data(), model->file_.size()); !s.ok()) {
    return s.within(model->name_);
  }
  return std::shared_ptr<const Model>(std::move(model));
}

Result<std::shared_ptr<const Model>> Model::from_descriptor(int fd, uint64_t offset, uint64_t bytes,
                                                            std::string name) {
  std::shared_ptr<Model> model(new Model);
  model->name_ = std::move(name);
  QRT_ASSIGN_OR_RETURN(const FileRange range, file_range(fd, offset, bytes, model->name_));
  const uint8_t* data = nullptr;
  if (range.offset % kModelAlignment == 0) {
    QRT_ASSIGN_OR_RETURN(model->file_, MappedFile::map(range, model->name_));
    data = model->file_.data();
  } else {
    model->copy_ = allocate_aligned(static_cast<size_t>(range.bytes));
    if (model->copy_ == nullptr) {
      return error(Code::OutOfMemory, "no memory for the %llu bytes of '%s'",
                   static_cast<unsigned long long>(range.bytes), model->name_.c_str());
    }
    QRT_RETURN_IF_ERROR(read_range(range, model->name_, model->copy_.get()));
    data = model->copy_.get();
  }
  if (Status s = model->parse(data, static_cast<size_t>(range.bytes)); !s.ok()) {
    return s.within(model->name_);
  }
  return std::shared_ptr<const Model>(std::move(model));
}

Result<std::shared_ptr<const Model>> Model::from_buffer(const void* data, size_t bytes,
                                                        std::string name) {
  if (data == nullptr) return error(Code::InvalidArgument, "the model's buffer is null");
  std::shared_ptr<Model> model(new Model);
  model->name_ = std::move(name);
  QRT_RETURN_IF_ERROR(model->parse(data, bytes));
  return std::shared_ptr<const Model>(std::move(model));
}

}  // namespace qrt::rt
