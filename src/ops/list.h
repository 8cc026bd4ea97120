// The operators of this build: those of the schema.
#pragma once

#include "src/runtime/op_def.h"

namespace qrt::rt {

// Each is defined by its file in this folder, which sees this declaration: without it a const would
// be private to its file.
#define QRT_OPERATOR(name) extern const OpDef k##name##Op;
#include "qrt_operators.inc"
#undef QRT_OPERATOR

}  // namespace qrt::rt
