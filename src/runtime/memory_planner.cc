#include "src/runtime/memory_planner.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "src/base/checked.h"
#include "src/base/memory.h"

namespace qrt::rt {
namespace {

// Left for what an owner of an arena may add to it.
constexpr uint64_t kSlackBytes = 4096;

}  // namespace

Result<MemoryPlan> plan_memory(const std::vector<BufferRequest>& requests, uint64_t limit) {
  // What can be allocated: then no sum below overflows, even without a limit.
  limit = std::min(limit, kMaxBlockBytes - kSlackBytes);
  MemoryPlan plan;
  plan.offsets.resize(requests.size(), 0);
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return requests[a].bytes > requests[b].bytes; });

  struct Placed {
    int first, last;
    size_t offset, end;
  };
  std::vector<Placed> placed;  // by ascending offset; copies, for every request looks at them all
  for (size_t i : order) {
    const BufferRequest& request = requests[i];
    if (request.bytes > limit) {
      return error(
          Code::OutOfMemory, "a tensor needs %llu bytes of working memory, the limit is %llu",
          static_cast<unsigned long long>(request.bytes), static_cast<unsigned long long>(limit));
    }
    const auto bytes = static_cast<size_t>(align_up(request.bytes, kAlignment));
    size_t offset = 0;
    for (const Placed& other : placed) {
      if (other.last < request.first || other.first > request.last) continue;
      if (offset + bytes <= other.offset) break;
      offset = std::max(offset, other.end);
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    if (plan.bytes > limit) {
      return error(Code::OutOfMemory,
                   "the model needs more than %llu bytes of working memory, which is the limit",
                   static_cast<unsigned long long>(limit));
    }
    const auto after =
        std::upper_bound(placed.begin(), placed.end(), offset,
                         [](size_t wanted, const Placed& other) { return wanted < other.offset; });
    placed.insert(after, {request.first, request.last, offset, offset + bytes});
  }
  return plan;
}

}  // namespace qrt::rt
