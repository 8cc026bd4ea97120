// Attention and what goes with it, built up from the operators of opset 14.
#include <algorithm>

#include "src/export/onnx/ops.h"

namespace qrt::onnx_export {
namespace {

using graph::plain_order;

std::vector<int64_t> in_64_bits(const Shape& shape) { return {shape.begin(), shape.end()}; }

// Heads of a query that share a key are an axis of their own, along which the key broadcasts.
class Attention {
 public:
  explicit Attention(Call& c)
      : c_(c),
        options_(*c.node.options.AsAttention()),
        query_(c.t.shape(c.in(0))),
        key_(c.t.shape(c.in(1))),
        name_(c.wanted()) {
    if (c_.has(4)) throw Unsupported("lengths of its keys");
    const size_t rank = query_.size();
    if (rank < 3) return;
    heads_ = query_[rank - 3], groups_ = key_[rank - 3];
    split_ = groups_ != 1 && groups_ != heads_;
    if (split_ && (heads_ < 0 || groups_ < 1)) throw Unsupported("an open number of heads");
  }

  std::string product() {
    Order turned = plain_order(key_.size());
    std::swap(turned[turned.size() - 1], turned[turned.size() - 2]);
    const std::string query = split(c_.t.plain_numbers(c_.in(0)), query_, groups_, "query");
    const std::string key =
        split(c_.t.numbers(c_.in(1), turned), graph::arranged(key_, turned), groups_, "key");
    std::string scores = c_.m.node("MatMul", {query, key}, name_ + "/product");
    scores = c_.m.node("Mul", {scores, c_.m.scalar(name_ + "/scale", options_.scale)},
                       name_ + "/scaled");
    if (options_.softcap > 0) {
      const std::string cap = c_.m.scalar(name_ + "/softcap", options_.softcap);
      scores = c_.m.node("Div", {scores, cap}, name_ + "/uncapped");
      scores = c_.m.node("Tanh", {scores}, name_ + "/tanh");
      scores = c_.m.node("Mul", {scores, cap}, name_ + "/capped");
    }
    if (c_.has(3)) scores = masked(scores);
    if (options_.causal) scores = where(causal(), scores, "causal");
    const std::string weights =
        c_.m.node("Softmax", {scores}, name_ + "/softmax", {{"axis", int64_t{-1}}});
    const std::string value =
        split(c_.t.plain_numbers(c_.in(2)), c_.t.shape(c_.in(2)), groups_, "value");
    const std::string y = c_.m.node("MatMul", {weights, value}, split_ ? name_ + "/heads" : name_);
    return split_ ? c_.t.reshaped(y, c_.result().shape, name_) : y;
  }

 private:
  // [..,H,M,N] as [..,groups,H/groups,M,N].
  std::string split(const std::string& tensor, Shape shape, int32_t groups, const char* what) {
    if (!split_) return tensor;
    const auto heads = shape.end() - 3;
    const int32_t own = *heads;
    if (own == 1) groups = 1;
    *heads = own / groups;
    shape.insert(shape.end() - 3, groups);
    return c_.t.reshaped(tensor, shape, name_ + "/" + what);
  }

  std::string where(const std::string& kept, const std::string& scores, const char* what) {
    return c_.m.node("Where", {kept, scores, c_.m.scalar(name_ + "/masked", options_.masked)},
                     name_ + "/" + what);
  }

  std::string masked(const std::string& scores) {
    const graph::Value& mask = c_.t.value(c_.in(3));
    const bool added = mask.type == DType::F32;
    std::string tensor = added ? c_.t.plain_numbers(c_.in(3)) : c_.t.plain_codes(c_.in(3));
    if (mask.shape.size() >= 3) tensor = split(tensor, mask.shape, groups_, "mask");
    if (!added) return where(tensor, scores, "kept");
    return c_.m.node("Add", {scores, tensor}, name_ + "/added");
  }

  // [T,S]: whether row t sees key s.
  std::string causal() {
    const int32_t rows = query_[query_.size() - 2], keys = key_[key_.size() - 2];
    if (rows < 0 || keys < 0) throw Unsupported("a causal mask of open sizes");
    Bytes sees;
    for (int32_t t = 0; t < rows; ++t) {
      for (int32_t s = 0; s < keys; ++s) sees.push_back(s <= t + keys - rows);
    }
    return c_.m.constant(name_ + "/sees", DType::Bool, in_64_bits({rows, keys}), sees.data(),
                         sees.size());
  }

  using Bytes = graph::Bytes;
  Call& c_;
  const fb::AttentionT& options_;
  const Shape query_, key_;
  const std::string name_;
  int32_t heads_ = 1, groups_ = 1;
  bool split_ = false;
};

void export_attention(Call& c) {
  c.give_numbers(plain_order(c.result().shape.size()), Attention(c).product());
}

// x * cos + turned(x) * sin
void export_rotary_embedding(Call& c) {
  const Shape& shape = c.t.shape(c.in(0));
  const std::string name = c.wanted(), x = c.t.plain_numbers(c.in(0));
  const bool interleaved = c.node.options.AsRotaryEmbedding()->interleaved;
  const int32_t width = shape.back();
  if (width < 0) throw Unsupported("an open width");
  // Pairs are an axis of their own: [..,2,D/2] or, of neighbours, [..,D/2,2].
  Shape pairs = shape;
  pairs.back() = width / 2;
  pairs.insert(interleaved ? pairs.end() : pairs.end() - 1, 2);
  const int64_t axis = interleaved ? -1 : -2;
  const std::string split = c.t.reshaped(x, pairs, name + "/pairs");
  const auto part = [&](int64_t index, const char* what) {
    const auto one = [&](int64_t number) { return c.m.vector<int64_t>(name + "/index", {number}); };
    return c.m.node("Slice", {split, one(index), one(index + 1), one(axis)}, name + "/" + what);
  };
  const std::string first = part(0, "first"), second = part(1, "second");
  const std::string turned =
      c.t.reshaped(c.m.node("Concat", {c.m.node("Neg", {second}, name + "/negative"), first},
                            name + "/turned", {{"axis", axis}}),
                   shape, name + "/turned");
  const auto product = [&](const std::string& factor, size_t input, const char* what) {
    return c.m.node("Mul", {factor, c.t.plain_numbers(c.in(input))}, name + "/" + what);
  };
  c.give_numbers(plain_order(shape.size()),
                 c.m.node("Add", {product(x, 1, "cos"), product(turned, 2, "sin")}, name));
}

constexpr Row kRows[] = {
    {fb::OpOptions::Attention, export_attention},
    {fb::OpOptions::RotaryEmbedding, export_rotary_embedding},
};

}  // namespace

rt::Span<const Row> attention_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::onnx_export
