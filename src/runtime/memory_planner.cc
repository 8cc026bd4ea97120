#include "src/runtime/memory_planner.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "src/base/checked.h"
#include "src/base/memory.h"

namespace qrt::rt {

Result<MemoryPlan> plan_memory(const std::vector<BufferRequest>& requests, size_t limit) {
  // Half of what a size can say: then no sum below overflows, even without a limit.
  limit = std::min(limit, SIZE_MAX / 2);
  MemoryPlan plan;
  plan.offsets.resize(requests.size(), 0);
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return requests[a].bytes > requests[b].bytes; });

  std::vector<size_t> placed;  // by ascending offset
  for (size_t i : order) {
    const BufferRequest& request = requests[i];
    if (request.bytes > limit) {
      return error(Code::OutOfMemory,
                   "a tensor needs %zu bytes of working memory, the limit is %zu", request.bytes,
                   limit);
    }
    const size_t bytes = align_up(request.bytes, kAlignment);
    size_t offset = 0;
    for (size_t j : placed) {
      const BufferRequest& other = requests[j];
      if (other.last < request.first || other.first > request.last) continue;
      if (offset + bytes <= plan.offsets[j]) break;
      offset = std::max(offset, plan.offsets[j] + align_up(other.bytes, kAlignment));
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    if (plan.bytes > limit) {
      return error(Code::OutOfMemory,
                   "the model needs more than %zu bytes of working memory, which is the limit",
                   limit);
    }
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), i,
                         [&](size_t a, size_t b) { return plan.offsets[a] < plan.offsets[b]; }),
        i);
  }
  return plan;
}

}  // namespace qrt::rt
