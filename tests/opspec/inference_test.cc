// Shapes over symbols, and the integers that rows follow so that shapes may be computed from
// shapes.
#include <gtest/gtest.h>

#include "src/graph/node_spec.h"
#include "src/graph/shape_inference.h"

namespace qrt::test {
namespace {

using graph::DType;
using Shape = std::vector<int32_t>;

// A graph whose nodes are inferred as they are added.
struct Inferred {
  graph::Graph g;
  graph::ShapeInference inference{g};
  int serial = 0;

  int input(const std::vector<std::string>& dims, DType type = DType::F32) {
    Shape shape;
    std::vector<std::string> names;
    for (const std::string& dim : dims) {
      const bool number = dim[0] >= '0' && dim[0] <= '9';
      shape.push_back(number ? std::stoi(dim) : -1);
      names.push_back(number ? "" : dim);
    }
    const int value = g.add_tensor("x" + std::to_string(serial++), type, shape);
    g.value(value).dim_names = names;
    g.inputs.push_back(value);
    return value;
  }
  int integers(const std::vector<int64_t>& elements) {
    return g.add_constant<int64_t>("c" + std::to_string(serial++),
                                   {static_cast<int32_t>(elements.size())}, elements);
  }
  int scalar(int64_t element) {
    return g.add_constant<int64_t>("c" + std::to_string(serial++), {}, {element});
  }
  template <class Options>
  int op(Options options, std::vector<int> inputs, DType type = DType::F32) {
    const int out = g.add_tensor("v" + std::to_string(serial++), type, {});
    const rt::Status status =
        inference.infer(g.add_node("n", std::move(options), std::move(inputs), {out}));
    EXPECT_TRUE(status.ok()) << status.message();
    return out;
  }
  int shape_of(int value) { return op(fb::ShapeOfT(), {value}, DType::S64); }
  int binary(fb::BinaryKind kind, int a, int b) {
    fb::BinaryT options;
    options.kind = kind;
    return op(std::move(options), {a, b}, DType::S64);
  }
  int gather(int data, int indices) { return op(fb::GatherT(), {data, indices}, DType::S64); }
  std::string text(int value) { return inference.dims().text(inference.shape(value)); }
  // "n 4 ?" of the integers that are known, or "unknown".
  std::string followed(int value) {
    const rt::Integers* known = inference.integers(value);
    if (known == nullptr) return "unknown";
    std::string text;
    for (int32_t element : *known) {
      text += (text.empty() ? "" : " ") + inference.dims().text(element);
    }
    return text;
  }
};

std::unique_ptr<fb::Window2DT> window(int stride, fb::Padding padding) {
  auto w = std::make_unique<fb::Window2DT>();
  w->stride_h = w->stride_w = stride;
  w->padding = padding;
  return w;
}

TEST(Inference, WindowsOfOpenSizes) {
  Inferred x;
  const int in = x.input({"n", "h", "w", "3"});
  fb::Pool2DT same, valid;
  same.kernel_h = same.kernel_w = valid.kernel_h = valid.kernel_w = 3;
  same.window = window(2, fb::Padding::Same);
  valid.window = window(1, fb::Padding::Explicit);
  EXPECT_EQ(x.text(x.op(std::move(valid), {in})), "nx(h - 2)x(w - 2)x3");
  fb::Pool2DT up;
  up.kernel_h = up.kernel_w = 3;
  up.window = window(2, fb::Padding::Explicit);
  up.ceil_mode = true;
  // ceil((h - 3) / 2) + 1, whatever h is: no window of 3 begins behind the input.
  EXPECT_EQ(x.text(x.op(std::move(up), {in})), "nx((h - 2)/(2) + 1)x((w - 2)/(2) + 1)x3");
  const int halved = x.op(std::move(same), {in});
  EXPECT_EQ(x.text(halved), "nx((h + 1)/(2))x((w + 1)/(2))x3");
  EXPECT_EQ(x.g.value(halved).shape, (Shape{-1, -1, -1, 3}));
}

TEST(Inference, ShapesAreFollowedThroughIntegerArithmetic) {
  Inferred x;
  const int s = x.shape_of(x.input({"n", "3", "h", "w"}));
  EXPECT_EQ(x.followed(s), "n 3 h w");
  const int n = x.gather(s, x.scalar(0)), h = x.gather(s, x.scalar(2));
  EXPECT_EQ(x.followed(n), "n");
  EXPECT_EQ(x.followed(x.gather(s, x.integers({-1, 1}))), "w 3");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Mul, h, x.scalar(2))), "2*h");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Sub, s, x.scalar(1))), "n - 1 2 h - 1 w - 1");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Div, x.binary(fb::BinaryKind::Mul, h, x.scalar(4)),
                                x.scalar(2))),
            "2*h");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Min, s, x.scalar(2))),
            "min(n, 2) 2 min(h, 2) min(w, 2)");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Max, s, x.scalar(4))),
            "max(n, 4) 4 max(h, 4) max(w, 4)");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Pow, h, x.scalar(2))), "unknown");
  fb::ReduceT all;
  all.kind = fb::ReduceKind::Prod;
  all.axes = {0};
  EXPECT_EQ(x.followed(x.op(std::move(all), {s}, DType::S64)), "3*n*h*w");
  fb::ReduceT sum;
  sum.kind = fb::ReduceKind::Sum;
  sum.axes = {0};
  EXPECT_EQ(x.followed(x.op(std::move(sum), {s}, DType::S64)), "n + h + w + 3");
  EXPECT_EQ(x.followed(x.op(fb::CastT(), {s}, DType::S32)), "n 3 h w");
  EXPECT_EQ(x.followed(x.op(fb::CastT(), {s}, DType::F32)), "unknown");
}

