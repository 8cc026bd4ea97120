// Convolutions and matrix products. Weights keep their integers; a depthwise convolution's are
// turned from [1,KH,KW,O] to our [O,KH,KW,1].
#include <algorithm>
#include <cstring>
#include <limits>

#include "src/import/tflite/op_table.h"
#include "src/import/tflite/window.h"

namespace qrt::import::tflite {
namespace {

// 16-bit activations take s64 biases as they are; others take what fits s32.
Status narrowed(OpContext& op, int bias, graph::Bytes* narrow) {
  const Value& source = op.value(bias);
  narrow->resize(source.data->size() / 2);
  for (size_t i = 0; i < narrow->size() / sizeof(int32_t); ++i) {
    int64_t wide;
    std::memcpy(&wide, source.data->data() + i * sizeof(wide), sizeof(wide));
    if (wide < std::numeric_limits<int32_t>::min() || wide > std::numeric_limits<int32_t>::max()) {
      return error(Code::Unsupported, "its bias '%s' holds %lld, which does not fit s32",
                   shortened(source.name).c_str(), static_cast<long long>(wide));
    }
    const auto value = static_cast<int32_t>(wide);
    std::memcpy(narrow->data() + i * sizeof(value), &value, sizeof(value));
  }
  return {};
}

// The bias as [channels], or kAbsent.
Status read_bias(OpContext& op, int i, int32_t channels, int* bias) {
  *bias = op.input(i);
  if (*bias == kAbsent) return {};
  if (element_count(op.shape(i)) != channels) {
    return error(Code::InvalidModel, "its bias '%s' has %lld elements for %d output channels",
                 shortened(op.in(i).name).c_str(),
                 static_cast<long long>(element_count(op.shape(i))), channels);
  }
  QRT_RETURN_IF_ERROR(op.reshaped(*bias, {channels}, "/bias", bias));
  if (op.value(*bias).type != DType::S64) return {};
  if (op.out().type == DType::S16) return {};
  QRT_RETURN_IF_ERROR(op.expect_constant(i, "s64 bias"));
  graph::Bytes narrow;
  QRT_RETURN_IF_ERROR(narrowed(op, *bias, &narrow));
  return op.add_constant(op.value(*bias).name, DType::S32, {channels}, std::move(narrow), {}, bias);
}

Status expect_channel_axis(const Value& weights, int axis) {
  if (weights.quantization.axis < 0 || weights.quantization.axis == axis) return {};
  return error(Code::Unsupported, "its weights '%s' are quantized along axis %d, not axis %d",
               shortened(weights.name).c_str(), weights.quantization.axis, axis);
}

// The operators that take f32 activations with quantized weights do so with symmetric s8 or s4
// ones.
Status hybrid_weights(OpContext& op, int i, int* weights) {
  *weights = op.input(i);
  const Value& w = op.in(i);
  const bool narrow = w.type == DType::S8 || (w.type == DType::S4 && w.constant());
  const bool symmetric = narrow && w.quantization.zero_points.empty();
  if (op.in(0).type != DType::F32 || symmetric) return {};
  return op.dequantized(*weights, weights);
}

Status conv_2d(OpContext& op) {
  const tfl::Conv2DOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 4));
  QRT_RETURN_IF_ERROR(op.expect_rank(1, "weights", 4));
  QRT_RETURN_IF_ERROR(expect_channel_axis(op.in(1), 0));
  const int32_t outputs = op.shape(1)[0], inputs = op.shape(0)[3];
  const int32_t depth = op.shape(1)[3];
  if (inputs % depth != 0 || outputs % (inputs / depth) != 0) {
    return error(Code::InvalidModel,
                 "weights of depth %d and %d output channels do not fit %d input channels", depth,
                 outputs, inputs);
  }
  fb::Conv2DT conv;
  QRT_RETURN_IF_ERROR(
      read_window(*options, options->dilation_h(), options->dilation_w(), &conv.window));
  conv.groups = inputs / depth;
  // TensorFlow Lite quantizes the input of dynamic-range convolutions symmetrically where the
  // weights have one scale, and asymmetrically where every channel has its own.
  conv.symmetric_input = op.in(1).quantization.scales.size() == 1;
  int weights, bias;
  QRT_RETURN_IF_ERROR(hybrid_weights(op, 1, &weights));
  QRT_RETURN_IF_ERROR(read_bias(op, 2, outputs, &bias));
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(op, options->activation()));
  conv.clamp = activation.clamp();
  QRT_RETURN_IF_ERROR(
      op.emit(std::move(conv), {op.input(0), weights, bias}, {activation.output()}));
  return activation.finish(op);
}

