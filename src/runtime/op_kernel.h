// The contract between the runtime and an operator's implementation, one file an operator in
// src/ops:
//
// - prepare: once a Program. Chooses a kernel for this CPU and packs weights; gives an OpKernel.
// - plan: once a Session and resize. Shapes are final; asks for scratch, makes what run needs.
// - bind: after plan. The tensors' addresses are final.
// - run: computes. Allocates nothing.
//
// What operators are, and their shape functions, is in src/opspec.
#pragma once

#include <memory>

#include "src/opspec/node.h"
#include "src/runtime/cpu.h"
#include "src/runtime/thread_pool.h"

namespace qrt::rt {

// What prepare may ask about the machine, the caller's wishes and the sizes to expect.
struct BuildContext {
  // Of all tensors: those of the model where it fixes them, else sizes to choose kernels by.
  const Shapes& shapes;
  CpuFeatures features = 0;  // of the CPU: what kernels may use
  bool reference = false;    // scalar kernels only, and no library kernels for float
};

// Anything that an operator keeps for one session.
struct OpState {
  virtual ~OpState() = default;
  // Memory that it holds beside the arena: to work in, and for weights packed for this session
  // alone.
  virtual size_t bytes() const { return 0; }
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
};

// What run sees. Addresses are final from bind on, until the session is resized.
struct RunContext {
  const Node& node;
  const Shapes& shapes;
  void* const* data;  // by tensor index
  uint8_t* scratch;
  OpState* state;
  ThreadPool& pool;

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
};

// A prepared operator: immutable and shared by sessions, which run it from several threads at once.
class OpKernel {
 public:
  virtual ~OpKernel() = default;
  // Names the kernel that does the work, as profiles show it.
  virtual const char* name() const = 0;
  // Bytes of weights packed into memory of its own.
  virtual size_t packed_bytes() const { return 0; }
  virtual Status plan(const Node&, PlanContext&) const { return {}; }
  virtual Status bind(const RunContext&) const { return {}; }
  virtual void run(const RunContext&) const = 0;
  // Bytes behind the end of this input that the kernel may read, without using what they hold.
  virtual size_t reads_past(size_t /*input*/) const { return 0; }
  // Whether output 0 may be written over this input. Both have the same number of bytes.
  virtual bool may_overwrite(const Node&, const Shapes&, size_t /*input*/) const { return false; }
};

}  // namespace qrt::rt
