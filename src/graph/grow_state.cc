#include "src/graph/grow_state.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "src/base/dtype.h"
#include "src/graph/axis_order.h"
#include "src/graph/growing_caches.h"
#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

using rt::Code;
using rt::error;
using rt::Status;

size_t at(int i) { return static_cast<size_t>(i); }

void drop(std::vector<int>* list, int value) {
  list->erase(std::remove(list->begin(), list->end(), value), list->end());
}

class Grower {
 public:
  explicit Grower(Graph& graph) : graph_(graph), caches_(graph) {}

  Status grow(const std::vector<KeptState>& states) {
    QRT_RETURN_IF_ERROR(caches_.find(states));
    if (caches_.all().empty()) return {};
    for (const GrowingCache& cache : caches_.all()) QRT_RETURN_IF_ERROR(find_length(cache));
    for (const Node& node : graph_.nodes) QRT_RETURN_IF_ERROR(rewrite(node));
    return finish();
  }

 private:
  // What caches that grow alike share.
  struct Counter {
    int32_t most, added;
    int variable, number_added, next;  // s64 [1]: the length before, what is added, behind it
    int before = kAbsent;              // the length before, planned for as much as it can be
  };

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
  Status number_added(const GrowingCache& cache, const std::string& name, int* result) {
    if (rt::is_number(cache.added)) {
      *result = number(name, cache.added);
      return {};
    }
    for (int input : graph_.inputs) {
      const rt::Shape shape = caches_.shape(input);
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
                 cache.names.input.c_str(), caches_.described_dim(cache.added).c_str());
  }

  Status find_length(const GrowingCache& cache) {
    for (size_t i = 0; i < counters_.size(); ++i) {
      if (counters_[i].most != cache.names.most || counters_[i].added != cache.added) continue;
      counter_of_cache_.push_back(i);
      return {};
    }
    counter_of_cache_.push_back(counters_.size());
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

  size_t counter_number(const GrowingCache& cache) const {
    return counter_of_cache_[static_cast<size_t>(&cache - caches_.all().data())];
  }
  const Counter& counter_of(const GrowingCache& cache) const {
    return counters_[counter_number(cache)];
  }

  Status rewrite(const Node& one) {
    for (const GrowingCache& cache : caches_.all()) {
      if (&one == &graph_.nodes[cache.join]) {
        append(one, cache);
        return {};
      }
      if (!order_of(one, cache.past).empty()) return {};  // what it gives is read no more
      if (!restores(one, graph_.nodes[cache.join].outputs[0], cache.order)) continue;
      if (one.outputs[0] != cache.present) same_.emplace_back(one.outputs[0], cache.present);
      return {};
    }
    if (one.options.AsShapeOf() != nullptr) return rewrite_shape(one);
    nodes_.push_back(one);
    if (one.options.AsAttention() == nullptr) return {};
    return limit_attention(&nodes_.back());
  }

  // The join: what is new is written behind what there is.
  void append(const Node& join, const GrowingCache& cache) {
    int added = join.inputs[1];
    const bool turned = cache.order != plain_order(cache.order.size());
    if (turned) {
      fb::TransposeT back;
      back.perm = transposition(cache.order, plain_order(cache.order.size()));
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
    const GrowingCache* caches[2];
    for (size_t i : {size_t{1}, size_t{2}}) {
      const rt::Shape shape = caches_.shape(attention->inputs[i]);
      caches[i - 1] = caches_.whose_total(shape[shape.rank() - 2]);
    }
    if (caches[0] == nullptr && caches[1] == nullptr) return {};
    if (caches[0] == nullptr || caches[1] == nullptr ||
        counter_number(*caches[0]) != counter_number(*caches[1])) {
      return refuse(*attention, "has keys and values that do not grow alike");
    }
    attention->inputs.resize(4, kAbsent);
    attention->inputs.push_back(counter_of(*caches[0]).next);
    return {};
  }

  // A shape as numbers: what grows is as long as the run says, and planned for the longest.
  Status rewrite_shape(const Node& one) {
    const rt::Shape shape = caches_.shape(one.inputs[0]);
    if (std::none_of(shape.begin(), shape.end(), [&](int32_t dim) { return caches_.grows(dim); })) {
      nodes_.push_back(one);
      return {};
    }
    std::vector<int> parts;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const int32_t dim = shape[axis];
      const std::string name = one.name + "/" + std::to_string(axis);
      if (rt::is_number(dim)) {
        parts.push_back(number(name, dim));
      } else if (!caches_.grows(dim)) {
        const int all =
            put(&nodes_, name + "/of", DType::S64, {shape.rank()}, fb::ShapeOfT(), {one.inputs[0]});
        fb::SliceT size;
        size.begins = {axis}, size.ends = {axis + 1}, size.strides = {1};
        parts.push_back(put(&nodes_, name, DType::S64, {1}, std::move(size), {all}));
      } else if (const GrowingCache* cache = caches_.whose_total(dim); cache != nullptr) {
        parts.push_back(counter_of(*cache).next);
      } else if (const GrowingCache* past = caches_.whose_length(dim); past != nullptr) {
        parts.push_back(length_before(counters_[counter_number(*past)]));
      } else {
        return refuse(one, "gives the size of " + caches_.described(one.inputs[0]) +
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
  Status finish() {
    first_.insert(first_.end(), std::make_move_iterator(nodes_.begin()),
                  std::make_move_iterator(nodes_.end()));
    graph_.nodes = std::move(first_);
    for (const auto& [from, to] : same_) graph_.replace_uses(from, to);
    for (const GrowingCache& cache : caches_.all()) {
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
  GrowingCaches caches_;
  std::vector<Counter> counters_;
  std::vector<size_t> counter_of_cache_;
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
