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

  struct Placed {
    int first, last;
    size_t offset, end;
  };
  std::vector<Placed> placed;  // by ascending offset; copies, for every request looks at them all
  for (size_t i : order) {
    const BufferRequest& request = requests[i];
    if (request.bytes > limit) {
      return error(Code::OutOfMemory,
                   "a tensor needs %zu bytes of working memory, the limit is %zu", request.bytes,
                   limit);
    }
    const size_t bytes = align_up(request.bytes, kAlignment);
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
                   "the model needs more than %zu bytes of working memory, which is the limit",
                   limit);
    }
    const auto after =
        std::upper_bound(placed.begin(), placed.end(), offset,
                         [](size_t wanted, const Placed& other) { return wanted < other.offset; });
    placed.insert(after, {request.first, request.last, offset, offset + bytes});
  }
  return plan;
}

}  // namespace qrt::rt
