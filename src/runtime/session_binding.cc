// Graph inputs and outputs in the caller's own memory. A tensor that lives there is found by
// operators through Layout::data; tensors that share its buffer (renamed, or computed in place)
// move with it. What cannot live there is copied before or after each run.
#include <algorithm>
#include <utility>
#include <vector>

#include "src/runtime/session.h"
#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

bool overlap(const uint8_t* a, size_t a_bytes, const uint8_t* b, size_t b_bytes) {
  const auto begin_a = reinterpret_cast<uintptr_t>(a), begin_b = reinterpret_cast<uintptr_t>(b);
  return begin_a < begin_b + b_bytes && begin_b < begin_a + a_bytes;
}

Status too_small(const char* kind, const Tensor& tensor, size_t wanted, size_t given) {
  return error(Code::InvalidArgument, "%s '%s' has %zu bytes, the memory bound to it %zu", kind,
               tensor.name, wanted, given);
}

Status still_read(const Tensor& output, const Tensor& input) {
  return error(
      Code::InvalidArgument,
      "the memory bound to output '%s' is that of input '%s', which is still read when, or "
      "after, the output is written",
      output.name, input.name);
}

Status overlapping(const Tensor& output, const Tensor& other) {
  return error(Code::InvalidArgument, "the memory bound to output '%s' overlaps that of '%s'",
               output.name, other.name);
}

}  // namespace

void* Session::input_data(size_t i) {
  if (inputs_bound_[i].how != Bound::No) return nullptr;
  return layout_.data[static_cast<size_t>(program_->inputs()[i])];
}

const void* Session::output_data(size_t i) const {
  if (outputs_bound_[i].how != Bound::No) return outputs_bound_[i].memory;
  return layout_.data[static_cast<size_t>(program_->outputs()[i])];
}

Status Session::bind_input(size_t i, const void* memory, size_t bytes) {
  if (i >= inputs()) {
    return error(Code::InvalidArgument, "input %zu does not exist, the model has %zu", i, inputs());
  }
  if (memory != nullptr && bytes < input_bytes(i)) {
    return too_small("input", input(i), input_bytes(i), bytes);
  }
  Bindings next = inputs_bound_;
  // Operators never write to a graph input.
  next[i] = {static_cast<uint8_t*>(const_cast<void*>(memory)), bytes, Bound::No};
  return bind(std::move(next), outputs_bound_);
}

Status Session::bind_output(size_t i, void* memory, size_t bytes) {
  if (i >= outputs()) {
    return error(Code::InvalidArgument, "output %zu does not exist, the model has %zu", i,
                 outputs());
  }
  if (memory != nullptr && bytes < most_output_bytes(i)) {
    return too_small("output", output(i), most_output_bytes(i), bytes);
  }
  Bindings next = outputs_bound_;
  next[i] = {static_cast<uint8_t*>(memory), bytes, Bound::No};
  return bind(inputs_bound_, std::move(next));
}

size_t Session::bytes_read_past(int buffer) const {
  size_t most = 0;
  for (size_t n = 0; n < program_->nodes().size(); ++n) {
    const OpKernel* kernel = layout_.kernels[n];
    if (kernel == nullptr) continue;
    const Node& node = program_->nodes()[n];
    for (size_t i = 0; i < node.inputs(); ++i) {
      if (!node.has_input(i)) continue;
      const auto t = static_cast<size_t>(node.input_index(i));
      if (layout_.buffer[t] == buffer) most = std::max(most, kernel->reads_past(i));
    }
  }
  return most;
}

bool Session::fits_directly(int tensor, const Binding& binding) const {
  const int buffer = layout_.buffer[static_cast<size_t>(tensor)];
  if (buffer == kNotInArena) return false;
  const size_t element = std::max<size_t>(1, dtype_bytes(this->tensor(tensor).type));
  return reinterpret_cast<uintptr_t>(binding.memory) % element == 0 &&
         binding.bytes - bytes(tensor) >= bytes_read_past(buffer);
}

void Session::redirect(int buffer, uint8_t* memory, std::vector<void*>* data) const {
  for (size_t t = 0; t < data->size(); ++t) {
    if (layout_.buffer[t] == buffer) (*data)[t] = memory;
  }
}

bool Session::may_write_over(int output, int input) const {
  const int from = layout_.buffer[static_cast<size_t>(input)];
  const int to = layout_.buffer[static_cast<size_t>(output)];
  if (from == kNotInArena || to == kNotInArena || from == to || bytes(input) != bytes(output)) {
    return false;
  }
  const std::vector<Step>& steps = program_->graph().steps();
  bool written = false;
  for (const Step& step : steps) {
    if (step.kind != Step::Kind::Run) return false;  // what is read when is not known here
    const auto n = static_cast<size_t>(step.node);
    const Node& node = program_->nodes()[n];
    const bool before = written;
    int writes = -1;
    for (size_t i = 0; i < node.outputs(); ++i) {
      const auto t = static_cast<size_t>(node.output_index(i));
      if (layout_.buffer[t] == to) writes = static_cast<int>(i);
    }
    written = written || writes >= 0;
    int reads = 0;
    for (size_t i = 0; i < node.inputs() && written; ++i) {
      const int t = node.input_index(i);
      if (t < 0 || layout_.buffer[static_cast<size_t>(t)] != from) continue;
      const OpKernel* kernel = layout_.kernels[n];
      const bool over = !before && writes == 0 && ++reads == 1 && kernel != nullptr &&
                        bytes(t) == bytes(node.output_index(0)) &&
                        kernel->may_overwrite(node, layout_.shapes, i);
      if (!over) return false;
    }
  }
  return written;
}

