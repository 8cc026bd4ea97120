// One operator of a model with its tensors: a view, cheap to copy.
#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/opspec/tensor.h"

namespace qrt::rt {

// The shapes of all tensors of a graph, by tensor index.
using Shapes = std::vector<Shape>;

class Node {
 public:
  // `numbers`: by tensor of the operator's subgraph, its index in `tensors`.
  Node(int index, const fb::Operator* op, const int32_t* numbers,
       const std::vector<Tensor>* tensors)
      : index_(index), op_(op), numbers_(numbers), tensors_(tensors) {}

  int index() const { return index_; }
  const fb::Operator& record() const { return *op_; }
  const char* name() const { return op_->name() != nullptr ? op_->name()->c_str() : ""; }
  fb::OpOptions type() const { return op_->options_type(); }
  // The operator's attributes: its table of the schema.
  template <class Options>
  const Options& options() const {
    return *static_cast<const Options*>(op_->options());
  }
  const void* raw_options() const { return op_->options(); }

  size_t inputs() const { return op_->inputs()->size(); }
  size_t outputs() const { return op_->outputs()->size(); }
  // Index of the tensor; -1 for an input that is absent or beyond the last.
  int input_index(size_t i) const {
    const int32_t index = i < inputs() ? op_->inputs()->Get(static_cast<unsigned>(i)) : -1;
    return index < 0 ? -1 : numbers_[index];
  }
  int output_index(size_t i) const {
    return numbers_[op_->outputs()->Get(static_cast<unsigned>(i))];
  }
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

 private:
  int index_;
  const fb::Operator* op_;
  const int32_t* numbers_;
  const std::vector<Tensor>* tensors_;
};

}  // namespace qrt::rt
