// One node on its way into the ONNX model: what an exporter rule is given.
#pragma once

#include <string>

#include "src/export/onnx/tensors.h"

namespace qrt::onnx_export {

struct Call {
  Tensors& t;
  ModelWriter& m;
  const graph::Node& node;

  size_t inputs() const { return node.inputs.size(); }
  bool has(size_t i) const { return i < inputs() && node.inputs[i] != graph::kAbsent; }
  int in(size_t i) const { return node.inputs[i]; }
  int out(size_t k = 0) const { return node.outputs[k]; }
  const Value& result(size_t k = 0) const { return t.value(out(k)); }
  // What the result is called before it is quantized, and anything on the way to it.
  std::string wanted(size_t k = 0) const { return result(k).name; }

  // Output 0 is the number in `tensor`, clamped.
  void give_numbers(const Order& order, const std::string& tensor,
                    const fb::ClampT* clamp = nullptr);
  // Output 0 is the codes, or plain elements, in `tensor`, clamped.
  void give_codes(const Order& order, const std::string& tensor, const fb::ClampT* clamp = nullptr);
};

}  // namespace qrt::onnx_export