// One axis of a transposed convolution: what TensorFlow Lite's wanted size of the output means as
// padding, and as elements that the output gets more.
Status transposed_axis(int32_t in, int64_t out, int32_t kernel, int32_t stride, bool same,
                       int32_t* before, int32_t* after, int32_t* more) {
  if (stride < 1) return error(Code::InvalidModel, "its stride of %d is below 1", stride);
  const int64_t full = (int64_t{in} - 1) * stride + kernel;
  // As of the convolution whose gradient this is.
  const int64_t steps = same ? (out + stride - 1) / stride : (out - kernel + stride) / stride;
  const int64_t padding = std::max<int64_t>((steps - 1) * stride + kernel - out, 0);
  const int64_t top = same ? padding / 2 : 0, bottom = full - top - out;
  if (in < 1 || out < 1 || out > INT32_MAX || bottom > INT32_MAX || -bottom > INT32_MAX ||
      top >= kernel) {
    return error(Code::InvalidModel, "its output of %lld elements does not fit its input of %d",
                 static_cast<long long>(out), in);
  }
  *before = static_cast<int32_t>(top);
  *after = static_cast<int32_t>(std::max<int64_t>(bottom, 0));
  *more = static_cast<int32_t>(std::max<int64_t>(-bottom, 0));
  return {};
}

struct Transposed {
  int input, weights, bias;  // numbers of inputs; weights [O,KH,KW,I]
  bool same;                 // padding, as of the convolution whose gradient this is
  int32_t stride_h, stride_w;
  tfl::Activation activation;
};

Status check_transposed(OpContext& op, const Transposed& t) {
  QRT_RETURN_IF_ERROR(op.expect_rank(t.weights, "weights", 4));
  QRT_RETURN_IF_ERROR(op.expect_rank(t.input, "input", 4));
  QRT_RETURN_IF_ERROR(expect_channel_axis(op.in(t.weights), 0));
  const int32_t channels = op.shape(t.input)[3], depth = op.in(t.weights).shape[3];
  if (channels == depth) return {};
  return error(Code::InvalidModel, "weights of depth %d do not fit %d input channels", depth,
               channels);
}

// Gives an output of this shape, whose batch may be open.
Status emit_transposed(OpContext& op, const Transposed& t, const Dims& size) {
  const Dims in = op.shape(t.input);
  const std::vector<int32_t> kernel = op.in(t.weights).shape;
  if (size.size() != 4 || op.dims().differ(size[0].symbol(), in[0].symbol()) ||
      size[3] != kernel[0]) {
    return error(Code::InvalidModel, "its output shape does not fit its input and weights");
  }
  fb::TransposedConv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  fb::Window2DT& window = *conv.window;
  window.stride_h = t.stride_h;
  window.stride_w = t.stride_w;
  QRT_RETURN_IF_ERROR(transposed_axis(in[1], int32_t{size[1]}, kernel[1], window.stride_h, t.same,
                                      &window.pad_top, &window.pad_bottom, &conv.output_padding_h));
  QRT_RETURN_IF_ERROR(transposed_axis(in[2], int32_t{size[2]}, kernel[2], window.stride_w, t.same,
                                      &window.pad_left, &window.pad_right, &conv.output_padding_w));
  int weights = op.input(t.weights), bias;
  if (op.in(t.input).type == DType::F32) QRT_RETURN_IF_ERROR(op.dequantized(weights, &weights));
  QRT_RETURN_IF_ERROR(read_bias(op, t.bias, kernel[0], &bias));
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(op, t.activation));
  conv.clamp = activation.clamp();
  QRT_RETURN_IF_ERROR(
      op.emit(std::move(conv), {op.input(t.input), weights, bias}, {activation.output()}));
  return activation.finish(op);
}

