// Decides which tensors of a planned session share memory, and how long each piece of it lives.
#pragma once

#include <vector>

#include "src/runtime/memory_planner.h"
#include "src/runtime/program.h"

namespace qrt::rt {

// Bytes of a tensor that has this shape, which has been inferred or verified and so needs at most
// 2^40 of them: more than 32-bit CPUs have addresses. s4 elements share bytes.
inline uint64_t bytes_of(const Tensor& tensor, const Shape& shape) {
  return (static_cast<uint64_t>(shape.elements()) * dtype_bits(tensor.type) + 7) / 8;
}

inline constexpr int kNotInArena = -1;  // constants, variables and what aliases them

struct Storage {
  std::vector<int> buffer;  // by tensor: index into `requests`, or kNotInArena
  std::vector<int> root;  // by tensor not in the arena: the constant or variable whose memory it is
  std::vector<BufferRequest> requests;
  std::vector<int> scratch;  // by node: index into `requests`, or kNotInArena
};

// `scratch_bytes`: by node. Graph inputs live throughout, so that a run leaves them unchanged;
// outputs live to the end.
Storage assign_storage(const Program& program, const Shapes& shapes,
                       const std::vector<uint64_t>& scratch_bytes);

}  // namespace qrt::rt
