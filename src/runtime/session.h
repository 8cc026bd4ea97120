// One running instance of a Program: its shapes, its arena, its state, its threads. A session is
// used by one thread at a time; sessions of one Program may run at once.
//
// What follows from shapes is a plan. A session keeps the plans of the last few shapes that it had:
// to return to one costs no planning, no packing, and no memory but a larger arena, if the
// session's is too small. An arena grows and never shrinks.
#pragma once

#include <pthreadpool.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/memory.h"
#include "src/runtime/program.h"
#include "src/runtime/sharing.h"
#include "src/runtime/thread_pool.h"

namespace qrt::rt {

// An input's index and the shape it takes.
using InputShape = std::pair<size_t, Shape>;

struct SessionOptions {
  size_t threads = 1;
  pthreadpool_t pool = nullptr;  // the caller's; overrides `threads`, must outlive the session
  // Working memory that the model may ask for, variables included. A model is untrusted: a small
  // file can ask for much.
  uint64_t max_arena_bytes = uint64_t{1} << 30;
  // Inputs that do not take the model's shape (1 for an open dimension) from the start.
  Span<const InputShape> input_shapes = {};
  // The caller's memory for all that a session works with: aligned to kAlignment, at least
  // required_arena bytes, outliving the session. Null: the session allocates.
  void* arena = nullptr;
  size_t arena_bytes = 0;
  // Where the session's large blocks come from; none: from the program's allocator.
  std::optional<Allocator> allocator = {};
};

// How a graph input or output is tied to memory of the caller's.
enum class Bound {
  No,
  Directly,  // operators read and write it
  ByCopy,    // it is copied before or after each run
};

// What a session's memory is for, in bytes.
struct MemoryFigures {
  size_t activations = 0;  // feature maps and scratch, which share memory where they can
  size_t variables = 0;    // state
  size_t scratch = 0;      // the most that one operator needs; part of `activations`
  size_t arena = 0;        // the session's block: room for both, with their padding
  size_t beside = 0;       // what all plans that the session keeps hold beside it
  size_t packed = 0;       // weights packed for this session alone
};

class Session {
 public:
  // `options.input_shapes` need not live longer than the call.
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const Program> program,
                                                 const SessionOptions& options = {});
  // What `options.arena` must have for create with the same other options to succeed. Nothing of
  // that size is allocated.
  static Result<size_t> required_arena(std::shared_ptr<const Program> program,
                                       const SessionOptions& options = {});
  ~Session();

  const Program& program() const { return *program_; }
  size_t inputs() const { return program_->inputs().size(); }
  size_t outputs() const { return program_->outputs().size(); }
  const Tensor& input(size_t i) const { return tensor(program_->inputs()[i]); }
  const Tensor& output(size_t i) const { return tensor(program_->outputs()[i]); }
  const Shape& input_shape(size_t i) const { return shape(program_->inputs()[i]); }
  // Sizes that a run decides are those of the last run; the largest that they can be, before it.
  const Shape& output_shape(size_t i) const {
    return counted_shapes_.empty() ? shape(program_->outputs()[i]) : counted_shapes_[i];
  }
  size_t input_bytes(size_t i) const { return bytes(program_->inputs()[i]); }
  // Of an output of this shape.
  size_t output_bytes(size_t i) const;
  // What memory for it needs, whatever a run decides.
  size_t most_output_bytes(size_t i) const { return bytes(program_->outputs()[i]); }

  // Where to write inputs and read outputs: aligned, fixed until the session is resized or the
  // tensor bound. A run leaves inputs as they were. Null for an input that is bound; the caller's
  // memory for an output that is.
  void* input_data(size_t i);
  const void* output_data(size_t i) const;

  // Gives an input another shape; the weights stay packed, and state stays what it is. Contents of
  // inputs are lost, and what was bound no longer is. On an error the session is as it was.
  // Only dimensions that the model leaves open change. Between the last few shapes that it had, a
  // session goes to and fro without an allocation.
  Status resize_input(size_t i, const Shape& shape);
  // Several inputs at once, for shapes that fit only together. An input named twice takes the last.
  Status resize_inputs(Span<const InputShape> shapes);

