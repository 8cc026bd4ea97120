#include <algorithm>
#include <cmath>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"

namespace qrt::import::onnx_import {
namespace {

// y = x * factor + offset, one pair of numbers a channel.
struct ChannelScale {
  std::vector<float> factor, offset;
};

std::vector<float> channel_numbers(Call& c, size_t input, int32_t channels) {
  Tensor& tensor = c.floats(input);
  if (tensor.shape != Shape{channels}) {
    invalid("input %zu of shape %s for %d channels", input, text(tensor.shape).c_str(), channels);
  }
  const graph::Value* value = c.b.constant_value(tensor);
  if (value == nullptr) unsupported("statistics that are known only at run time");
  return {value->as<float>(), value->as<float>() + channels};
}

ChannelScale channel_scale(Call& c, int32_t channels) {
  const double epsilon = static_cast<double>(c.attributes.number("epsilon", 1e-5f));
  const std::vector<float> gamma = channel_numbers(c, 1, channels);
  const std::vector<float> beta = channel_numbers(c, 2, channels);
  const std::vector<float> mean = channel_numbers(c, 3, channels);
  const std::vector<float> variance = channel_numbers(c, 4, channels);
  ChannelScale scale;
  for (size_t i = 0; i < gamma.size(); ++i) {
    const double factor = gamma[i] / std::sqrt(variance[i] + epsilon);
    if (!std::isfinite(factor)) invalid("a variance of %g", static_cast<double>(variance[i]));
    scale.factor.push_back(static_cast<float>(factor));
    scale.offset.push_back(static_cast<float>(beta[i] - mean[i] * factor));
  }
  return scale;
}

// Moves the scale into the weights and bias of the Conv2D or FullyConnected that makes the input,
// if they are known and nothing else reads their result. Weights and bias may be shared with other
// nodes: they are replaced, not changed.
bool fold_into_producer(Call& c, const Tensor& x, const ChannelScale& scale) {
  if (!c.sole_use(0) || x.forms.size() != 1) return false;
  const int made = x.forms.front().value;
  graph::Node* node = c.b.producer(made);
  // Behind a Transpose, which only renames axes, other numbers are its channels.
  if (node == nullptr || c.b.graph.value(made).name != x.name) return false;
  const bool connected = node->type() == fb::OpOptions::FullyConnected && x.rank() == 2;
  if (node->type() != fb::OpOptions::Conv2D && !connected) return false;
  const graph::Value weights = c.b.graph.value(node->inputs[1]);
  const bool has_bias = node->inputs.size() > 2;
  if (!weights.constant() || weights.type != DType::F32) return false;
  if (has_bias && !c.b.graph.value(node->inputs[2]).constant()) return false;
  if (static_cast<size_t>(weights.shape[0]) != scale.factor.size()) return false;

  c.b.charge(weights.data->size());
  std::vector<float> w(weights.as<float>(), weights.as<float>() + weights.elements());
  std::vector<float> bias = scale.offset;
  const size_t channels = scale.factor.size(), per_channel = w.size() / channels;
  for (size_t o = 0; o < channels; ++o) {
    for (size_t i = 0; i < per_channel; ++i) w[o * per_channel + i] *= scale.factor[o];
    if (has_bias) bias[o] += c.b.graph.value(node->inputs[2]).as<float>()[o] * scale.factor[o];
  }
  const int new_weights = c.b.graph.add_constant(weights.name + "/folded", weights.shape, w);
  const int new_bias = c.b.vector_constant(c.temporary("bias"), bias);
  node->inputs = {node->inputs[0], new_weights, new_bias};
  c.b.graph.value(made).name = c.output_name(0);
  c.out_value(0, made, x.order());
  return true;
}

void import_batch_normalization(Call& c) {
  c.attributes.ignore("momentum");
  // Until opset 8: statistics for each element of a channel.
  if (!c.attributes.flag("spatial", true)) unsupported("spatial=0");
  if (c.attributes.flag("training_mode", false)) unsupported("training_mode");
  for (size_t k = 1; k < c.outputs(); ++k) {
    if (c.output_read(k)) unsupported("statistics as outputs");
  }
  Tensor& x = c.floats(0);
  if (x.rank() < 2) invalid("an input of shape %s", text(x.shape).c_str());
  const int32_t channels = x.shape[1];
  const ChannelScale scale = channel_scale(c, channels);
  if (fold_into_producer(c, x, scale)) return;

  Shape shape(x.rank() - 1, 1);
  shape[0] = channels;  // [C,1,1] broadcasts along the axes behind the channels
  const auto constant = [&](const std::vector<float>& elements, const char* suffix) {
    return make_constant(c.b, c.temporary(suffix), {DType::F32, shape, {}, elements});
  };
  const Order order = x.order();
  const TensorPtr factor = constant(scale.factor, "factor");
  const TensorPtr offset = constant(scale.offset, "offset");
  const int product =
      emit_binary(c, fb::BinaryKind::Mul, x, *factor, order, c.temporary("product"));
  Tensor scaled = c.inner("product", product, order);
  c.out_value(0, emit_binary(c, fb::BinaryKind::Add, scaled, *offset, order, c.output_name(0)),
              order);
}

void import_softmax(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() == 0) invalid("a scalar input");
  const bool old = c.opset() < 13;
  const int axis = checked_axis(c.attributes.integer("axis", old ? 1 : -1), x.rank());
  fb::SoftmaxT options;
  options.log = c.variant == 1;
  const auto behind = x.shape.begin() + axis + 1;
  if (old && std::any_of(behind, x.shape.end(), [](Dim dim) { return !dim.is(1); })) {
    // Before opset 13 the axes from `axis` on were one.
    const int flat =
        c.b.reshaped(c.b.plain(x), flattened(c.b.dims(), x.shape, axis), c.temporary("flat"));
    const int soft = c.b.value(c.temporary("soft"), DType::F32);
    c.emit(std::move(options), {flat}, {soft});
    return c.out_value(0, c.b.reshaped(soft, x.shape, c.output_name(0)), plain_order(x.rank()));
  }
  Order order = x.order();
  if (order.back() != axis) {  // libqrt's runs over the last axis in memory
    order = plain_order(x.rank());
    order.erase(order.begin() + axis);
    order.push_back(axis);
  }
  c.move(std::move(options), x, order, order);
}

// The further outputs of LayerNormalization, from steps of their own: 1, the mean over the axes
// from `axis` on, and 2, one divided by the deviation.
void emit_statistics(Call& c, int x, int32_t axis, float epsilon) {
  const Order order = plain_order(c.b.shape(x).size());
  fb::ReduceT mean;
  mean.keep_dims = true;
  for (size_t i = static_cast<size_t>(axis); i < order.size(); ++i) {
    mean.axes.push_back(static_cast<int32_t>(i));
  }
  const auto value = [&](const char* name) { return c.b.value(c.temporary(name), DType::F32); };
  const auto binary = [&](fb::BinaryKind kind, int a, int b, int result) {
    fb::BinaryT options;
    options.kind = kind;
    c.emit(std::move(options), {a, b}, {result});
    return result;
  };
  const int means = c.output_read(1) ? c.out(1, DType::F32, order) : value("mean");
  c.emit(mean, {x}, {means});
  if (!c.output_read(2)) return;
  const int centred = binary(fb::BinaryKind::Sub, x, means, value("centred"));
  const int squares = binary(fb::BinaryKind::Mul, centred, centred, value("squares"));
  const int variance = value("variance");
  c.emit(mean, {squares}, {variance});
  const int added = c.b.vector_constant<float>(c.temporary("epsilon"), {epsilon});
  const int positive = binary(fb::BinaryKind::Add, variance, added, value("positive"));
  fb::UnaryT inverse;
  inverse.kind = fb::UnaryKind::Rsqrt;
  c.emit(std::move(inverse), {positive}, {c.out(2, DType::F32, order)});
}

// X, scale, bias; mean and deviation as further outputs. Variant 1 has neither bias nor mean.
void import_layer_normalization(Call& c) {
  Tensor& x = c.floats(0);
  const int axis = checked_axis(c.attributes.integer("axis", -1), x.rank());
  const Shape group(x.shape.begin() + axis, x.shape.end());
  std::vector<int> inputs = {c.b.plain(x)};
  for (size_t i = 1; i <= 2 && c.has(i); ++i) {
    const Shape whole = broadcast(c.b.dims(), c.floats(i).shape, group);
    if (whole != group || c.in(i).rank() > group.size()) {
      unsupported("an input %zu of shape %s for elements of shape %s", i,
                  text(c.in(i).shape).c_str(), text(group).c_str());
    }
    int value = c.b.plain(c.in(i));
    if (c.in(i).shape != group) {
      fb::BroadcastToT options;
      options.shape = declared(group);
      value = Steps(c).add(std::move(options), {value}, DType::F32);
    }
    inputs.push_back(value);
  }
  (void)c.attributes.integer("stash_type", 1);  // sums are of f32 in any case
  fb::LayerNormalizationT options;
  options.axis = static_cast<int32_t>(axis - static_cast<int>(x.rank()));
  options.epsilon = c.attributes.number("epsilon", 1e-5f);
  options.root_mean_square = c.variant == 1;
  if (c.variant == 0 && (c.output_read(1) || c.output_read(2))) {
    emit_statistics(c, inputs[0], axis, options.epsilon);
  }
  c.emit(std::move(options), std::move(inputs), {c.out(0, DType::F32, plain_order(x.rank()))});
}

// 1 where the largest element of the axis is, the first of several, and 0 elsewhere.
void import_hardmax(Call& c) {
  Tensor& x = c.floats(0);
  if (x.rank() == 0) invalid("a scalar input");
  const bool old = c.opset() < 13;
  const int axis = checked_axis(c.attributes.integer("axis", old ? 1 : -1), x.rank());
  Steps steps(c);
  int value = c.b.plain(x), place = axis;
  const bool flat = old && axis + 1 < static_cast<int>(x.rank());  // the axes from it on are one
  if (flat) {
    value = steps.reshape(value, flattened(c.b.dims(), x.shape, axis));
    place = 1;
  }
  const int most = steps.arg_max(value, place, false, true);
  const int is_most = steps.binary(fb::BinaryKind::Equal, steps.indices(value, place), most);
  const int result = steps.cast(is_most, DType::F32);
  steps.finish(flat ? steps.reshape(result, x.shape) : result, plain_order(x.rank()));
}

constexpr Row kRows[] = {
    {"BatchNormalization", 5, 5, import_batch_normalization},
    {"Hardmax", 1, 1, import_hardmax},
    {"LayerNormalization", 2, 3, import_layer_normalization},
    {"LogSoftmax", 1, 1, import_softmax, 1},
    {"RMSNormalization", 2, 2, import_layer_normalization, 1},
    {"Softmax", 1, 1, import_softmax, 0},
};

}  // namespace

rt::Span<const Row> normalize_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
