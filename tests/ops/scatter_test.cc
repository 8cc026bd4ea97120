// What gathering and scattering operators refuse, and what they make of indices that a run
// computes.
#include <cmath>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

const float kNan = NAN;

TEST(Scatter, IndicesOfARunAreClamped) {
  const Array data = array_of<int32_t>({3}, {10, 20, 30});
  const Array far = array_of<int32_t>({4}, {-4, 3, INT32_MIN, INT32_MAX});
  expect_node(fb::GatherElementsT(), {data, far}, {array_of<int32_t>({4}, {10, 30, 10, 30})});
  const Array one = array_of<int32_t>({4}, {1, 2, 3, 4});
  fb::ScatterElementsT elements;
  elements.reduction = fb::ScatterReduction::Add;
  expect_node(elements, {data, far, one}, {array_of<int32_t>({3}, {14, 20, 36})});
  fb::ScatterNdT slices;
  slices.reduction = fb::ScatterReduction::Add;
  const Array tuples = array_of<int64_t>({4, 1}, {-4, 3, INT64_MIN, INT64_MAX});
  expect_node(slices, {data, tuples, one}, {array_of<int32_t>({3}, {14, 20, 36})});
}

TEST(Scatter, TheLastUpdateStays) {
  const Array data = array_of<int8_t>({4}, {1, 2, 3, 4});
  expect_node(fb::ScatterElementsT(),
              {data, array_of<int32_t>({3}, {2, 2, -2}), array_of<int8_t>({3}, {7, 8, 9})},
              {array_of<int8_t>({4}, {1, 2, 9, 4})});
}

// Any byte but 0 is true, and results are 0 or 1.
TEST(Scatter, BoolsAreCombined) {
  Array data = empty_array(DType::Bool, {4}), updates = empty_array(DType::Bool, {4});
  data.bytes = {0, 0, 2, 4};
  updates.bytes = {0, 8, 0, 16};
  const Array indices = array_of<int32_t>({4}, {0, 1, 2, 3});
  Array either = empty_array(DType::Bool, {4}), both = either;
  either.bytes = {0, 1, 1, 1};
  both.bytes = {0, 0, 0, 1};
  using Reduction = fb::ScatterReduction;
  for (Reduction reduction : {Reduction::Add, Reduction::Max, Reduction::Mul, Reduction::Min}) {
    fb::ScatterElementsT options;
    options.reduction = reduction;
    const bool any = reduction == Reduction::Add || reduction == Reduction::Max;
    expect_node(options, {data, indices, updates}, {any ? either : both});
  }
}

TEST(Scatter, LargeDataOnManyThreads) {
  std::mt19937 random(3);
  const Array data = random_array(DType::S8, {1000, 130}, random);
  const Array updates = random_array(DType::S8, {2, 130}, random);
  Array out = data;
  std::copy_n(updates.bytes.begin(), 130, out.bytes.begin() + 999 * 130);
  std::copy_n(updates.bytes.begin() + 130, 130, out.bytes.begin());
  expect_node(fb::ScatterNdT(), {data, array_of<int32_t>({2, 1}, {999, 0}), updates}, {out});
}

TEST(Scatter, Refuses) {
  const Array data = empty_array(DType::F32, {3, 4}), out = data;
  const Array indices = empty_array(DType::S32, {2, 4}), updates = empty_array(DType::F32, {2, 4});
  fb::ScatterElementsT elements;
  const std::string unfit = "has indices ";
  for (const Dims& shape : {Dims{2, 5}, Dims{2}, Dims{1, 1, 1}}) {
    expect_refused(elements, {data, empty_array(DType::S32, shape), updates}, {out}, unfit);
    expect_refused(fb::GatherElementsT(), {data, empty_array(DType::S32, shape)}, {out}, unfit);
  }
  expect_refused(elements, {data, indices, empty_array(DType::F32, {2, 3})}, {out},
                 "has indices 2x4 for updates 2x3");
  expect_refused(elements, {data, indices, empty_array(DType::F32, {2})}, {out},
                 "has indices 2x4 for updates 2");
  expect_refused(elements, {data, indices, empty_array(DType::S32, {2, 4})}, {out},
                 "cannot run on f32, s32, s32 -> f32", rt::Code::Unsupported);
  for (int32_t bad : {3, -4}) {
    const Array at = as_constant(array_of<int32_t>({1, 1}, {bad}));
    const std::string words =
        "its index " + std::to_string(bad) + " is outside an axis of 3 elements";
    expect_refused(elements, {data, at, empty_array(DType::F32, {1, 1})}, {out}, words);
    expect_refused(fb::GatherElementsT(), {data, at}, {empty_array(DType::F32, {1, 1})}, words);
    const Array pair = as_constant(array_of<int32_t>({1, 2}, {bad, 0}));
    expect_refused(fb::ScatterNdT(), {data, pair, empty_array(DType::F32, {1})}, {out}, words);
  }
  elements.axis = 2;
  expect_refused(elements, {data, indices, updates}, {out}, "axis 2 does not exist in 3x4");
  elements.axis = 0;
  elements.reduction = static_cast<fb::ScatterReduction>(5);
  expect_refused(elements, {data, indices, updates}, {out}, "has an unknown reduction, 5");
  fb::ScatterNdT slices;
  slices.reduction = static_cast<fb::ScatterReduction>(5);
  const Array tuples = empty_array(DType::S32, {5, 1});
  expect_refused(slices, {data, tuples, empty_array(DType::F32, {5, 4})}, {out},
                 "has an unknown reduction, 5");
  slices.reduction = fb::ScatterReduction::None;
  expect_refused(slices, {data, empty_array(DType::S32, {5, 3}), updates}, {out},
                 "its indices are 5x3 for data of 2 dimensions");
  expect_refused(slices, {data, empty_array(DType::S32, {}), updates}, {out},
                 "its indices are scalar for data of 2 dimensions");
  for (const Dims& shape : {Dims{5}, Dims{4, 4}, Dims{5, 3}}) {
    expect_refused(slices, {data, tuples, empty_array(DType::F32, shape)}, {out},
                   "for indices 5x1 and data 3x4");
  }
  // Numbers of one scale cannot be added.
  Array scaled = empty_array(DType::S8, {3, 4});
  scaled.quantization = kSomeScale;
  elements.reduction = fb::ScatterReduction::Add;
  Array scaled_updates = empty_array(DType::S8, {2, 4});
  scaled_updates.quantization = kSomeScale;
  expect_refused(elements, {scaled, indices, scaled_updates}, {scaled}, "cannot run on",
                 rt::Code::Unsupported);
}

