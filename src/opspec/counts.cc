#include "src/opspec/counts.h"

#include <algorithm>

namespace qrt::rt {
namespace {

using Counted = GraphShapes::Counted;

class CountCheck {
 public:
  CountCheck(const FlatGraph& graph, GraphShapes& declared) : graph_(graph), declared_(declared) {}

  // The node that decides this dimension; null: none does. An error if it does so in part only.
  Status find(const Node& node, const Shape& shape, int axis, const Counted** found) {
    *found = nullptr;
    for (const Counted& one : declared_.counted) {
      if (shape[axis] == one.symbol) {
        *found = &one;
        return {};
      }
      if (!declared_.dims.mentions(shape[axis], one.symbol)) continue;
      return node.fail(Code::Unsupported,
                       "a size of %s follows from one that only a run of operator %d decides",
                       declared_.dims.text(shape).c_str(), one.node);
    }
    return {};
  }

  Status check(const Node& node, const OpSpec& spec) {
    for (size_t i = 0; i < node.inputs(); ++i) {
      if (!node.has_input(i)) continue;
      const Shape& shape = node.shape_in(declared_.shapes, i);
      for (int axis = 0; axis < shape.rank(); ++axis) {
        const Counted* counted;
        QRT_RETURN_IF_ERROR(find(node, shape, axis, &counted));
        if (counted == nullptr) continue;
        const bool keeps = spec.keeps_places != nullptr &&
                           spec.keeps_places(node, declared_.shapes, i, axis) &&
                           all_outputs_have(node, counted->symbol);
        if (keeps) continue;
        return node.fail(Code::Unsupported,
                         "input %zu is along axis %d as long as a run of operator %d says, which "
                         "it cannot read",
                         i, axis, counted->node);
      }
    }
    for (size_t k = 0; k < node.outputs(); ++k) {
      const Shape& shape = node.shape_out(declared_.shapes, k);
      for (int axis = 0; axis < shape.rank(); ++axis) {
        const Counted* counted;
        QRT_RETURN_IF_ERROR(find(node, shape, axis, &counted));
      }
    }
    return {};
  }

  // Memory that both branches or all rounds use is of one size.
  Status check(const Step& step) {
    const Node& control = graph_.controls[static_cast<size_t>(step.node)];
    for (int t : {step.from, step.to}) {
      const Shape& shape = declared_.shapes[static_cast<size_t>(t)];
      for (int axis = 0; axis < shape.rank(); ++axis) {
        const Counted* counted;
        QRT_RETURN_IF_ERROR(find(control, shape, axis, &counted));
        if (counted == nullptr) continue;
        return control.fail(Code::Unsupported, "'%s' is as long as a run of operator %d says",
                            graph_.tensors[static_cast<size_t>(t)].name, counted->node);
      }
    }
    return {};
  }

 private:
  bool all_outputs_have(const Node& node, int32_t symbol) const {
    for (size_t k = 0; k < node.outputs(); ++k) {
      const Shape& shape = node.shape_out(declared_.shapes, k);
      if (std::count(shape.begin(), shape.end(), symbol) != 1) return false;
    }
    return true;
  }

  const FlatGraph& graph_;
  GraphShapes& declared_;
};

// Where a step stands that may be left out or run several times, a count may be an old one.
bool always_runs_once(const FlatGraph& graph, size_t step) {
  for (const auto& [begin, end] : graph.loops) {
    if (step >= begin && step < end) return false;
  }
  for (size_t s = 0; s < graph.steps.size(); ++s) {
    const bool jumps =
        graph.steps[s].kind == Step::Kind::Branch || graph.steps[s].kind == Step::Kind::Jump;
    if (jumps && step > s && step < graph.steps[s].target) return false;
  }
  return true;
}

}  // namespace

Status check_counts(const FlatGraph& graph, GraphShapes& declared,
                    std::vector<CountedOutput>* outputs) {
  outputs->clear();
  if (declared.counted.empty()) return {};
  CountCheck counts(graph, declared);
  for (size_t s = 0; s < graph.steps.size(); ++s) {
    const Step& step = graph.steps[s];
    if (step.kind == Step::Kind::Copy) QRT_RETURN_IF_ERROR(counts.check(step));
    if (step.kind != Step::Kind::Run) continue;
    const Node& node = graph.nodes[static_cast<size_t>(step.node)];
    QRT_RETURN_IF_ERROR(counts.check(node, *graph.specs[static_cast<size_t>(step.node)]));
    const bool decides = std::any_of(declared.counted.begin(), declared.counted.end(),
                                     [&](const Counted& one) { return one.node == step.node; });
    if (decides && !always_runs_once(graph, s)) {
      return node.fail(Code::Unsupported,
                       "decides a size of its own, and stands in a branch or a loop");
    }
  }
  for (size_t o = 0; o < graph.outputs.size(); ++o) {
    const auto t = static_cast<size_t>(graph.outputs[o]);
    const Shape& shape = declared.shapes[t];
    const size_t before = outputs->size();
    for (int axis = 0; axis < shape.rank(); ++axis) {
      for (const GraphShapes::Counted& one : declared.counted) {
        if (shape[axis] == one.symbol) outputs->push_back({o, axis, one.node});
      }
    }
    if (outputs->size() > before + 1) {
      return error(Code::Unsupported, "output '%s' has two sizes that only a run decides",
                   graph.tensors[t].name);
    }
  }
  return {};
}

}  // namespace qrt::rt