// The output's shape, weights, input, bias.
Status transpose_conv(OpContext& op) {
  const tfl::TransposeConvOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  const bool same = options->padding() == tfl::Padding::SAME;
  const Transposed t = {
      2, 1, 3, same, options->stride_h(), options->stride_w(), options->activation()};
  QRT_RETURN_IF_ERROR(check_transposed(op, t));
  Dims size;
  if (const rt::Integers* computed = op.computed(0)) {
    size.assign(computed->begin(), computed->end());
  } else if (!op.in(0).constant()) {
    // The file may say what comes out.
    size.assign(op.out().shape.begin(), op.out().shape.end());
    if (std::count(op.out().shape.begin(), op.out().shape.end(), -1) > 0) {
      return Status(Code::Unsupported, "computes its output shape when the model runs");
    }
  } else {
    std::vector<int64_t> listed;
    QRT_RETURN_IF_ERROR(op.ints(0, "output shape", 4, &listed));
    for (int64_t dim : listed) {
      size.emplace_back(static_cast<int32_t>(std::clamp<int64_t>(dim, -1, INT32_MAX)));
    }
  }
  if (!same && options->padding() != tfl::Padding::VALID) {
    return error(Code::InvalidModel, "its padding %d is not known",
                 static_cast<int>(options->padding()));
  }
  return emit_transposed(op, t, size);
}

// MediaPipe's: input, weights, bias. Its options are three 32-bit integers: 1 for SAME or 2 for
// VALID, and the strides along the width and the height.
Status convolution_2d_transpose_bias(OpContext& op) {
  const rt::Span<const uint8_t> bytes = op.custom_options();
  int32_t options[3];
  if (bytes.size() < sizeof options) {
    return error(Code::InvalidModel, "has %zu bytes of options, needs %zu", bytes.size(),
                 sizeof options);
  }
  std::memcpy(options, bytes.data(), sizeof options);
  const bool same = options[0] == 1;
  const Transposed t = {0, 1, 2, same, options[2], options[1], tfl::Activation::NONE};
  QRT_RETURN_IF_ERROR(check_transposed(op, t));
  if ((!same && options[0] != 2) || t.stride_h < 1 || t.stride_w < 1) {
    return error(Code::InvalidModel, "its padding is %d, its strides are %d and %d", options[0],
                 t.stride_h, t.stride_w);
  }
  const Dims in = op.shape(0);
  const std::vector<int32_t> kernel = op.in(1).shape;
  rt::Dims& dims = op.dims();
  const auto outputs = [&](Dim dim, int32_t stride, int32_t taps) {
    const int32_t more = same ? 0 : std::max(taps - stride, 0);
    return dims.add(dims.mul(dim.symbol(), stride), more);
  };
  return emit_transposed(op, t,
                         {in[0], outputs(in[1], t.stride_h, kernel[1]),
                          outputs(in[2], t.stride_w, kernel[2]), kernel[0]});
}

// Elements of four bits become bytes: a transposed row need not start at a whole one.
graph::Bytes unpack_s4(const graph::Bytes& packed, size_t elements) {
  graph::Bytes bytes(elements);
  for (size_t i = 0; i < elements; ++i) {
    const int nibble = packed[i / 2] >> (i % 2 * 4) & 15;
    bytes[i] = static_cast<uint8_t>(nibble >= 8 ? nibble - 16 : nibble);
  }
  return bytes;
}

graph::Bytes pack_s4(const graph::Bytes& bytes) {
  graph::Bytes packed((bytes.size() + 1) / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    packed[i / 2] |= static_cast<uint8_t>((bytes[i] & 15) << (i % 2 * 4));
  }
  return packed;
}

graph::Bytes transpose(const graph::Bytes& source, size_t rows, size_t columns, size_t size) {
  graph::Bytes result(source.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      std::memcpy(&result[(c * rows + r) * size], &source[(r * columns + c) * size], size);
    }
  }
  return result;
}