  // Until unbound, a run reads input i from `memory`, or writes output i to it: at least
  // input_bytes(i) or most_output_bytes(i), any alignment. Null unbinds. Nothing is copied if
  // - it is aligned to the element type's size,
  // - `bytes` covers what kernels read behind the last element (reads_past; 16 bytes are enough),
  // - the output is computed, and not an input, a constant, a variable or another bound output.
  // The results are the same in either case. Memory of outputs may not overlap any other that is
  // bound, but may be that of an input of as many bytes, which a run then updates in place: if all
  // else that reads the input has run when the output is first written, the operator that writes it
  // can work in place, and nothing is copied. On an error the session is as it was.
  Status bind_input(size_t i, const void* memory, size_t bytes);
  Status bind_output(size_t i, void* memory, size_t bytes);
  Bound input_bound(size_t i) const { return inputs_bound_[i].how; }
  Bound output_bound(size_t i) const { return outputs_bound_[i].how; }

  // Computes the outputs. Allocates nothing. The first runs with several threads try how far work
  // is worth sharing (Sharing). Fails only
  // - with Cancelled, when cancel() was called meanwhile.
  // - with InvalidArgument, when a Squeeze found an axis that has not one element.
  // Then outputs hold anything, and variables are those of the operators that had run: set or reset
  // what the next run needs. Inputs are as they were.
  Status run();

  // From any thread: the run that is under way stops before its next operator. Without one, nothing
  // happens, and the next run is not affected.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Variables start again as the model says.
  void reset_state();
  // All variables as bytes, which only a session of the same variables and the same byte order can
  // read again. 0 bytes where there are none.
  size_t state_bytes() const;
  Status save_state(void* to, size_t bytes) const;
  // On an error the state is as it was.
  Status restore_state(const void* from, size_t bytes);

  MemoryFigures memory() const;
  // Working memory: activations, and what plans hold beside the arena.
  size_t arena_bytes() const { return memory().activations + memory().beside; }
  // Packed weights, the program's and those that this session alone has.
  size_t packed_bytes() const { return program_->packed_bytes() + layout_.memory.packed; }
  size_t threads() const { return pool_.threads(); }

  // Time spent in each operator by runs since profiling was switched on, in nanoseconds, by node;
  // and how many of these runs ended well. The sums stay when it is switched off.
  void set_profiling(bool on);
  const std::vector<uint64_t>& profile_ns() const { return profile_ns_; }
  uint64_t profiled_runs() const { return profiled_runs_; }

  // Called after each operator of a run, with its node: then its outputs hold what it has computed,
  // until the next operator runs. For those who look into a network (calibration, comparison).
  using Watch = void (*)(void* user, size_t node);
  void set_watch(Watch watch, void* user) {
    watch_ = watch;
    watch_user_ = user;
  }

  // Address of any tensor's current contents: valid after a run only for graph outputs, variables
  // and constants, since others share memory; while a watch is called, for its node's outputs.
  const void* tensor_data(int index) const { return layout_.data[static_cast<size_t>(index)]; }
  const Shape& tensor_shape(int index) const { return shape(index); }

 private:
  // A plan: everything that depends on shapes, except for the memory of tensors.
  struct Layout {
    // Of the lists below and of operators' states.
    size_t bytes() const;
    // Whether each operator's own packed weights, if it has any, are those of the other plan.
    bool shares_packed_weights(const Layout& other) const;

    Shapes shapes;
    std::vector<const OpKernel*> kernels;          // by node; null: nothing runs
    std::vector<std::unique_ptr<OpState>> states;  // by node
    std::vector<size_t> scratch;                   // by node: offset in the arena
    std::vector<int> buffer;                       // by tensor: as in Storage
    std::vector<size_t> offset;  // by tensor in a buffer and by variable: offset in the arena
    std::vector<int> root;       // by tensor: as in Storage
    size_t variables_end = 0;    // they lie at the arena's beginning
    MemoryFigures memory;        // of this plan alone; `arena` is what it needs
    Sharing sharing;             // what its runs have told
    // Valid while the plan is the present one:
    uint8_t* arena = nullptr;
    std::vector<void*> home;  // by tensor: its memory in the arena or the model
    std::vector<void*> data;  // by tensor: its memory; the caller's if it is bound
  };
  // A graph input's or output's memory that is the caller's.
  struct Binding {
    uint8_t* memory = nullptr;
    size_t bytes = 0;
    Bound how = Bound::No;
  };
  struct Copy {
    const void* from;
    void* to;
    size_t bytes;
  };
  using Bindings = std::vector<Binding>;