Status Session::bind(Bindings inputs, Bindings outputs) {
  std::vector<std::pair<size_t, size_t>> same;  // outputs and the inputs whose memory is theirs
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (outputs[o].memory == nullptr) continue;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].memory == outputs[o].memory && input_bytes(i) == most_output_bytes(o)) {
        if (!may_write_over(program_->outputs()[o], program_->inputs()[i])) {
          return still_read(output(o), input(i));
        }
        same.emplace_back(o, i);
        continue;
      }
      if (inputs[i].memory != nullptr &&
          overlap(outputs[o].memory, most_output_bytes(o), inputs[i].memory, input_bytes(i))) {
        return overlapping(output(o), input(i));
      }
    }
    for (size_t k = 0; k < o; ++k) {
      if (outputs[k].memory != nullptr && overlap(outputs[o].memory, most_output_bytes(o),
                                                  outputs[k].memory, most_output_bytes(k))) {
        return overlapping(output(o), output(k));
      }
    }
  }

  std::vector<void*> data = layout_.home;
  std::vector<Copy> copies_in, copies_out;
  // Buffers that are inputs, or that live in the caller's memory already.
  std::vector<int> taken;
  const auto is_taken = [&](int buffer) {
    return std::find(taken.begin(), taken.end(), buffer) != taken.end();
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int t = program_->inputs()[i];
    const int buffer = layout_.buffer[static_cast<size_t>(t)];
    Binding& binding = inputs[i];
    binding.how = Bound::No;
    if (binding.memory != nullptr) {
      const bool direct = !is_taken(buffer) && fits_directly(t, binding);
      binding.how = direct ? Bound::Directly : Bound::ByCopy;
      if (direct) redirect(buffer, binding.memory, &data);
      if (!direct) copies_in.push_back({binding.memory, data[static_cast<size_t>(t)], bytes(t)});
    }
    taken.push_back(buffer);
  }
  for (size_t o = 0; o < outputs.size(); ++o) {
    const int t = program_->outputs()[o];
    const int buffer = layout_.buffer[static_cast<size_t>(t)];
    Binding& binding = outputs[o];
    binding.how = Bound::No;
    if (binding.memory == nullptr) continue;
    const bool direct = !is_taken(buffer) && fits_directly(t, binding);
    binding.how = direct ? Bound::Directly : Bound::ByCopy;
    if (direct) redirect(buffer, binding.memory, &data);
    if (direct) taken.push_back(buffer);
  }
  for (const auto& [o, i] : same) {
    if (outputs[o].how == Bound::Directly && inputs[i].how == Bound::Directly) continue;
    return error(Code::InvalidArgument,
                 "the memory bound to output '%s' is that of input '%s', and cannot be used as it "
                 "is: it is not aligned to an element, or has too little behind the last",
                 output(o).name, input(i).name);
  }
  // From where the outputs are in the end.
  for (size_t o = 0; o < outputs.size(); ++o) {
    const int t = program_->outputs()[o];
    if (outputs[o].how != Bound::ByCopy) continue;
    copies_out.push_back({data[static_cast<size_t>(t)], outputs[o].memory, bytes(t)});
  }

  const AllocatorScope scope(allocator());
  std::swap(layout_.data, data);
  if (Status status = rebind_kernels(data); !status.ok()) {
    std::swap(layout_.data, data);
    // It went well with these addresses before.
    (void)rebind_kernels(data);
    return status;
  }
  inputs_bound_ = std::move(inputs);
  outputs_bound_ = std::move(outputs);
  copies_in_ = std::move(copies_in);
  copies_out_ = std::move(copies_out);
  return {};
}

// Tells the operators whose tensors are no longer where they were `before`.
Status Session::rebind_kernels(const std::vector<void*>& before) {
  const auto moved = [&](int t) {
    return t >= 0 && layout_.data[static_cast<size_t>(t)] != before[static_cast<size_t>(t)];
  };
  set_contexts();
  for (size_t n = 0; n < program_->nodes().size(); ++n) {
    if (layout_.kernels[n] == nullptr) continue;
    const Node& node = program_->nodes()[n];
    bool any = false;
    for (size_t i = 0; i < node.inputs(); ++i) any = any || moved(node.input_index(i));
    for (size_t i = 0; i < node.outputs(); ++i) any = any || moved(node.output_index(i));
    if (any) QRT_RETURN_IF_ERROR(layout_.kernels[n]->bind(contexts_[n]));
  }
  return {};
}

}  // namespace qrt::rt
