// Everything that a Program has packed: weights in the layouts of kernels, and large tables. Filled
// while the Program is built and unchanged afterwards, so that all sessions, shapes and threads
// share it. Blocks are bytes under a key that means the same in every process: a file can hold
// them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/base/fingerprint.h"
#include "src/base/memory.h"
#include "src/opspec/node.h"
#include "src/runtime/xnn.h"

namespace qrt::rt {

// Operators that agree in it share a block.
struct PackKey {
  const char* row;      // of the kernel that reads the block, by name
  uint32_t layout = 0;  // version of what this row packs
  // The first byte of the weights in the model's memory; null for a table that is made of numbers
  // alone. (A file would say the tensor's number.)
  const void* tensor = nullptr;
  // Whatever decides where in the block a kernel reads.
  std::vector<uint64_t> sizes = {};
  // All else that the block depends on: multipliers, bias, zero points... Where two agree by
  // chance, or by malice, results are wrong, but nothing outside a block is read, for `sizes` and
  // the block's bytes are compared themselves.
  Fingerprint variant = {};
};

class WeightStore {
 public:
  // The block of this key and size, aligned to kAlignment. If there is none, write(uint8_t*) makes
  // it. Fails without memory, in a sentence about `node`.
  template <class Write>
  Result<const uint8_t*> get(const Node& node, const PackKey& key, uint64_t bytes,
                             const Write& write) {
    bool found = false;
    QRT_ASSIGN_OR_RETURN(uint8_t* const block, find_or_add(node, key, bytes, &found));
    if (!found) write(block);
    return static_cast<const uint8_t*>(block);
  }

  // What XNNPACK packs for one layer, into memory of its own (xnn.h says why not for several).
  const XnnWeights& add_xnn_weights();

  // Of all blocks, XNNPACK's too.
  size_t bytes() const;

 private:
  struct Id {
    explicit Id(const PackKey& key, uint64_t size);
    bool operator<(const Id& other) const;

    std::string row;
    uint32_t layout;
    const void* tensor;
    std::vector<uint64_t> sizes;
    uint64_t variant, bytes;
  };

  Result<uint8_t*> find_or_add(const Node& node, const PackKey& key, uint64_t bytes, bool* found);

  std::map<Id, AlignedBuffer> blocks_;
  std::vector<std::unique_ptr<XnnWeights>> xnn_;
};

}  // namespace qrt::rt
