#include "src/graph/growing_caches.h"

#include <algorithm>
#include <utility>

#include "src/graph/axis_order.h"
#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

using rt::Code;
using rt::error;
using rt::Status;

size_t at(int i) { return static_cast<size_t>(i); }

int value_named(const Graph& graph, const std::vector<int>& list, const std::string& name) {
  for (int v : list) {
    if (graph.value(v).name == name) return v;
  }
  return kAbsent;
}

// Whether an input may hold numbers that are only known in a run, while sizes are planned for the
// longest state.
bool may_compute_with(const Node& one, size_t input) {
  switch (one.type()) {
    case fb::OpOptions::Binary:
    case fb::OpOptions::Unary:
    case fb::OpOptions::Cast:
    case fb::OpOptions::Concat:
    case fb::OpOptions::Gather:
    case fb::OpOptions::Range:
    case fb::OpOptions::Select:
    case fb::OpOptions::Squeeze:
    case fb::OpOptions::Split:
    case fb::OpOptions::BroadcastTo:
    case fb::OpOptions::Transpose:
    case fb::OpOptions::Reduce:
      return true;
    case fb::OpOptions::Reshape:
    case fb::OpOptions::Tile:
      return input == 0 || one.options.AsReshape() != nullptr;
    case fb::OpOptions::Slice:  // reads where it begins in a run
      return true;
    default:
      return false;
  }
}

}  // namespace

Order order_of(const Node& node, int v) {
  const auto* transpose = node.options.AsTranspose();
  return transpose != nullptr && node.inputs[0] == v ? transpose->perm : Order();
}

bool restores(const Node& node, int joined, const Order& order) {
  const Order back = order_of(node, joined);
  for (size_t i = 0; i < back.size(); ++i) {
    if (order[at(back[i])] != static_cast<int32_t>(i)) return false;
  }
  return !back.empty();
}

Status refuse(const Node& one, const std::string& why) {
  return error(Code::Unsupported, "'%s' (%s) %s", one.name.c_str(), node_kind(one).c_str(),
               why.c_str());
}

Status GrowingCaches::find(const std::vector<KeptState>& states) {
  QRT_RETURN_IF_ERROR(infer());
  for (const KeptState& state : states) {
    if (state.most > 0) QRT_RETURN_IF_ERROR(find(state));
  }
  if (caches_.empty()) return {};
  QRT_RETURN_IF_ERROR(infer());
  for (const Node& node : graph_.nodes) QRT_RETURN_IF_ERROR(check(node));
  return check_outputs();
}

// All shapes; once caches are known, for lengths within their bounds.
Status GrowingCaches::infer() {
  for (const Node& node : graph_.nodes) {
    if (node.outputs.empty() || runs_graphs(node)) continue;
    QRT_RETURN_IF_ERROR(shapes_.infer(node));
    for (int v : node.outputs) {
      rt::Shape shape = shapes_.shape(v);
      for (const GrowingCache& c : caches_) {
        for (int i = 0; i < shape.rank(); ++i) {
          shape[i] = shapes_.dims().limited(shape[i], c.total, c.names.most);
        }
      }
      shapes_.set_shape(v, shape);
    }
  }
  return {};
}

Status GrowingCaches::find(const KeptState& names) {
  GrowingCache c;
  c.names = names;
  c.past = value_named(graph_, graph_.inputs, names.input);
  c.present = value_named(graph_, graph_.outputs, names.output);
  const rt::Shape shape = shapes_.shape(c.past);
  c.axis = -1;
  int open = 0;
  for (int i = 0; i < shape.rank(); ++i) {
    if (rt::is_number(shape[i])) continue;
    c.axis = i;
    ++open;
  }
  if (open != 1) {
    return error(Code::InvalidArgument,
                 "'%s' is %s: a state that grows has one open dimension, along which it does; "
                 "--shape fixes others, such as the batch, by any input that has them",
                 names.input.c_str(), described(c.past).c_str());
  }
  c.length = shape[c.axis];
  if (!find_join(&c)) {
    return error(Code::InvalidArgument,
                 "'%s' is not '%s' with something behind it along axis %d, so that it does not "
                 "grow from one to the other",
                 names.output.c_str(), names.input.c_str(), c.axis);
  }
  const int join_axis =
      static_cast<int>(std::find(c.order.begin(), c.order.end(), c.axis) - c.order.begin());
  c.added = shapes_.shape(node(c.join).inputs[1])[join_axis];
  c.total = shapes_.shape(node(c.join).outputs[0])[join_axis];
  if (rt::is_number(c.added) && c.added > names.most) {
    return error(Code::InvalidArgument, "'%s' grows by %d at a time, to %d at most",
                 names.input.c_str(), c.added, names.most);
  }
  caches_.push_back(std::move(c));
  return {};
}

