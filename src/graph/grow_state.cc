#include "src/graph/grow_state.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "src/base/dtype.h"
#include "src/graph/passes.h"
#include "src/graph/shape_inference.h"
#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

using rt::Code;
using rt::error;
using rt::Status;

using Order = std::vector<int32_t>;

size_t at(int i) { return static_cast<size_t>(i); }

int value_named(const Graph& graph, const std::vector<int>& list, const std::string& name) {
  for (int v : list) {
    if (graph.value(v).name == name) return v;
  }
  return kAbsent;
}

void drop(std::vector<int>* list, int value) {
  list->erase(std::remove(list->begin(), list->end(), value), list->end());
}

Order plain(size_t rank) {
  Order order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

class Grower {
 public:
  explicit Grower(Graph& graph) : graph_(graph), shapes_(graph) {}

  Status grow(const std::vector<KeptState>& states) {
    QRT_RETURN_IF_ERROR(infer());
    for (const KeptState& state : states) {
      if (state.most > 0) QRT_RETURN_IF_ERROR(find(state));
    }
    if (caches_.empty()) return {};
    QRT_RETURN_IF_ERROR(infer());
    for (const Node& node : graph_.nodes) QRT_RETURN_IF_ERROR(check(node));
    QRT_RETURN_IF_ERROR(check_outputs());
    for (Cache& cache : caches_) QRT_RETURN_IF_ERROR(find_length(cache));
    for (const Node& node : graph_.nodes) QRT_RETURN_IF_ERROR(rewrite(node));
    return finish();
  }

 private:
  struct Cache {
    KeptState names;
    int past, present;     // values
    size_t join;           // the node that puts what is new behind
    Order order;           // of the past in the join: that of its axes there
    int axis;              // of the past that grows
    int32_t length;        // of the past, a symbol
    int32_t added, total;  // of what is new, and both
    size_t counter = 0;    // in counters_
  };
  // What caches that grow alike share.
  struct Counter {
    int32_t most, added;
    int variable, number_added, next;  // s64 [1]: the length before, what is added, behind it
    int before = kAbsent;              // the length before, planned for as much as it can be
  };

  const Node& node(size_t n) const { return graph_.nodes[n]; }
  std::string described(int v) { return shapes_.dims().text(shapes_.shape(v)); }

  // All shapes; once caches are known, for lengths within their bounds.
  Status infer() {
    for (const Node& node : graph_.nodes) {
      if (node.outputs.empty() || runs_graphs(node)) continue;
      QRT_RETURN_IF_ERROR(shapes_.infer(node));
      for (int v : node.outputs) {
        rt::Shape shape = shapes_.shape(v);
        for (const Cache& c : caches_) {
          for (int i = 0; i < shape.rank(); ++i) {
            shape[i] = shapes_.dims().limited(shape[i], c.total, c.names.most);
          }
        }
        shapes_.set_shape(v, shape);
      }
    }
    return {};
  }

  Status find(const KeptState& names) {
    Cache c;
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

  // The order of a Transpose of `v`; empty: it is none.
  static Order order_of(const Node& node, int v) {
    const auto* transpose = node.options.AsTranspose();
    return transpose != nullptr && node.inputs[0] == v ? transpose->perm : Order();
  }

  bool find_join(Cache* c) {
    std::vector<std::pair<int, Order>> pasts = {
        {c->past, plain(graph_.value(c->past).shape.size())}};
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
  bool gives(size_t n, const Order& order, const Cache& c) {
    const int joined = node(n).outputs[0];
    if (joined == c.present) return order == plain(order.size());
    return std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& one) {
      return !one.outputs.empty() && one.outputs[0] == c.present && restores(one, joined, order);
    });
  }
  static bool restores(const Node& node, int joined, const Order& order) {
    const Order back = order_of(node, joined);
    for (size_t i = 0; i < back.size(); ++i) {
      if (order[at(back[i])] != static_cast<int32_t>(i)) return false;
    }
    return !back.empty();
  }

  bool grows(int32_t dim) {
    if (rt::is_number(dim)) return false;
    return std::any_of(caches_.begin(), caches_.end(),
                       [&](const Cache& c) { return shapes_.dims().mentions(dim, c.length); });
  }
  const Cache* whose_total(int32_t dim) const {
    for (const Cache& c : caches_) {
      if (c.total == dim) return &c;
    }
    return nullptr;
  }
  // Whether the numbers that this small value holds depend on a length.
  bool counts(int v) {
    const rt::Integers* integers = shapes_.integers(v);
    return integers != nullptr && std::any_of(integers->begin(), integers->end(),
                                              [&](int32_t number) { return grows(number); });
  }

  bool goes(const Node& one) const {
    return std::any_of(caches_.begin(), caches_.end(), [&](const Cache& c) {
      return &one == &graph_.nodes[c.join] || !order_of(one, c.past).empty();
    });
  }

  // That a node computes the same for each place, however many there are behind it.
  Status check(const Node& one) {
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
                          one.options.AsBroadcastTo() != nullptr ||
                          one.options.AsSlice() != nullptr;
        if (made && whose_total(dim) != nullptr) continue;
        return refuse(one, "gives " + described(v) + ", which grows in another way than a state");
      }
    }
    return {};
  }

  bool may_read(const Node& one, size_t input, int axis) {
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

  // Whether an input may hold numbers that are only known in a run, while sizes are planned for the
  // longest state.
  static bool may_compute_with(const Node& one, size_t input) {
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

  Status refuse(const Node& one, const std::string& why) {
    return error(Code::Unsupported, "'%s' (%s) %s", one.name.c_str(), node_kind(one).c_str(),
                 why.c_str());
  }

  Status check_outputs() {
    for (int v : graph_.outputs) {
      const bool kept = std::any_of(caches_.begin(), caches_.end(),
                                    [&](const Cache& c) { return c.present == v; });
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

  // ---- What comes instead ----

  int number(const std::string& name, int32_t n) {
    return graph_.add_constant<int64_t>(name, {1}, {n});
  }
  int put(std::vector<Node>* where, const std::string& name, DType type, std::vector<int32_t> shape,
          fb::OpOptionsUnion options, std::vector<int> inputs) {
    Node made;
    made.name = name;
    made.options = std::move(options);
    made.inputs = std::move(inputs);
    made.outputs = {graph_.add_tensor(name, type, std::move(shape))};
    where->push_back(std::move(made));
    return where->back().outputs[0];
  }
  template <class Options>
  int put(std::vector<Node>* where, const std::string& name, DType type, std::vector<int32_t> shape,
          Options options, std::vector<int> inputs) {
    fb::OpOptionsUnion made;
    made.Set(std::move(options));
    return put(where, name, type, std::move(shape), std::move(made), std::move(inputs));
  }

  // How many a run adds, from the graph's inputs.
  Status number_added(const Cache& cache, const std::string& name, int* result) {
    if (rt::is_number(cache.added)) {
      *result = number(name, cache.added);
      return {};
    }
    for (int input : graph_.inputs) {
      const rt::Shape shape = shapes_.shape(input);
      for (int axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] != cache.added) continue;
        const int all =
            put(&first_, name + "/of", DType::S64, {shape.rank()}, fb::ShapeOfT(), {input});
        fb::SliceT one;
        one.begins = {axis}, one.ends = {axis + 1}, one.strides = {1};
        *result = put(&first_, name, DType::S64, {1}, std::move(one), {all});
        return {};
      }
    }
    return error(Code::Unsupported, "'%s' grows by %s, which is no dimension of an input",
                 cache.names.input.c_str(), shapes_.dims().text(cache.added).c_str());
  }

  Status find_length(Cache& cache) {
    for (size_t i = 0; i < counters_.size(); ++i) {
      if (counters_[i].most != cache.names.most || counters_[i].added != cache.added) continue;
      cache.counter = i;
      return {};
    }
    cache.counter = counters_.size();
    Counter counter;
    counter.most = cache.names.most;
    counter.added = cache.added;
    const std::string name = cache.names.input;
    counter.variable = graph_.add_tensor(name + "/length", DType::S64, {1});
    graph_.value(counter.variable).variable = true;
    QRT_RETURN_IF_ERROR(number_added(cache, name + "/added", &counter.number_added));
    const int next = put(&first_, name + "/unlimited", DType::S64, {1}, fb::BinaryT(),
                         {counter.variable, counter.number_added});
    counter.next = put(&first_, name + "/next", DType::S64, {1}, fb::SizeLimitT(),
                       {next, number(name + "/max", counter.most)});
    counters_.push_back(counter);
    return {};
  }

  // The length before, for sizes.
  int length_before(Counter& counter) {
    if (counter.before != kAbsent) return counter.before;
    const std::string name = graph_.value(counter.variable).name;
    fb::BinaryT less;
    less.kind = fb::BinaryKind::Sub;
    const int limit = put(&first_, name + "/limit", DType::S64, {1}, std::move(less),
                          {number(name + "/max", counter.most), counter.number_added});
    counter.before = put(&first_, name + "/before", DType::S64, {1}, fb::SizeLimitT(),
                         {counter.variable, limit});
    return counter.before;
  }

  const Counter& counter_of(const Cache& cache) const { return counters_[cache.counter]; }

  Status rewrite(const Node& one) {
    for (const Cache& cache : caches_) {
      if (&one == &node(cache.join)) {
        append(one, cache);
        return {};
      }
      if (!order_of(one, cache.past).empty()) return {};  // what it gives is read no more
      if (!restores(one, node(cache.join).outputs[0], cache.order)) continue;
      if (one.outputs[0] != cache.present) same_.emplace_back(one.outputs[0], cache.present);
      return {};
    }
    if (one.options.AsShapeOf() != nullptr) return rewrite_shape(one);
    nodes_.push_back(one);
    if (one.options.AsAttention() == nullptr) return {};
    return limit_attention(&nodes_.back());
  }

  // The join: what is new is written behind what there is.
  void append(const Node& join, const Cache& cache) {
    int added = join.inputs[1];
    const bool turned = cache.order != plain(cache.order.size());
    if (turned) {
      fb::TransposeT back;
      back.perm.resize(cache.order.size());
      for (size_t i = 0; i < cache.order.size(); ++i) {
        back.perm[at(cache.order[i])] = static_cast<int32_t>(i);
      }
      added = put(&nodes_, cache.names.input + "/new", graph_.value(cache.past).type, {},
                  std::move(back), {added});
    }
    fb::TensorScatterT scatter;
    scatter.axis = cache.axis;
    nodes_.push_back(Graph::make_node(
        join.name, scatter, {cache.past, added, counter_of(cache).variable}, {cache.present}));
    if (!turned) return;
    fb::TransposeT order;
    order.perm = cache.order;
    nodes_.push_back(Graph::make_node(join.name + "/turned", std::move(order), {cache.present},
                                      {join.outputs[0]}));
  }

  // Attention looks at no more keys than there are.
  Status limit_attention(Node* attention) {
    const Cache* caches[2];
    for (size_t i : {size_t{1}, size_t{2}}) {
      const rt::Shape shape = shapes_.shape(attention->inputs[i]);
      caches[i - 1] = whose_total(shape[shape.rank() - 2]);
    }
    if (caches[0] == nullptr && caches[1] == nullptr) return {};
    if (caches[0] == nullptr || caches[1] == nullptr || caches[0]->counter != caches[1]->counter) {
      return refuse(*attention, "has keys and values that do not grow alike");
    }
    attention->inputs.resize(4, kAbsent);
    attention->inputs.push_back(counter_of(*caches[0]).next);
    return {};
  }

  // A shape as numbers: what grows is as long as the run says, and planned for the longest.
  Status rewrite_shape(const Node& one) {
    const rt::Shape shape = shapes_.shape(one.inputs[0]);
    if (std::none_of(shape.begin(), shape.end(), [&](int32_t dim) { return grows(dim); })) {
      nodes_.push_back(one);
      return {};
    }
    std::vector<int> parts;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const int32_t dim = shape[axis];
      const std::string name = one.name + "/" + std::to_string(axis);
      if (rt::is_number(dim)) {
        parts.push_back(number(name, dim));
      } else if (!grows(dim)) {
        const int all =
            put(&nodes_, name + "/of", DType::S64, {shape.rank()}, fb::ShapeOfT(), {one.inputs[0]});
        fb::SliceT size;
        size.begins = {axis}, size.ends = {axis + 1}, size.strides = {1};
        parts.push_back(put(&nodes_, name, DType::S64, {1}, std::move(size), {all}));
      } else if (const Cache* cache = whose_total(dim); cache != nullptr) {
        parts.push_back(counter_of(*cache).next);
      } else if (const Cache* past = whose_length(dim); past != nullptr) {
        parts.push_back(length_before(counters_[past->counter]));
      } else {
        return refuse(one, "gives the size of " + described(one.inputs[0]) +
                               ", which grows in another way than a state");
      }
    }
    const Value result = graph_.value(one.outputs[0]);
    fb::ConcatT join;
    if (result.type == DType::S64) {
      nodes_.push_back(Graph::make_node(one.name, join, parts, one.outputs));
      return {};
    }
    const int wide = put(&nodes_, one.name + "/s64", DType::S64, result.shape, join, parts);
    nodes_.push_back(Graph::make_node(one.name, fb::CastT(), {wide}, one.outputs));
    return {};
  }
  const Cache* whose_length(int32_t dim) const {
    for (const Cache& c : caches_) {
      if (c.length == dim) return &c;
    }
    return nullptr;
  }

  Status finish() {
    first_.insert(first_.end(), std::make_move_iterator(nodes_.begin()),
                  std::make_move_iterator(nodes_.end()));
    graph_.nodes = std::move(first_);
    for (const auto& [from, to] : same_) graph_.replace_uses(from, to);
    for (const Cache& cache : caches_) {
      drop(&graph_.inputs, cache.past);
      drop(&graph_.outputs, cache.present);
      Value& past = graph_.value(cache.past);
      past.variable = true;
      past.dim_names.clear();
      past.shape[at(cache.axis)] = cache.names.most;
      graph_.value(cache.present).shape = past.shape;
      graph_.add_node(cache.names.input + "/grown", fb::AssignVariableT(),
                      {cache.past, cache.present}, {});
    }
    for (const Counter& counter : counters_) {
      graph_.add_node(graph_.value(counter.variable).name, fb::AssignVariableT(),
                      {counter.variable, counter.next}, {});
    }
    // What follows from the length is a number now.
    ShapeInference planned(graph_);
    for (const Node& one : graph_.nodes) {
      if (one.outputs.empty() || runs_graphs(one)) continue;
      if (Status status = planned.infer(one); !status.ok()) return refuse(one, status.message());
    }
    return remove_dead(graph_);
  }

  Graph& graph_;
  ShapeInference shapes_;
  std::vector<Cache> caches_;
  std::vector<Counter> counters_;
  std::vector<Node> first_, nodes_;        // what the graph begins with, and the rest
  std::vector<std::pair<int, int>> same_;  // values, and what takes their place
};

}  // namespace

Status grow_states(Graph& graph, const std::vector<KeptState>& states) {
  if (std::none_of(states.begin(), states.end(), [](const KeptState& s) { return s.most > 0; })) {
    return {};
  }
  return Grower(graph).grow(states);
}

}  // namespace qrt::graph
