// What a rule for one foreign operator sees and does: its tensors as values of the graph, its
// options, and the nodes it adds. Rules return a Status that gives the reason only; the importer
// says which operator it was. Unsupported means "go on and collect more"; any other error stops.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/base/shape.h"
#include "src/graph/graph.h"
#include "src/graph/shape_inference.h"
#include "src/import/dim.h"
#include "src/import/tflite/values.h"

namespace qrt::import::tflite {

using graph::DType;
using graph::kAbsent;
using graph::Quantization;
using graph::Value;
using rt::Code;
using rt::error;
using rt::Status;
using Dims = Dimensions;

class OpContext {
 public:
  OpContext(const File& file, const tfl::Operator& op, graph::Graph& graph,
            graph::ShapeInference& shapes, ValueReader& reader, Budget& budget,
            std::vector<int> inputs, std::vector<int> outputs)
      : file_(file),
        op_(op),
        graph_(graph),
        shapes_(shapes),
        reader_(reader),
        budget_(budget),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)) {}

  // Indices of values; kAbsent for an input that is not given or beyond the last.
  int input_count() const { return static_cast<int>(inputs_.size()); }
  int output_count() const { return static_cast<int>(outputs_.size()); }
  int input(int i) const { return i < input_count() ? inputs_[static_cast<size_t>(i)] : kAbsent; }
  int output(int i = 0) const { return outputs_[static_cast<size_t>(i)]; }
  bool has_input(int i) const { return input(i) != kAbsent; }

  // References last until a value is added.
  Value& value(int index) { return graph_.value(index); }
  const Value& in(int i) const { return graph_.value(input(i)); }
  Value& out(int i = 0) { return graph_.value(output(i)); }
  int rank(int i) const { return static_cast<int>(in(i).shape.size()); }
  // Of an input: what the file says of results is of no interest.
  Dims shape(int i) const { return shape_of(input(i)); }
  Dims shape_of(int value) const {
    const rt::Shape& shape = shapes_.shape(value);
    return {shape.begin(), shape.end()};
  }
  // The symbols of open dimensions.
  rt::Dims& dims() { return shapes_.dims(); }

  // The options table; null if the file has none or another operator's.
  template <class Options>
  const Options* options() const {
    return op_.template options_as<Options>();
  }
  // The same, for operators that mean nothing without it.
  template <class Options>
  Status options(const Options** out) const {
    *out = op_.template options_as<Options>();
    if (*out == nullptr) return Status(Code::InvalidModel, "has no options");
    return {};
  }

  // What a custom operator has in place of options.
  rt::Span<const uint8_t> custom_options() const {
    const auto* bytes = op_.custom_options();
    if (bytes == nullptr) return {};
    return {bytes->data(), bytes->size()};
  }

  // The elements of input i, which is s32 or s64 and constant or computed from known sizes; `what`
  // names it in messages. At most `most` of them.
  Status ints(int i, const char* what, size_t most, std::vector<int64_t>* elements) const;
  // The integers of an input that is computed from shapes, symbols among them; null: not known.
  const rt::Integers* computed(int i) const {
    return has_input(i) ? shapes_.integers(input(i)) : nullptr;
  }
  // The same, of exactly one element: an axis, counted from the end if negative, made into
  // 0...rank-1.
  Status axis_input(int i, const char* what, int rank, int* axis) const;
  static Status checked_axis(int64_t axis, int rank, int* out);
  Status expect_rank(int i, const char* what, int expected) const;
  // Where an operator needs the elements now.
  Status expect_constant(int i, const char* what) const;
  // Where the axis of a quantization per channel would be moved or cut.
  Status expect_per_tensor(int value) const;

  // The quantization that the file gives for an inner result; empty if there is none.
  Status intermediate(size_t i, Quantization* quantization);

  // Appends a node named after its first output, or input if it has none. It decides the shapes of
  // its outputs.
  template <class Options>
  Status emit(Options options, std::vector<int> inputs, std::vector<int> outputs) {
    QRT_RETURN_IF_ERROR(check_node(inputs, outputs));
    std::string name = graph_.value(outputs.empty() ? inputs[0] : outputs[0]).name;
    return shapes_.infer(graph_.add_node(std::move(name), std::move(options), std::move(inputs),
                                         std::move(outputs)));
  }
  Status add_constant(std::string name, DType type, std::vector<int32_t> shape, graph::Bytes bytes,
                      Quantization quantization, int* result);
  // An inner result, named after output i.
  int add_inner(const char* suffix, DType type, Quantization quantization = {}, int i = 0);
  // Gives output i elements that are known now; no node is needed.
  Status make_constant(int i, graph::Bytes bytes);

  // `value` with another shape of as many elements: itself, a constant with the same bytes, or the
  // output of a new Reshape.
  Status reshaped(int value, const Dims& shape, const char* suffix, int* result);
  // A Reshape of `value` into output o. Unsupported if a Reshape cannot say which open dimensions
  // the result has.
  Status emit_reshape(int value, int o, const Dims& shape);
  // `value` in f32: itself if it is, else the output of a new Dequantize.
  Status dequantized(int value, int* result);
  // `value` with this quantization: itself if it has it, else the output of a new Quantize.
  Status requantized(int value, const Quantization& quantization, int* result);

 private:
  Status check_node(const std::vector<int>& inputs, const std::vector<int>& outputs);

  const File& file_;
  const tfl::Operator& op_;
  graph::Graph& graph_;
  graph::ShapeInference& shapes_;
  ValueReader& reader_;
  Budget& budget_;
  std::vector<int> inputs_, outputs_;
};

// An activation that TensorFlow Lite fuses into an operator: a clamp where ours can hold one, else
// a node of its own behind.
class FusedActivation {
 public:
  // `in_operator`: our operator has a clamp.
  Status begin(OpContext& op, tfl::Activation activation, bool in_operator = true);
  // What the operator writes, and its clamp (null: none).
  int output() const { return output_; }
  std::unique_ptr<fb::ClampT> clamp() const;
  // Adds the node behind, if one is needed.
  Status finish(OpContext& op) const;

 private:
  fb::UnaryKind kind_ = fb::UnaryKind::Clip;
  float min_ = 0, max_ = 0;
  bool clamped_ = false;   // min_ and max_ hold
  bool separate_ = false;  // as a node of its own
  int output_ = kAbsent;
};

// How many elements the dimensions span; negative if that is no sensible number, Unsupported if it
// is open.
int64_t element_count(const Dims& dims);
inline size_t at(int i) { return static_cast<size_t>(i); }

}  // namespace qrt::import::tflite
