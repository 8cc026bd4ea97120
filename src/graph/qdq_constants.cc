#include "src/graph/qdq_constants.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace qrt::graph {
namespace {

// How many elements lie behind the quantized axis: each of its indices spans that many.
size_t elements_behind(const std::vector<int32_t>& shape, const Quantization& q) {
  size_t behind = 1;
  if (q.axis < 0) return behind;
  for (size_t i = static_cast<size_t>(q.axis) + 1; i < shape.size(); ++i) {
    behind *= static_cast<size_t>(shape[i]);
  }
  return behind;
}

size_t scale_index(const Quantization& q, size_t element, size_t behind) {
  return q.axis < 0 ? 0 : element / behind % q.scales.size();
}

template <class T>
void quantize_into(const std::vector<float>& elements, const std::vector<int32_t>& shape,
                   const Quantization& q, rt::IntRange range, Bytes* bytes) {
  const size_t behind = elements_behind(shape, q);
  bytes->resize(elements.size() * sizeof(T));
  for (size_t i = 0; i < elements.size(); ++i) {
    const size_t k = scale_index(q, i, behind);
    const float steps = std::nearbyint(elements[i] / q.scales[k]);
    // What is no number becomes zero.
    const double code = (std::isnan(steps) ? 0.0 : static_cast<double>(steps)) + q.zero_point(k);
    const T element = static_cast<T>(
        std::clamp(code, static_cast<double>(range.min), static_cast<double>(range.max)));
    std::memcpy(bytes->data() + i * sizeof(T), &element, sizeof(T));
  }
}

template <class T>
void dequantize_into(const Value& value, std::vector<double>* out) {
  const Quantization& q = value.quantization;
  const size_t behind = elements_behind(value.shape, q);
  for (size_t i = 0; i < value.elements(); ++i) {
    T element;
    std::memcpy(&element, value.data->data() + i * sizeof(T), sizeof(T));
    if constexpr (std::is_same_v<T, float>) {
      out->push_back(static_cast<double>(element));
    } else {
      const size_t k = scale_index(q, i, behind);
      out->push_back((static_cast<double>(element) - q.zero_point(k)) *
                     static_cast<double>(q.scales[k]));
    }
  }
}

// Beyond this a bias leaves no room for the products that are added to it in 32 bits.
constexpr double kLargestBias = 1 << 30;
// What sums of s16 products leave for an s64 bias.
constexpr double kMostWide = double{int64_t{1} << 46};

template <class T>
std::vector<T> saturated(const std::vector<double>& elements, double most) {
  std::vector<T> codes;
  for (double x : elements) codes.push_back(static_cast<T>(std::clamp(x, -most, most)));
  return codes;
}

template <class T>
void rescale_row(T* row, size_t count, int32_t zero_point, double factor) {
  constexpr double kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();
  for (size_t i = 0; i < count; ++i) {
    const double code = std::nearbyint((row[i] - zero_point) * factor) + zero_point;
    row[i] = static_cast<T>(std::clamp(code, kMin, kMax));
  }
}

// The weights with a coarser scale for the outputs whose bias would be too large.
int coarser_weights(Graph& graph, float input_scale, int weights, const std::vector<double>& bias) {
  const Value& old = graph.value(weights);
  if (old.quantization.scales.size() != bias.size()) return weights;
  Bytes bytes;
  Quantization q = old.quantization;
  const size_t row = old.data->size() / bias.size();
  for (size_t o = 0; o < bias.size(); ++o) {
    const double scale = static_cast<double>(q.scales[o]);
    const double wanted = std::fabs(bias[o]) / (static_cast<double>(input_scale) * kLargestBias);
    if (!std::isfinite(wanted) || wanted <= scale) continue;
    if (bytes.empty()) bytes = *old.data;
    q.scales[o] = static_cast<float>(wanted);
    uint8_t* begin = bytes.data() + o * row;
    if (old.type == DType::S8) {
      rescale_row(reinterpret_cast<int8_t*>(begin), row, q.zero_point(o), scale / wanted);
    } else {
      rescale_row(begin, row, q.zero_point(o), scale / wanted);
    }
  }
  if (bytes.empty()) return weights;
  const Value copy = old;
  return graph.add_constant_bytes(copy.name + "/coarser", copy.type, copy.shape, std::move(bytes),
                                  std::move(q));
}

}  // namespace

