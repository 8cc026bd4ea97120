// The contract between the runtime and an operator. An operator is one file in src/ops that defines
// an OpDef and the kernels' callers; nothing else in the runtime knows what operators exist.
//
//   infer    checks everything about a node and computes its outputs' shapes (again after a resize)
//   prepare  once per Program: chooses a kernel for this CPU and packs weights -> OpKernel
//   plan     once per Session and resize: shapes are final; asks for scratch, makes per-session
//   state bind     after plan: the tensors' addresses are final run      computes; allocates
//   nothing and cannot fail
#pragma once

#include <memory>
#include <vector>

#include "qrt_generated.h"
#include "src/base/dtype.h"
#include "src/base/shape.h"
#include "src/base/span.h"
#include "src/base/status.h"
#include "src/runtime/cpu.h"
#include "src/runtime/thread_pool.h"

namespace qrt::rt {

// How integers stand for real numbers; a view of the model's own arrays.
struct Quantization {
  Span<const float> scales;         // empty: not quantized
  Span<const int32_t> zero_points;  // empty: all zero
  int axis = -1;                    // -1: per tensor
  int block = 0;                    // 0: not by block

  bool present() const { return !scales.empty(); }
  bool per_tensor() const { return scales.size() == 1; }
  float scale(size_t i = 0) const { return scales[per_tensor() ? 0 : i]; }
  int32_t zero_point(size_t i = 0) const {
    return zero_points.empty() ? 0 : zero_points[per_tensor() ? 0 : i];
  }
};
bool same_quantization(const Quantization& a, const Quantization& b);

// A tensor as the model declares it. `shape` may hold -1 where only a session knows.
struct Tensor {
  const char* name = "";
  DType type = DType::F32;
  Shape shape;
  Quantization quantization;
  const void* data = nullptr;  // of a constant; null otherwise
  bool constant = false;
  bool variable = false;
  // Nothing past its last byte may be read: its memory is the file's, which may end there. True of
  // constants and of what operators that only rename (OpDef::alias) make of them.
  bool unpadded = false;

  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};

// The shapes of all tensors of a graph, by tensor index.
using Shapes = std::vector<Shape>;

// One operator of a model with its tensors: a view, cheap to copy.
class Node {
 public:
  Node(int index, const fb::Operator* op, const std::vector<Tensor>* tensors)
      : index_(index), op_(op), tensors_(tensors) {}

  int index() const { return index_; }
  const char* name() const { return op_->name() != nullptr ? op_->name()->c_str() : ""; }
  fb::OpOptions type() const { return op_->options_type(); }
  template <class Options>
  const Options& options() const {
    return *static_cast<const Options*>(op_->options());
  }

  size_t inputs() const { return op_->inputs()->size(); }
  size_t outputs() const { return op_->outputs()->size(); }
  // Index of the tensor; -1 for an input that is absent or beyond the last.
  int input_index(size_t i) const {
    return i < inputs() ? op_->inputs()->Get(static_cast<unsigned>(i)) : -1;
  }
  int output_index(size_t i) const { return op_->outputs()->Get(static_cast<unsigned>(i)); }
  bool has_input(size_t i) const { return input_index(i) >= 0; }
  const Tensor& input(size_t i) const { return (*tensors_)[static_cast<size_t>(input_index(i))]; }
  const Tensor& output(size_t i) const { return (*tensors_)[static_cast<size_t>(output_index(i))]; }
  const Shape& shape_in(const Shapes& shapes, size_t i) const {
    return shapes[static_cast<size_t>(input_index(i))];
  }
  const Shape& shape_out(const Shapes& shapes, size_t i) const {
    return shapes[static_cast<size_t>(output_index(i))];
  }

  // "operator 3 'conv1' (Conv2D): " before the sentence.
  Status fail(Code code, const char* format, ...) const __attribute__((format(printf, 3, 4)));

  // Checks on arity that every operator makes first; inputs between min and max, all of the first
  // `min` present.
  Status check_arity(size_t min_inputs, size_t max_inputs, size_t outputs) const;

 private:
  int index_;
  const fb::Operator* op_;
  const std::vector<Tensor>* tensors_;
};

// What prepare may ask about the machine and the caller's wishes.
struct BuildContext {
  CpuFeatures features = 0;  // of the CPU: what kernels may use
  bool reference = false;    // scalar kernels only, and no library kernels for float
};

// Anything that an operator keeps for one session.
struct OpState {
  virtual ~OpState() = default;
};

struct PlanContext {
  const Shapes& shapes;
  size_t max_ranges = 1;  // of a parallel_for: how many slots of scratch its ranges need
  // Results:
  size_t scratch_bytes = 0;  // working memory for the duration of run, aligned to kAlignment
  std::unique_ptr<OpState> state;
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
  // Whether output 0 may be written over this input. Both have the same number of bytes.
  virtual bool may_overwrite(const Node&, const Shapes&, size_t /*input*/) const { return false; }
};

struct OpDef {
  fb::OpOptions type;
  Status (*infer)(const Node&, Shapes&);
  Status (*prepare)(const Node&, const BuildContext&, std::unique_ptr<OpKernel>*);
  // Output 0 is input 0 under another shape: they share memory and nothing runs.
  bool alias = false;
};

// The operator of this type, or null if this build has none (src/ops/registry.cc).
const OpDef* find_op(fb::OpOptions type);

}  // namespace qrt::rt
