// Everything that must hold of a model beyond FlatBuffers' own verification, whatever its operators
// are: indices, shapes, sizes, quantization, order. Operators check their own attributes when a
// Program is built. After both, nothing later needs to check.
#pragma once

#include <cstddef>

#include "qrt_generated.h"
#include "src/base/status.h"

namespace qrt::rt {

// Versions, and that the weights segment lies exactly at the end of `file_bytes`.
Status verify_layout(const fb::Model& model, size_t file_bytes);

// Everything else. `model` has passed verify_layout.
Status verify_model(const fb::Model& model);

}  // namespace qrt::rt