Bytes quantize_elements(const std::vector<float>& elements, const std::vector<int32_t>& shape,
                        const Quantization& q, DType type) {
  rt::IntRange range{0, 0};
  (void)rt::quantized_range(type, &range);
  Bytes bytes;
  if (type == DType::S8) {
    quantize_into<int8_t>(elements, shape, q, range, &bytes);
  } else if (type == DType::U8) {
    quantize_into<uint8_t>(elements, shape, q, range, &bytes);
  } else {
    quantize_into<int16_t>(elements, shape, q, range, &bytes);
  }
  return bytes;
}

std::optional<std::vector<double>> real_elements(const Value& value) {
  if (!value.constant() || value.quantization.block != 0) return std::nullopt;
  if (value.type != DType::F32 && value.quantization.empty()) return std::nullopt;
  std::vector<double> out;
  switch (value.type) {
    case DType::F32:
      dequantize_into<float>(value, &out);
      return out;
    case DType::S8:
      dequantize_into<int8_t>(value, &out);
      return out;
    case DType::U8:
      dequantize_into<uint8_t>(value, &out);
      return out;
    case DType::S16:
      dequantize_into<int16_t>(value, &out);
      return out;
    case DType::S32:
      dequantize_into<int32_t>(value, &out);
      return out;
    default:
      return std::nullopt;
  }
}

bool quantized_per_output(const Value& weights) {
  const Quantization& q = weights.quantization;
  if (q.block != 0 || weights.shape.empty()) return false;
  return q.scales.size() == 1 ||
         (q.axis == 0 && q.scales.size() == static_cast<size_t>(weights.shape[0]));
}

IntegerWeights make_integer_weights(Graph& graph, int input, int weights,
                                    const std::vector<double>& bias, const std::string& bias_name) {
  if (bias.empty()) return {weights, kAbsent};
  const float input_scale = graph.value(input).quantization.scales[0];
  const bool may_be_wide = graph.value(input).type == DType::S16;
  const bool packed = graph.value(weights).type == DType::S4;
  if (!may_be_wide && !packed) weights = coarser_weights(graph, input_scale, weights, bias);
  const Quantization& w = graph.value(weights).quantization;
  std::vector<double> elements;
  double largest = 0;
  for (size_t o = 0; o < bias.size(); ++o) {
    const double weight_scale = static_cast<double>(w.scales[w.scales.size() == 1 ? 0 : o]);
    const double scale = static_cast<double>(input_scale) * weight_scale;
    elements.push_back(std::isnan(bias[o]) ? 0 : std::nearbyint(bias[o] / scale));
    largest = std::max(largest, std::fabs(elements.back()));
  }
  // The kernels take s_in * s_w for its scale: it needs none of its own.
  const std::vector<int32_t> shape = {static_cast<int32_t>(bias.size())};
  const int made =
      may_be_wide && largest > kLargestBias
          ? graph.add_constant(bias_name, shape, saturated<int64_t>(elements, kMostWide))
          : graph.add_constant(bias_name, shape, saturated<int32_t>(elements, INT32_MAX));
  return {weights, made};
}

int quantize_number(Graph& graph, int value, DType type) {
  const Value old = graph.value(value);
  const float number = *old.as<float>();
  const int most = type == DType::S16 ? 32767 : 127;
  Quantization q;
  q.scales = {std::fabs(number) / static_cast<float>(most)};
  if (!std::isnormal(q.scales[0])) q.scales = {1.0f};
  const int code = number == 0 ? 0 : number > 0 ? most : -most;
  if (type == DType::S16) {
    return graph.add_constant(old.name + "/s16", old.shape,
                              std::vector<int16_t>{static_cast<int16_t>(code)}, std::move(q));
  }
  return graph.add_constant(old.name + "/s8", old.shape,
                            std::vector<int8_t>{static_cast<int8_t>(code)}, std::move(q));
}

}  // namespace qrt::graph
