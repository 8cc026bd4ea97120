// If: taken apart into the steps of its subgraphs (src/opspec/flat_graph.h).
#include "src/ops/common.h"

namespace qrt::rt {

const OpDef kIfOp = {nullptr};

}  // namespace qrt::rt
