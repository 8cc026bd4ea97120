#include "src/opspec/lifetimes.h"

#include <algorithm>

namespace qrt::rt {
namespace {

size_t at(int32_t i) { return static_cast<size_t>(i); }

class Lifetimes {
 public:
  explicit Lifetimes(const GraphView& graph)
      : graph_(graph), first_(graph.tensors().size(), -1), last_(graph.tensors().size(), -1) {
    nest_loops();
    find_first();
    for (int32_t output : graph_.outputs()) last_[at(output)] = end();
    for (int s = end() - 1; s >= 0; --s) step_back(s);
  }

  std::vector<int> take() { return std::move(last_); }

 private:
  int end() const { return static_cast<int>(graph_.steps().size()); }

  // loop_ of each step: the innermost loop it is in; outer_ of each loop: the one around it.
  void nest_loops() {
    const auto& loops = graph_.loops();
    loop_.assign(graph_.steps().size(), -1);
    outer_.assign(loops.size(), -1);
    for (size_t i = loops.size(); i-- > 0;) {
      outer_[i] = loop_[loops[i].first];
      for (size_t s = loops[i].first; s < loops[i].second; ++s) loop_[s] = static_cast<int>(i);
    }
  }

  void found(int tensor, int step) {
    if (first_[at(tensor)] < 0) first_[at(tensor)] = step;
  }
  void find_first() {
    for (int s = 0; s < end(); ++s) {
      const Step& step = graph_.steps()[at(s)];
      if (step.kind == Step::Kind::Copy) found(step.to, s);
      if (step.kind != Step::Kind::Run) continue;
      const Node& node = graph_.nodes()[at(step.node)];
      for (size_t i = 0; i < node.outputs(); ++i) found(node.output_index(i), s);
    }
  }

  void use(int tensor, int step) {
    int until = step;
    for (int i = loop_[at(step)]; i >= 0; i = outer_[at(i)]) {
      const auto& [begin, loop_end] = graph_.loops()[at(i)];
      if (first_[at(tensor)] < static_cast<int>(begin)) until = static_cast<int>(loop_end) - 1;
    }
    last_[at(tensor)] = std::max(last_[at(tensor)], until);
  }

  void step_back(int s) {
    const Step& step = graph_.steps()[at(s)];
    if (step.from >= 0) use(step.from, s);
    if (step.to >= 0) use(step.to, s);
    if (step.kind != Step::Kind::Run) return;
    const Node& node = graph_.nodes()[at(step.node)];
    for (size_t i = 0; i < node.inputs(); ++i) {
      if (node.has_input(i)) use(node.input_index(i), s);
    }
    if (!graph_.spec(at(step.node)).alias) return;
    int& last = last_[at(node.input_index(0))];
    last = std::max(last, last_[at(node.output_index(0))]);
  }

  const GraphView& graph_;
  std::vector<int> loop_, outer_;
  std::vector<int> first_, last_;  // by tensor: steps
};

}  // namespace

std::vector<int> last_uses(const GraphView& graph) { return Lifetimes(graph).take(); }

}  // namespace qrt::rt