// [1,KH,KW,O] -> [O,KH,KW,1]
Status depthwise_weights(OpContext& op, int source, int* result) {
  Value weights = op.value(source);
  const std::vector<int32_t> shape = weights.shape;
  weights.shape = {shape[3], shape[1], shape[2], 1};
  if (weights.quantization.axis >= 0) weights.quantization.axis = 0;
  if (!weights.constant()) {
    *result = op.add_inner("/weights", weights.type, weights.quantization);
    fb::TransposeT transposed;
    transposed.perm = {3, 1, 2, 0};
    return op.emit(std::move(transposed), {source}, {*result});
  }
  const size_t elements = weights.elements(), columns = at(shape[3]);
  const bool narrow = weights.type == DType::S4;
  graph::Bytes bytes =
      transpose(narrow ? unpack_s4(*weights.data, elements) : *weights.data, elements / columns,
                columns, narrow ? 1 : rt::dtype_bytes(weights.type));
  if (narrow) bytes = pack_s4(bytes);
  return op.add_constant(std::move(weights.name), weights.type, std::move(weights.shape),
                         std::move(bytes), std::move(weights.quantization), result);
}

Status depthwise_conv_2d(OpContext& op) {
  const tfl::DepthwiseConv2DOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  QRT_RETURN_IF_ERROR(op.expect_rank(0, "input", 4));
  QRT_RETURN_IF_ERROR(op.expect_rank(1, "weights", 4));
  QRT_RETURN_IF_ERROR(expect_channel_axis(op.in(1), 3));
  const int32_t channels = op.shape(0)[3], outputs = op.shape(1)[3], ones = op.shape(1)[0];
  if (ones != 1 || outputs % channels != 0) {
    return error(Code::InvalidModel, "weights of [%d,..,%d] do not fit %d input channels", ones,
                 outputs, channels);
  }
  fb::Conv2DT conv;
  QRT_RETURN_IF_ERROR(
      read_window(*options, options->dilation_h(), options->dilation_w(), &conv.window));
  conv.groups = channels;
  int weights, bias;
  QRT_RETURN_IF_ERROR(hybrid_weights(op, 1, &weights));
  QRT_RETURN_IF_ERROR(depthwise_weights(op, weights, &weights));
  QRT_RETURN_IF_ERROR(read_bias(op, 2, outputs, &bias));
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(op, options->activation()));
  conv.clamp = activation.clamp();
  QRT_RETURN_IF_ERROR(
      op.emit(std::move(conv), {op.input(0), weights, bias}, {activation.output()}));
  return activation.finish(op);
}

// The input as the operator sees it: without keep_num_dims everything but the last `depth` elements
// is the batch, wherever the dimensions' borders are.
Status flattened_input(OpContext& op, bool keep_num_dims, int32_t depth, int* input) {
  const Dims shape = op.shape(0);
  *input = op.input(0);
  const bool fits = !shape.empty() && shape.back() == depth;
  const bool divides = is_open(shape) || element_count(shape) % depth == 0;
  if (keep_num_dims ? !fits : !divides) {
    return error(Code::InvalidModel, "its input '%s' does not divide into rows of %d elements",
                 shortened(op.in(0).name).c_str(), depth);
  }
  if (keep_num_dims || (fits && shape.size() == 2)) return {};
  if (is_open(shape)) {
    int32_t all = 1;
    for (Dim dim : shape) all = op.dims().mul(all, dim.symbol());
    return op.reshaped(*input, {op.dims().floor_div(all, depth), depth}, "/rows", input);
  }
  const int64_t rows = element_count(shape) / depth;
  if (rows > std::numeric_limits<int32_t>::max()) {
    return Status(Code::InvalidModel, "its input has too many rows");
  }
  return op.reshaped(*input, {static_cast<int32_t>(rows), depth}, "/rows", input);
}

// Weights that are computed: a product of two activations.
Status product_of_activations(OpContext& op, int input, int bias, FusedActivation& activation) {
  fb::MatMulT product;
  product.transpose_b = true;
  if (bias != kAbsent && op.out().type != DType::F32) {
    // The range of the sum before the bias is nowhere in the file.
    return Status(Code::Unsupported, "has quantized weights that are no constant, and a bias");
  }
  const Value& out = op.value(activation.output());
  if (bias == kAbsent) {
    QRT_RETURN_IF_ERROR(op.emit(std::move(product), {input, op.input(1)}, {activation.output()}));
    return activation.finish(op);
  }
  const int sum = op.add_inner("/product", out.type);
  QRT_RETURN_IF_ERROR(op.emit(std::move(product), {input, op.input(1)}, {sum}));
  fb::BinaryT add;
  add.kind = fb::BinaryKind::Add;
  QRT_RETURN_IF_ERROR(op.emit(std::move(add), {sum, bias}, {activation.output()}));
  return activation.finish(op);
}

