// A model compiled for this CPU: operators checked, kernels chosen, weights packed. Immutable; any
// number of sessions, in any threads, may share one.
#pragma once

#include <memory>
#include <vector>

#include "src/base/status.h"
#include "src/model/model.h"
#include "src/runtime/op.h"

namespace qrt::rt {

struct ProgramOptions {
  // An instruction set by name ("scalar", "avx2", ...). Null: the environment variable QRT_ISA, or
  // without it all that this CPU has. "scalar" also keeps float operators out of XNNPACK.
  const char* isa = nullptr;
};

class Program {
 public:
  static Result<std::shared_ptr<const Program>> build(std::shared_ptr<const Model> model,
                                                      const ProgramOptions& options = {});

  const Model& model() const { return *model_; }
  // Those that kernels were chosen for.
  CpuFeatures features() const { return features_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const OpDef& op(size_t node) const { return *ops_[node]; }
  // Null for an operator that only renames its input's memory.
  const OpKernel* kernel(size_t node) const { return kernels_[node].get(); }
  Span<const int32_t> inputs() const { return inputs_; }
  Span<const int32_t> outputs() const { return outputs_; }
  // Shapes with every unknown dimension of an input taken as 1.
  const Shapes& default_shapes() const { return shapes_; }
  // Weights packed into memory beside the file's.
  size_t packed_bytes() const;

  // Recomputes all shapes from those of the graph's inputs in `shapes`.
  Status infer_shapes(Shapes& shapes) const;

 private:
  Program() = default;
  Status decode_tensors();
  Status decode_nodes(const BuildContext& context);
  // Output 0 of an operator that only renames has its input's memory.
  void mark_alias(const Node& node, const OpDef& op);

  std::shared_ptr<const Model> model_;
  CpuFeatures features_ = 0;
  std::vector<Tensor> tensors_;
  std::vector<Node> nodes_;
  std::vector<const OpDef*> ops_;
  std::vector<std::unique_ptr<OpKernel>> kernels_;
  Span<const int32_t> inputs_, outputs_;
  Shapes shapes_;
};

}  // namespace qrt::rt
