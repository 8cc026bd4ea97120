#include "src/cli/model_facts.h"

#include <algorithm>

#include "src/base/dtype.h"
#include "src/base/shape.h"
#include "src/cli/elements.h"
#include "src/cli/terminal.h"
#include "src/model/calls.h"
#include "src/model/dtype.h"
#include "src/opspec/graph_view.h"

namespace qrt::cli {
namespace {

const fb::Tensor* tensor_at(const fb::Subgraph& graph, const flatbuffers::Vector<int32_t>& indices,
                            unsigned i) {
  if (i >= indices.size() || indices.Get(i) < 0) return nullptr;
  return graph.tensors()->Get(static_cast<unsigned>(indices.Get(i)));
}

bool holds_floats(const fb::Tensor& tensor) { return is_float(rt::dtype_of(tensor.type())); }

Numeric numeric_of(const fb::Subgraph& graph, const fb::Operator& op) {
  bool reads_float = false, writes_float = false;
  for (unsigned i = 0; i < op.inputs()->size(); ++i) {
    const fb::Tensor* tensor = tensor_at(graph, *op.inputs(), i);
    if (tensor != nullptr && !tensor->is_constant()) reads_float |= holds_floats(*tensor);
  }
  for (unsigned i = 0; i < op.outputs()->size(); ++i) {
    writes_float |= holds_floats(*tensor_at(graph, *op.outputs(), i));
  }
  switch (op.options_type()) {
    case fb::OpOptions::Quantize:
    case fb::OpOptions::Dequantize:
    case fb::OpOptions::Cast:
      if (reads_float != writes_float) return Numeric::Boundary;
      break;
    default:
      break;
  }
  return reads_float || writes_float ? Numeric::Float : Numeric::Integer;
}

// Groups of float operators of one subgraph that are connected by floats. One that reads nothing
// but what operators on integers, or between the two, have made, and is read by such alone, is an
// island.
class Islands {
 public:
  Islands(const fb::Subgraph& graph, std::vector<OpFacts>* ops, size_t first)
      : graph_(graph), ops_(*ops), first_(first), makers_(graph.tensors()->size(), -1) {
    for (unsigned i = 0; i < graph.operators()->size(); ++i) {
      for (int32_t output : *graph.operators()->Get(i)->outputs()) {
        makers_[static_cast<size_t>(output)] = static_cast<int>(i);
      }
    }
    group_.resize(graph.operators()->size());
    for (size_t i = 0; i < group_.size(); ++i) group_[i] = i;
  }

  // Numbers them from `next` on, and returns the number after the last.
  int find(int next) {
    std::vector<bool> joined(group_.size(), false);  // to the graph's own floats: no island
    std::vector<bool> entered(group_.size(), false), left(group_.size(), false);
    for (size_t i = 0; i < group_.size(); ++i) {
      for (int32_t input : *op(i).inputs()) {
        if (input < 0 || !is_float_tensor(input)) continue;
        const int maker = makers_[static_cast<size_t>(input)];
        if (is_float(i) && maker >= 0 && is_float(static_cast<size_t>(maker))) {
          group_[root(i)] = root(static_cast<size_t>(maker));
        }
      }
    }
    for (size_t i = 0; i < group_.size(); ++i) {
      for (int32_t input : *op(i).inputs()) {
        if (input < 0 || graph_.tensors()->Get(static_cast<unsigned>(input))->is_constant())
          continue;
        const int maker = makers_[static_cast<size_t>(input)];
        const bool made_in_float = maker >= 0 && is_float(static_cast<size_t>(maker));
        if (is_float(i) && maker < 0) joined[root(i)] = true;
        if (is_float(i) && maker >= 0 && !made_in_float) entered[root(i)] = true;
        if (!is_float(i) && made_in_float) left[root(static_cast<size_t>(maker))] = true;
      }
    }
    for (int32_t output : *graph_.outputs()) {
      const int maker = makers_[static_cast<size_t>(output)];
      if (maker >= 0) joined[root(static_cast<size_t>(maker))] = true;
    }
    std::vector<int> number(group_.size(), -1);
    for (size_t i = 0; i < group_.size(); ++i) {
      const size_t group = root(i);
      if (!is_float(i) || joined[group] || !entered[group] || !left[group]) continue;
      if (number[group] < 0) number[group] = next++;
      OpFacts& facts = ops_[first_ + i];
      facts.island = number[group];
      const rt::OpSpec* spec = rt::find_spec(op(i).options_type());
      const bool has_form = rt::quantized_as(*spec, op(i).options()) != rt::QuantizedAs::Float;
      facts.why_float =
          has_form ? "a value beside it has no quantization" : "it has no form on integers";
    }
    return next;
  }

