// Loop: its body is given the round's number, whether to go on, and what is carried from round to
// round; it gives whether to go on, what is carried, and an element of each list that the loop
// collects.
#include <algorithm>
#include <cstring>
#include <optional>

#include "src/base/checked.h"
#include "src/base/dtype.h"
#include "src/graph/subgraphs.h"
#include "src/import/onnx/control.h"
#include "src/import/onnx/errors.h"
#include "src/import/onnx/numbers.h"

namespace qrt::import::onnx_import {
namespace {

// Rounds that become Calls, which are inlined; and what copies of constants they may cost.
constexpr int64_t kMostCalls = 64;
constexpr uint64_t kMostCopies = 64 << 20;

size_t at(int i) { return static_cast<size_t>(i); }

// A value that a graph gives under another name: what that is a name of.
int renamed(const graph::Graph& g, int value) {
  for (const graph::Node& node : g.nodes) {
    if (node.outputs[0] != value || node.type() != fb::OpOptions::Reshape) continue;
    const int from = node.inputs[0];
    if (node.inputs.size() == 1 && g.value(from).shape == g.value(value).shape) return from;
  }
  return value;
}

// Whether a body goes on, if it always gives the same.
std::optional<bool> known_condition(const graph::Graph& body) {
  const graph::Value& condition = body.value(renamed(body, body.outputs[0]));
  if (!condition.constant() || condition.data->size() != 1) return {};
  return (*condition.data)[0] != 0;
}

class LoopImport {
 public:
  LoopImport(const ::onnx::NodeProto& node, ControlScope& scope)
      : node_(node), scope_(scope), builder_(scope.builder) {}

  bool run() {
    read_body();
    for (const std::string& input : node_.input()) {
      if (!input.empty() && scope_.tensors.at(input) == nullptr) return false;
    }
    if (!scope_.find_captured(node_, &captured_)) return false;
    for (int j = 2; j < node_.input_size(); ++j) {
      if (node_.input(j).empty()) invalid("input %d is missing", j);
      carried_.push_back(scope_.tensors.at(node_.input(j)));
    }
    read_limits();
    if (!run_calls()) run_while();
    return true;
  }

 private:
  void read_body() {
    for (const auto& attribute : node_.attribute()) {
      if (attribute.name() == "body" && attribute.has_g()) body_ = &attribute.g();
    }
    if (body_ == nullptr) invalid("has no body");
    if (node_.input_size() < 2 || body_->input_size() != node_.input_size()) {
      invalid("its body has %d inputs, it has %d", body_->input_size(), node_.input_size());
    }
    lists_ = body_->output_size() - 1 - (node_.input_size() - 2);
    if (lists_ < 0 || node_.output_size() > body_->output_size() - 1) {
      invalid("its body has %d outputs, it has %d", body_->output_size(), node_.output_size());
    }
  }

  void read_limits() {
    if (!node_.input(0).empty()) {
      limit_ = scope_.tensors.at(node_.input(0));
      if (limit_->type != DType::S64) invalid("its number of rounds is no INT64");
      if (const auto numbers = numbers_of(builder_, *limit_)) {
        if (numbers->size() != 1) invalid("its number of rounds is not one number");
        rounds_ = numbers->integers[0];
      }
    }
    if (node_.input(1).empty()) {
      goes_on_ = true;
      return;
    }
    condition_ = scope_.tensors.at(node_.input(1));
    if (condition_->type != DType::Bool) invalid("its condition is no bool");
    if (const graph::Value* known = builder_.constant_value(*condition_)) {
      if (known->data->size() != 1) invalid("its condition is not one bool");
      goes_on_ = (*known->data)[0] != 0;
    }
  }

  // The body's inputs and what it reads around it.
  std::vector<Captured> around(const TensorPtr& round, const TensorPtr& condition,
                               const std::vector<TensorPtr>& carried, bool constants) const {
    std::vector<Captured> all;
    const auto add = [&](int input, const TensorPtr& tensor) {
      const bool constant = constants && builder_.constant_value(*tensor) != nullptr;
      all.push_back({body_->input(input).name(), tensor, constant});
    };
    add(0, round);
    add(1, condition);
    for (size_t j = 0; j < carried.size(); ++j) add(static_cast<int>(j) + 2, carried[j]);
    all.insert(all.end(), captured_.begin(), captured_.end());
    return all;
  }

