// How each value of the graph exists in the ONNX model. A value may exist as integers and as the
// real numbers they stand for, and in several orders of its axes; each form is made when an
// operator first asks for it. Operators say in which order they give their result and later ones
// take it as it lies, so that Transposes appear only where the order really has to change.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "src/export/onnx/model_writer.h"
#include "src/graph/axis_order.h"

namespace qrt::onnx_export {

using graph::Order;
using graph::Shape;
using graph::Value;

// ONNX has no such thing; the exporter goes on, to list all of them.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Eight bits with one scale: what becomes u8 in the ONNX model, s8 as q + 128.
bool has_codes(const Value& value);
// The u8 code of a real number, and the zero point, of such a value.
uint8_t code_of(const Value& value, float real);
uint8_t zero_code(const Value& value);
// Integers of both values stand for the same real numbers once they are u8.
bool same_codes(const Value& a, const Value& b);

class Tensors {
 public:
  Tensors(const graph::Graph& source, ModelWriter& writer);

  const graph::Graph& graph;
  ModelWriter& model;

  const Value& value(int v) const { return graph.value(v); }
  const Shape& shape(int v) const { return value(v).shape; }
  size_t rank(int v) const { return shape(v).size(); }

  // The order in which a value lies of itself; a constant has none and says the plain one.
  Order order(int v) const;
  // The order of the first value that lies in another than the plain one; the rank's plain order if
  // none does. Constants follow, as do values of another rank.
  Order common_order(const std::vector<int>& values, size_t rank) const;

  // Elements that are only moved: u8 codes where there are any, otherwise the value's own type.
  std::string codes(int v, const Order& order);
  // Elements that are computed with: floats where the value is f32 or quantized.
  std::string numbers(int v, const Order& order);
  std::string plain_codes(int v) { return codes(v, graph::plain_order(rank(v))); }
  std::string plain_numbers(int v) { return numbers(v, graph::plain_order(rank(v))); }
  // The same for a value that broadcasts to order.size() dimensions.
  std::string broadcast_codes(int v, const Order& order) { return broadcast(v, order, false); }
  std::string broadcast_numbers(int v, const Order& order) { return broadcast(v, order, true); }
  // A constant that results are summed over, as floats: it keeps its integers, signed ones too.
  std::string weights(int v, const Order& order);
  // The value's own integers, in the plain order.
  std::string own(int v);

  // The value now exists as this tensor.
  void set_codes(int v, const Order& order, const std::string& tensor);
  // An operator computed it: floats are quantized where the value is.
  void set_numbers(int v, const Order& order, const std::string& tensor);
  // `v` is the same numbers as `from`, in other orders perhaps: its axis i is axis perm[i].
  void set_same(int v, int from, const std::vector<int>& perm);
  // The floats of the quantized `from` are `v`'s.
  void set_numbers_of(int v, int from);
  void add_input(int v, const std::string& name);

  // DequantizeLinear and QuantizeLinear with these parameters.
  std::string dequantize(const std::string& tensor, const std::vector<float>& scales,
                         const std::vector<int32_t>& zero_points, DType type, int axis,
                         const std::string& wanted);
  std::string quantize(const std::string& tensor, float scale, int32_t zero_point, DType type,
                       const std::string& wanted);
  // A tensor with its axes in another order.
  std::string rearranged(const std::string& tensor, const Shape& shape, const Order& from,
                         const Order& to, const std::string& wanted);
  std::string reshaped(const std::string& tensor, const Shape& shape, const std::string& wanted);

 private:
  struct Form {
    bool numbers;  // floats that integers stand for
    Order order;
    std::string tensor;
  };

  std::string form(int v, const Order& order, bool numbers);
  std::string broadcast(int v, const Order& order, bool numbers);
  std::string constant(int v, const Order& order, int shift);
  const Form* find(int v, const Order& order, bool numbers) const;
  const std::string& keep(int v, bool numbers, const Order& order, std::string tensor);
  std::vector<Form>& forms(int v) { return forms_[static_cast<size_t>(v)]; }

  std::vector<std::vector<Form>> forms_;                  // by value
  std::map<std::pair<int, Order>, std::string> weights_;  // what weights() has given
};

}  // namespace qrt::onnx_export
