#include "src/quantize/run_sample.h"

#include <cstring>

#include "src/base/small_float.h"

namespace qrt::quantize {
namespace {

using rt::Code;
using rt::DType;
using rt::error;

template <class T>
T load(const void* data, size_t i) {
  T value;
  std::memcpy(&value, static_cast<const uint8_t*>(data) + i * sizeof(T), sizeof(T));
  return value;
}

rt::Status feed(rt::Session* session, const Sample& sample) {
  if (sample.inputs.size() != session->inputs()) {
    return error(Code::InvalidArgument, "%zu inputs for a model that has %zu", sample.inputs.size(),
                 session->inputs());
  }
  std::vector<rt::InputShape> shapes;
  for (size_t i = 0; i < sample.inputs.size(); ++i) {
    const rt::Shape& shape = sample.inputs[i].shape;
    if (shape != session->input_shape(i)) shapes.emplace_back(i, shape);
  }
  if (!shapes.empty()) {
    QRT_RETURN_IF_ERROR(session->resize_inputs({shapes.data(), shapes.size()}));
  }
  for (size_t i = 0; i < sample.inputs.size(); ++i) {
    const std::vector<uint8_t>& bytes = sample.inputs[i].bytes;
    if (bytes.size() != session->input_bytes(i)) {
      return error(Code::InvalidArgument, "%zu bytes for input '%s', which takes %zu", bytes.size(),
                   session->input(i).name, session->input_bytes(i));
    }
    if (!bytes.empty()) std::memcpy(session->input_data(i), bytes.data(), bytes.size());
  }
  return {};
}

}  // namespace

rt::Status feed_sample(rt::Session* session, const Sample& sample) {
  session->reset_state();
  return feed(session, sample).within(sample.name);
}

rt::Status run_sample(rt::Session* session, const Sample& sample) {
  QRT_RETURN_IF_ERROR(feed_sample(session, sample));
  return session->run().within(sample.name);
}

std::vector<double> decode(const rt::Tensor& tensor, const void* data, size_t count) {
  std::vector<double> reals(count);
  const rt::Quantization& q = tensor.quantization;
  const bool quantized = q.present() && q.per_tensor();
  const double scale = quantized ? static_cast<double>(q.scale()) : 1;
  const double zero_point = quantized ? q.zero_point() : 0;
  for (size_t i = 0; i < count; ++i) {
    double value = 0;
    switch (tensor.type) {
      case DType::F32:
        value = static_cast<double>(load<float>(data, i));
        break;
      case DType::F16:
        value = static_cast<double>(load<rt::Half>(data, i));
        break;
      case DType::BF16:
        value = static_cast<double>(load<rt::BFloat16>(data, i));
        break;
      case DType::F64:
        value = load<double>(data, i);
        break;
      case DType::S8:
        value = load<int8_t>(data, i);
        break;
      case DType::U8:
      case DType::Bool:
        value = load<uint8_t>(data, i);
        break;
      case DType::S16:
        value = load<int16_t>(data, i);
        break;
      case DType::S32:
        value = load<int32_t>(data, i);
        break;
      case DType::S64:
        value = static_cast<double>(load<int64_t>(data, i));
        break;
      case DType::S4: {
        const uint8_t pair = load<uint8_t>(data, i / 2);
        const int nibble = i % 2 == 0 ? pair & 15 : pair >> 4;
        value = nibble < 8 ? nibble : nibble - 16;
        break;
      }
    }
    reals[i] = scale * (value - zero_point);
  }
  return reals;
}

std::vector<RealTensor> real_outputs(const rt::Session& session) {
  std::vector<RealTensor> outputs;
  for (size_t i = 0; i < session.outputs(); ++i) {
    const rt::Shape& shape = session.output_shape(i);
    outputs.push_back({shape, decode(session.output(i), session.output_data(i),
                                     static_cast<size_t>(shape.elements()))});
  }
  return outputs;
}

}  // namespace qrt::quantize