// As PyTorch writes Expand: -1 stands for a size that stays.
TEST(Inference, SizesAreComparedAndChosen) {
  Inferred x;
  const int s = x.shape_of(x.input({"n", "3"}));
  const int n = x.gather(s, x.integers({0}));
  const auto compare = [&](fb::BinaryKind kind, int a, int b) {
    fb::BinaryT options;
    options.kind = kind;
    return x.op(std::move(options), {a, b}, DType::Bool);
  };
  using K = fb::BinaryKind;
  const int wanted = x.op(fb::ConcatT(), {n, x.integers({-1, 4})}, DType::S64);
  const int kept = compare(K::Equal, wanted, x.integers({-1}));
  EXPECT_EQ(x.followed(kept), "0 1 0") << "n is a size, and so not -1";
  EXPECT_EQ(x.followed(x.op(fb::SelectT(), {kept, x.integers({1}), wanted}, DType::S64)), "n 1 4");
  const int n1 = x.binary(K::Add, n, x.scalar(1));
  EXPECT_EQ(x.followed(compare(K::Equal, n, n)), "1");
  EXPECT_EQ(x.followed(compare(K::Equal, n, x.scalar(1))), "?");
  EXPECT_EQ(x.followed(compare(K::NotEqual, n1, n)), "1");
  EXPECT_EQ(x.followed(compare(K::Less, n, n1)), "1");
  EXPECT_EQ(x.followed(compare(K::Less, n1, x.scalar(1))), "0");
  EXPECT_EQ(x.followed(compare(K::Less, n, x.scalar(1))), "?");
  EXPECT_EQ(x.followed(compare(K::LessEqual, x.scalar(0), n)), "1");
  EXPECT_EQ(x.followed(compare(K::Greater, n1, x.scalar(0))), "1");
  EXPECT_EQ(x.followed(compare(K::GreaterEqual, n, x.scalar(-3))), "1");
  // n - 1 may be negative, and so may what it is divided into.
  const int half = x.binary(K::FloorDiv, x.binary(K::Sub, n, x.scalar(1)), x.scalar(2));
  EXPECT_EQ(x.followed(compare(K::GreaterEqual, half, x.scalar(0))), "?");
  const int undecided = compare(K::Equal, n, x.scalar(1));
  EXPECT_EQ(x.followed(x.op(fb::SelectT(), {undecided, s, s}, DType::S64)), "n 3");
  EXPECT_EQ(x.followed(x.op(fb::SelectT(), {undecided, s, x.scalar(3)}, DType::S64)), "? 3");
  EXPECT_EQ(x.followed(x.op(fb::CastT(), {n1}, DType::Bool)), "1");
  EXPECT_EQ(x.followed(x.op(fb::CastT(), {n}, DType::Bool)), "?");
  fb::UnaryT negation, minus;
  negation.kind = fb::UnaryKind::Not;
  minus.kind = fb::UnaryKind::Neg;
  EXPECT_EQ(x.followed(x.op(std::move(negation), {kept}, DType::Bool)), "1 0 1");
  EXPECT_EQ(x.followed(x.op(std::move(minus), {s}, DType::S64)), "-n -3");
  EXPECT_EQ(x.followed(x.binary(K::Max, n, x.binary(K::Min, n, x.scalar(9)))), "n");
  EXPECT_EQ(x.followed(x.binary(K::Min, x.binary(K::Max, x.scalar(9), n), n)), "n");
  EXPECT_EQ(x.followed(x.binary(K::FloorMod, x.scalar(-7), x.scalar(3))), "2");
  EXPECT_EQ(x.followed(x.binary(K::Div, x.scalar(-7), x.scalar(2))), "-3");
  fb::BroadcastToT repeated;
  repeated.shape = {3};
  EXPECT_EQ(x.followed(x.op(std::move(repeated), {n}, DType::S64)), "n n n");
}

