// Attention, rotary embeddings and caches as operators of their own (opsets 23 and 24). Attention
// becomes the runtime's, which has scores in no memory; where a mask hides all keys of a row, its
// results are 0, as the specification's function says.
#include <cmath>
#include <limits>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;
using fb::ReduceKind;

// [B,T,H*D] as [B,H,T,D]; a tensor of four dimensions as it is.
int with_heads(Call& c, Steps& steps, Tensor& x, int64_t heads) {
  const int value = c.b.plain(x);
  if (x.rank() == 4) return value;
  if (x.rank() != 3) invalid("an input of shape %s", text(x.shape).c_str());
  const int32_t width = x.shape[2];
  if (heads < 1 || width % heads != 0) {
    invalid("a width of %d for %lld heads", width, static_cast<long long>(heads));
  }
  const auto count = static_cast<int32_t>(heads);
  const int split = steps.reshape(value, {x.shape[0], x.shape[1], count, width / count});
  return c.b.transposed(split, {0, 2, 1, 3}, c.temporary("heads"));
}

class AttentionRule {
 public:
  explicit AttentionRule(Call& c) : c_(c), steps_(c) {}

  void run() {
    const int64_t heads = c_.attributes.integer("q_num_heads", 0);
    const int64_t groups = c_.attributes.integer("kv_num_heads", 0);
    c_.attributes.ignore("softmax_precision");  // f32 in any case
    flat_ = c_.floats(0).rank() == 3;
    query_ = with_heads(c_, steps_, c_.floats(0), heads);
    key_ = with_heads(c_, steps_, c_.floats(1), groups);
    value_ = with_heads(c_, steps_, c_.floats(2), groups);
    added_ = shape(key_)[2];
    if (c_.has(4) != c_.has(5)) invalid("a past key or a past value alone");
    if (c_.has(4)) {
      past_ = c_.b.plain(c_.floats(4));
      key_ = steps_.concat({past_, key_}, 2);
      value_ = steps_.concat({c_.b.plain(c_.floats(5)), value_}, 2);
    }
    if (shape(query_).size() != 4 || shape(key_).size() != 4) invalid("heads of other shapes");
    options_.scale =
        c_.attributes.number("scale", 1 / std::sqrt(static_cast<float>(int32_t{shape(query_)[3]})));
    options_.softcap = c_.attributes.number("softcap", 0);
    find_masks(c_.attributes.flag("is_causal", false));

    std::vector<int> inputs = {query_, key_, value_};
    if (mask_ != graph::kAbsent || lengths_ != graph::kAbsent) inputs.push_back(mask_);
    if (lengths_ != graph::kAbsent) inputs.push_back(lengths_);
    int y = steps_.add(options_, std::move(inputs), DType::F32);
    const int seen = mask_ != graph::kAbsent ? rows_that_see() : graph::kAbsent;
    if (seen != graph::kAbsent) y = steps_.select(seen, y, steps_.number(0));
    finish(y);
    const int64_t mode = c_.attributes.integer("qk_matmul_output_mode", 0);
    if (mode < 0 || mode > 3) invalid("qk_matmul_output_mode=%lld", static_cast<long long>(mode));
    if (c_.output_read(3)) give_scores(mode, seen);
  }

 private:
  Shape shape(int value) { return c_.b.shape(value); }

  // A [B] of numbers as [B,1,1,1].
  int by_item(int numbers) { return steps_.reshape(numbers, {shape(numbers)[0], 1, 1, 1}); }

