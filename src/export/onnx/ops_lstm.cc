// LSTM, in float: runtimes have no integer one. It begins with a state of zeros in each run, and
// the limit of the cell's state is left out, for ONNX has none.
#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

// libqrt's gates are input, forget, cell, output; ONNX's input, output, forget, cell.
constexpr size_t kGates = 4, kGateOf[kGates] = {0, 3, 1, 2};

// Four equal parts in ONNX's order; `Vector` holds elements of any type.
template <class Vector>
Vector in_onnx_order(const Vector& gates) {
  const size_t part = gates.size() / kGates;
  Vector result;
  for (size_t gate : kGateOf) {
    const auto begin = gates.begin() + static_cast<std::ptrdiff_t>(gate * part);
    result.insert(result.end(), begin, begin + static_cast<std::ptrdiff_t>(part));
  }
  return result;
}

// Weights [4H,K] as [1,4H,K], of one direction.
std::string gate_weights(Call& c, int v) {
  const Value& w = c.t.value(v);
  if (!w.constant()) throw Unsupported("weights that are known only at run time");
  const graph::Bytes bytes = in_onnx_order(*w.data);
  const std::string weights =
      c.m.constant(w.name, w.type, {1, w.shape[0], w.shape[1]}, bytes.data(), bytes.size());
  graph::Quantization q = w.quantization;
  if (q.empty()) return weights;
  if (q.block != 0) throw Unsupported("weights that are quantized by block");
  if (q.axis < 0) return c.t.dequantize(weights, q.scales, q.zero_points, w.type, -1, w.name);
  return c.t.dequantize(weights, in_onnx_order(q.scales), in_onnx_order(q.zero_points), w.type, 1,
                        w.name);
}

// The bias [4H] as [1,8H] floats: ONNX has a second one, for the state.
std::string gate_bias(Call& c) {
  const Value &x = c.t.value(c.in(0)), &w = c.t.value(c.in(1)), &b = c.t.value(c.in(3));
  std::vector<float> bias;
  for (size_t i = 0; i < b.elements(); ++i) {
    if (b.type == DType::F32) {
      bias.push_back(b.as<float>()[i]);
      continue;
    }
    const std::vector<float>& scales = w.quantization.scales;
    const double step =
        static_cast<double>(x.quantization.scales[0]) * scales[scales.size() == 1 ? 0 : i];
    bias.push_back(static_cast<float>(b.as<int32_t>()[i] * step));
  }
  bias = in_onnx_order(bias);
  bias.resize(bias.size() * 2);
  return c.m.constant(b.name, DType::F32, {1, static_cast<int64_t>(bias.size())},
                      reinterpret_cast<const uint8_t*>(bias.data()), bias.size() * sizeof(float));
}

void export_lstm(Call& c) {
  const auto& options = *c.node.options.AsLstm();
  const Order by_time = options.time_major ? Order{0, 1, 2} : Order{1, 0, 2};
  const std::string weights = gate_weights(c, c.in(1)), recurrent = gate_weights(c, c.in(2));
  const int64_t hidden = c.t.shape(c.in(2))[1];
  // [T,1,B,H]: the second axis is the direction.
  const std::string y =
      c.m.node("LSTM", {c.t.numbers(c.in(0), by_time), weights, recurrent, gate_bias(c)},
               c.wanted(), {{"hidden_size", hidden}});
  const std::string direction = c.m.vector(c.wanted() + "/direction", std::vector<int64_t>{1});
  c.give_numbers(by_time, c.m.node("Squeeze", {y, direction}, c.wanted()));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Lstm, export_lstm},
};

}  // namespace

rt::Span<const Row> lstm_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