// A buffer cut to the length of a sequence, as causal masks are, has that length where it is joined
// with the sequence again.
TEST(Inference, SlicesUpToASize) {
  Inferred x;
  const int in = x.input({"n", "t"});
  const int t = x.gather(x.shape_of(in), x.integers({1}));
  const auto cut = [&](int value, int begins, int ends) {
    fb::SliceT slice;
    slice.begins = slice.ends = {0};
    slice.strides = {1};
    return x.op(std::move(slice), {value, begins, ends});
  };
  const int buffer = x.input({"128"});
  EXPECT_EQ(x.text(cut(buffer, x.integers({0}), t)), "(min(128, t))");
  fb::BinaryT add;
  EXPECT_EQ(x.text(x.op(std::move(add), {in, cut(buffer, x.integers({0}), t)})), "nxt");
  EXPECT_EQ(x.text(cut(x.input({"t"}), t, x.integers({INT32_MAX}))), "0");
  EXPECT_EQ(x.text(cut(x.input({"t"}), x.integers({1}), t)), "(t - 1)");
  EXPECT_EQ(x.text(cut(x.input({"m"}), t, x.integers({-1}))), "(-t + m - 1)");
  const int before = x.binary(fb::BinaryKind::Sub, t, x.scalar(3));  // may be negative
  EXPECT_EQ(x.text(cut(buffer, x.integers({0}), before)), "?");
}

// What is clamped to 32 bits is not computed with: 2^31 - 1 may be any large number.
TEST(Inference, LargeNumbersAreNotKnown) {
  Inferred x;
  const int large = x.scalar(INT64_MAX);
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Sub, large, x.scalar(INT32_MAX))), "unknown");
  EXPECT_EQ(x.followed(x.binary(fb::BinaryKind::Min, large, x.scalar(5))), "5");
}

TEST(Inference, ShapesAreCutAndJoined) {
  Inferred x;
  const int s = x.shape_of(x.input({"n", "3", "h", "w"}));
  fb::SliceT slice;
  slice.begins = {2};
  slice.ends = {INT32_MAX};
  slice.strides = {1};
  const int plane = x.op(std::move(slice), {s}, DType::S64);
  EXPECT_EQ(x.followed(plane), "h w");
  fb::SliceT last;
  last.begins = {-1};
  last.ends = {0};
  last.strides = {1};
  last.shrink_mask = 1;
  const int w = x.op(std::move(last), {s}, DType::S64);
  EXPECT_EQ(x.followed(w), "w");
  EXPECT_EQ(x.text(w), "scalar");
  const int joined = x.op(fb::ConcatT(), {plane, x.integers({7})}, DType::S64);
  EXPECT_EQ(x.followed(joined), "h w 7");
  fb::ReshapeT row;
  row.shape = {1};
  EXPECT_EQ(x.followed(x.op(std::move(row), {w}, DType::S64)), "w");
}

