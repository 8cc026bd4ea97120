#include "src/runtime/state_sharing.h"

#include <algorithm>

namespace qrt::rt {
namespace {

size_t at(int32_t i) { return static_cast<size_t>(i); }

class VariableSharing {
 public:
  VariableSharing(const Program& program, const Shapes& shapes, const std::vector<int>& last_use)
      : program_(program),
        steps_(program.graph().steps()),
        shapes_(shapes),
        last_use_(last_use),
        shared_(program.tensors().size(), -1) {}

  std::vector<int> find() {
    // One after the other: with branches and loops between, less is known.
    const bool straight = std::all_of(steps_.begin(), steps_.end(), [](const Step& step) {
      return step.kind == Step::Kind::Run;
    });
    if (!straight) return std::move(shared_);
    held_by_ = shared_;
    for (size_t t = 0; t < shared_.size(); ++t) {
      if (program_.tensors()[t].variable) held_by_[t] = static_cast<int>(t);
    }
    for (int s = 0; s < end(); ++s) follow_reads(s);
    for (int s = 0; s < end(); ++s) follow_assignment(s);
    return std::move(shared_);
  }

 private:
  int end() const { return static_cast<int>(steps_.size()); }
  const Node& node(int step) const { return program_.nodes()[at(steps_[at(step)].node)]; }
  const OpSpec& spec(int step) const { return program_.spec(at(steps_[at(step)].node)); }
  bool assigns(int step) const { return node(step).type() == fb::OpOptions::AssignVariable; }

  bool updates(int step, int variable) const {
    const Node& n = node(step);
    for (size_t i = 0; i < n.inputs() && i < 32; ++i) {
      if ((spec(step).updates >> i & 1u) != 0 && n.input_index(i) == variable) return true;
    }
    return false;
  }
  // From step `first` to `last`, both included.
  bool updated(int variable, int first, int last) const {
    for (int s = first; s <= last && s < end(); ++s) {
      if (updates(s, variable)) return true;
    }
    return false;
  }

  // Renamed variables, and what ReadVariable gives.
  void follow_reads(int step) {
    const Node& n = node(step);
    if (spec(step).alias) held_by_[at(n.output_index(0))] = held_by_[at(n.input_index(0))];
    if (n.type() != fb::OpOptions::ReadVariable) return;
    const int variable = n.input_index(0), read = n.output_index(0);
    const int last = last_use_[at(read)];
    if (last >= end()) return;  // a graph output
    // An assignment has read what it assigns.
    const bool assigned_last = last > step && assigns(last);
    if (updated(variable, step + 1, assigned_last ? last - 1 : last)) return;
    share(read, variable);
  }

  void follow_assignment(int step) {
    if (!assigns(step)) return;
    const int variable = node(step).input_index(0);
    int value = node(step).input_index(1);
    int made = maker(value, step);
    while (made >= 0 && spec(made).alias) {
      value = node(made).input_index(0);
      made = maker(value, made);
    }
    if (made < 0 || held_by_[at(value)] >= 0 || last_use_[at(value)] >= end()) return;
    if (updated(variable, made, step - 1) || updated(variable, step + 1, last_use_[at(value)])) {
      return;
    }
    if (!may_be_lost(variable, value, made, step)) return;
    share(value, variable);
    for (int s = made; s < end(); ++s) {
      if (!spec(s).alias) continue;
      const int from = held_by_[at(node(s).input_index(0))];
      if (from >= 0) held_by_[at(node(s).output_index(0))] = from;
    }
  }

  // Whether nobody needs what the variable holds from step `made`, which writes `value`, up to
  // `step`, which assigns it.
  bool may_be_lost(int variable, int value, int made, int step) const {
    for (size_t t = 0; t < held_by_.size(); ++t) {
      const bool other = held_by_[t] == variable && static_cast<int>(t) != variable;
      if (other && last_use_[t] > made) return false;
    }
    for (int s = made + 1; s < step; ++s) {
      const Node& n = node(s);
      for (size_t i = 0; i < n.inputs(); ++i) {
        if (n.input_index(i) == variable) return false;
      }
    }
    int read = -1;
    const Node& n = node(made);
    for (size_t i = 0; i < n.inputs(); ++i) {
      if (!n.has_input(i) || held_by_[at(n.input_index(i))] != variable) continue;
      if (read >= 0) return false;
      read = static_cast<int>(i);
    }
    if (read < 0) return true;
    const OpKernel* kernel = program_.kernel(at(n.index()));
    const auto input = static_cast<size_t>(read);
    return n.output_index(0) == value && n.input(input).type == n.output(0).type &&
           n.shape_in(shapes_, input).elements() == n.shape_out(shapes_, 0).elements() &&
           kernel->may_overwrite(n, shapes_, input);
  }

  // The step before `end` that computes a tensor; -1: none.
  int maker(int tensor, int end) const {
    for (int s = end - 1; s >= 0; --s) {
      const Node& n = node(s);
      for (size_t i = 0; i < n.outputs(); ++i) {
        if (n.output_index(i) == tensor) return s;
      }
    }
    return -1;
  }

  void share(int tensor, int variable) { shared_[at(tensor)] = held_by_[at(tensor)] = variable; }

  const Program& program_;
  const std::vector<Step>& steps_;
  const Shapes& shapes_;
  const std::vector<int>& last_use_;
  std::vector<int> shared_;
  std::vector<int> held_by_;  // by tensor: the variable whose memory it has under any name, or -1
};

}  // namespace

std::vector<int> share_with_variables(const Program& program, const Shapes& shapes,
                                      const std::vector<int>& last_use) {
  const auto& tensors = program.tensors();
  if (std::none_of(tensors.begin(), tensors.end(), [](const Tensor& t) { return t.variable; })) {
    return std::vector<int>(tensors.size(), -1);
  }
  return VariableSharing(program, shapes, last_use).find();
}

}  // namespace qrt::rt