TEST(DynamicSlice, Refuses) {
  const Array data = empty_array(DType::F32, {3, 4});
  const Array begins = empty_array(DType::S32, {2});
  fb::DynamicSliceT slice;
  for (const Dims& sizes : {Dims{4, 4}, Dims{3, 5}, Dims{-2, 1}}) {
    slice.sizes = sizes;
    expect_refused(slice, {data, begins}, {data}, " elements of axis ");
  }
  slice.sizes = {1};
  expect_refused(slice, {data, begins}, {data}, "has 1 sizes and begins 2 for an input of 2 axes");
  slice.sizes = {1, 1};
  for (const Dims& shape : {Dims{3}, Dims{1, 2}}) {
    expect_refused(slice, {data, empty_array(DType::S32, shape)}, {empty_array(DType::F32, {1, 1})},
                   "has 2 sizes and begins ");
  }
  const Array part = empty_array(DType::F32, {2, 2});
  const fb::DynamicUpdateSliceT update;
  expect_refused(update, {data, empty_array(DType::F32, {2}), begins}, {data}, "has updates 2");
  expect_refused(update, {data, part, empty_array(DType::S32, {1})}, {data}, "and begins 1");
  expect_refused(update, {data, empty_array(DType::F32, {2, 5}), begins}, {data},
                 "has updates 2x5, larger than its data 3x4");
}

TEST(TopK, NaNIsLargest) {
  fb::TopKT options;
  options.k = 3;
  const Array in = array_of<float>({4}, {1, kNan, 3, kNan});
  expect_node(options, {in},
              {array_of<float>({3}, {kNan, kNan, 3}), array_of<int32_t>({3}, {1, 3, 2})});
  options.smallest = true;
  expect_node(options, {in},
              {array_of<float>({3}, {1, 3, kNan}), array_of<int32_t>({3}, {0, 2, 1})});
}

TEST(TopK, ManyLinesOnManyThreads) {
  std::mt19937 random(4);
  std::vector<int8_t> in(300 * 50), values(300);
  std::vector<int64_t> at(300);
  for (int8_t& element : in) element = static_cast<int8_t>(random());
  for (size_t row = 0; row < 300; ++row) {
    const auto first = in.begin() + static_cast<std::ptrdiff_t>(row * 50);
    const auto best = std::max_element(first, first + 50);
    values[row] = *best;
    at[row] = best - first;
  }
  fb::TopKT options;
  options.k = 1;
  expect_node(options, {array_of<int8_t>({300, 50}, in)},
              {array_of<int8_t>({300, 1}, values), array_of<int64_t>({300, 1}, at)});
}

TEST(TopK, Refuses) {
  const Array in = empty_array(DType::F32, {2, 3}), where = empty_array(DType::S32, {2, 2});
  const Array out = empty_array(DType::F32, {2, 2});
  fb::TopKT options;
  for (int32_t k : {4, -1}) {
    options.k = k;
    expect_refused(options, {in}, {out, where},
                   "takes " + std::to_string(k) + " elements of an axis of 3");
  }
  options.k = 2;
  options.axis = 2;
  expect_refused(options, {in}, {out, where}, "axis 2 does not exist in 2x3");
  options.axis = 1;
  expect_refused(options, {in, empty_array(DType::S64, {2})}, {out, where},
                 "its k is 2, not one number");
  expect_refused(options, {in, as_constant(empty_array(DType::S64, {2}))}, {out, where},
                 "its k is 2, not one number");
  expect_refused(options, {in}, {empty_array(DType::S32, {2, 2}), where}, "cannot run on f32",
                 rt::Code::Unsupported);
}

TEST(CumSum, IntegersWrapAround) {
  const Array in = array_of<int32_t>({3}, {INT32_MAX, 1, 1});
  expect_node(fb::CumSumT(), {in}, {array_of<int32_t>({3}, {INT32_MAX, INT32_MIN, INT32_MIN + 1})});
}

TEST(CumSum, Refuses) {
  const Array in = empty_array(DType::F32, {2, 3});
  fb::CumSumT options;
  options.axis = -3;
  expect_refused(options, {in}, {in}, "axis -3 does not exist in 2x3");
  const Array bytes = empty_array(DType::S8, {2, 3});
  options.axis = 0;
  expect_refused(options, {bytes}, {bytes}, "cannot run on s8", rt::Code::Unsupported);
}

}  // namespace
}  // namespace qrt::test
