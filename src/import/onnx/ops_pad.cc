#include <algorithm>
#include <cstdint>
#include <string>

#include "src/import/onnx/ops.h"
#include "src/import/onnx/slice.h"

namespace qrt::import::onnx_import {
namespace {

// One entry an axis of ONNX's shape. Negative numbers crop.
struct Padding {
  std::vector<int64_t> before, after;
  bool any(bool (*test)(int64_t)) const {
    return std::any_of(before.begin(), before.end(), test) ||
           std::any_of(after.begin(), after.end(), test);
  }
};

Padding read_padding(Call& c, size_t rank) {
  const std::vector<int64_t> pads = c.integers(1, "pads");
  std::vector<int> axes = plain_order(rank);
  if (c.has(3)) {
    axes.clear();
    const std::vector<int64_t> given = c.integers(3, "axes");
    checked_axes(given, rank);
    for (int64_t axis : given) axes.push_back(checked_axis(axis, rank));
  }
  if (pads.size() != axes.size() * 2) {
    invalid("%zu pads for %zu axes", pads.size(), axes.size());
  }
  Padding padding{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    padding.before[static_cast<size_t>(axes[i])] = pads[i];
    padding.after[static_cast<size_t>(axes[i])] = pads[i + axes.size()];
  }
  for (int64_t pad : pads) {
    if (pad < -INT32_MAX || pad > INT32_MAX)
      invalid("padding of %lld", static_cast<long long>(pad));
  }
  return padding;
}

float read_value(Call& c) {
  if (!c.has(2)) return 0.0f;
  const auto number = numbers_of(c.b, c.in(2));
  if (!number) unsupported("a value that is known only at run time");
  if (number->size() != 1) invalid("a value that is no scalar");
  if (number->is_float()) return number->floats[0];
  // Padding of quantized integers: the number that this integer stands for.
  const Quantization& q = c.b.graph.value(c.in(0).forms.front().value).quantization;
  const auto integer = static_cast<double>(number->integers[0]);
  if (q.empty()) return static_cast<float>(integer);
  return static_cast<float>((integer - q.zero_point()) * static_cast<double>(q.scales[0]));
}

// Elements from the other end: a Gather of each axis.
void pad_by_wrapping(Call& c, Tensor& x, const Padding& padding) {
  const Order order = x.order();
  int value = c.b.form(x, order);
  for (size_t i = 0; i < x.rank(); ++i) {
    if (padding.before[i] == 0 && padding.after[i] == 0) continue;
    const int64_t size = x.shape[i];
    c.b.charge(static_cast<uint64_t>(size + padding.before[i] + padding.after[i]) *
               sizeof(int32_t));
    std::vector<int32_t> elements;
    for (int64_t k = -padding.before[i]; k < size + padding.after[i]; ++k) {
      elements.push_back(static_cast<int32_t>((k % size + size) % size));
    }
    value = emit_gather(c, value, position(order, static_cast<int>(i)), elements,
                        c.temporary("wrapped") + std::to_string(i));
  }
  c.out_value(0, value, order);
}

void import_pad(Call& c) {
  Tensor* x = &c.in(0);
  const std::string mode = c.attributes.word("mode", "constant");
  Padding padding = read_padding(c, x->rank());

  Tensor cropped;
  if (padding.any([](int64_t pad) { return pad < 0; })) {
    std::vector<int64_t> starts, ends;
    for (size_t i = 0; i < x->rank(); ++i) {
      starts.push_back(std::max<int64_t>(0, -padding.before[i]));
      const int64_t cut = std::max<int64_t>(0, -padding.after[i]);
      if (x->shape[i].open()) {  // counted from its end, wherever that is
        ends.push_back(cut == 0 ? INT64_MAX : -cut);
      } else {
        ends.push_back(x->shape[i] - cut);
        if (ends[i] <= starts[i]) unsupported("padding that crops everything");
      }
      padding.before[i] = std::max<int64_t>(0, padding.before[i]);
      padding.after[i] = std::max<int64_t>(0, padding.after[i]);
    }
    const SliceRange range = slice_range(x->shape, starts, ends, {}, {});
    const int input = c.b.form(*x, x->order());
    const Quantization q = c.b.graph.value(input).quantization;
    const int value = c.b.value(c.temporary("cropped"), x->type, q);
    c.emit(slice_options(range, x->order()), {input}, {value});
    cropped = c.inner("cropped", value, x->order());
    x = &cropped;
  }
  std::vector<int64_t> dims;  // at least
  for (size_t i = 0; i < x->rank(); ++i) {
    dims.push_back(least_size(x->shape[i]) + padding.before[i] + padding.after[i]);
  }
  checked_shape(dims);
  if (!padding.any([](int64_t pad) { return pad != 0; })) {
    return c.out_value(0, x->forms.front().value, x->order());
  }

  if (mode == "wrap") return pad_by_wrapping(c, *x, padding);

  fb::PadT options;
  if (mode == "constant") {
    options.mode = fb::PadMode::Constant;
    options.value = read_value(c);
  } else if (mode == "reflect") {
    options.mode = fb::PadMode::Reflect;
    for (size_t i = 0; i < x->rank(); ++i) {
      if (!x->shape[i].open() && std::max(padding.before[i], padding.after[i]) >= x->shape[i]) {
        invalid("a reflection larger than its axis");
      }
    }
  } else if (mode == "edge") {
    options.mode = fb::PadMode::Edge;
  } else {
    unsupported("mode='%s'", mode.c_str());
  }
  for (int axis : x->order()) {
    options.before.push_back(static_cast<int32_t>(padding.before[static_cast<size_t>(axis)]));
    options.after.push_back(static_cast<int32_t>(padding.after[static_cast<size_t>(axis)]));
  }
  c.move(std::move(options), *x, x->order(), x->order());
}

constexpr Row kRows[] = {
    {"Pad", 2, 4, import_pad},
};

}  // namespace

rt::Span<const Row> pad_rules() { return {kRows, std::size(kRows)}; }

}  // namespace qrt::import::onnx_import