 private:
  const fb::Operator& op(size_t i) const {
    return *graph_.operators()->Get(static_cast<unsigned>(i));
  }
  bool is_float(size_t i) const { return ops_[first_ + i].numeric == Numeric::Float; }
  bool is_float_tensor(int32_t t) const {
    return holds_floats(*graph_.tensors()->Get(static_cast<unsigned>(t)));
  }
  size_t root(size_t i) {
    while (group_[i] != i) i = group_[i] = group_[group_[i]];
    return i;
  }

  const fb::Subgraph& graph_;
  std::vector<OpFacts>& ops_;
  const size_t first_;         // of the subgraph's operators among `ops`
  std::vector<int> makers_;    // by tensor
  std::vector<size_t> group_;  // by operator: another one of its group, or itself
};

// A node of the flat graph, and its multiply-accumulates.
struct Work {
  const fb::Operator* op;
  double macs;
};

std::vector<Work> work_of(const rt::GraphView& view) {
  std::vector<Work> work;
  const rt::Result<rt::Shapes> shapes = view.default_shapes();
  for (const rt::Node& node : view.nodes()) {
    const rt::OpSpec& spec = view.spec(static_cast<size_t>(node.index()));
    const bool counts = spec.macs != nullptr && shapes.ok();
    work.push_back({&node.record(), counts ? static_cast<double>(spec.macs(node, *shapes)) : 0});
  }
  return work;
}

// A subgraph and all that it runs, each once.
std::vector<unsigned> reached_from(const rt::Model& model, unsigned subgraph) {
  std::vector<unsigned> reached = {subgraph};
  for (size_t i = 0; i < reached.size(); ++i) {
    for (const fb::Operator* op : *model.root().subgraphs()->Get(reached[i])->operators()) {
      const rt::Calls calls = rt::calls_of(*op);
      for (int k = 0; k < calls.count; ++k) {
        const auto called = static_cast<unsigned>(calls.subgraphs[k]);
        if (std::find(reached.begin(), reached.end(), called) == reached.end()) {
          reached.push_back(called);
        }
      }
    }
  }
  return reached;
}

// By tensor and axis, as the operators compute them where the model can run, else as it declares
// them.
std::vector<std::vector<std::string>> dims_of(const rt::GraphView* view,
                                              const fb::Subgraph& graph) {
  std::vector<std::vector<std::string>> dims(graph.tensors()->size());
  const rt::Dims none;
  for (unsigned t = 0; t < dims.size(); ++t) {
    const auto& declared = *graph.tensors()->Get(t)->shape();
    for (unsigned i = 0; i < declared.size(); ++i) {
      dims[t].push_back(view != nullptr ? view->declared().dims.text(
                                              view->declared().shapes[t][static_cast<int>(i)])
                                        : none.text(declared.Get(i)));
    }
  }
  return dims;
}

}  // namespace

const char* numeric_name(Numeric numeric) {
  switch (numeric) {
    case Numeric::Integer:
      return "integer";
    case Numeric::Float:
      return "float";
    case Numeric::Boundary:
      return "boundary";
  }
  return "";
}

ModelFacts::ModelFacts(const rt::Model& model, uint32_t entry) {
  const unsigned main = model.entry_subgraph(entry);
  rt::GraphView view;
  const bool runs = view.build(model, main).ok();
  std::vector<Work> work;
  if (runs) work = work_of(view);
  for (unsigned g = 0; g < model.root().subgraphs()->size(); ++g) {
    dims.push_back(dims_of(runs && g == main ? &view : nullptr, *model.root().subgraphs()->Get(g)));
  }
  std::map<const fb::Operator*, double> macs_by_op;
  for (const Work& node : work) macs_by_op[node.op] += node.macs;
  for (const unsigned g : reached_from(model, main)) {
    const fb::Subgraph& graph = *model.root().subgraphs()->Get(g);
    const size_t first = ops.size();
    for (const fb::Operator* op : *graph.operators()) {
      ops.push_back({op, g, rt::operator_name(op->options_type(), op->options()),
                     numeric_of(graph, *op), macs_by_op[op], -1, ""});
      macs += ops.back().macs;
      if (ops.back().numeric == Numeric::Float) {
        ++float_ops;
        float_macs += ops.back().macs;
      }
      if (ops.back().numeric == Numeric::Boundary) ++boundary_ops;
    }
    islands = Islands(graph, &ops, first).find(islands);
    for (const fb::Tensor* tensor : *graph.tensors()) {
      if (tensor->is_constant()) {
        weight_bytes[rt::dtype_name(rt::dtype_of(tensor->type()))] += tensor->data_bytes();
      }
    }
  }
  std::map<const fb::Operator*, size_t> place;
  for (size_t i = 0; i < ops.size(); ++i) place[ops[i].op] = i;
  for (const Work& node : work) {
    steps.push_back(ops[place[node.op]]);
    steps.back().macs = node.macs;
  }
}

std::string ModelFacts::summary() const {
  const size_t integer_ops = ops.size() - float_ops - boundary_ops;
  std::string text = format("%zu: ", ops.size());
  if (float_ops == 0 && boundary_ops == 0) return text + "all in integers";
  if (integer_ops == 0 && boundary_ops == 0) return text + "all in float";
  text += format("%zu in integers, %zu in float", integer_ops, float_ops);
  if (boundary_ops > 0) text += format(", %zu in between (quantize, dequantize)", boundary_ops);
  return text;
}

std::string ModelFacts::float_share() const {
  if (macs <= 0 || float_macs <= 0) return "none of the multiplications";
  const double percent = 100 * float_macs / macs;
  return format(
      percent < 0.1 ? "less than 0.1 %% of the multiplications" : "%.1f %% of the multiplications",
      percent);
}

std::string ModelFacts::float_kinds() const {
  std::map<std::string, size_t> counts;
  for (const OpFacts& op : ops) {
    if (op.numeric == Numeric::Float) ++counts[op.kind];
  }
  std::string text;
  for (const auto& [kind, count] : counts) {
    text += format("%s%zu %s", text.empty() ? "" : ", ", count, kind.c_str());
  }
  return text;
}

std::string name_of(const flatbuffers::String* name) { return name != nullptr ? name->str() : ""; }

std::string ModelFacts::shape(size_t subgraph, size_t tensor) const {
  bool open = false;
  std::string by_x, listed;
  for (const std::string& dim : dims[subgraph][tensor]) {
    open = open || dim.find_first_not_of("0123456789") != std::string::npos;
    by_x += (by_x.empty() ? "" : "x") + dim;
    listed += (listed.empty() ? "[" : ", ") + printable(dim);
  }
  if (open) return listed + "]";
  return by_x.empty() ? "scalar" : by_x;
}

uint64_t constant_bytes(const fb::Tensor& tensor) {
  return tensor.is_constant() ? tensor.data_bytes() : 0;
}

std::string quantization_text(const fb::Tensor& tensor) {
  const rt::Quantization q = rt::declared_tensor(tensor).quantization;
  if (!q.present()) return "";
  float least = q.scale(0), most = least;
  bool has_zero_points = false;
  for (size_t i = 0; i < q.count(); ++i) {
    least = std::min(least, q.scale(i));
    most = std::max(most, q.scale(i));
    has_zero_points = has_zero_points || q.zero_point(i) != 0;
  }
  if (q.per_tensor()) {
    return format("scale %.6g, zero point %d", static_cast<double>(least), q.zero_point());
  }
  std::string text = q.block > 0 ? format("by %d along axis %d", q.block, q.axis)
                                 : format("per channel (axis %d)", q.axis);
  text += format(": %zu scales, %.3g…%.3g", q.count(), static_cast<double>(least),
                 static_cast<double>(most));
  return has_zero_points ? text + ", with zero points" : text;
}

}  // namespace qrt::cli
