#include "src/runtime/storage.h"

#include <algorithm>

#include "src/opspec/lifetimes.h"
#include "src/runtime/state_sharing.h"

namespace qrt::rt {
namespace {

class Assigner {
 public:
  Assigner(const Program& program, const Shapes& shapes)
      : program_(program),
        shapes_(shapes),
        end_(static_cast<int>(program.graph().steps().size())),
        last_use_(last_uses(program.graph())),
        variable_(share_with_variables(program, shapes, last_use_)) {
    const size_t tensors = program.tensors().size();
    storage_.buffer.assign(tensors, kNotInArena);
    storage_.root.assign(tensors, -1);
    storage_.scratch.assign(program.nodes().size(), kNotInArena);
    for (size_t t = 0; t < tensors; ++t) storage_.root[t] = static_cast<int>(t);
  }

  Storage assign(const std::vector<uint64_t>& scratch_bytes) {
    for (int32_t input : program_.inputs()) new_buffer(input, -1, end_);
    for (step_ = 0; step_ < end_; ++step_) {
      const Step& step = program_.graph().steps()[static_cast<size_t>(step_)];
      if (step.kind == Step::Kind::Copy && step.first) place(step.to);
      if (step.kind != Step::Kind::Run) continue;
      const auto n = static_cast<size_t>(step.node);
      if (scratch_bytes[n] > 0) {
        storage_.scratch[n] = static_cast<int>(storage_.requests.size());
        storage_.requests.push_back({scratch_bytes[n], step_, step_});
      }
      const Node& node = program_.nodes()[n];
      for (size_t i = 0; i < node.outputs(); ++i) place_output(node, i);
    }
    return std::move(storage_);
  }

 private:
  uint64_t bytes(int tensor) const {
    const auto t = static_cast<size_t>(tensor);
    return bytes_of(program_.tensors()[t], shapes_[t]);
  }

  void new_buffer(int tensor, int first, int last) {
    storage_.buffer[static_cast<size_t>(tensor)] = static_cast<int>(storage_.requests.size());
    storage_.requests.push_back({bytes(tensor), first, last});
  }

  void share(int tensor, int with) {
    const auto t = static_cast<size_t>(tensor), w = static_cast<size_t>(with);
    storage_.buffer[t] = storage_.buffer[w];
    storage_.root[t] = storage_.root[w];
    if (storage_.buffer[w] == kNotInArena) return;
    BufferRequest& request = storage_.requests[static_cast<size_t>(storage_.buffer[w])];
    request.last = std::max(request.last, last_use_[t]);
  }

  void place_output(const Node& node, size_t i) {
    const int output = node.output_index(i);
    if (variable_[static_cast<size_t>(output)] >= 0) {
      share(output, variable_[static_cast<size_t>(output)]);
      return;
    }
    if (i == 0) {
      if (program_.spec(static_cast<size_t>(node.index())).alias) {
        share(output, node.input_index(0));
        return;
      }
      const int overwritten = input_to_overwrite(node);
      if (overwritten >= 0) {
        share(output, overwritten);
        return;
      }
    }
    place(output);
  }

  // Memory of its own from this step on.
  void place(int tensor) {
    new_buffer(tensor, step_, std::max(step_, last_use_[static_cast<size_t>(tensor)]));
  }

  // An input whose memory nobody needs after this node and whose kernel allows it; or -1.
  int input_to_overwrite(const Node& node) const {
    const OpKernel* kernel = program_.kernel(static_cast<size_t>(node.index()));
    for (size_t i = 0; i < node.inputs(); ++i) {
      const int input = node.input_index(i);
      if (input < 0) continue;
      const int buffer = storage_.buffer[static_cast<size_t>(input)];
      if (buffer == kNotInArena) continue;
      const BufferRequest& request = storage_.requests[static_cast<size_t>(buffer)];
      if (request.last != step_ || request.bytes != bytes(node.output_index(0))) continue;
      if (shared_by_other_input(node, i, buffer)) continue;
      if (kernel->may_overwrite(node, shapes_, i)) return input;
    }
    return -1;
  }

  bool shared_by_other_input(const Node& node, size_t i, int buffer) const {
    for (size_t j = 0; j < node.inputs(); ++j) {
      const int other = node.input_index(j);
      if (j != i && other >= 0 && storage_.buffer[static_cast<size_t>(other)] == buffer)
        return true;
    }
    return false;
  }

  const Program& program_;
  const Shapes& shapes_;
  const int end_;
  const std::vector<int> last_use_;  // by tensor: a step
  const std::vector<int> variable_;  // by tensor: the variable whose memory it has, or -1
  int step_ = 0;
  Storage storage_;
};

}  // namespace

Storage assign_storage(const Program& program, const Shapes& shapes,
                       const std::vector<uint64_t>& scratch_bytes) {
  return Assigner(program, shapes).assign(scratch_bytes);
}

}  // namespace qrt::rt
