// Constants that a file stores without their zeros.
#pragma once

#include <vector>

#include "src/base/span.h"
#include "src/base/status.h"
#include "src/graph/graph.h"
#include "tflite_read_generated.h"

namespace qrt::import::tflite {

// All elements of a tensor of this shape, of `element` bytes each, from those that are stored: axes
// in any order, some of them cut into blocks, each dense or compressed. `dense` has the size of the
// result and is all zero.
rt::Status expand_sparse(const tfl::Sparsity& sparsity, const std::vector<int32_t>& shape,
                         size_t element, rt::Span<const uint8_t> stored, graph::Bytes* dense);

}  // namespace qrt::import::tflite
