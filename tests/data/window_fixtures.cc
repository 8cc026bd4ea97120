// Windows, sizes and reductions.
#include "tests/data/fixture.h"

namespace qrt::test {
namespace {

const Quantization kIn = per_tensor(0.05f, -7), kOut = per_tensor(0.04f, 11);

Fixture pools() {
  Fixture f("pool");
  const int s8 = f.input(DType::S8, {2, 7, 6, 19}, kIn), f32 = f.input(DType::F32, {2, 7, 6, 5});
  for (fb::Padding padding : fb::EnumValuesPadding()) {
    const bool same = padding != fb::Padding::Explicit;
    const int32_t h = same ? 4 : 3, w = same ? 3 : 3;
    const auto options = [&](fb::PoolKind kind, bool count, bool clamped) {
      fb::Pool2DT pool;
      pool.kind = kind;
      pool.kernel_h = 3;
      pool.kernel_w = 2;
      pool.window = std::make_unique<fb::Window2DT>();
      pool.window->stride_h = pool.window->stride_w = 2;
      pool.window->padding = padding;
      if (!same) pool.window->pad_bottom = 1;
      pool.count_include_pad = count;
      if (clamped) pool.clamp = graph::make_clamp(-1, 2);
      return pool;
    };
    for (bool clamped : {false, true}) {
      f.node(options(fb::PoolKind::Max, false, clamped), {s8}, DType::S8, {2, h, w, 19}, kIn);
      f.node(options(fb::PoolKind::Max, false, clamped), {f32}, DType::F32, {2, h, w, 5});
      for (bool count : {false, true}) {
        f.node(options(fb::PoolKind::Average, count, clamped), {s8}, DType::S8, {2, h, w, 19}, kIn);
        f.node(options(fb::PoolKind::Average, count, false), {s8}, DType::S8, {2, h, w, 19}, kOut);
        f.node(options(fb::PoolKind::Average, count, clamped), {f32}, DType::F32, {2, h, w, 5});
      }
    }
  }
  return f;
}

Fixture resizes() {
  Fixture f("resize");
  const int s8 = f.input(DType::S8, {2, 5, 6, 9}, kIn), f32 = f.input(DType::F32, {1, 5, 6, 3});
  const int u8 = f.input(DType::U8, {1, 5, 6, 3}), s64 = f.input(DType::S64, {1, 5, 6, 1});
  for (fb::ResizeMode mode : fb::EnumValuesResizeMode()) {
    for (int corners = 0; corners < 3; ++corners) {
      for (const auto& [h, w] : {std::pair(10, 13), std::pair(3, 4)}) {
        fb::ResizeT options;
        options.mode = mode;
        options.out_h = h;
        options.out_w = w;
        options.align_corners = corners == 1;
        options.half_pixel_centers = corners == 2;
        f.node_like(s8, options, {s8}, {2, h, w, 9});
        f.node_like(f32, options, {f32}, {1, h, w, 3});
        if (mode == fb::ResizeMode::Nearest) {
          f.node_like(u8, options, {u8}, {1, h, w, 3});
          f.node_like(s64, options, {s64}, {1, h, w, 1});
        }
      }
    }
  }
  return f;
}

Fixture reductions() {
  Fixture f("reduce");
  const Dims shape = {3, 4, 5, 6};
  const int s8 = f.input(DType::S8, shape, kIn), f32 = f.input(DType::F32, shape);
  const int s32 = f.input(DType::S32, shape), s64 = f.input(DType::S64, shape);
  struct Axes {
    Dims axes;
    bool keep;
    Dims out;
  };
  const Axes cases[] = {{{1, 2}, true, {3, 1, 1, 6}},
                        {{-1}, false, {3, 4, 5}},
                        {{0, 2}, false, {4, 6}},
                        {{0, 1, 2, 3}, false, {}}};
  for (fb::ReduceKind kind : fb::EnumValuesReduceKind()) {
    for (const Axes& c : cases) {
      fb::ReduceT options;
      options.kind = kind;
      options.axes = c.axes;
      options.keep_dims = c.keep;
      const bool adds = kind == fb::ReduceKind::Sum || kind == fb::ReduceKind::Mean;
      if (adds) f.node(options, {s8}, DType::S8, c.out, per_tensor(0.4f, 3));
      if (kind == fb::ReduceKind::Max || kind == fb::ReduceKind::Min) {
        f.node(options, {s8}, DType::S8, c.out, kIn);
      }
      f.node(options, {f32}, DType::F32, c.out);
      f.node(options, {s32}, DType::S32, c.out);
      f.node(options, {s64}, DType::S64, c.out);
    }
  }
  return f;
}

Fixture rows() {
  Fixture f("softmax_arg");
  const Dims shape = {3, 4, 21};
  const int f32 = f.input(DType::F32, shape), s8 = f.input(DType::S8, shape, kIn);
  for (float beta : {1.0f, 0.5f}) {
    fb::SoftmaxT options;
    options.beta = beta;
    f.node(options, {s8}, DType::S8, shape, per_tensor(1.0f / 256, -128));
    f.node(options, {f32}, DType::F32, shape);
    options.log = true;
    f.node(options, {f32}, DType::F32, shape);
  }
  const int u8 = f.input(DType::U8, shape), s16 = f.input(DType::S16, shape);
  const int s32 = f.input(DType::S32, shape);
  for (int in : {f32, s8, u8, s16, s32}) {
    for (bool min : {false, true}) {
      fb::ArgReduceT options;
      options.min = min;
      options.axis = -1;
      f.node(options, {in}, DType::S32, {3, 4});
      options.axis = 1;
      options.keep_dims = true;
      f.node(options, {in}, DType::S64, {3, 1, 21});
    }
  }
  return f;
}

}  // namespace

std::vector<Fixture> window_fixtures() {
  std::vector<Fixture> all;
  all.push_back(pools());
  all.push_back(resizes());
  all.push_back(reductions());
  all.push_back(rows());
  return all;
}

}  // namespace qrt::test
