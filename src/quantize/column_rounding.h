// Rounding weights one after another, with what each has erred made good by those still to come
// (Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
// Transformers", 2022): the error that counts is that of the outputs, not of the weights.
#pragma once

#include "src/quantize/gram.h"
#include "src/quantize/weights.h"

namespace qrt::quantize {

// The codes of round_weights with the same scales (or of round_blocks with the same blocks), chosen
// anew by the Gram matrix of the inputs.
void round_columns(const FloatWeights& weights, const Gram& gram, IntegerCodes* codes);

}  // namespace qrt::quantize
