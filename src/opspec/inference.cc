#include "src/opspec/inference.h"

#include "src/base/checked.h"
#include "src/opspec/custom.h"
#include "src/opspec/spec.h"

namespace qrt::rt {
namespace {

// Shapes have up to kMaxRank dimensions, tables of paddings twice as many; lists are joined and cut
// on the way.
constexpr int64_t kMostIntegers = 64;

template <class T>
bool read(const Tensor& tensor, int64_t count, Integers* elements) {
  elements->clear();
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<int64_t>(tensor.as<T>()[i]);
    // "Up to the end" is often written as the largest integer.
    if (value <= kFirstSymbol) return false;
    elements->push_back(value > INT32_MAX ? INT32_MAX : static_cast<int32_t>(value));
  }
  return true;
}

bool has_size(const Shape& shape) {
  for (int32_t dim : shape) {
    if (dim == kInvalidDim || (is_number(dim) && dim < 0)) return false;
  }
  return true;
}

}  // namespace

bool scales_fit(const Quantization& q, const Shape& shape) {
  if (q.axis < 0) return true;
  if (!all_numbers(shape)) return true;
  const int64_t along = shape[q.axis];
  const int64_t blocks = q.block == 0 ? along : (along + q.block - 1) / q.block;
  const int64_t scales = q.block == 0 || along == 0 ? blocks : shape.elements() / along * blocks;
  return scales == static_cast<int64_t>(q.count());
}

Status infer_node(const OpSpec& spec, const Node& node, GraphShapes& graph) {
  Inference inference(node, graph);
  QRT_RETURN_IF_ERROR(spec.infer(inference));
  for (size_t k = 0; k < node.outputs(); ++k) {
    const Shape& shape = node.shape_out(graph.shapes, k);
    uint64_t bytes;
    const bool possible = has_size(shape) && (!all_numbers(shape) ||
                                              checked_bytes(shape, dtype_bits(node.output(k).type),
                                                            kMaxTensorBytes, &bytes));
    if (!possible) {
      return node.fail(Code::InvalidModel, "output %zu has an impossible shape, %s", k,
                       graph.dims.text(shape).c_str());
    }
    if (!scales_fit(node.output(k).quantization, shape)) {
      return node.fail(Code::InvalidModel, "output %zu of shape %s does not fit its scales", k,
                       graph.dims.text(shape).c_str());
    }
  }
  return {};
}

const CustomSpec* Inference::custom(const char* name) const {
  return graph_.customs != nullptr ? find_custom(*graph_.customs, name) : nullptr;
}

int32_t Inference::decided_by_run(int32_t most) {
  if (graph_.planned) return most;
  const int32_t symbol = dims().open();
  graph_.counted.push_back({node_.index(), symbol});
  return symbol;
}

bool Inference::integers(size_t i, Integers* elements) const {
  if (!node_.has_input(i)) return false;
  const Tensor& tensor = node_.input(i);
  if (tensor.constant) {
    if (tensor.shape.rank() > 1 || tensor.shape.elements() > kMostIntegers) return false;
    if (tensor.type == DType::S32) return read<int32_t>(tensor, tensor.shape.elements(), elements);
    if (tensor.type == DType::S64) return read<int64_t>(tensor, tensor.shape.elements(), elements);
    if (tensor.type == DType::Bool) {
      elements->clear();
      for (int64_t e = 0; e < tensor.shape.elements(); ++e) {
        elements->push_back(tensor.as<uint8_t>()[e] != 0 ? 1 : 0);
      }
      return true;
    }
    return false;
  }
  const auto t = static_cast<size_t>(node_.input_index(i));
  if (t >= graph_.integers.size() || graph_.integers[t] == nullptr) return false;
  *elements = *graph_.integers[t];
  return true;
}

void Inference::out_integers(size_t i, Integers elements) {
  if (elements.size() > static_cast<size_t>(kMostIntegers)) return;
  if (graph_.integers.empty()) graph_.integers.resize(graph_.shapes.size());
  graph_.integers[static_cast<size_t>(node_.output_index(i))] =
      std::make_unique<Integers>(std::move(elements));
}

}  // namespace qrt::rt