TEST(Inference, AComputedShapeIsReshapedTo) {
  Inferred x;
  const int in = x.input({"n", "t", "8"});
  fb::ReshapeT flat;
  flat.shape = {-1, 8};
  const int rows = x.op(std::move(flat), {in});
  EXPECT_EQ(x.text(rows), "n*tx8");
  EXPECT_EQ(x.text(x.op(fb::ReshapeT(), {rows, x.shape_of(in)})), "nxtx8");
  fb::ReshapeT kept;
  kept.shape = {0, 0, 2, -1};
  kept.keep_mask = 3;
  EXPECT_EQ(x.text(x.op(std::move(kept), {in})), "nxtx2x4");
}

TEST(Inference, ErrorsNameSymbolsButNoOperator) {
  Inferred x;
  const int in = x.input({"n", "8"});
  fb::ReshapeT wrong;
  wrong.shape = {0, 9};
  wrong.keep_mask = 1;
  const int out = x.g.add_tensor("v", DType::F32, {});
  const rt::Status status = x.inference.infer(x.g.add_node("n", std::move(wrong), {in}, {out}));
  // 8n and 9n may be equal: n may be 0. As numbers they will not do.
  EXPECT_TRUE(status.ok());
  fb::ConcatT concat;
  const int other = x.input({"n", "7"});
  const int joined = x.g.add_tensor("v", DType::F32, {});
  EXPECT_EQ(
      x.inference.infer(x.g.add_node("n", std::move(concat), {in, other}, {joined})).message(),
      "cannot join nx8 and nx7 along axis 0");
}

TEST(Inference, DequantizeHasAScaleForEachChannel) {
  Inferred x;
  const auto dequantized = [&](const std::vector<std::string>& dims, size_t scales, int32_t axis) {
    const int in = x.input(dims, DType::S8);
    x.g.value(in).quantization.scales.assign(scales, 0.5f);
    x.g.value(in).quantization.axis = axis;
    const int out = x.g.add_tensor("v", DType::F32, {});
    const rt::Status status = x.inference.infer(x.g.add_node("n", fb::DequantizeT(), {in}, {out}));
    return status.ok() ? x.text(out) : status.message();
  };
  EXPECT_EQ(dequantized({"n", "3"}, 3, 1), "nx3");
  EXPECT_EQ(dequantized({"3", "n"}, 3, 1), "3xn");
  EXPECT_EQ(dequantized({"n", "3"}, 2, 1), "has 2 scales for nx3");
  EXPECT_EQ(dequantized({"n", "3"}, 4, 1), "has 4 scales for nx3");
  EXPECT_EQ(dequantized({"n", "3"}, 3, 2), "has 3 scales for nx3");
}

TEST(Inference, ResizeByAFactor) {
  Inferred x;
  const auto resized = [&](float scale_h, float scale_w) {
    fb::ResizeT resize;
    resize.mode = fb::ResizeMode::Nearest;
    resize.coordinates = fb::ResizeCoordinates::Asymmetric;
    resize.scale_h = scale_h;
    resize.scale_w = scale_w;
    return x.text(x.op(std::move(resize), {x.input({"n", "h", "6", "3"})}));
  };
  EXPECT_EQ(resized(2, 3), "nx2*hx18x3");
  EXPECT_EQ(resized(1, 0.5f), "nxhx3x3");
  // Rounded down, in a way that no expression says.
  EXPECT_EQ(resized(1.5f, 1), "nx?x6x3");
}

TEST(Inference, FormsOnIntegers) {
  Inferred x;
  const int in = x.input({"1", "4", "4", "3"});
  const auto form = [&](fb::ResizeMode mode) {
    fb::ResizeT resize;
    resize.mode = mode;
    resize.out_h = resize.out_w = 8;
    x.op(std::move(resize), {in});
    return graph::quantized_as(x.g, x.g.nodes.back());
  };
  EXPECT_EQ(form(fb::ResizeMode::Nearest), rt::QuantizedAs::Moves);
  EXPECT_EQ(form(fb::ResizeMode::Bilinear), rt::QuantizedAs::Joins);
}

}  // namespace
}  // namespace qrt::test
