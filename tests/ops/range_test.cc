// Range: how many numbers there are and which, from constants and from sizes.
#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

template <class T>
std::vector<Array> limits(T start, T limit, T delta) {
  return {as_constant(array_of<T>({}, {start})), as_constant(array_of<T>({}, {limit})),
          as_constant(array_of<T>({}, {delta}))};
}

template <class T>
void check(T start, T limit, T delta, const std::vector<T>& want) {
  SCOPED_TRACE(std::to_string(start) + " to " + std::to_string(limit) + " by " +
               std::to_string(delta));
  expect_node(fb::RangeT(), limits(start, limit, delta),
              {array_of<T>({static_cast<int32_t>(want.size())}, want)});
}

template <class T>
void refuse(T start, T limit, T delta, const std::string& words) {
  expect_refused(fb::RangeT(), limits(start, limit, delta),
                 {empty_array(rt::DTypeOf<T>::value, {1})}, words);
}

TEST(Range, Integers) {
  check<int32_t>(2, 9, 3, {2, 5, 8});
  check<int32_t>(2, 8, 3, {2, 5});
  check<int64_t>(5, -2, -2, {5, 3, 1, -1});
  check<int64_t>(-3, -2, 100, {-3});
}

TEST(Range, LimitsOfTheirType) {
  check<int64_t>(INT64_MIN, INT64_MAX, INT64_MAX, {INT64_MIN, -1, INT64_MAX - 1});
  check<int32_t>(INT32_MAX, INT32_MIN, INT32_MIN, {INT32_MAX, -1});
}

// In double: in float, 3 * 0.1f is another number.
TEST(Range, Floats) {
  const double step = static_cast<double>(0.1f);
  check<float>(0, 0.35f, 0.1f,
               {0, 0.1f, static_cast<float>(2 * step), static_cast<float>(3 * step)});
  check<float>(1, -1, -0.75f, {1, 0.25f, -0.5f});
}

TEST(Range, Refuses) {
  const std::string words = "its numbers are too many, or never reach its limit";
  refuse<int64_t>(0, 5, 0, words);
  refuse<int64_t>(INT64_MIN, INT64_MAX, 1, words);
  refuse<float>(0, 5, 0, words);
  refuse<float>(0, NAN, 1, words);
  expect_refused(fb::RangeT(),
                 {as_constant(array_of<int32_t>({2}, {1, 2})),
                  as_constant(array_of<int32_t>({}, {1})), as_constant(array_of<int32_t>({}, {1}))},
                 {empty_array(DType::S32, {1})}, "input 0 is 2, not one number");
  const Array number = empty_array(DType::S32, {});
  expect_refused(fb::RangeT(), {number, number, number}, {empty_array(DType::S32, {1})},
                 "depends on values that are known only in a run", rt::Code::Unsupported);
}

// As many as an input has rows; none, too.
TEST(Range, FollowsSizes) {
  graph::Graph g;
  const int in = g.add_tensor("in", DType::F32, {-1, 3});
  const int shape = g.add_tensor("shape", DType::S64, {2});
  const int rows = g.add_tensor("rows", DType::S64, {});
  const int out = g.add_tensor("out", DType::S64, {-1});
  g.add_node("shape", fb::ShapeOfT(), {in}, {shape});
  g.add_node("rows", fb::GatherT(), {shape, g.add_constant<int64_t>("first", {}, {0})}, {rows});
  g.add_node(
      "range", fb::RangeT(),
      {g.add_constant<int64_t>("start", {}, {1}), rows, g.add_constant<int64_t>("delta", {}, {2})},
      {out});
  g.inputs = {in};
  g.outputs = {out};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  for (int32_t n : {1, 2, 6, 0, 100}) {
    ASSERT_TRUE(loaded.session->resize_input(0, {n, 3}).ok());
    std::vector<int64_t> want;
    for (int64_t i = 1; i < n; i += 2) want.push_back(i);
    EXPECT_EQ(loaded.session->output_shape(0), rt::Shape{static_cast<int32_t>(want.size())});
    loaded.run();
    EXPECT_EQ(loaded.get<int64_t>(), want);
  }
}

}  // namespace
}  // namespace qrt::test
