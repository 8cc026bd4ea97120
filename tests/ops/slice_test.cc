#include <optional>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// Python's slice.indices(), element by element; an end that is absent goes to the far side.
Dims taken(int32_t dim, std::optional<int64_t> begin, std::optional<int64_t> end, int32_t stride) {
  const auto resolve = [&](int64_t i) { return i < 0 ? i + dim : i; };
  Dims result;
  if (stride > 0) {
    int64_t i = begin ? std::max<int64_t>(resolve(*begin), 0) : 0;
    const int64_t stop = end ? std::min<int64_t>(resolve(*end), dim) : dim;
    for (; i < stop; i += stride) result.push_back(static_cast<int32_t>(i));
  } else {
    int64_t i = begin ? std::min<int64_t>(resolve(*begin), dim - 1) : dim - 1;
    const int64_t stop = end ? std::max<int64_t>(resolve(*end), -1) : -1;
    for (; i > stop; i += stride) result.push_back(static_cast<int32_t>(i));
  }
  return result;
}

TEST(Slice, RandomSlicesAsInPython) {
  std::mt19937 random(1);
  const auto number = [&](int from, int to) {
    return from + static_cast<int>(random() % static_cast<unsigned>(to - from + 1));
  };
  int checked = 0;
  for (int round = 0; round < 600; ++round) {
    Dims shape(static_cast<size_t>(number(1, 8)));
    for (int32_t& dim : shape) dim = number(1, shape.size() > 4 ? 3 : 7);
    fb::SliceT options;
    std::vector<Dims> picks;
    std::vector<bool> dropped;
    bool out_of_range = false;
    for (size_t i = 0; i < shape.size(); ++i) {
      const int32_t dim = shape[i];
      options.begins.push_back(number(-dim - 2, dim + 2));
      options.ends.push_back(number(-dim - 2, dim + 2));
      int32_t stride = number(-2, 2);
      options.strides.push_back(stride = stride == 0 ? 1 : stride);
      const bool no_begin = number(0, 2) == 0, no_end = number(0, 1) == 0, drop = number(0, 4) == 0;
      options.begin_mask |= static_cast<uint32_t>(no_begin) << i;
      options.end_mask |= static_cast<uint32_t>(no_end) << i;
      options.shrink_mask |= static_cast<uint32_t>(drop) << i;
      dropped.push_back(drop);
      if (drop) {
        const int32_t at = options.begins[i] < 0 ? options.begins[i] + dim : options.begins[i];
        picks.push_back(at >= 0 && at < dim ? Dims{at} : Dims{});
      } else {
        picks.push_back(taken(dim, no_begin ? std::nullopt : std::optional(options.begins[i]),
                              no_end ? std::nullopt : std::optional(options.ends[i]), stride));
      }
      out_of_range = out_of_range || (drop && picks.back().empty());
    }
    const Array in = random_array(kMovedTypes[random() % kMovedTypes.size()], shape, random);
    SCOPED_TRACE(round);
    if (out_of_range) {
      expect_refused(options, {in}, {empty_array(in.type, {1})}, "takes nothing of axis");
      continue;
    }
    Dims out_shape;
    for (size_t i = 0; i < picks.size(); ++i) {
      if (!dropped[i]) out_shape.push_back(static_cast<int32_t>(picks[i].size()));
    }
    const Array out = rearrange(in, out_shape, [&](const Dims& index) {
      Dims source;
      size_t next = 0;
      for (size_t i = 0; i < picks.size(); ++i) {
        source.push_back(picks[i][dropped[i] ? 0 : static_cast<size_t>(index[next++])]);
      }
      return source;
    });
    expect_node(options, {in}, {out});
    const auto given = [](const Dims& ends) {
      return as_constant(array_of<int64_t>({static_cast<int32_t>(ends.size())},
                                           std::vector<int64_t>(ends.begin(), ends.end())));
    };
    fb::SliceT by_inputs = options;
    by_inputs.begins.clear(), by_inputs.ends.clear();
    expect_node(by_inputs, {in, given(options.begins), given(options.ends)}, {out});
    ++checked;
  }
  EXPECT_GT(checked, 60);
}

TEST(Slice, ManyThreadsOnACrop) {
  std::mt19937 random(2);
  const Array in = random_array(DType::S8, {1, 200, 200, 3}, random);
  fb::SliceT options;
  options.begins = {0, 10, 199, 0};
  options.ends = {1, 190, 20, 3};
  options.strides = {1, 1, -1, 1};
  const Array out = rearrange(in, {1, 180, 179, 3}, [](const Dims& i) {
    return Dims{0, i[1] + 10, 199 - i[2], i[3]};
  });
  expect_node(options, {in}, {out});
}

