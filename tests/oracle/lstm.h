// One layer of long short-term memory, as TensorFlow Lite's UnidirectionalSequenceLSTM defines it
// without peepholes, projection and normalization.
#pragma once

#include "tests/oracle/tensor.h"

namespace oracle {

struct LstmWeights {
  Tensor input, recurrent;   // [4H,I], [4H,H]; gates in the order input, forget, cell, output
  std::vector<double> bias;  // [4H]
};

// x [T,I] of one sequence -> [T,H]; h and c [H] are the state, before and after. cell_clip 0: none.
Tensor lstm(const Tensor& x, const LstmWeights& weights, double cell_clip, std::vector<double>* h,
            std::vector<double>* c);

}  // namespace oracle
