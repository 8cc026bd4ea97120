// ONNX's LSTM, GRU and RNN behind the product of the input, with the formulas of its documentation.
#pragma once

#include <functional>

#include "tests/oracle/tensor.h"

namespace oracle {

struct Recurrent {
  enum Kind { Lstm, Gru, Rnn } kind = Lstm;
  std::vector<bool> reversed = {false};                    // by direction
  std::vector<std::function<double(double)>> functions{};  // of each direction: f, g, h
  double clip = 0;                                         // 0: none
  bool coupled = false, linear_before_reset = false;

  size_t gates() const { return kind == Lstm ? 4 : kind == Gru ? 3 : 1; }
};

// As layout 0 has them; no values: absent.
struct RecurrentInputs {
  Tensor x;              // [T,B,D*G*H]: input times weights, plus biases
  Tensor weights;        // [D,G*H,H]
  Tensor peepholes;      // Lstm: [D,3H]
  Tensor bias;           // Gru that is linear before its reset: [D,H]
  Tensor lengths, h, c;  // [B], [D,B,H], [D,B,H]
};

struct RecurrentOutputs {
  Tensor y, h, c;  // [T,D,B,H], [D,B,H], [D,B,H]
};

RecurrentOutputs recurrent(const Recurrent& layer, const RecurrentInputs& in);

// By ONNX's name, with its alpha and beta.
std::function<double(double)> recurrent_function(const char* name, double alpha, double beta);

}  // namespace oracle