  graph::Graph body(const std::vector<Captured>& around) const {
    ::onnx::GraphProto bound = *body_;
    bound.clear_input();
    return scope_.import_graph(bound, "body", around);
  }

  std::string name(const char* what) const {
    return (node_.name().empty() ? node_.output(0) : node_.name()) + "/" + what;
  }

  Shape scalar_of(int input) const {
    return body_->input(input).type().tensor_type().shape().dim_size() == 1 ? Shape{1} : Shape{};
  }
  TensorPtr number(const std::string& wanted, int64_t value) const {
    return make_constant(builder_, wanted, {DType::S64, scalar_of(0), {value}, {}});
  }
  TensorPtr truth(bool value) const {
    return make_constant(builder_, name("goes_on"), {DType::Bool, scalar_of(1), {value}, {}});
  }

  void give(int k, const TensorPtr& tensor) {
    if (k < node_.output_size() && !node_.output(k).empty()) {
      scope_.tensors[node_.output(k)] = tensor;
    }
  }

  // ---- a Call a round -------------------------------------------------------------------------

  // False if that is not known to end soon.
  bool run_calls() {
    if (!goes_on_) return false;
    const int64_t most = rounds_ ? std::max<int64_t>(*rounds_, 0) : limit_ ? -1 : kMostCalls + 1;
    if (most < 0 || (rounds_ && most > kMostCalls)) return false;
    uint64_t copied = 0;
    for (const Captured& one : captured_) {
      if (one.constant) copied += builder_.constant_value(*one.tensor)->data->size();
    }
    if (copied * static_cast<uint64_t>(std::min(most, kMostCalls)) > kMostCopies) return false;

    std::vector<TensorPtr> carried = carried_;
    std::vector<std::vector<TensorPtr>> lists(at(lists_));
    bool goes_on = *goes_on_;
    for (int64_t round = 0; goes_on && round < most; ++round) {
      if (round == kMostCalls) return false;
      const auto all = around(number(name("round"), round), truth(true), carried, true);
      graph::Graph graph = body(all);
      const std::optional<bool> known = known_condition(graph);
      if (!known) return false;
      goes_on = *known;
      std::vector<TensorPtr> results = call(std::move(graph), all, round);
      for (size_t j = 0; j < carried.size(); ++j) carried[j] = results[1 + j];
      for (size_t k = 0; k < lists.size(); ++k) lists[k].push_back(results[1 + carried.size() + k]);
    }
    for (size_t j = 0; j < carried.size(); ++j) give(static_cast<int>(j), carried[j]);
    for (size_t k = 0; k < lists.size(); ++k)
      give(static_cast<int>(carried.size() + k), joined(k, lists[k]));
    return true;
  }

  // What a graph gives: constants and what it was given as they are, the rest by a Call.
  std::vector<TensorPtr> call(graph::Graph graph, const std::vector<Captured>& all, int64_t round) {
    std::vector<TensorPtr> results;
    std::vector<int> inputs, outputs, called;
    std::vector<TensorPtr> given;  // by the graph's input
    for (const Captured& one : all) {
      if (one.constant) continue;
      given.push_back(one.tensor);
      inputs.push_back(builder_.plain(*one.tensor));
    }
    const std::string prefix = name("round") + std::to_string(round) + "/";
    for (int output : graph.outputs) {
      const int value = renamed(graph, output);
      const graph::Value& made = graph.value(value);
      const auto input = std::find(graph.inputs.begin(), graph.inputs.end(), value);
      if (input != graph.inputs.end()) {
        results.push_back(given[static_cast<size_t>(input - graph.inputs.begin())]);
      } else if (made.constant()) {
        const Shape shape(made.shape.begin(), made.shape.end());
        results.push_back(builder_.constant(prefix + made.name, made.type, shape, *made.data));
      } else {
        outputs.push_back(scope_.value_like(prefix + made.name, made));
        called.push_back(output);
        results.push_back(scope_.tensor_of(prefix + made.name, outputs.back()));
      }
    }
    if (outputs.empty()) return results;
    graph.outputs = std::move(called);
    fb::CallT options;
    options.subgraph = adopt(std::move(graph), &builder_.graph);
    builder_.node_as_declared(prefix + "call", std::move(options), std::move(inputs),
                              std::move(outputs));
    return results;
  }

