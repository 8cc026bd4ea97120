// DepthToSpace and SpaceToDepth, which undo each other.
#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

const std::vector<Dims> kImages = {{1, 1, 1, 1}, {2, 3, 4, 1}, {1, 5, 2, 3}, {1, 40, 41, 8}};

TEST(DepthToSpace, BothOrders) {
  std::mt19937 random(1);
  for (const Dims& image : kImages) {
    for (int32_t b : {1, 2, 3}) {
      for (fb::DepthOrder order : {fb::DepthOrder::DepthFirst, fb::DepthOrder::ColumnFirst}) {
        for (DType type : {DType::S8, DType::F32}) {
          const int32_t c = image[3];
          const Array in = random_array(type, {image[0], image[1], image[2], c * b * b}, random);
          const Array out =
              rearrange(in, {image[0], image[1] * b, image[2] * b, c}, [&](const Dims& i) {
                const int32_t place = i[1] % b * b + i[2] % b;
                const int32_t channel =
                    order == fb::DepthOrder::DepthFirst ? place * c + i[3] : i[3] * b * b + place;
                return Dims{i[0], i[1] / b, i[2] / b, channel};
              });
          fb::DepthToSpaceT options;
          options.block = b;
          options.order = order;
          expect_node(options, {in}, {out});
          if (order == fb::DepthOrder::ColumnFirst) continue;
          fb::SpaceToDepthT inverse;
          inverse.block = b;
          expect_node(inverse, {out}, {in});
        }
      }
    }
  }
}

TEST(SpaceToDepth, BlocksGoRowByRow) {
  fb::SpaceToDepthT options;
  options.block = 2;
  expect_node(options, {array_of<int8_t>({1, 2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8})},
              {array_of<int8_t>({1, 1, 2, 4}, {1, 2, 5, 6, 3, 4, 7, 8})});
}

TEST(DepthToSpace, Refuses) {
  const auto refused = [](const Dims& shape, int32_t block, const std::string& words,
                          int order = 0) {
    fb::DepthToSpaceT options;
    options.block = block;
    options.order = static_cast<fb::DepthOrder>(order);
    Array in = empty_array(DType::S8, {1});
    in.shape = shape;
    expect_refused(options, {in}, {in}, words);
  };
  refused({1, 2, 4}, 2, "needs an input of 4 dimensions, has 1x2x4");
  refused({1, 1, 1, 6}, 2, "its block of 2 does not divide 6 channels");
  refused({1, 1, 1, 4}, 0, "its block of 0");
  refused({1, 1, 1, 4}, -2, "its block of -2");
  refused({1, 1, 1, 4}, INT32_MAX, "its block of 2147483647");
  refused({1, 1 << 30, 1, 4}, 2, "makes 1x1073741824x1x4 too large");
  refused({1, 1, 1, 4}, 2, "has an unknown order 2", 2);
}

TEST(SpaceToDepth, Refuses) {
  const auto refused = [](const Dims& shape, int32_t block, const std::string& words) {
    fb::SpaceToDepthT options;
    options.block = block;
    Array in = empty_array(DType::S8, {1});
    in.shape = shape;
    expect_refused(options, {in}, {in}, words);
  };
  refused({4}, 2, "needs an input of 4 dimensions, has 4");
  refused({1, 4, 3, 1}, 2, "its block of 2 does not divide an image of 4x3");
  refused({1, 4, 4, 1}, 0, "its block of 0");
  refused({1, 4, 4, 1}, -4, "its block of -4");
  refused({1, 65536, 65536, 1}, 65536, "makes 1x65536x65536x1 too large");
}

}  // namespace
}  // namespace qrt::test
