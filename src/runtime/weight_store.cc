#include "src/runtime/weight_store.h"

#include <cstring>
#include <functional>
#include <string>
#include <tuple>

namespace qrt::rt {

WeightStore::Id::Id(const PackKey& key, uint64_t size)
    : row(key.row),
      layout(key.layout),
      tensor(key.tensor),
      sizes(key.sizes),
      variant(key.variant.value()),
      bytes(size) {}

bool WeightStore::Id::operator<(const Id& other) const {
  if (tensor != other.tensor) return std::less<>()(tensor, other.tensor);
  return std::tie(variant, bytes, layout, row, sizes) <
         std::tie(other.variant, other.bytes, other.layout, other.row, other.sizes);
}

Result<uint8_t*> WeightStore::find_or_add(const Node& node, const PackKey& key, uint64_t bytes,
                                          bool* found) {
  const Id id(key, bytes);
  const auto at = blocks_.find(id);
  *found = at != blocks_.end();
  if (*found) return at->second.get();
  AlignedBuffer memory = allocate_aligned(bytes);
  if (memory == nullptr) {
    return node.fail(Code::OutOfMemory, "no memory for %llu bytes of packed weights",
                     static_cast<unsigned long long>(bytes));
  }
  // So that what packing leaves out is the same in every process.
  std::memset(memory.get(), 0, static_cast<size_t>(bytes));
  return blocks_.emplace(id, std::move(memory)).first->second.get();
}

const XnnWeights& WeightStore::add_xnn_weights() {
  xnn_.push_back(std::make_unique<XnnWeights>());
  return *xnn_.back();
}

size_t WeightStore::bytes() const {
  size_t bytes = 0;
  for (const auto& [id, memory] : blocks_) bytes += static_cast<size_t>(id.bytes);
  for (const auto& weights : xnn_) bytes += weights->bytes();
  return bytes;
}

}  // namespace qrt::rt
