// What people ask about a model that no field of the file says: what each operator does, whether it
// runs in integers, how much it computes. Read from a verified model; nothing is built or run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "qrt_generated.h"
#include "src/model/model.h"

namespace qrt::cli {

enum class Numeric {
  Integer,
  Float,     // reads or writes floating-point activations
  Boundary,  // Quantize, Dequantize and Cast, between the two
};
const char* numeric_name(Numeric numeric);

struct OpFacts {
  const fb::Operator* op = nullptr;
  unsigned subgraph = 0;  // it stands in
  std::string kind;       // "Conv2D", "Binary.Add"
  Numeric numeric = Numeric::Integer;
  double macs = 0;  // multiply-accumulates, with open dimensions as small as can be
  // Of one in float between operators on integers: its island's number, and why it is in float.
  int island = -1;
  const char* why_float = "";
};

struct ModelFacts {
  // Of one entry, with all that it runs.
  explicit ModelFacts(const rt::Model& model, uint32_t entry = 0);

  std::vector<OpFacts> ops;  // in the order of the file: the entry's own, then others'
  // What a run works through, as a session numbers it: those that run others are not there, and one
  // that is run in several places stands there as often.
  std::vector<OpFacts> steps;
  // By subgraph, tensor and axis: "224", "batch", "2*h + 1".
  std::vector<std::vector<std::vector<std::string>>> dims;
  std::map<std::string, uint64_t> weight_bytes;  // by element type
  double macs = 0, float_macs = 0;
  size_t float_ops = 0, boundary_ops = 0;
  int islands = 0;  // groups of operators in float, between operators on integers

  // "29 operators in integers, 1 in float, 1 between"
  std::string summary() const;
  // Of a tensor: "1x224x224x3"; "[batch, 224, 224, 3]" where dimensions are open.
  std::string shape(size_t subgraph, size_t tensor) const;
  // The share of multiplications that float operators do: "2.1 % of the multiplications".
  std::string float_share() const;
  // "2 Softmax, 1 Unary.Exp": the operators in float by kind.
  std::string float_kinds() const;
};

std::string name_of(const flatbuffers::String* name);
uint64_t constant_bytes(const fb::Tensor& tensor);
// "scale 0.0235, zero point -3", "per channel (axis 0): 32 scales, 0.0012…0.034", "" without.
std::string quantization_text(const fb::Tensor& tensor);

}  // namespace qrt::cli