// From a size to a size: the last rows of a table, as many as another input has.
TEST(Slice, EndsThatFollowFromSizes) {
  graph::Graph g;
  const int table = g.add_tensor("table", DType::F32, {-1});
  const int other = g.add_tensor("other", DType::F32, {-1});
  const int total = g.add_tensor("total", DType::S64, {1}),
            count = g.add_tensor("n", DType::S64, {1});
  const int begin = g.add_tensor("begin", DType::S64, {1});
  const int out = g.add_tensor("out", DType::F32, {-1});
  g.add_node("total", fb::ShapeOfT(), {table}, {total});
  g.add_node("count", fb::ShapeOfT(), {other}, {count});
  fb::BinaryT less;
  less.kind = fb::BinaryKind::Sub;
  g.add_node("begin", std::move(less), {total, count}, {begin});
  fb::SliceT slice;
  slice.begins = slice.ends = {0};
  slice.strides = {1};
  g.add_node("slice", std::move(slice), {table, begin, total}, {out});
  g.inputs = {table, other};
  g.outputs = {out};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  for (int32_t n : {1, 3, 5, 0}) {
    const rt::InputShape shapes[] = {{0, {5}}, {1, {n}}};
    ASSERT_TRUE(loaded.session->resize_inputs({shapes, 2}).ok());
    EXPECT_EQ(loaded.session->output_shape(0), rt::Shape{n});
    loaded.set(0, std::vector<float>{1, 2, 3, 4, 5});
    loaded.set(1, std::vector<float>(static_cast<size_t>(n)));
    loaded.run();
    std::vector<float> want;
    for (int32_t i = 5 - n; i < 5; ++i) want.push_back(static_cast<float>(i + 1));
    EXPECT_EQ(loaded.get<float>(), want);
  }
}

TEST(Slice, RefusesEndsThatARunTells) {
  const Array in = empty_array(DType::S8, {4}), ends = empty_array(DType::S32, {1});
  fb::SliceT options;
  options.strides = {1};
  expect_refused(options, {in, ends, ends}, {in}, "which is known only in a run",
                 rt::Code::Unsupported);
}

TEST(Slice, Refuses) {
  const Array in = empty_array(DType::S8, {4, 5}), out = empty_array(DType::S8, {1, 1});
  const auto refused = [&](Dims begins, Dims ends, Dims strides, uint32_t shrink,
                           const std::string& words) {
    fb::SliceT options;
    options.begins = std::move(begins);
    options.ends = std::move(ends);
    options.strides = std::move(strides);
    options.shrink_mask = shrink;
    expect_refused(options, {in}, {out}, words);
  };
  refused({0}, {1, 1}, {1, 1}, 0, "has 1 begins, 2 ends and 2 strides for an input of 2 axes");
  refused({0, 0, 0}, {1, 1, 1}, {1, 1, 1}, 0, "for an input of 2 axes");
  refused({0, 0}, {1, 1}, {1, 0}, 0, "has a stride of 0 along axis 1");
  // Slices of nothing have no elements; this output declares one.
  refused({0, 2}, {1, 2}, {1, 1}, 0, "computes 1x0 for output 0, the model declares 1x1");
  refused({4, 0}, {0, 1}, {1, 1}, 0, "computes 0x1 for output 0, the model declares 1x1");
  refused({0, 5}, {1, 6}, {1, 1}, 2, "takes nothing of axis 1");
  refused({0, -6}, {1, 0}, {1, 1}, 2, "takes nothing of axis 1");
  refused({INT32_MIN, 0}, {INT32_MIN, 1}, {INT32_MIN, 1}, 0, "computes 0x1 for output 0");
}

TEST(Slice, ExtremeNumbersAreClamped) {
  std::mt19937 random(3);
  const Array in = random_array(DType::S8, {4, 5}, random);
  fb::SliceT options;
  options.begins = {INT32_MIN, INT32_MAX};
  options.ends = {INT32_MAX, INT32_MIN};
  options.strides = {INT32_MAX, -1};
  const Array out = rearrange(in, {1, 5}, [](const Dims& i) { return Dims{0, 4 - i[1]}; });
  expect_node(options, {in}, {out});
}

}  // namespace
}  // namespace qrt::test