  Session(std::shared_ptr<const Program> program, const SessionOptions& options);
  const Tensor& tensor(int index) const { return program_->tensors()[static_cast<size_t>(index)]; }
  const Shape& shape(int index) const { return layout_.shapes[static_cast<size_t>(index)]; }
  size_t bytes(int index) const;
  const Allocator& allocator() const;

  Status check_input_shape(size_t i, const Shape& shape) const;
  // The present shapes (or the model's) with `wanted` instead, and what follows from them.
  Result<Shapes> shapes_with(Shapes present, Span<const InputShape> wanted) const;
  // What a session starts with.
  Result<Shapes> first_shapes(Span<const InputShape> wanted) const;
  // That every tensor fits into the memory allowed; gives the bytes of the variables.
  Result<uint64_t> check_sizes(const Shapes& shapes) const;
  // Null for a node whose outputs have no elements: there is nothing to compute.
  const OpKernel* kernel_to_run(size_t node, const Shapes& shapes) const;
  // Asks each operator for its plan; `scratch_bytes` by node. The bytes of their states must stay
  // below `limit`.
  Status plan_operators(uint64_t limit, Layout* layout, std::vector<uint64_t>* scratch_bytes) const;
  // Decides everything but addresses; takes no memory that grows with tensors.
  Result<Layout> lay_out(Shapes shapes) const;
  Status plan(Shapes shapes);
  // Makes *next the present plan and *next what that was; on an error both stay as they were.
  Status switch_to(Layout* next);
  // Whether the plan is that for `wanted`, with all other inputs as they are now.
  bool is_for(const Layout& plan, Span<const InputShape> wanted) const;
  void forget_plans();
  // The session's arena, or one in *larger if that is too small.
  Status take_arena(Layout* layout, AlignedBuffer* larger) const;
  void set_homes(Layout* layout) const;
  Status bind_kernels();
  // Contents but for state are lost, and nothing is bound any more.
  void start_afresh();
  void set_contexts();
  Status run_steps();
  // Gives outputs the sizes that the run has decided.
  void close_up_outputs();

  Status bind(Bindings inputs, Bindings outputs);
  // Whether an output, from where its memory is first written, may lie in an input's.
  bool may_write_over(int output, int input) const;
  // Whether operators may use the memory in the place of this tensor's own.
  bool fits_directly(int tensor, const Binding& binding) const;
  size_t bytes_read_past(int buffer) const;
  void redirect(int buffer, uint8_t* memory, std::vector<void*>* data) const;
  Status rebind_kernels(const std::vector<void*>& before);

  uint64_t state_fingerprint() const;
  template <class Body>
  void for_each_variable(const Body& body) const;

  std::shared_ptr<const Program> program_;
  SessionOptions options_;
  ThreadPool pool_;
  AlignedBuffer arena_;  // null: the caller's
  size_t arena_size_ = 0;
  Layout layout_;                     // the present plan
  std::vector<RunContext> contexts_;  // what its kernels see, by node
  Status outcome_;                    // of the run that is under way: an operator may fail
  std::vector<Layout> kept_;          // those of shapes before, the latest first
  Bindings inputs_bound_, outputs_bound_;
  std::vector<Copy> copies_in_, copies_out_;  // of what is bound by copy
  std::vector<int64_t> counts_;               // by node: what the run has decided
  std::vector<Shape> counted_shapes_;         // by output; none if runs decide no sizes
  bool profiling_ = false;
  Watch watch_ = nullptr;
  void* watch_user_ = nullptr;
  std::vector<uint64_t> profile_ns_;  // by node
  uint64_t profiled_runs_ = 0;
  std::atomic<bool> cancelled_{false};
};

}  // namespace qrt::rt
