#include "src/opspec/inference.h"

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

}  // namespace

bool Inference::integers(size_t i, Integers* elements) const {
  if (!node_.has_input(i)) return false;
  const Tensor& tensor = node_.input(i);
  if (tensor.constant) {
    if (tensor.shape.rank() > 1 || tensor.shape.elements() > kMostIntegers) return false;
    if (tensor.type == DType::S32) return read<int32_t>(tensor, tensor.shape.elements(), elements);
    if (tensor.type == DType::S64) return read<int64_t>(tensor, tensor.shape.elements(), elements);
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
