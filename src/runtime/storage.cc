#include "src/runtime/storage.h"

#include <algorithm>

namespace qrt::rt {
namespace {

class Assigner {
 public:
  Assigner(const Program& program, const Shapes& shapes)
      : program_(program), shapes_(shapes), end_(static_cast<int>(program.nodes().size())) {
    const size_t tensors = program.tensors().size();
    storage_.buffer.assign(tensors, kNotInArena);
    storage_.root.assign(tensors, -1);
    storage_.scratch.assign(program.nodes().size(), kNotInArena);
    for (size_t t = 0; t < tensors; ++t) storage_.root[t] = static_cast<int>(t);
    find_last_uses();
  }

  Storage assign(const std::vector<uint64_t>& scratch_bytes) {
    for (int32_t input : program_.inputs()) new_buffer(input, -1, end_);
    for (int n = 0; n < end_; ++n) {
      const Node& node = program_.nodes()[static_cast<size_t>(n)];
      const uint64_t scratch = scratch_bytes[static_cast<size_t>(n)];
      if (scratch > 0) {
        storage_.scratch[static_cast<size_t>(n)] = static_cast<int>(storage_.requests.size());
        storage_.requests.push_back({scratch, n, n});
      }
      for (size_t i = 0; i < node.outputs(); ++i) place_output(node, i);
    }
    return std::move(storage_);
  }

 private:
  // The last node that reads each tensor, directly or under another name; `end_` for outputs.
  void find_last_uses() {
    last_use_.assign(program_.tensors().size(), -1);
    for (int32_t output : program_.outputs()) last_use_[static_cast<size_t>(output)] = end_;
    for (int n = end_ - 1; n >= 0; --n) {
      const Node& node = program_.nodes()[static_cast<size_t>(n)];
      for (size_t i = 0; i < node.inputs(); ++i) {
        if (!node.has_input(i)) continue;
        int& last = last_use_[static_cast<size_t>(node.input_index(i))];
        last = std::max(last, n);
        if (i == 0 && program_.spec(static_cast<size_t>(n)).alias) {
          last = std::max(last, last_use_[static_cast<size_t>(node.output_index(0))]);
        }
      }
    }
  }

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
    new_buffer(output, node.index(),
               std::max(node.index(), last_use_[static_cast<size_t>(output)]));
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
      if (request.last != node.index() || request.bytes != bytes(node.output_index(0))) continue;
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
  std::vector<int> last_use_;
  Storage storage_;
};

}  // namespace

Storage assign_storage(const Program& program, const Shapes& shapes,
                       const std::vector<uint64_t>& scratch_bytes) {
  return Assigner(program, shapes).assign(scratch_bytes);
}

}  // namespace qrt::rt