Status fully_connected(OpContext& op) {
  const auto* options = op.options<tfl::FullyConnectedOptions>();
  if (options != nullptr && options->weights_format() != tfl::WeightsFormat::DEFAULT) {
    return Status(Code::Unsupported, "its weights are stored in shuffled order");
  }
  QRT_RETURN_IF_ERROR(op.expect_rank(1, "weights", 2));
  QRT_RETURN_IF_ERROR(expect_channel_axis(op.in(1), 0));
  const int32_t outputs = op.shape(1)[0], depth = op.shape(1)[1];
  int input, weights, bias;
  QRT_RETURN_IF_ERROR(
      flattened_input(op, options != nullptr && options->keep_num_dims(), depth, &input));
  QRT_RETURN_IF_ERROR(hybrid_weights(op, 1, &weights));
  QRT_RETURN_IF_ERROR(read_bias(op, 2, outputs, &bias));

  const bool constant = op.in(1).constant();
  FusedActivation activation;
  QRT_RETURN_IF_ERROR(activation.begin(
      op, options != nullptr ? options->activation() : tfl::Activation::NONE, constant));
  if (!constant) return product_of_activations(op, input, bias, activation);
  fb::FullyConnectedT product;
  product.clamp = activation.clamp();
  product.symmetric_input = options == nullptr || !options->asymmetric_quantize_inputs();
  QRT_RETURN_IF_ERROR(op.emit(std::move(product), {input, weights, bias}, {activation.output()}));
  return activation.finish(op);
}

// Of s16 by a constant matrix with a scale for each of its columns: those are outputs.
bool has_scaled_columns(OpContext& op, bool transposed) {
  const Value& b = op.in(1);
  return op.in(0).type == DType::S16 && b.type == DType::S8 && b.constant() &&
         b.shape.size() == 2 && b.quantization.axis == (transposed ? 0 : 1);
}

Status product_with_columns(OpContext& op, bool transposed) {
  Value weights = op.in(1);
  int columns = op.input(1);
  if (!transposed) {
    const size_t rows = at(weights.shape[0]), width = at(weights.shape[1]);
    graph::Bytes bytes = transpose(*weights.data, rows, width, 1);
    weights.quantization.axis = 0;
    QRT_RETURN_IF_ERROR(op.add_constant(std::move(weights.name), weights.type,
                                        {weights.shape[1], weights.shape[0]}, std::move(bytes),
                                        std::move(weights.quantization), &columns));
  }
  return op.emit(fb::FullyConnectedT(), {op.input(0), columns}, {op.output()});
}

Status batch_matmul(OpContext& op) {
  const auto* options = op.options<tfl::BatchMatMulOptions>();
  const bool adj_x = options != nullptr && options->adj_x();
  const bool adj_y = options != nullptr && options->adj_y();
  if (!adj_x && has_scaled_columns(op, adj_y)) return product_with_columns(op, adj_y);
  fb::MatMulT product;
  product.transpose_a = adj_x;
  product.transpose_b = adj_y;
  int a = op.input(0), b = op.input(1);
  if (op.out().type == DType::F32) {
    QRT_RETURN_IF_ERROR(op.dequantized(a, &a));
    QRT_RETURN_IF_ERROR(op.dequantized(b, &b));
  }
  return op.emit(std::move(product), {a, b}, {op.output()});
}

constexpr OpRule kRules[] = {
    {tfl::Builtin::CONV_2D, 2, 3, 1, 1, conv_2d},
    {tfl::Builtin::DEPTHWISE_CONV_2D, 2, 3, 1, 1, depthwise_conv_2d},
    {tfl::Builtin::TRANSPOSE_CONV, 3, 4, 1, 1, transpose_conv},
    {tfl::Builtin::CUSTOM, 2, 3, 1, 1, convolution_2d_transpose_bias, "Convolution2DTransposeBias"},
    {tfl::Builtin::FULLY_CONNECTED, 2, 3, 1, 1, fully_connected},
    {tfl::Builtin::BATCH_MATMUL, 2, 2, 1, 1, batch_matmul},
};

}  // namespace

rt::Span<const OpRule> conv_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