  // Elements as one list.
  TensorPtr joined(size_t k, const std::vector<TensorPtr>& elements) {
    if (elements.empty()) unsupported("it collects nothing, for it has no rounds");
    std::vector<int> rows;
    for (const TensorPtr& element : elements) {
      Shape shape = element->shape;
      shape.insert(shape.begin(), 1);
      rows.push_back(builder_.reshaped(builder_.plain(*element), shape, element->name + "/row"));
    }
    const std::string wanted = name("list") + std::to_string(k);
    if (rows.size() == 1) return scope_.tensor_of(wanted, rows[0]);
    const int value = builder_.value(wanted, elements[0]->type);
    builder_.node(wanted, fb::ConcatT{}, std::move(rows), {value});
    return scope_.tensor_of(wanted, value);
  }

  // ---- a While --------------------------------------------------------------------------------

  void run_while() {
    const TensorPtr first = number(name("round"), 0);
    const TensorPtr condition = condition_ ? condition_ : truth(true);
    std::vector<Captured> all = around(first, condition, carried_, false);
    graph::Graph body_graph = body(all);
    std::vector<int> state;  // as the While is given it
    for (const Captured& one : all) {
      if (!one.constant) state.push_back(builder_.plain(*one.tensor));
    }
    const size_t carried = 2 + carried_.size();
    std::vector<int> results = body_graph.outputs;
    results.resize(carried - 1);
    for (int& result : results) result = renamed(body_graph, result);
    results.insert(results.begin(), next_round(&body_graph));
    results[1] = shaped_like(&body_graph, results[1], body_graph.inputs[1]);
    // What it reads around it stays what it is.
    for (size_t i = carried; i < body_graph.inputs.size(); ++i) {
      results.push_back(body_graph.inputs[i]);
    }
    const auto add_state = [&](const TensorPtr& tensor) {
      state.push_back(builder_.plain(*tensor));
      const graph::Value& value = builder_.graph.value(state.back());
      const int input = body_graph.add_tensor(tensor->name, value.type, value.shape);
      body_graph.inputs.push_back(input);
      return input;
    };
    const TensorPtr limit = limit_ ? limit_ : number(name("limit"), INT64_MAX);
    const size_t limit_at = state.size();
    results.push_back(add_state(limit));
    std::vector<size_t> list_at;
    for (size_t k = 0; k < at(lists_); ++k) {
      const int element = body_graph.outputs[carried - 1 + k];
      list_at.push_back(state.size());
      const int list = add_state(empty_list(k, body_graph, element));
      results.push_back(put(&body_graph, list, element));
    }
    body_graph.outputs = std::move(results);

    const std::string loop = name("loop");
    graph::Graph condition_graph = condition_of(body_graph, limit_at);
    fb::WhileT options;
    options.condition_subgraph = adopt(std::move(condition_graph), &builder_.graph);
    std::vector<int> outputs;
    for (size_t i = 0; i < state.size(); ++i) {
      outputs.push_back(
          scope_.value_like(loop + std::to_string(i), builder_.graph.value(state[i])));
    }
    options.body_subgraph = adopt(std::move(body_graph), &builder_.graph);
    builder_.node_as_declared(loop, std::move(options), std::move(state), outputs);
    const auto give_state = [&](size_t k, size_t i) {
      give(static_cast<int>(k), scope_.tensor_of(loop + std::to_string(i), outputs[i]));
    };
    for (size_t j = 0; j < carried_.size(); ++j) give_state(j, 2 + j);
    for (size_t k = 0; k < list_at.size(); ++k) give_state(carried_.size() + k, list_at[k]);
  }

  int next_round(graph::Graph* g) const {
    const graph::Value round = g->value(g->inputs[0]);
    const int one = g->add_constant(name("one"), {}, std::vector<int64_t>{1});
    const int next = g->add_tensor(name("next"), DType::S64, round.shape);
    g->add_node(name("next"), fb::BinaryT{}, {g->inputs[0], one}, {next});
    return next;
  }

  // A condition is one bool, of whatever rank.
  static int shaped_like(graph::Graph* g, int value, int like) {
    const graph::Value wanted = g->value(like), given = g->value(value);
    if (given.type != DType::Bool) invalid("its body's condition is no bool");
    if (given.shape == wanted.shape) return value;
    fb::ReshapeT options;
    options.shape = wanted.shape;
    const int result = g->add_tensor(given.name + "/shaped", DType::Bool, wanted.shape);
    g->add_node(given.name + "/shaped", std::move(options), {value}, {result});
    return result;
  }

