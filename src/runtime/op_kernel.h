// The contract between the runtime and an operator's implementation, one file an operator in
// src/ops. In the order of the calls:
//
// - choose: once a Program. Picks a kernel for a node: a pure function of the node, its constants
//   and the ChooseContext. Nothing is packed.
// - pack: once a Program. Puts weights into the Program's store in the kernel's layout.
// - plan: once for each set of shapes that a Session takes. Makes all that follows from shapes, and
//   asks for scratch.
// - bind: after plan. The tensors' addresses are final.
// - run: computes. Derives nothing, allocates nothing.
//
// choose, name and run are to be written; what an operator does not need, it leaves out.
// What operators are, and their shape functions, is in src/opspec.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "src/opspec/node.h"
#include "src/runtime/cpu.h"
#include "src/runtime/thread_pool.h"
#include "src/runtime/weight_store.h"

namespace qrt::rt {

class CustomOperator;

// All that a choice may depend on besides the node.
struct ChooseContext {
  // Of all tensors: those of the model where it fixes them, else sizes to choose kernels by.
  const Shapes& shapes;
  CpuFeatures features = 0;  // of the CPU: what kernels may use
  bool library = false;      // whether XNNPACK may run float layers
  // Caches in which weights may stay from one run to the next.
  size_t l2_bytes = size_t{1} << 20, l3_bytes = 0;
  const std::vector<std::shared_ptr<const CustomOperator>>* customs =
      nullptr;  // the app's; or null
};

// Anything that an operator keeps for one session and one set of shapes.
struct OpState {
  virtual ~OpState() = default;
  // Memory that it holds besides itself.
  virtual size_t bytes() const { return 0; }
  // Weights packed for this session alone, which the states of several plans may share: which they
  // are (null: none), and their size.
  virtual const void* packed() const { return nullptr; }
  virtual size_t packed_bytes() const { return 0; }
};

struct PlanContext {
  const Shapes& shapes;
  size_t max_ranges = 1;             // of a parallel_for: how many slots of scratch its ranges need
  const ThreadPool* pool = nullptr;  // the session's
  const OpState* previous = nullptr;  // of this node for the shapes before a resize, or null
  // Results:
  // Working memory for the duration of run, aligned to kAlignment. In 64 bits on every CPU,
  // computed so that nothing wraps around: what is too much is refused afterwards.
  uint64_t scratch_bytes = 0;
  std::unique_ptr<OpState> state{};
  size_t state_size = 0;  // of the object itself

  // What run is to find as RunContext::planned<State>().
  template <class State, class... Args>
  State& make(Args&&... args) {
    auto made = std::make_unique<State>(std::forward<Args>(args)...);
    State& result = *made;
    state = std::move(made);
    state_size = sizeof(State);
    return result;
  }
};

// What run sees. Addresses are final from bind on, until the session is resized.
struct RunContext {
  const Node& node;
  const Shapes& shapes;
  void* const* data;  // by tensor index
  uint8_t* scratch;
  OpState* state;
  ThreadPool& pool;
  Status& outcome;  // of the run
  int64_t& count;   // see tell_count

  // Ends the run, once this operator returns. For what nobody could know before: that an operator
  // of the app's failed, that there is more than a bound allows.
  void fail(Status why) const { outcome = std::move(why); }

  // How many places there are along the axes of outputs that a run decides
  // (Inference::decided_by_run). What is behind them must be filled, with anything that is of the
  // element's type.
  void tell_count(int64_t places) const { count = places; }

  template <class T>
  const T* in(size_t i) const {
    const int index = node.input_index(i);
    return index < 0 ? nullptr : static_cast<const T*>(data[index]);
  }
  template <class T>
  T* out(size_t i = 0) const {
    return static_cast<T*>(data[node.output_index(i)]);
  }
  const Shape& shape_in(size_t i) const { return node.shape_in(shapes, i); }
  const Shape& shape_out(size_t i = 0) const { return node.shape_out(shapes, i); }
  // What plan has made.
  template <class State>
  const State& planned() const {
    return *static_cast<const State*>(state);
  }
};

// An operator on this CPU. From pack on immutable and shared by sessions, which run it from several
// threads at once.
class OpKernel {
 public:
  virtual ~OpKernel() = default;
  // Names the kernel that does the work, as profiles show it.
  virtual const char* name() const = 0;
  // What the CPU must have: no less than each row of kernels that run calls.
  virtual CpuFeatures needs() const { return 0; }
  virtual Status pack(const Node&, WeightStore&) { return {}; }
  virtual Status plan(const Node&, PlanContext&) const { return {}; }
  virtual Status bind(const RunContext&) const { return {}; }
  virtual void run(const RunContext&) const = 0;
  // Bytes behind the end of this input that the kernel may read, without using what they hold.
  virtual size_t reads_past(size_t /*input*/) const { return 0; }
  // Whether output 0 may be written over this input. Both have the same number of bytes.
  virtual bool may_overwrite(const Node&, const Shapes&, size_t /*input*/) const { return false; }
};

// What choose gives: a kernel, or why the node cannot run.
using Choice = Result<std::unique_ptr<OpKernel>>;

template <class Kernel, class... Args>
Choice make_kernel(Args&&... args) {
  return Choice(std::make_unique<Kernel>(std::forward<Args>(args)...));
}

// The `choose` of an operator that has one kernel for all nodes.
template <class Kernel>
Choice choose_only(const Node&, const ChooseContext&) {
  return make_kernel<Kernel>();
}

}  // namespace qrt::rt
