// Arithmetic on dimensions of which some are names.
#include "src/opspec/dims.h"

#include <gtest/gtest.h>

namespace qrt::test {
namespace {

using rt::Dims;
using rt::kInvalidDim;

TEST(Dims, NumbersStayNumbers) {
  Dims d;
  EXPECT_EQ(d.add(2, 3), 5);
  EXPECT_EQ(d.sub(2, 3), -1);
  EXPECT_EQ(d.mul(4, 3), 12);
  EXPECT_EQ(d.floor_div(7, 2), 3);
  EXPECT_EQ(d.floor_div(-7, 2), -4);
  EXPECT_EQ(d.ceil_div(7, 2), 4);
  EXPECT_EQ(d.max(2, 3), 3);
  EXPECT_EQ(d.min(2, 3), 2);
  EXPECT_EQ(d.mul(0, INT32_MAX), 0);
}

TEST(Dims, WhatLeaves32BitsIsInvalidAndSpreads) {
  Dims d;
  const int32_t n = d.named("n");
  EXPECT_EQ(d.add(INT32_MAX, 1), kInvalidDim);
  EXPECT_EQ(d.mul(1 << 20, 1 << 20), kInvalidDim);
  EXPECT_EQ(d.floor_div(n, 0), kInvalidDim);
  for (int32_t result :
       {d.add(kInvalidDim, 1), d.sub(1, kInvalidDim), d.mul(kInvalidDim, n),
        d.floor_div(kInvalidDim, 2), d.max(kInvalidDim, n), d.min(n, kInvalidDim)}) {
    EXPECT_EQ(result, kInvalidDim);
  }
  EXPECT_EQ(d.text(kInvalidDim), "too large");
}

TEST(Dims, EqualExpressionsAreOneSymbol) {
  Dims d;
  const int32_t n = d.named("n"), m = d.named("m");
  EXPECT_EQ(d.named("n"), n);
  EXPECT_NE(n, m);
  EXPECT_EQ(d.add(n, m), d.add(m, n));
  EXPECT_EQ(d.mul(d.add(n, 1), d.add(n, 1)), d.add(d.add(d.mul(n, n), d.mul(2, n)), 1));
  EXPECT_EQ(d.sub(d.add(n, 5), 5), n);
  EXPECT_EQ(d.sub(d.mul(3, n), d.mul(3, n)), 0);
  EXPECT_EQ(d.mul(n, 0), 0);
  EXPECT_EQ(d.mul(n, 1), n);
}

TEST(Dims, OpenSizesDifferFromAllOthers) {
  Dims d;
  const int32_t a = d.open(), b = d.open();
  EXPECT_NE(a, b);
  EXPECT_EQ(d.sub(a, a), 0);
  EXPECT_FALSE(d.differ(a, b));
  EXPECT_EQ(d.text(d.add(a, b)), "?");
  EXPECT_NE(d.floor_div(a, 2), d.floor_div(a, 2)) << "nobody could name it";
}

TEST(Dims, DivisionIsExactWhereEachTermIs) {
  Dims d;
  const int32_t n = d.named("n"), c = d.named("c");
  EXPECT_EQ(d.floor_div(d.mul(6, n), 3), d.mul(2, n));
  EXPECT_EQ(d.floor_div(d.mul(d.mul(36, n), c), d.mul(4, n)), d.mul(9, c));
  EXPECT_EQ(d.floor_div(d.add(d.mul(4, n), 8), 4), d.add(n, 2));
  EXPECT_EQ(d.floor_div(n, n), 1);
  EXPECT_EQ(d.text(d.floor_div(d.add(n, 1), 2)), "(n + 1)/(2)");
  EXPECT_EQ(d.floor_div(d.add(n, 1), 2), d.floor_div(d.add(n, 1), 2));
  EXPECT_EQ(d.ceil_div(d.mul(2, n), 2), n);
  EXPECT_EQ(d.floor_div(d.add(d.mul(4, n), 7), 4), d.add(n, 1));
  EXPECT_EQ(d.floor_div(d.sub(d.mul(4, n), 1), 4), d.sub(n, 1));
}

TEST(Dims, ExtremesAreTakenWhereTheyAreKnown) {
  Dims d;
  const int32_t n = d.named("n");
  EXPECT_EQ(d.max(n, d.add(n, 2)), d.add(n, 2));
  EXPECT_EQ(d.min(n, d.add(n, 2)), n);
  EXPECT_EQ(d.text(d.max(n, 4)), "max(n, 4)");
}

TEST(Dims, DifferOnlyWhatCannotBeEqual) {
  Dims d;
  const int32_t n = d.named("n"), m = d.named("m");
  EXPECT_TRUE(d.differ(2, 3));
  EXPECT_TRUE(d.differ(n, d.add(n, 1)));
  EXPECT_FALSE(d.differ(n, m));
  EXPECT_FALSE(d.differ(n, 3));
  EXPECT_FALSE(d.differ(d.mul(2, n), n));
}

TEST(Dims, TextsAreAsPeopleWriteThem) {
  Dims d;
  const int32_t h = d.named("height"), n = d.named("batch");
  EXPECT_EQ(d.text(7), "7");
  EXPECT_EQ(d.text(-1), "?");
  EXPECT_EQ(d.text(d.add(1, d.mul(2, h))), "2*height + 1");
  EXPECT_EQ(d.text(d.sub(1, h)), "-height + 1");
  EXPECT_EQ(d.text(rt::Shape{n, 224, d.sub(h, 2), 3}), "batchx224x(height - 2)x3");
  EXPECT_EQ(d.text(rt::Shape{}), "scalar");
}

TEST(Dims, PrimesTellExpressionsApart) {
  Dims d;
  const int32_t n = d.named("n"), m = d.named("m");
  EXPECT_EQ(d.at_primes(12), 12);
  EXPECT_NE(d.at_primes(n), d.at_primes(m));
  EXPECT_EQ(d.at_primes(d.mul(n, m)), d.at_primes(n) * d.at_primes(m));
  EXPECT_EQ(d.at_primes(d.add(d.mul(3, n), 2)), 3 * d.at_primes(n) + 2);
  EXPECT_EQ(d.at_primes(kInvalidDim), -1);
  int32_t power = n;
  for (int i = 0; i < 5; ++i) power = d.mul(power, n);
  EXPECT_EQ(d.at_primes(power), -1) << "beyond 63 bits";
}

// Attributes of a damaged file may look like symbols.
TEST(Dims, SymbolsThatWereNeverMadeAreInvalid) {
  Dims d;
  const int32_t n = d.named("n");
  EXPECT_EQ(d.add(n, rt::kFirstSymbol - 100), kInvalidDim);
  EXPECT_EQ(d.mul(rt::kFirstSymbol - 100, 2), kInvalidDim);
}

}  // namespace
}  // namespace qrt::test
