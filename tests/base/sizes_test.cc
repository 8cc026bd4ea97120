// Sizes that files ask for are computed in 64 bits on every CPU, and never wrap around.
#include "src/base/checked.h"
#include "src/base/memory.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

constexpr uint64_t kGiga = uint64_t{1} << 30;

TEST(Sizes, ProductsSaturate) {
  EXPECT_EQ(rt::size_product(3, size_t{5}, int64_t{7}), 105u);
  EXPECT_EQ(rt::size_product(size_t{1} << 20, size_t{1} << 20), kGiga * 1024);
  EXPECT_EQ(rt::size_product(kGiga, kGiga, kGiga), rt::kTooMuch);
  EXPECT_EQ(rt::size_product(kGiga, kGiga, kGiga, kGiga, kGiga), rt::kTooMuch);
  EXPECT_EQ(rt::size_product(kGiga, kGiga, kGiga, 0), 0u);
  // What is left above may be used: rounding up and adding keep it too much.
  EXPECT_GE(rt::align_up(rt::kTooMuch, 64) + 8 * rt::kTooMuch, rt::kTooMuch);
}

TEST(Sizes, AreRoundedUpIn64Bits) {
  EXPECT_EQ(rt::align_up(4 * kGiga + 1, 64), 4 * kGiga + 64);
  EXPECT_EQ(rt::align_up(size_t{65}, 64), 128u);
}

TEST(Sizes, NoMemoryIsGivenForMoreThanHasAddresses) {
  EXPECT_EQ(rt::allocate_aligned(UINT64_MAX), nullptr);
  EXPECT_EQ(rt::allocate_aligned(rt::kTooMuch), nullptr);
  EXPECT_EQ(rt::allocate_aligned(rt::kMaxBlockBytes + 1), nullptr);
  EXPECT_NE(rt::allocate_aligned(0), nullptr);
  // As many as 32 bits take for none.
  if (sizeof(size_t) == 4) {
    EXPECT_EQ(rt::allocate_aligned(4 * kGiga), nullptr);
    EXPECT_EQ(rt::allocate_aligned(4 * kGiga + 64), nullptr);
  }
}

}  // namespace
}  // namespace qrt::test