bool GrowingCaches::find_join(GrowingCache* c) {
  std::vector<std::pair<int, Order>> pasts = {
      {c->past, plain_order(graph_.value(c->past).shape.size())}};
  for (const Node& one : graph_.nodes) {
    const Order order = order_of(one, c->past);
    if (!order.empty()) pasts.emplace_back(one.outputs[0], order);
  }
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    const auto* concat = node(n).options.AsConcat();
    if (concat == nullptr || node(n).inputs.size() != 2) continue;
    for (const auto& [past, order] : pasts) {
      if (node(n).inputs[0] != past || node(n).inputs[1] == past) continue;
      const auto rank = static_cast<int>(order.size());
      const int axis = concat->axis < 0 ? concat->axis + rank : concat->axis;
      if (order[at(axis)] != c->axis || !gives(n, order, *c)) continue;
      c->join = n;
      c->order = order;
      return true;
    }
  }
  return false;
}

// Whether what a node gives is the present, once it has the order of the past again.
bool GrowingCaches::gives(size_t n, const Order& order, const GrowingCache& c) {
  const int joined = node(n).outputs[0];
  if (joined == c.present) return order == plain_order(order.size());
  return std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& one) {
    return !one.outputs.empty() && one.outputs[0] == c.present && restores(one, joined, order);
  });
}
bool GrowingCaches::grows(int32_t dim) {
  if (rt::is_number(dim)) return false;
  return std::any_of(caches_.begin(), caches_.end(),
                     [&](const GrowingCache& c) { return shapes_.dims().mentions(dim, c.length); });
}
const GrowingCache* GrowingCaches::whose_length(int32_t dim) const {
  for (const GrowingCache& c : caches_) {
    if (c.length == dim) return &c;
  }
  return nullptr;
}

const GrowingCache* GrowingCaches::whose_total(int32_t dim) const {
  for (const GrowingCache& c : caches_) {
    if (c.total == dim) return &c;
  }
  return nullptr;
}
// Whether the numbers that this small value holds depend on a length.
bool GrowingCaches::counts(int v) {
  const rt::Integers* integers = shapes_.integers(v);
  return integers != nullptr && std::any_of(integers->begin(), integers->end(),
                                            [&](int32_t number) { return grows(number); });
}

bool GrowingCaches::goes(const Node& one) const {
  return std::any_of(caches_.begin(), caches_.end(), [&](const GrowingCache& c) {
    return &one == &graph_.nodes[c.join] || !order_of(one, c.past).empty();
  });
}

// That a node computes the same for each place, however many there are behind it.
Status GrowingCaches::check(const Node& one) {
  if (goes(one) || one.options.AsShapeOf() != nullptr) return {};
  bool grown = false;
  for (size_t i = 0; i < one.inputs.size(); ++i) {
    const int v = one.inputs[i];
    if (v == kAbsent) continue;
    const rt::Shape shape = shapes_.shape(v);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (!grows(shape[axis])) continue;
      grown = true;
      if (!may_read(one, i, axis)) {
        return refuse(one, "reads '" + graph_.value(v).name + "' of " + described(v) +
                               ", of which only the first places count in a run: only Attention, "
                               "and what works on each place by itself, can");
      }
    }
    if (counts(v) && !may_compute_with(one, i)) {
      return refuse(one, "has sizes that follow from '" + graph_.value(v).name +
                             "', which depends on the length of a state that grows");
    }
  }
  for (int v : one.outputs) {
    for (int32_t dim : shapes_.shape(v)) {
      if (!grows(dim)) continue;
      const bool made = grown || one.options.AsRange() != nullptr ||
                        one.options.AsBroadcastTo() != nullptr || one.options.AsSlice() != nullptr;
      if (made && whose_total(dim) != nullptr) continue;
      return refuse(one, "gives " + described(v) + ", which grows in another way than a state");
    }
  }
  return {};
}

bool GrowingCaches::may_read(const Node& one, size_t input, int axis) {
  const rt::Shape shape = shapes_.shape(one.inputs[input]);
  const int32_t dim = shape[axis];
  if (whose_total(dim) == nullptr) return false;
  if (one.options.AsAttention() != nullptr) {
    if (one.inputs.size() > 4) return false;
    return input == 3 ? axis == shape.rank() - 1 : input != 0 && axis == shape.rank() - 2;
  }
  if (!shapes_.keeps_places(one, input, axis)) return false;
  return std::all_of(one.outputs.begin(), one.outputs.end(), [&](int v) {
    const rt::Shape& out = shapes_.shape(v);
    return std::count(out.begin(), out.end(), dim) == 1;
  });
}

Status GrowingCaches::check_outputs() {
  for (int v : graph_.outputs) {
    const bool kept = std::any_of(caches_.begin(), caches_.end(),
                                  [&](const GrowingCache& c) { return c.present == v; });
    const rt::Shape shape = shapes_.shape(v);
    if (kept || std::none_of(shape.begin(), shape.end(), [&](int32_t d) { return grows(d); })) {
      continue;
    }
    return error(Code::Unsupported,
                 "output '%s' is %s: it grows with a state, and is not kept as one",
                 graph_.value(v).name.c_str(), described(v).c_str());
  }
  return {};
}

}  // namespace qrt::graph
