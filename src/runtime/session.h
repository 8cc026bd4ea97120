// One running instance of a Program: its shapes, its arena, its state, its threads. A session is
// used by one thread at a time; sessions of one Program may run at once.
#pragma once

#include <pthreadpool.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/memory.h"
#include "src/runtime/program.h"
#include "src/runtime/thread_pool.h"

namespace qrt::rt {

struct SessionOptions {
  size_t threads = 1;
  pthreadpool_t pool = nullptr;  // the caller's; overrides `threads`, must outlive the session
  // Working memory that the model may ask for, variables included. A model is untrusted: a small
  // file can ask for much.
  uint64_t max_arena_bytes = uint64_t{1} << 30;
};

// An input's index and the shape it takes.
using InputShape = std::pair<size_t, Shape>;

class Session {
 public:
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const Program> program,
                                                 const SessionOptions& options = {});
  ~Session();

  const Program& program() const { return *program_; }
  size_t inputs() const { return program_->inputs().size(); }
  size_t outputs() const { return program_->outputs().size(); }
  const Tensor& input(size_t i) const { return tensor(program_->inputs()[i]); }
  const Tensor& output(size_t i) const { return tensor(program_->outputs()[i]); }
  const Shape& input_shape(size_t i) const { return shape(program_->inputs()[i]); }
  const Shape& output_shape(size_t i) const { return shape(program_->outputs()[i]); }
  size_t input_bytes(size_t i) const { return bytes(program_->inputs()[i]); }
  size_t output_bytes(size_t i) const { return bytes(program_->outputs()[i]); }

  // Where to write inputs and read outputs: aligned, fixed until resize_input. A run leaves inputs
  // as they were.
  void* input_data(size_t i) { return layout_.data[static_cast<size_t>(program_->inputs()[i])]; }
  const void* output_data(size_t i) const {
    return layout_.data[static_cast<size_t>(program_->outputs()[i])];
  }

  // Gives an input another shape and plans again; the weights stay packed. Contents of inputs and
  // state are lost. On an error the session is as it was. Dimensions that the model fixes may
  // change too, if every operator agrees.
  Status resize_input(size_t i, const Shape& shape);
  // Several inputs at once, for shapes that fit only together. An input named twice takes the last.
  Status resize_inputs(Span<const InputShape> shapes);

  // Computes the outputs. Allocates nothing. Fails only
  // - with Cancelled, when cancel() was called meanwhile.
  // Then outputs hold anything, and variables are those of the operators that had run: set or reset
  // what the next run needs. Inputs are as they were.
  Status run();

  // From any thread: the run that is under way stops before its next operator. Without one, nothing
  // happens, and the next run is not affected.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Variable tensors start again from zero.
  void reset_state();

  // Working memory: the arena, and what operators' states hold beside it.
  size_t arena_bytes() const { return layout_.arena_bytes; }
  // Packed weights, the program's and those that this session alone has.
  size_t packed_bytes() const { return program_->packed_bytes() + layout_.packed_bytes; }
  size_t threads() const { return pool_.threads(); }

  // Time spent in each operator since it was switched on, in nanoseconds, by node.
  void set_profiling(bool on);
  const std::vector<uint64_t>& profile_ns() const { return profile_ns_; }

  // Address of any tensor's current contents: valid after a run only for graph outputs, variables
  // and constants, since others share memory.
  const void* tensor_data(int index) const { return layout_.data[static_cast<size_t>(index)]; }

 private:
  Session(std::shared_ptr<const Program> program, const SessionOptions& options);
  const Tensor& tensor(int index) const { return program_->tensors()[static_cast<size_t>(index)]; }
  const Shape& shape(int index) const { return layout_.shapes[static_cast<size_t>(index)]; }
  size_t bytes(int index) const;

  Status check_input_shape(size_t i, const Shape& shape) const;
  // That every tensor fits into the memory allowed; gives the bytes of the variables.
  Result<uint64_t> check_sizes(const Shapes& shapes) const;
  // Null for a node whose outputs have no elements: there is nothing to compute.
  const OpKernel* kernel_to_run(size_t node, const Shapes& shapes) const;
  Status plan(Shapes shapes);
  Status bind();
  RunContext context(size_t node);

  // Everything that depends on shapes; replaced as a whole by a resize.
  struct Layout {
    Shapes shapes;
    std::vector<const OpKernel*> kernels;  // by node; null: nothing runs
    AlignedBuffer arena;
    size_t arena_bytes = 0, packed_bytes = 0;
    std::vector<void*> data;                       // by tensor
    std::vector<size_t> scratch;                   // by node: offset in the arena
    std::vector<std::unique_ptr<OpState>> states;  // by node
    std::vector<AlignedBuffer> variables;          // by tensor; empty for those that are none
  };

  std::shared_ptr<const Program> program_;
  SessionOptions options_;
  ThreadPool pool_;
  Layout layout_;
  std::vector<uint64_t> profile_ns_;  // by node; empty: profiling is off
  std::atomic<bool> cancelled_{false};
};

}  // namespace qrt::rt