  // What a row may see, in Bool, or what is added to its scores.
  void find_masks(bool causal) {
    const bool has_mask = c_.has(3), has_lengths = c_.has(6);
    if (causal && !has_mask && !has_lengths && shape(query_)[2] == added_) {
      options_.causal = true;
      causal = false;
    }
    if (has_lengths && !causal && !has_mask) {
      lengths_ = c_.b.plain(c_.in(6));
      return;
    }
    int kept = graph::kAbsent;
    const auto keep = [&](int more) {
      kept = kept == graph::kAbsent ? more : steps_.binary(BinaryKind::And, kept, more);
    };
    if (causal || has_lengths) {
      // [1,1,1,S], and the last key that each row sees, [1,1,T,1] or [B,1,T,1].
      const int columns = along(key_, 2, 3);
      const int lengths = has_lengths ? by_item(c_.b.plain(c_.in(6))) : graph::kAbsent;
      if (causal) {
        int last = along(query_, 2, 2);
        if (past_ != graph::kAbsent)
          last = steps_.binary(BinaryKind::Add, last, steps_.size(past_, 2));
        if (has_lengths) {
          const int before = steps_.binary(BinaryKind::Sub, lengths, steps_.size(query_, 2));
          last = steps_.binary(BinaryKind::Add, last, before);
        }
        keep(steps_.binary(BinaryKind::LessEqual, columns, last));
      }
      if (has_lengths) keep(steps_.binary(BinaryKind::Less, columns, lengths));
    }
    if (!has_mask) {
      mask_ = kept;
      return;
    }
    Tensor& given = c_.in(3);
    if (given.rank() < 2 || given.rank() > 4)
      invalid("a mask of shape %s", text(given.shape).c_str());
    const bool adds = given.type != DType::Bool;
    int mask = c_.b.plain(adds ? c_.floats(3) : given);
    mask = padded(mask, adds);
    if (!adds) {
      keep(mask);
      mask_ = kept;
    } else if (kept == graph::kAbsent) {
      mask_ = mask;
    } else {
      mask_ = steps_.select(kept, mask, infinity());
    }
  }

  // 0, 1, ... of the size of an axis of x, along axis `to` of four.
  int along(int x, int axis, size_t to) {
    const int numbers = steps_.indices(x, axis);
    Shape wanted(4, 1);
    wanted[to] = shape(x)[static_cast<size_t>(axis)];
    return steps_.reshape(numbers, wanted);
  }

  int infinity() { return steps_.number(-std::numeric_limits<float>::infinity()); }

  // A mask that is shorter than the keys hides those behind.
  int padded(int mask, bool adds) {
    const Shape of = shape(mask);
    const Dim own = of.back(), keys = shape(key_)[2];
    if (own.open() || keys.open() || own.is(keys) || own.is(1)) return mask;
    if (int32_t{own} > int32_t{keys})
      invalid("a mask of shape %s for %d keys", text(of).c_str(), int32_t{keys});
    if (is_open(of)) needs_size();
    Shape rest = of;
    rest.back() = int32_t{keys} - int32_t{own};
    fb::BroadcastToT spread;
    spread.shape = declared(rest);
    const int hidden = adds ? infinity() : steps_.number(DType::Bool, 0);
    const DType type = adds ? DType::F32 : DType::Bool;
    return steps_.concat({mask, steps_.add(std::move(spread), {hidden}, type)},
                         static_cast<int>(of.size()) - 1);
  }

  // Rows for which the mask leaves a key.
  int rows_that_see() {
    const int last = static_cast<int>(shape(mask_).size()) - 1;
    const int most = steps_.reduce(ReduceKind::Max, mask_, {last}, true);
    if (c_.b.graph.value(mask_).type == DType::Bool) return most;
    return steps_.binary(BinaryKind::Greater, most, infinity());
  }

  void finish(int y) {
    if (flat_) {
      const Shape heads = shape(y);
      const int rows = c_.b.transposed(y, {0, 2, 1, 3}, c_.temporary("rows"));
      y = steps_.reshape(rows, {heads[0], heads[2], int32_t{heads[1]} * int32_t{heads[3]}});
    }
    steps_.finish(y, plain_order(flat_ ? 3 : 4));
    if (c_.output_read(1)) c_.out_value(1, key_, plain_order(4));
    if (c_.output_read(2)) c_.out_value(2, value_, plain_order(4));
  }

  // The scores on their way: the product, with a softcap, with the mask, as weights.
  void give_scores(int64_t mode, int seen) {
    const Shape query = shape(query_), key = shape(key_);
    const int32_t heads = query[1], groups = key[1];
    if (groups < 1 || heads % groups != 0) invalid("%d heads for %d", heads, groups);
    int query_groups = query_;
    if (heads != groups) {
      query_groups =
          steps_.reshape(query_, {query[0], groups, heads / groups * int32_t{query[2]}, query[3]});
    }
    fb::MatMulT product;
    product.transpose_b = true;
    int scores = steps_.add(product, {query_groups, key_}, DType::F32);
    if (heads != groups) scores = steps_.reshape(scores, {query[0], heads, query[2], key[2]});
    scores = steps_.binary(BinaryKind::Mul, scores, steps_.number(options_.scale));
    if (mode >= 1 && options_.softcap > 0) {
      const int cap = steps_.number(options_.softcap);
      scores = steps_.unary(fb::UnaryKind::Tanh, steps_.binary(BinaryKind::Div, scores, cap));
      scores = steps_.binary(BinaryKind::Mul, scores, cap);
    }
    if (mode >= 2) {
      if (lengths_ != graph::kAbsent || options_.causal) unsupported("this output and this mask");
      if (mask_ != graph::kAbsent && c_.b.graph.value(mask_).type == DType::Bool) {
        scores = steps_.select(mask_, scores, infinity());
      } else if (mask_ != graph::kAbsent) {
        scores = steps_.binary(BinaryKind::Add, scores, mask_);
      }
    }
    if (mode == 3) {
      scores = steps_.add(fb::SoftmaxT{}, {scores}, DType::F32);
      if (seen != graph::kAbsent) scores = steps_.select(seen, scores, steps_.number(0));
    }
    steps_.finish(scores, plain_order(4), 3);
  }

