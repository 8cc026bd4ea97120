// A model compiled for this CPU: operators checked, kernels chosen, weights packed. Immutable; any
// number of sessions, in any threads, may share one.
#pragma once

#include <memory>
#include <vector>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/model.h"
#include "src/opspec/graph_view.h"
#include "src/runtime/custom_operator.h"
#include "src/runtime/op_kernel.h"
#include "src/runtime/weight_store.h"

namespace qrt::rt {

enum class LogLevel { Info = 1, Warning = 2 };

// Where messages about choices go: one sentence each, which lives as long as the call. Called by
// the thread that builds.
struct LogSink {
  void (*write)(void* user, LogLevel level, const char* message) = nullptr;  // null: nowhere
  void* user = nullptr;
};

struct ProgramOptions {
  // An instruction set by name ("scalar", "avx2", ...). Null: the environment variable QRT_ISA, or
  // without it all that this CPU has. "scalar" also keeps float operators out of XNNPACK.
  const char* isa = nullptr;
  // What it runs of a model that has several entries, by name. Null: the first.
  const char* entry = nullptr;
  // Where large blocks come from, those of sessions too if they say nothing else. What it points to
  // must outlive the program and its sessions.
  Allocator allocator = {};
  // Info: the kernel of each operator. Warning: an operator of a quantized model that computes in
  // float; portable kernels where the CPU could do better.
  LogSink log = {};
  // What the app computes itself, by name. Names differ.
  CustomOperators customs = {};
};

class Program {
 public:
  static Result<std::shared_ptr<const Program>> build(std::shared_ptr<const Model> model,
                                                      const ProgramOptions& options = {});

  const Model& model() const { return *model_; }
  // Its entry, and the record of that. The first tensors are the record's, with its indices.
  uint32_t entry() const { return entry_; }
  const fb::Subgraph& record() const { return model_->entry(entry_); }
  // Those that kernels were chosen for.
  CpuFeatures features() const { return features_; }
  const Allocator& allocator() const { return allocator_; }
  const GraphView& graph() const { return graph_; }
  const std::vector<Tensor>& tensors() const { return graph_.tensors(); }
  const std::vector<Node>& nodes() const { return graph_.nodes(); }
  const OpSpec& spec(size_t node) const { return graph_.spec(node); }
  // Null for an operator that only renames its input's memory.
  const OpKernel* kernel(size_t node) const { return kernels_[node].get(); }
  Span<const int32_t> inputs() const { return graph_.inputs(); }
  Span<const int32_t> outputs() const { return graph_.outputs(); }
  // What a session starts with (see GraphView::default_shapes), or why there are no such shapes.
  const Result<Shapes>& default_shapes() const { return default_shapes_; }
  // Weights packed into memory beside the file's.
  size_t packed_bytes() const { return weights_.bytes(); }

 private:
  Program() = default;
  Status choose_kernels(bool reference);
  Status pack_weights();
  void log_choices(const LogSink& log) const;

  std::shared_ptr<const Model> model_;
  uint32_t entry_ = 0;
  CpuFeatures features_ = 0;
  Allocator allocator_;
  CustomOperators customs_;  // which graph_ and kernels_ point into
  GraphView graph_;
  WeightStore weights_;                             // which kernels_ point into
  std::vector<std::unique_ptr<OpKernel>> kernels_;  // by node
  Result<Shapes> default_shapes_ = Shapes();
};

}  // namespace qrt::rt
