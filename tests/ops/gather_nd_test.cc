#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

TEST(GatherNd, RandomShapesAndBatches) {
  std::mt19937 random(1);
  for (int round = 0; round < 80; ++round) {
    Dims shape(1 + random() % 5);
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 4);
    const size_t batch = random() % shape.size();
    const size_t tuple = 1 + random() % (shape.size() - batch);
    Dims tuples(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(batch));
    for (size_t i = random() % 3; i > 0; --i) tuples.push_back(1 + static_cast<int>(random() % 4));
    Dims indices_shape = tuples;
    indices_shape.push_back(static_cast<int32_t>(tuple));
    std::vector<int64_t> values;
    for (size_t i = 0; i < elements(indices_shape); ++i) {
      const int32_t dim = shape[batch + i % tuple];
      values.push_back(static_cast<int64_t>(random() % static_cast<unsigned>(2 * dim)) - dim);
    }
    const Array data = random_array(kMovedTypes[random() % kMovedTypes.size()], shape, random);
    Dims out_shape = tuples;
    for (size_t i = batch + tuple; i < shape.size(); ++i) out_shape.push_back(shape[i]);
    const Array out = rearrange(data, out_shape, [&](const Dims& index) {
      const Dims at(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(tuples.size()));
      Dims source(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(batch));
      for (size_t k = 0; k < tuple; ++k) {
        const int64_t value = values[position(at, tuples) * tuple + k];
        source.push_back(static_cast<int32_t>(value < 0 ? value + shape[batch + k] : value));
      }
      source.insert(source.end(), index.begin() + static_cast<std::ptrdiff_t>(tuples.size()),
                    index.end());
      return source;
    });
    SCOPED_TRACE(round);
    fb::GatherNdT options;
    options.batch_dims = static_cast<int32_t>(batch);
    const Array wide = array_of(indices_shape, values);
    const Array narrow =
        array_of(indices_shape, std::vector<int32_t>(values.begin(), values.end()));
    expect_node(options, {data, wide}, {out});
    expect_node(options, {data, as_constant(narrow)}, {out});
  }
}

TEST(GatherNd, IndicesOfARunAreClamped) {
  const Array data = array_of<int8_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_node(fb::GatherNdT(),
              {data, array_of<int32_t>({3, 2}, {-9, 9, INT32_MAX, INT32_MIN, 1, -1})},
              {array_of<int8_t>({3}, {3, 4, 6})});
}

TEST(GatherNd, Refuses) {
  const Array data = empty_array(DType::S8, {2, 3}), out = empty_array(DType::S8, {4});
  fb::GatherNdT options;
  expect_refused(options, {data, as_constant(array_of<int32_t>({1, 2}, {1, 3}))}, {out},
                 "its index 3 is outside an axis of 3 elements");
  expect_refused(options, {data, as_constant(array_of<int64_t>({1, 2}, {-3, 0}))}, {out},
                 "its index -3 is outside an axis of 2 elements");
  expect_refused(options, {data, empty_array(DType::S32, {4, 3})}, {out},
                 "its indices have 3 coordinates, the data 2 dimensions");
  expect_refused(options, {data, empty_array(DType::S16, {4, 2})}, {out},
                 "cannot run on s8 without scale, s16 without scale", rt::Code::Unsupported);
  expect_refused(options, {data, empty_array(DType::S32, {})}, {out}, "has 0 batch dimensions");
  expect_refused(
      options,
      {empty_array(DType::S8, {1, 1, 1, 1, 1, 1}), empty_array(DType::S32, {1, 1, 1, 1, 1})}, {out},
      "gives more than 8 dimensions");
  options.batch_dims = -1;
  expect_refused(options, {data, empty_array(DType::S32, {4, 2})}, {out}, "has -1 batch");
  options.batch_dims = 1;
  expect_refused(options, {data, empty_array(DType::S32, {4, 1})}, {out},
                 "batches of 2x3 and 4x1 differ");
}

}  // namespace
}  // namespace qrt::test