  // Of zeros, as long as there are rounds.
  TensorPtr empty_list(size_t k, const graph::Graph& g, int element) const {
    const graph::Value& value = g.value(element);
    const bool sized =
        std::none_of(value.shape.begin(), value.shape.end(), [](int32_t dim) { return dim < 0; });
    const bool always = goes_on_.value_or(false) && (renamed(g, g.outputs[0]) == g.inputs[1] ||
                                                     known_condition(g).value_or(false));
    if (!rounds_ || *rounds_ < 1 || *rounds_ > INT32_MAX || !always || !sized) {
      unsupported("it collects a list whose length only a run decides");
    }
    const size_t bytes = value.elements() * rt::dtype_bytes(value.type);
    uint64_t all = 0;
    if (!rt::checked_mul(uint64_t{bytes}, static_cast<uint64_t>(*rounds_), &all)) {
      unsupported("it collects a list of %lld elements of %zu bytes",
                  static_cast<long long>(*rounds_), bytes);
    }
    builder_.charge(all);
    Shape shape = {static_cast<int32_t>(*rounds_)};
    shape.insert(shape.end(), value.shape.begin(), value.shape.end());
    return builder_.constant(name("list") + std::to_string(k), value.type, shape,
                             graph::Bytes(all, 0));
  }

  // The list with the round's element in its place.
  int put(graph::Graph* g, int list, int element) const {
    const graph::Value whole = g->value(list), value = g->value(element);
    const std::string wanted = whole.name + "/element";
    fb::ReshapeT row, begin;
    row.shape = value.shape;
    row.shape.insert(row.shape.begin(), 1);
    const int updates = g->add_tensor(wanted, value.type, row.shape);
    g->add_node(wanted, std::move(row), {element}, {updates});
    begin.shape = {1};
    const int first = g->add_tensor(wanted + "/first", DType::S64, {1});
    g->add_node(wanted + "/first", std::move(begin), {g->inputs[0]}, {first});
    int begins = first;
    if (const size_t others = value.shape.size(); others > 0) {
      const auto count = static_cast<int32_t>(others);
      const int zeros =
          g->add_constant(wanted + "/zeros", {count}, std::vector<int64_t>(others, 0));
      begins = g->add_tensor(wanted + "/begins", DType::S64, {count + 1});
      g->add_node(wanted + "/begins", fb::ConcatT{}, {first, zeros}, {begins});
    }
    const int result = g->add_tensor(whole.name + "/next", whole.type, whole.shape);
    g->add_node(whole.name + "/next", fb::DynamicUpdateSliceT{}, {list, updates, begins}, {result});
    return result;
  }

  // The state -> whether there is another round.
  graph::Graph condition_of(const graph::Graph& body, size_t limit_at) const {
    graph::Graph g;
    g.name = name("condition");
    for (int input : body.inputs) {
      const graph::Value& value = body.value(input);
      g.inputs.push_back(g.add_tensor(value.name, value.type, value.shape));
    }
    fb::BinaryT less, both;
    less.kind = fb::BinaryKind::Less;
    both.kind = fb::BinaryKind::And;
    const int left = g.add_tensor(name("left"), DType::Bool, {1});
    const int result = g.add_tensor(name("another"), DType::Bool, {1});
    const auto one = [&](int value, const char* suffix) {
      fb::ReshapeT options;
      options.shape = {1};
      const int shaped = g.add_tensor(name(suffix), g.value(value).type, {1});
      g.add_node(name(suffix), std::move(options), {value}, {shaped});
      return shaped;
    };
    const int round = one(g.inputs[0], "at"), limit = one(g.inputs[limit_at], "of");
    g.add_node(name("left"), std::move(less), {round, limit}, {left});
    g.add_node(name("another"), std::move(both), {left, one(g.inputs[1], "wanted")}, {result});
    g.outputs = {result};
    return g;
  }

  const ::onnx::NodeProto& node_;
  ControlScope& scope_;
  Builder& builder_;
  const ::onnx::GraphProto* body_ = nullptr;
  int lists_ = 0;  // that it collects
  std::vector<Captured> captured_;
  std::vector<TensorPtr> carried_;
  TensorPtr limit_, condition_;    // null: none
  std::optional<int64_t> rounds_;  // at most, if that is known
  std::optional<bool> goes_on_;    // the condition before the first round, if it is known
};

}  // namespace

bool import_loop(const ::onnx::NodeProto& node, ControlScope& scope) {
  return LoopImport(node, scope).run();
}

}  // namespace qrt::import::onnx_import
