#include "src/opspec/graph_view.h"

#include <algorithm>

#include "src/base/checked.h"

namespace qrt::rt {
namespace {

// Whether a tensor of this shape has a scale for each of its elements.
bool scales_fit(const Quantization& q, const Shape& shape) {
  if (q.axis < 0) return true;
  if (!all_numbers(shape)) return true;
  const int64_t scales = q.block == 0 ? shape[q.axis] : shape.elements() / q.block;
  return scales == static_cast<int64_t>(q.scales.size());
}

bool has_size(const Shape& shape) {
  for (int32_t dim : shape) {
    if (dim == kInvalidDim || (is_number(dim) && dim < 0)) return false;
  }
  return true;
}

// Largest size that a model's open dimensions are tried with.
constexpr int32_t kMostDefault = 1024;

}  // namespace

Shape GraphView::with_symbols(const fb::Tensor& tensor, const Shape& shape) {
  const auto* names = tensor.dim_names();
  Shape result = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] != -1) continue;
    const auto axis = static_cast<unsigned>(i);
    const bool named = names != nullptr && axis < names->size() && names->Get(axis)->size() > 0;
    result[i] = named ? declared_.dims.named(names->Get(axis)->str()) : declared_.dims.open();
  }
  return result;
}

Status GraphView::build(const Model& model, const fb::Subgraph& subgraph) {
  tensors_.reserve(subgraph.tensors()->size());
  for (const fb::Tensor* tensor : *subgraph.tensors()) {
    tensors_.push_back(decode_tensor(*tensor, model.weights()));
    declared_.shapes.push_back(tensors_.back().shape);
  }
  inputs_ = {subgraph.inputs()->data(), subgraph.inputs()->size()};
  outputs_ = {subgraph.outputs()->data(), subgraph.outputs()->size()};
  for (int32_t input : inputs_) {
    const auto t = static_cast<size_t>(input);
    declared_.shapes[t] =
        with_symbols(*subgraph.tensors()->Get(static_cast<unsigned>(input)), tensors_[t].shape);
  }
  const auto& operators = *subgraph.operators();
  for (unsigned i = 0; i < operators.size(); ++i) {
    nodes_.emplace_back(static_cast<int>(i), operators.Get(i), &tensors_);
    const OpSpec* spec = find_spec(nodes_.back().type());
    if (spec == nullptr) {
      return nodes_.back().fail(Code::Unsupported, "this build of libqrt lacks the operator");
    }
    specs_.push_back(spec);
    QRT_RETURN_IF_ERROR(check_node(*spec, nodes_.back()));
    if (spec->alias) {
      tensors_[static_cast<size_t>(nodes_.back().output_index(0))].unpadded =
          nodes_.back().input(0).unpadded;
    }
  }
  QRT_RETURN_IF_ERROR(check_renamed_variables());
  QRT_RETURN_IF_ERROR(infer(declared_));
  return check_declared();
}

bool GraphView::updates(size_t node, int variable) const {
  for (size_t i = 0; i < nodes_[node].inputs(); ++i) {
    const bool updated = i < 32 && (specs_[node]->updates >> i & 1u) != 0;
    if (updated && nodes_[node].input_index(i) == variable) return true;
  }
  return false;
}

// What is renamed has the variable's memory, and so would change with it.
Status GraphView::check_renamed_variables() const {
  const auto at = [](int32_t t) { return static_cast<size_t>(t); };
  std::vector<size_t> last_use(tensors_.size(), 0);
  for (int32_t output : outputs_) last_use[at(output)] = nodes_.size();
  for (size_t n = nodes_.size(); n-- > 0;) {
    const Node& node = nodes_[n];
    for (size_t i = 0; i < node.inputs(); ++i) {
      if (!node.has_input(i)) continue;
      size_t& last = last_use[at(node.input_index(i))];
      last = std::max(last, n);
      if (i == 0 && specs_[n]->alias) last = std::max(last, last_use[at(node.output_index(0))]);
    }
  }
  for (const Node& node : nodes_) {
    if (!specs_[at(node.index())]->alias || !node.input(0).variable) continue;
    const size_t last = last_use[at(node.output_index(0))];
    for (size_t n = at(node.index()) + 1; n < nodes_.size() && n <= last; ++n) {
      if (!updates(n, node.input_index(0))) continue;
      return node.fail(Code::InvalidModel,
                       "renames variable '%s', which operator %zu updates before it is last read",
                       node.input(0).name, n);
    }
  }
  return {};
}

Status GraphView::check_declared() const {
  for (const Node& node : nodes_) {
    for (size_t i = 0; i < node.outputs(); ++i) {
      const Shape& declared = node.output(i).shape;
      const Shape& actual = node.shape_out(declared_.shapes, i);
      bool agrees = declared.rank() == actual.rank();
      for (int k = 0; agrees && k < declared.rank(); ++k) {
        // A model that fixes what follows from an open size is held to it at each resize.
        agrees = declared[k] == -1 || !is_number(actual[k]) || declared[k] == actual[k];
      }
      if (agrees) continue;
      return node.fail(Code::InvalidModel, "computes %s for output %zu, the model declares %s",
                       declared_.dims.text(actual).c_str(), i, declared.str().c_str());
    }
  }
  return {};
}

Status GraphView::infer(GraphShapes& graph) const {
  for (int32_t input : inputs_) {
    const auto t = static_cast<size_t>(input);
    if (!scales_fit(tensors_[t].quantization, graph.shapes[t])) {
      return error(Code::InvalidArgument, "input '%s' of shape %s does not fit its scales",
                   tensors_[t].name, graph.dims.text(graph.shapes[t]).c_str());
    }
  }
  graph.integers.clear();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    Inference inference(node, graph);
    QRT_RETURN_IF_ERROR(specs_[i]->infer(inference));
    for (size_t k = 0; k < node.outputs(); ++k) {
      const Shape& shape = node.shape_out(graph.shapes, k);
      uint64_t bytes;
      const bool possible =
          has_size(shape) &&
          (!all_numbers(shape) ||
           checked_bytes(shape, dtype_bits(node.output(k).type), kMaxTensorBytes, &bytes));
      if (!possible) {
        return node.fail(Code::InvalidModel, "output %zu has an impossible shape, %s", k,
                         graph.dims.text(shape).c_str());
      }
      if (!scales_fit(node.output(k).quantization, shape)) {
        return node.fail(Code::InvalidModel, "output %zu of shape %s does not fit its scales", k,
                         graph.dims.text(shape).c_str());
      }
    }
  }
  return {};
}

Result<Shapes> GraphView::shapes_with(int32_t size) const {
  GraphShapes graph;
  graph.shapes = declared_.shapes;
  for (int32_t input : inputs_) {
    Shape& shape = graph.shapes[static_cast<size_t>(input)];
    for (int i = 0; i < shape.rank(); ++i) {
      if (!is_number(shape[i])) shape[i] = size;
    }
  }
  QRT_RETURN_IF_ERROR(infer(graph));
  return std::move(graph.shapes);
}

Result<Shapes> GraphView::default_shapes() const {
  Result<Shapes> first = shapes_with(1);
  if (first.ok()) return first;
  for (int32_t size = 2; size <= kMostDefault; size *= 2) {
    Result<Shapes> shapes = shapes_with(size);
    if (shapes.ok()) return shapes;
  }
  return first;
}

}  // namespace qrt::rt
