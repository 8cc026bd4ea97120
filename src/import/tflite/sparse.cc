#include "src/import/tflite/sparse.h"

#include <cstring>

#include "src/base/shape.h"

namespace qrt::import::tflite {
namespace {

using rt::Code;
using rt::error;
using rt::Status;

// The numbers of a compressed axis, in whatever width they are stored.
class Numbers {
 public:
  Numbers() = default;
  Numbers(tfl::SparseIndexVector type, const void* vector) {
    switch (type) {
      case tfl::SparseIndexVector::Int32Vector:
        set<int32_t>(static_cast<const tfl::Int32Vector*>(vector));
        break;
      case tfl::SparseIndexVector::Uint16Vector:
        set<uint16_t>(static_cast<const tfl::Uint16Vector*>(vector));
        break;
      case tfl::SparseIndexVector::Uint8Vector:
        set<uint8_t>(static_cast<const tfl::Uint8Vector*>(vector));
        break;
      default:
        break;
    }
  }
  size_t size() const { return size_; }
  int64_t operator[](size_t i) const {
    int32_t wide;
    uint16_t narrow;
    switch (bytes_) {
      case 4:
        std::memcpy(&wide, data_ + i * 4, 4);
        return wide;
      case 2:
        std::memcpy(&narrow, data_ + i * 2, 2);
        return narrow;
      default:
        return data_[i];
    }
  }

 private:
  template <class T, class Vector>
  void set(const Vector* vector) {
    if (vector == nullptr || vector->values() == nullptr) return;
    data_ = vector->values()->Data();
    size_ = vector->values()->size();
    bytes_ = sizeof(T);
  }
  const uint8_t* data_ = nullptr;
  size_t size_ = 0, bytes_ = 1;
};

// What is stored, from the outermost level inwards: a level is an axis, or the inside of the blocks
// into which an axis is cut.
struct Level {
  bool compressed = false;
  int64_t size = 0;    // of the axis, in blocks, or of a block
  int64_t stride = 0;  // elements of the result from one to the next
  Numbers segments, indices;
};

constexpr size_t kMostLevels = 2 * static_cast<size_t>(rt::kMaxRank);

class Expansion {
 public:
  Expansion(size_t element, rt::Span<const uint8_t> stored, graph::Bytes* dense)
      : element_(element), stored_(stored), dense_(*dense) {}

