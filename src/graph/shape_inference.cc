#include "src/graph/shape_inference.h"

#include "src/opspec/spec.h"

namespace qrt::graph {
namespace {

// Without the operator's number and name, which are of no use before the model is written.
rt::Status without_operator(const rt::Status& status) {
  const std::string message = status.message();
  const size_t end = message.find("): ");
  if (end == std::string::npos) return status;
  return rt::Status(status.code(), message.substr(end + 3));
}

}  // namespace

std::vector<int32_t> declared_shape(const rt::Shape& shape) {
  std::vector<int32_t> declared;
  for (int32_t dim : shape) declared.push_back(rt::is_number(dim) ? dim : -1);
  return declared;
}

void ShapeInference::look_at(int value) {
  const auto v = static_cast<size_t>(value);
  if (tensors_.size() < graph_.values.size()) {
    tensors_.resize(graph_.values.size());
    known_.resize(graph_.values.size(), false);
    shapes_.shapes.resize(graph_.values.size());
    shapes_.integers.resize(graph_.values.size());
  }
  const Value& from = graph_.values[v];
  rt::Tensor& to = tensors_[v];
  to.name = from.name.c_str();
  to.type = from.type;
  to.shape = rt::Shape(from.shape.data(), from.shape.size());
  to.quantization = {{from.quantization.scales.data(), from.quantization.scales.size()},
                     {from.quantization.zero_points.data(), from.quantization.zero_points.size()},
                     from.quantization.axis,
                     from.quantization.block};
  to.constant = from.constant();
  to.data = to.constant ? from.data->data() : nullptr;
  to.variable = from.variable;
  if (known_[v]) return;
  rt::Shape& shape = shapes_.shapes[v];
  shape = to.shape;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] != -1) continue;
    const auto axis = static_cast<size_t>(i);
    const bool named = axis < from.dim_names.size() && !from.dim_names[axis].empty();
    shape[i] = named ? dims().named(from.dim_names[axis]) : dims().open();
    known_[v] = true;  // another look would make other symbols
  }
}

const rt::Shape& ShapeInference::shape(int value) {
  look_at(value);
  return shapes_.shapes[static_cast<size_t>(value)];
}

const rt::Integers* ShapeInference::integers(int value) const {
  const auto v = static_cast<size_t>(value);
  return v < shapes_.integers.size() ? shapes_.integers[v].get() : nullptr;
}

void ShapeInference::forget(int value) {
  look_at(value);
  known_[static_cast<size_t>(value)] = false;
  shapes_.integers[static_cast<size_t>(value)] = nullptr;
}

// Calls body with the node as its row sees it.
template <class Body>
void ShapeInference::view(const Node& node, const Body& body) {
  for (int value : node.inputs) {
    if (value != kAbsent) look_at(value);
  }
  for (int value : node.outputs) look_at(value);

  flatbuffers::FlatBufferBuilder builder;
  fb::OperatorT op;
  op.options = node.options;
  std::vector<int32_t> numbers;  // by the operator's own: the values
  const auto numbered = [&](const std::vector<int>& values) {
    std::vector<int32_t> own;
    for (int value : values) {
      own.push_back(value == kAbsent ? -1 : static_cast<int32_t>(numbers.size()));
      if (value != kAbsent) numbers.push_back(value);
    }
    return own;
  };
  op.inputs = numbered(node.inputs);
  op.outputs = numbered(node.outputs);
  builder.Finish(fb::Operator::Pack(builder, &op));
  body(rt::Node(0, flatbuffers::GetRoot<fb::Operator>(builder.GetBufferPointer()), numbers.data(),
                &tensors_));
}

void ShapeInference::set_shape(int value, const rt::Shape& shape) {
  shapes_.shapes[static_cast<size_t>(value)] = shape;
}

bool ShapeInference::keeps_places(const Node& node, size_t input, int axis) {
  const rt::OpSpec* spec = rt::find_spec(node.type());
  if (spec == nullptr || spec->keeps_places == nullptr) return false;
  bool keeps = false;
  view(node, [&](const rt::Node& viewed) {
    keeps = spec->keeps_places(viewed, shapes_.shapes, input, axis);
  });
  return keeps;
}

rt::Status ShapeInference::infer(const Node& node, bool check) {
  const rt::OpSpec* spec = rt::find_spec(node.type());
  if (spec == nullptr) return rt::error(rt::Code::Unsupported, "no such operator");
  rt::Status status;
  view(node, [&](const rt::Node& viewed) {
    if (check) status = rt::check_node(*spec, viewed);
    if (status.ok()) status = rt::infer_node(*spec, viewed, shapes_);
  });
  if (!status.ok()) return without_operator(status);
  for (int value : node.outputs) {
    const auto v = static_cast<size_t>(value);
    known_[v] = true;
    graph_.values[v].shape = declared_shape(shapes_.shapes[v]);
  }
  return {};
}

}  // namespace qrt::graph
