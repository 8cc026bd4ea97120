// Packed weights kept for XNNPACK, through the functions of its xnn_weights_cache_provider.
#include <mutex>
#include <new>

#include "src/base/memory.h"
#include "src/runtime/xnn.h"

#ifdef QRT_HAVE_XNNPACK
#include <xnnpack.h>
#endif

namespace qrt::rt {

#ifdef QRT_XNNPACK_WEIGHTS_PROVIDER

const bool kXnnSharesWeights = true;

namespace {

using Key = xnn_weights_cache_look_up_key;

// What XNNPACK calls an offset and means to be anything is the address.
constexpr size_t kNotFound = SIZE_MAX;

}  // namespace

// A list of blocks, one for each way that XNNPACK packs the layer: mostly one.
struct XnnWeights::Store {
  // At the start of each block, before the weights.
  struct Block {
    Block* next;
    size_t bytes;
    bool packed;  // and the key is set
    Key key;
    AlignedFree free;
    uint8_t* weights() { return reinterpret_cast<uint8_t*>(this) + kHeader; }
  };
  static constexpr size_t kHeader = (sizeof(Block) + kAlignment - 1) / kAlignment * kAlignment;

  ~Store() {
    while (first != nullptr) {
      Block* next = first->next;
      free_block(first);
      first = next;
    }
  }

  static void free_block(Block* block) {
    const AlignedFree free = block->free;
    free(reinterpret_cast<uint8_t*>(block));
  }

  static Store& of(void* context) { return *static_cast<Store*>(context); }

  static size_t look_up(void* context, const Key* key) {
    Store& self = of(context);
    const std::lock_guard<std::mutex> lock(self.mutex);
    return self.find(*key);
  }

  static void* reserve_space(void* context, size_t bytes) {
    if (bytes > SIZE_MAX - kHeader) return nullptr;
    Store& self = of(context);
    const AllocatorScope scope(self.allocator);
    AlignedBuffer memory = allocate_aligned(kHeader + bytes);
    if (memory == nullptr) return nullptr;
    const AlignedFree free = memory.get_deleter();
    const std::lock_guard<std::mutex> lock(self.mutex);
    self.first = new (memory.release()) Block{self.first, bytes, false, {}, free};
    return self.first->weights();
  }

  static size_t look_up_or_insert(void* context, const Key* key, void* weights, size_t) {
    Store& self = of(context);
    const std::lock_guard<std::mutex> lock(self.mutex);
    const size_t found = self.find(*key);
    for (Block** link = &self.first; *link != nullptr; link = &(*link)->next) {
      Block* block = *link;
      if (block->weights() != weights) continue;
      if (found == kNotFound) {
        block->packed = true;
        block->key = *key;
        return reinterpret_cast<size_t>(weights);
      }
      // Another thread has packed the same meanwhile.
      *link = block->next;
      free_block(block);
      break;
    }
    return found;
  }

  static bool is_finalized(void*) { return true; }
  static void* offset_to_addr(void*, size_t offset) { return reinterpret_cast<void*>(offset); }
  static xnn_status delete_cache(void*) { return xnn_status_success; }

  // (The key's fingerprint of the packing function matters to who keeps weights in a file.)
  size_t find(const Key& key) const {
    for (Block* block = first; block != nullptr; block = block->next) {
      if (block->packed && block->key.seed == key.seed && block->key.kernel == key.kernel &&
          block->key.bias == key.bias) {
        return reinterpret_cast<size_t>(block->weights());
      }
    }
    return kNotFound;
  }

  // Of what the weights belong to. Sessions with other allocators may add to them.
  const Allocator allocator = current_allocator();
  std::mutex mutex;
  Block* first = nullptr;
  xnn_weights_cache_provider provider = {};
};

XnnWeights::XnnWeights() : store_(std::make_unique<Store>()) {
  xnn_weights_cache_provider& provider = store_->provider;
  provider.context = store_.get();
  provider.look_up = Store::look_up;
  provider.reserve_space = Store::reserve_space;
  provider.look_up_or_insert = Store::look_up_or_insert;
  provider.is_finalized = Store::is_finalized;
  provider.offset_to_addr = Store::offset_to_addr;
  provider.delete_cache = Store::delete_cache;
}

size_t XnnWeights::bytes() const {
  const std::lock_guard<std::mutex> lock(store_->mutex);
  size_t bytes = 0;
  for (const Store::Block* block = store_->first; block != nullptr; block = block->next) {
    bytes += block->bytes;
  }
  return bytes;
}

xnn_weights_cache_provider* XnnWeights::provider() const { return &store_->provider; }

#else

const bool kXnnSharesWeights = false;

struct XnnWeights::Store {};
XnnWeights::XnnWeights() = default;
size_t XnnWeights::bytes() const { return 0; }
xnn_weights_cache_provider* XnnWeights::provider() const { return nullptr; }

#endif

XnnWeights::~XnnWeights() = default;

}  // namespace qrt::rt