  Call& c_;
  Steps steps_;
  fb::AttentionT options_;
  bool flat_ = false;
  int query_ = graph::kAbsent, key_ = graph::kAbsent, value_ = graph::kAbsent;
  int past_ = graph::kAbsent, mask_ = graph::kAbsent, lengths_ = graph::kAbsent;
  Dim added_;  // the keys that are not past
};

void import_attention(Call& c) { AttentionRule(c).run(); }

// [B,T,R/2] as [B,1,T,R]: for both of a pair.
int for_pairs(Call& c, Steps& steps, int table, bool interleaved) {
  const Shape half = c.b.shape(table);
  if (half.size() != 3) invalid("cosines or sines of shape %s", text(half).c_str());
  if (interleaved) {
    table = steps.reshape(table, {half[0], half[1], half[2], 1});
    table = steps.concat({table, table}, 3);
  } else {
    table = steps.concat({table, table}, 2);
  }
  return steps.reshape(table, {half[0], 1, half[1], 2 * int32_t{half[2]}});
}

void import_rotary_embedding(Call& c) {
  Tensor& x = c.floats(0);
  const int64_t heads = c.attributes.integer("num_heads", 0);
  const int64_t turned = c.attributes.integer("rotary_embedding_dim", 0);
  fb::RotaryEmbeddingT options;
  options.interleaved = c.attributes.flag("interleaved", false);
  Steps steps(c);
  const int value = with_heads(c, steps, x, heads);
  const int32_t width = c.b.shape(value)[3];
  if (turned < 0 || turned > width)
    invalid("%lld of %d are turned", static_cast<long long>(turned), width);
  const auto part = turned == 0 ? width : static_cast<int32_t>(turned);
  int tables[2];
  for (size_t i : {size_t{1}, size_t{2}}) {
    int table = c.b.plain(c.floats(i));
    if (c.has(3)) table = steps.add(fb::GatherT{}, {table, c.b.plain(c.in(3))}, DType::F32);
    tables[i - 1] = for_pairs(c, steps, table, options.interleaved);
  }
  int first = part == width ? value : steps.slice_part(value, 3, 0, part);
  first = steps.add(options, {first, tables[0], tables[1]}, DType::F32);
  int y = part == width ? first
                        : steps.concat({first, steps.slice_part(value, 3, part, width - part)}, 3);
  if (x.rank() == 3) {
    y = c.b.transposed(y, {0, 2, 1, 3}, c.temporary("rows"));
    y = steps.reshape(y, x.shape);
  }
  steps.finish(y, plain_order(x.rank()));
}

void import_tensor_scatter(Call& c) {
  Tensor &data = c.in(0), &updates = c.in(1);
  check_same_type({&data, &updates});
  fb::TensorScatterT options;
  options.axis = checked_axis(c.attributes.integer("axis", -2), data.rank());
  const std::string mode = c.attributes.word("mode", "linear");
  if (mode != "linear" && mode != "circular") invalid("mode '%s'", mode.c_str());
  options.circular = mode == "circular";
  const int value = c.b.plain(data);
  std::vector<int> inputs = {value, c.b.plain(updates)};
  if (c.has(2)) inputs.push_back(c.b.plain(c.in(2)));
  c.emit(options, std::move(inputs),
         {c.out(0, data.type, plain_order(data.rank()), c.moved_quantization(value))});
}

constexpr Row kRows[] = {
    {"Attention", 3, 7, import_attention},
    {"RotaryEmbedding", 3, 4, import_rotary_embedding},
    {"TensorScatter", 2, 3, import_tensor_scatter},
};

}  // namespace

rt::Span<const Row> attention_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
