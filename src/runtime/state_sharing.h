// State without copies: what is computed to be assigned to a variable is computed in the variable's
// memory, and what is read of one is read there, where nobody can tell the difference.
#pragma once

#include <vector>

#include "src/runtime/program.h"

namespace qrt::rt {

// By tensor: the variable whose memory it has, or -1. `last_use`: of tensors (lifetimes.h).
// - The result of a ReadVariable, if the variable is not updated before its last use.
// - What an AssignVariable assigns, if from where it is computed up to there nobody reads what the
//   variable held; the node that computes it may, if its kernel can write over it.
std::vector<int> share_with_variables(const Program& program, const Shapes& shapes,
                                      const std::vector<int>& last_use);

}  // namespace qrt::rt
