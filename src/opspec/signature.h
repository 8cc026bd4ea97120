// What operators accept, written as text that is checked and shown as it stands:
//
//   "f32, const f32, [const f32] -> f32; q8, const w8, [const bias] -> q8"
//
// Alternatives are separated by ";". Operands stand in order; [..] may be absent, ".." behind the
// last means any number of it, none as well. `const`: a constant of the model; `state`: a variable.
// Types, of which "/" joins several:
//
//   f32 f16 bf16 f64 s8 u8 s16 s32 s64 bool s4   this type, not quantized
//   q8, q16     s8, s16 with one scale; q16's zero point is 0
//   q32         s32 with one scale
//   q           s8, u8 or s16 with one scale
//   w8, w4      s8, s4 with one scale or one for each output (axis 0)
//   b4          s4 with scales by block along the last axis
//   bias        s32, whatever scale it declares
//   quantized   s8, u8, s16 or s32 with scales for the tensor or along an axis
//   integers    s8, u8, s16, s32, s64 as they are stored, quantized or not
//   number      f32, f64, s32 or s64, not quantized
//   index       s32 or s64, not quantized
//   movable     whole bytes, quantized with one scale or not at all
//   any         every type and quantization
//   =0, =1      type and quantization of that input
#pragma once

#include <string>

#include "src/opspec/node.h"

namespace qrt::rt {

// Checks arity, constness, types and quantizations of a node.
Status check_signature(const Node& node, const char* signatures);

}  // namespace qrt::rt
