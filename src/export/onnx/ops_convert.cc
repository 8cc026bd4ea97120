// Changes of type.
#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

void export_quantize(Call& c) {
  const int x = c.in(0);
  if (same_codes(c.t.value(x), c.result())) {
    return c.t.set_same(c.out(), x, graph::plain_order(c.t.rank(x)));
  }
  const Order order = c.t.order(x);
  c.give_numbers(order, c.t.numbers(x, order));
}

void export_dequantize(Call& c) {
  const Order order = c.t.order(c.in(0));
  c.give_numbers(order, c.t.numbers(c.in(0), order));
}

// Casting sees the integers as they are, whatever they stand for.
void export_cast(Call& c) {
  const Value& y = c.result();
  const Order order = graph::plain_order(y.shape.size());
  const std::string cast =
      c.m.node("Cast", {c.t.own(c.in(0))}, c.wanted(), {{"to", int64_t{onnx_type(y.type)}}});
  if (!has_codes(y) || y.type == DType::U8) return c.give_codes(order, cast);
  const graph::Quantization& q = y.quantization;
  c.give_numbers(order, c.t.dequantize(cast, q.scales, {q.zero_point()}, y.type, -1, y.name));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Quantize, export_quantize},
    {fb::OpOptions::Dequantize, export_dequantize},
    {fb::OpOptions::Cast, export_cast},
};

}  // namespace

rt::Span<const Row> convert_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
