#include "src/opspec/graph_view.h"

#include <algorithm>
#include <map>
#include <utility>

#include "src/opspec/lifetimes.h"

namespace qrt::rt {
namespace {

// Whether a declared shape, with -1 for what is open, can be this one, with symbols.
bool agrees(const Shape& declared, const Shape& actual) {
  if (declared.rank() != actual.rank()) return false;
  for (int k = 0; k < declared.rank(); ++k) {
    if (declared[k] != -1 && is_number(actual[k]) && declared[k] != actual[k]) return false;
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

Status GraphView::build(const Model& model, unsigned subgraph, CustomSpecs customs) {
  customs_ = std::move(customs);
  QRT_RETURN_IF_ERROR(flatten(model, subgraph, &flat_));
  for (const Tensor& tensor : flat_.tensors) declared_.shapes.push_back(tensor.shape);
  const auto& tensors = *model.root().subgraphs()->Get(subgraph)->tensors();
  for (int32_t input : flat_.inputs) {
    const auto t = static_cast<size_t>(input);
    declared_.shapes[t] =
        with_symbols(*tensors.Get(static_cast<unsigned>(input)), flat_.tensors[t].shape);
  }
  for (const Node& node : flat_.nodes) {
    const OpSpec& spec = *flat_.specs[static_cast<size_t>(node.index())];
    QRT_RETURN_IF_ERROR(check_node(spec, node));
    if (spec.alias) {
      flat_.tensors[static_cast<size_t>(node.output_index(0))].unpadded = node.input(0).unpadded;
    }
  }
  QRT_RETURN_IF_ERROR(check_renamed_variables());
  QRT_RETURN_IF_ERROR(infer(declared_));
  QRT_RETURN_IF_ERROR(check_counts(flat_, declared_, &counted_outputs_));
  return check_declared();
}

bool GraphView::updates(size_t node, int variable) const {
  for (size_t i = 0; i < flat_.nodes[node].inputs(); ++i) {
    const bool updated = i < 32 && (flat_.specs[node]->updates >> i & 1u) != 0;
    if (updated && flat_.nodes[node].input_index(i) == variable) return true;
  }
  return false;
}

// What is renamed has the variable's memory, and so would change with it.
Status GraphView::check_renamed_variables() const {
  const auto at = [](int32_t t) { return static_cast<size_t>(t); };
  const std::vector<Step>& steps = flat_.steps;
  std::vector<int> last;  // found where it is needed, which is rare
  std::vector<int32_t> variable_of(flat_.tensors.size(), -1);
  for (size_t s = 0; s < steps.size(); ++s) {
    if (steps[s].kind != Step::Kind::Run || !flat_.specs[at(steps[s].node)]->alias) continue;
    const Node& node = flat_.nodes[at(steps[s].node)];
    const int32_t from = node.input_index(0), renamed = node.output_index(0);
    const int32_t variable = flat_.tensors[at(from)].variable ? from : variable_of[at(from)];
    variable_of[at(renamed)] = variable;
    if (variable < 0) continue;
    if (last.empty()) last = last_uses(*this);
    const auto end = std::min<size_t>(steps.size(), static_cast<size_t>(last[at(renamed)] + 1));
    for (size_t n = s + 1; n < end; ++n) {
      if (steps[n].kind != Step::Kind::Run || !updates(at(steps[n].node), variable)) continue;
      return node.fail(Code::InvalidModel,
                       "renames variable '%s', which operator %d updates before it is last read",
                       flat_.tensors[at(variable)].name, steps[n].node);
    }
  }
  return {};
}

Status GraphView::check_declared(const Node& node) const {
  for (size_t i = 0; i < node.outputs(); ++i) {
    const Shape& declared = node.output(i).shape;
    const Shape& actual = node.shape_out(declared_.shapes, i);
    // A model that fixes what follows from an open size is held to it at each resize.
    if (agrees(declared, actual)) continue;
    return node.fail(Code::InvalidModel, "computes %s for output %zu, the model declares %s",
                     declared_.dims.text(actual).c_str(), i, declared.str().c_str());
  }
  return {};
}

Status GraphView::check_declared() {
  for (const FlatGraph::Passed& passed : flat_.passed) {
    const Shape& actual = declared_.shapes[static_cast<size_t>(passed.tensor)];
    if (agrees(passed.declared, actual)) continue;
    return flat_.controls[static_cast<size_t>(passed.control)].fail(
        Code::InvalidModel, "gives '%s' of %s to a subgraph that declares %s",
        flat_.tensors[static_cast<size_t>(passed.tensor)].name, declared_.dims.text(actual).c_str(),
        passed.declared.str().c_str());
  }
  flat_.passed.clear();
  for (const std::vector<Node>* nodes : {&flat_.nodes, &flat_.controls}) {
    for (const Node& node : *nodes) QRT_RETURN_IF_ERROR(check_declared(node));
  }
  return {};
}

Status GraphView::check_names(const GraphShapes& graph) const {
  struct Seen {
    int32_t size;
    size_t tensor;
  };
  std::map<int32_t, Seen> seen;  // by symbol
  for (int32_t input : flat_.inputs) {
    const auto t = static_cast<size_t>(input);
    const Shape &declared = declared_.shapes[t], &shape = graph.shapes[t];
    for (int i = 0; i < declared.rank() && i < shape.rank(); ++i) {
      if (is_number(declared[i])) continue;
      const auto [first, added] = seen.insert({declared[i], {shape[i], t}});
      if (added || first->second.size == shape[i]) continue;
      return error(Code::InvalidArgument,
                   "dimension '%s' is %s in input '%s' and %s in input '%s'; inputs of one "
                   "dimension are resized together",
                   declared_.dims.text(declared[i]).c_str(),
                   graph.dims.text(first->second.size).c_str(),
                   flat_.tensors[first->second.tensor].name, graph.dims.text(shape[i]).c_str(),
                   flat_.tensors[t].name);
    }
  }
  return {};
}

Status GraphView::infer(GraphShapes& graph) const {
  QRT_RETURN_IF_ERROR(check_names(graph));
  for (int32_t input : flat_.inputs) {
    const auto t = static_cast<size_t>(input);
    if (!scales_fit(flat_.tensors[t].quantization, graph.shapes[t])) {
      return error(Code::InvalidArgument, "input '%s' of shape %s does not fit its scales",
                   flat_.tensors[t].name, graph.dims.text(graph.shapes[t]).c_str());
    }
  }
  graph.integers.clear();
  graph.customs = &customs_;
  for (const Step& step : flat_.steps) {
    switch (step.kind) {
      case Step::Kind::Run: {
        const auto n = static_cast<size_t>(step.node);
        QRT_RETURN_IF_ERROR(infer_node(*flat_.specs[n], flat_.nodes[n], graph));
        break;
      }
      case Step::Kind::Copy:
        QRT_RETURN_IF_ERROR(infer_copy(step, graph));
        break;
      case Step::Kind::Branch:
        QRT_RETURN_IF_ERROR(check_branch(step, graph));
        break;
      case Step::Kind::Jump:
        break;
    }
  }
  return {};
}

// Both branches, and each round of a loop, give the same shapes: memory is planned for one.
Status GraphView::infer_copy(const Step& step, GraphShapes& graph) const {
  const Shape& from = graph.shapes[static_cast<size_t>(step.from)];
  Shape& to = graph.shapes[static_cast<size_t>(step.to)];
  if (step.first) {
    to = from;
    return {};
  }
  bool differ = from.rank() != to.rank();
  for (int i = 0; !differ && i < to.rank(); ++i) differ = graph.dims.differ(from[i], to[i]);
  if (differ) {
    const Node& control = flat_.controls[static_cast<size_t>(step.node)];
    return control.fail(Code::Unsupported, "'%s' is %s at first and then %s",
                        flat_.tensors[static_cast<size_t>(step.to)].name,
                        graph.dims.text(to).c_str(), graph.dims.text(from).c_str());
  }
  for (int i = 0; i < to.rank(); ++i) {
    if (from[i] != to[i]) to[i] = graph.dims.open();
  }
  return {};
}

Status GraphView::check_branch(const Step& step, GraphShapes& graph) const {
  const Shape& shape = graph.shapes[static_cast<size_t>(step.from)];
  bool one = true;
  for (int32_t dim : shape) one = one && !graph.dims.differ(dim, 1);
  if (one) return {};
  return flat_.controls[static_cast<size_t>(step.node)].fail(
      Code::Unsupported, "its condition has %s elements, not one", graph.dims.text(shape).c_str());
}

Result<Shapes> GraphView::shapes_with(int32_t size) const {
  GraphShapes graph;
  graph.planned = true;
  graph.shapes = declared_.shapes;
  for (int32_t input : flat_.inputs) {
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