  Status read_levels(const tfl::Sparsity& sparsity, const std::vector<int32_t>& shape) {
    const auto* order = sparsity.traversal_order();
    const auto* blocks = sparsity.block_map();
    const auto* axes = sparsity.dim_metadata();
    const size_t rank = shape.size(), cut = blocks == nullptr ? 0 : blocks->size();
    if (order == nullptr || axes == nullptr || order->size() != rank + cut ||
        axes->size() != rank + cut || rank + cut > kMostLevels) {
      return error(Code::InvalidModel, "is stored sparsely, but not every axis is described once");
    }
    // By axis: how many elements a block has.
    std::vector<int64_t> block(rank, 1), strides(rank, 1);
    for (size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * shape[i];
    std::vector<size_t> level_of(rank + cut, kMostLevels);
    for (unsigned l = 0; l < order->size(); ++l) {
      const int32_t axis = order->Get(l);
      if (axis < 0 || static_cast<size_t>(axis) >= rank + cut || axes->Get(l) == nullptr ||
          level_of[static_cast<size_t>(axis)] != kMostLevels) {
        return error(Code::InvalidModel, "is stored sparsely, with axis %d out of place", axis);
      }
      level_of[static_cast<size_t>(axis)] = l;
    }
    levels_.resize(rank + cut);
    for (size_t b = 0; b < cut; ++b) {
      const int32_t axis = blocks->Get(static_cast<unsigned>(b));
      const size_t l = level_of[rank + b];
      const int64_t size = axes->Get(static_cast<unsigned>(l))->dense_size();
      const auto a = static_cast<size_t>(axis);
      if (axis < 0 || a >= rank || block[a] != 1 || size < 1 || shape[a] % size != 0) {
        return error(Code::InvalidModel, "is stored sparsely, with blocks of %lld along axis %d",
                     static_cast<long long>(size), axis);
      }
      block[a] = size;
      levels_[l].size = size;
      levels_[l].stride = strides[a];
    }
    for (size_t a = 0; a < rank; ++a) {
      levels_[level_of[a]].size = shape[a] / block[a];
      levels_[level_of[a]].stride = strides[a] * block[a];
    }
    for (unsigned l = 0; l < axes->size(); ++l) {
      QRT_RETURN_IF_ERROR(read_level(*axes->Get(l), &levels_[l]));
    }
    return {};
  }

  // Of one position in the level before this one.
  Status expand(size_t l, int64_t position, int64_t to) {
    if (l == levels_.size()) {
      if (position >= static_cast<int64_t>(stored_.size() / element_)) {
        return Status(Code::InvalidModel, "is stored sparsely, with too few elements");
      }
      std::memcpy(&dense_[static_cast<size_t>(to) * element_],
                  stored_.data() + static_cast<size_t>(position) * element_, element_);
      return {};
    }
    const Level& level = levels_[l];
    if (!level.compressed) {
      for (int64_t i = 0; i < level.size; ++i) {
        QRT_RETURN_IF_ERROR(expand(l + 1, position * level.size + i, to + i * level.stride));
      }
      return {};
    }
    const auto p = static_cast<size_t>(position);
    if (p + 1 >= level.segments.size()) {
      return Status(Code::InvalidModel, "is stored sparsely, with too few segments");
    }
    for (int64_t k = level.segments[p]; k < level.segments[p + 1]; ++k) {
      const int64_t index = level.indices[static_cast<size_t>(k)];
      if (index < 0 || index >= level.size) {
        return error(Code::InvalidModel, "is stored sparsely, with index %lld of %lld",
                     static_cast<long long>(index), static_cast<long long>(level.size));
      }
      QRT_RETURN_IF_ERROR(expand(l + 1, k, to + index * level.stride));
    }
    return {};
  }

 private:
  static Status read_level(const tfl::DimensionMetadata& from, Level* level) {
    level->compressed = from.format() == tfl::DimensionType::SPARSE_CSR;
    if (!level->compressed) {
      if (from.format() == tfl::DimensionType::DENSE && from.dense_size() == level->size) return {};
      return error(Code::InvalidModel, "is stored sparsely, with an axis of %d where %lld fit",
                   from.dense_size(), static_cast<long long>(level->size));
    }
    level->segments = Numbers(from.array_segments_type(), from.array_segments());
    level->indices = Numbers(from.array_indices_type(), from.array_indices());
    // In order, so that nothing is visited twice.
    int64_t last = 0;
    for (size_t i = 0; i < level->segments.size(); ++i) {
      if (level->segments[i] < last) {
        return Status(Code::InvalidModel, "is stored sparsely, with segments out of order");
      }
      last = level->segments[i];
    }
    if (last <= static_cast<int64_t>(level->indices.size())) return {};
    return Status(Code::InvalidModel, "is stored sparsely, with too few indices");
  }

  const size_t element_;
  const rt::Span<const uint8_t> stored_;
  graph::Bytes& dense_;
  std::vector<Level> levels_;
};

}  // namespace

Status expand_sparse(const tfl::Sparsity& sparsity, const std::vector<int32_t>& shape,
                     size_t element, rt::Span<const uint8_t> stored, graph::Bytes* dense) {
  Expansion expansion(element, stored, dense);
  QRT_RETURN_IF_ERROR(expansion.read_levels(sparsity, shape));
  return expansion.expand(0, 0, 0);
}

}  // namespace qrt::import::tflite
