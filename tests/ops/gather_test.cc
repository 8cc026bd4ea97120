#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

// Random indices in [-dim, dim).
template <class T>
Array random_indices(Dims shape, int32_t dim, std::mt19937& random) {
  std::vector<T> values(elements(shape));
  for (T& value : values) value = static_cast<T>(random() % static_cast<unsigned>(2 * dim)) - dim;
  return array_of(std::move(shape), values);
}

template <class T>
int32_t index_at(const Array& indices, const Dims& at, int32_t dim) {
  T value;
  std::memcpy(&value, &indices.bytes[position(at, indices.shape) * sizeof(T)], sizeof value);
  const int64_t index = value < 0 ? int64_t{value} + dim : int64_t{value};
  return static_cast<int32_t>(std::min<int64_t>(std::max<int64_t>(index, 0), dim - 1));
}

template <class T>
void check(const Array& data, const Array& indices, int32_t axis, int32_t batch) {
  SCOPED_TRACE(::testing::PrintToString(data.shape) + " at " +
               ::testing::PrintToString(indices.shape) + " axis " + std::to_string(axis) +
               " batch " + std::to_string(batch));
  const auto rank = static_cast<int32_t>(data.shape.size());
  const auto a = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  const auto b = static_cast<size_t>(batch);
  const size_t inserted = indices.shape.size() - b;
  Dims shape(data.shape.begin(), data.shape.begin() + static_cast<std::ptrdiff_t>(a));
  shape.insert(shape.end(), indices.shape.begin() + batch, indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + static_cast<std::ptrdiff_t>(a) + 1,
               data.shape.end());
  const Array out = rearrange(data, shape, [&](const Dims& index) {
    Dims at(index.begin(), index.begin() + batch);
    for (size_t i = 0; i < inserted; ++i) at.push_back(index[a + i]);
    Dims source(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(a));
    source.push_back(index_at<T>(indices, at, data.shape[a]));
    for (size_t i = a + inserted; i < index.size(); ++i) source.push_back(index[i]);
    return source;
  });
  fb::GatherT options;
  options.axis = axis;
  options.batch_dims = batch;
  expect_node(options, {data, indices}, {out});
  expect_node(options, {data, as_constant(indices)}, {out});
}

TEST(Gather, RandomShapesAxesAndBatches) {
  std::mt19937 random(1);
  for (int round = 0; round < 80; ++round) {
    Dims shape(1 + random() % 5);
    for (int32_t& dim : shape) dim = 1 + static_cast<int32_t>(random() % 4);
    const size_t axis = random() % shape.size(), batch = random() % (axis + 1);
    Dims indices(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(batch));
    for (size_t i = random() % 3; i > 0; --i) indices.push_back(1 + static_cast<int>(random() % 3));
    const Array data = random_array(kMovedTypes[random() % kMovedTypes.size()], shape, random);
    const int32_t given =
        static_cast<int32_t>(axis) - (round % 2 == 0 ? static_cast<int32_t>(shape.size()) : 0);
    if (round % 3 == 0) {
      check<int32_t>(data, random_indices<int32_t>(indices, shape[axis], random), given,
                     static_cast<int32_t>(batch));
    } else {
      check<int64_t>(data, random_indices<int64_t>(indices, shape[axis], random), given,
                     static_cast<int32_t>(batch));
    }
  }
}

TEST(Gather, EmbeddingOnManyThreads) {
  std::mt19937 random(2);
  const Array table = random_array(DType::F32, {50, 96}, random);
  check<int32_t>(table, random_indices<int32_t>({4, 300}, 50, random), 0, 0);
  check<int32_t>(table, random_indices<int32_t>({300}, 96, random), 1, 0);
}

TEST(Gather, IndicesOfARunAreClamped) {
  fb::GatherT options;
  const Array data = array_of<int32_t>({3}, {10, 20, 30});
  expect_node(options, {data, array_of<int32_t>({6}, {-4, -3, 3, 2, INT32_MIN, INT32_MAX})},
              {array_of<int32_t>({6}, {10, 10, 30, 30, 10, 30})});
  expect_node(options, {data, array_of<int64_t>({2}, {INT64_MIN, INT64_MAX})},
              {array_of<int32_t>({2}, {10, 30})});
}

TEST(Gather, Refuses) {
  const Array data = empty_array(DType::S8, {3, 4});
  const Array out = empty_array(DType::S8, {2, 4});
  fb::GatherT options;
  for (int32_t bad : {3, -4, INT32_MAX, INT32_MIN}) {
    expect_refused(options, {data, as_constant(array_of<int32_t>({2}, {0, bad}))}, {out},
                   "its index " + std::to_string(bad) + " is outside an axis of 3 elements");
  }
  const Array indices = empty_array(DType::S32, {2});
  expect_refused(options, {data, empty_array(DType::F32, {2})}, {out},
                 "cannot run on s8 without scale, f32 -> s8", rt::Code::Unsupported);
  expect_refused(options, {data}, {out}, "has 1 inputs, takes 2 to 2");
  for (int32_t axis : {2, -3}) {
    options.axis = axis;
    expect_refused(options, {data, indices}, {out},
                   "axis " + std::to_string(axis) + " does not exist in 3x4");
  }
  options.axis = 1;
  for (int32_t batch : {-1, 2}) {
    options.batch_dims = batch;
    expect_refused(options, {data, indices}, {out},
                   "has " + std::to_string(batch) + " batch dimensions");
  }
  options.batch_dims = 1;
  expect_refused(options, {data, indices}, {out}, "batches of 3x4 and 2 differ");
  options = {};
  expect_refused(
      options, {empty_array(DType::S8, {1, 1, 1, 1, 1}), empty_array(DType::S32, {1, 1, 1, 1, 1})},
      {out}, "gives more than 8 dimensions");
}

}  // namespace
}  // namespace qrt::test
