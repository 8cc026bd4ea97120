// Tensors of the file as values of the graph. A tensor is looked at when an operator needs it, so
// that what is odd about a tensor nobody reads stops no import.
#pragma once

#include <memory>
#include <vector>

#include "src/graph/graph.h"
#include "src/import/tflite/file.h"

namespace qrt::import::tflite {

// What an import may allocate, as a multiple of the file's size. Without it a small file, in which
// a million tensors name the same data, could ask for any amount of memory.
class Budget {
 public:
  explicit Budget(size_t file_bytes) : left_(kBase + kFactor * file_bytes) {}
  rt::Status take(uint64_t bytes);

 private:
  static constexpr uint64_t kBase = uint64_t{64} << 20;
  static constexpr uint64_t kFactor = 16;
  uint64_t left_;
};

class ValueReader {
 public:
  ValueReader(const tfl::Model& model, Budget& budget);

  // Of a tensor of the subgraph in view: its name, type, shape (-1 for what the file leaves open),
  // quantization and, of a constant, its elements. Constants that share a buffer share their bytes.
  // A tensor without elements is a constant without bytes. Of s32 the quantization is left out but
  // where `scaled_s32`: mostly biases carry one, and theirs follows from their operator.
  rt::Result<graph::Value> read(const File& file, int tensor, bool scaled_s32 = false);

 private:
  rt::Status read_sparse(const tfl::Sparsity& sparsity, rt::Span<const uint8_t> data,
                         graph::Value* value);
  rt::Status read_data(const File& file, const tfl::Tensor& tensor, graph::Value* value);

  Budget& budget_;
  std::vector<std::shared_ptr<const graph::Bytes>> buffers_;  // by buffer index; null: not yet read
};

// By tensor, whether it is of integers that are only ever quantized from, to or dequantized: then
// those of s32 stand for real numbers by their own scale.
std::vector<bool> requantized_tensors(const File& file);

// An operator may neither read nor write a value without elements.
bool has_elements(const graph::Value& value);

}  // namespace qrt::import::tflite
