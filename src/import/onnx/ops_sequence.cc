// Operators on sequences of several lengths.
#include "src/import/onnx/ops.h"
#include "src/import/onnx/steps.h"

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;

// The first elements of each sequence backwards, as many as its length says. A Gather of pairs:
// which step, and which sequence.
void import_reverse_sequence(Call& c) {
  Tensor& x = c.in(0);
  if (x.rank() < 2) invalid("an input of shape %s", text(x.shape).c_str());
  const int64_t time = c.attributes.integer("time_axis", 0);
  const int64_t batch = c.attributes.integer("batch_axis", 1);
  if (time + batch != 1 || (time != 0 && time != 1)) {
    invalid("time_axis %lld and batch_axis %lld", static_cast<long long>(time),
            static_cast<long long>(batch));
  }
  Tensor& lengths = c.in(1);
  if (lengths.rank() != 1) invalid("lengths of shape %s", text(lengths.shape).c_str());
  check_not_quantized(c);
  const auto t = static_cast<int>(time), b = static_cast<int>(batch);
  Steps steps(c);
  const int value = c.b.plain(x);
  // Of the two first axes alone: [T,B] or [B,T], without the others.
  const auto of_axis = [&](int axis) {
    Shape shape(2, 1);
    shape[static_cast<size_t>(axis)] = x.shape[static_cast<size_t>(axis)];
    return steps.reshape(steps.indices(value, axis), shape);
  };
  Shape along(2, 1);
  along[static_cast<size_t>(b)] = lengths.shape[0];
  const int length = steps.reshape(steps.cast(c.b.plain(lengths), DType::S64), along);
  const int step = of_axis(t), one = steps.number(DType::S64, 1),
            zero = steps.number(DType::S64, 0);
  const int last = steps.binary(BinaryKind::Sub, length, one);
  const int mirrored = steps.binary(BinaryKind::Sub, last, step);
  const int within = steps.binary(BinaryKind::GreaterEqual, mirrored, zero);
  const int from = steps.select(within, mirrored, step);
  // As large as `from`, whatever the sizes are.
  const int sequence =
      steps.binary(BinaryKind::Add, of_axis(b), steps.binary(BinaryKind::Mul, from, zero));
  const Shape pairs = c.b.shape(from);
  const auto as_column = [&](int indices) {
    return steps.reshape(indices, {pairs[0], pairs[1], 1});
  };
  const int first = t == 0 ? from : sequence, second = t == 0 ? sequence : from;
  const int places = steps.concat({as_column(first), as_column(second)}, 2);
  steps.finish(steps.add(fb::GatherNdT{}, {value, places}, x.type), plain_order(x.rank()));
}

constexpr Row kRows[] = {
    {"ReverseSequence", 2, 2, import_reverse_sequence},
};

}  // namespace

rt::Span<const Row> sequence_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
