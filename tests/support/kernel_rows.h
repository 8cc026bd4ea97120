// Tests of kernels are written once a family and run on every row of its table that this CPU can
// run, so that a new row is tested without anybody writing a test.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "src/runtime/cpu.h"

namespace qrt::test {

template <class Kernel>
std::vector<const Kernel*> runnable_rows(const Kernel* const* (*rows)(size_t*)) {
  size_t count = 0;
  const Kernel* const* table = rows(&count);
  std::vector<const Kernel*> runnable;
  for (size_t i = 0; i < count; ++i) {
    if (rt::cpu_facts().has(table[i]->needs)) runnable.push_back(table[i]);
  }
  return runnable;
}

template <class Kernel>
std::string row_name(const testing::TestParamInfo<const Kernel*>& info) {
  return info.param->name;
}

// Reproducible bytes in [low, high].
inline std::vector<int8_t> random_s8(size_t count, unsigned seed, int low = -128, int high = 127) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> values(low, high);
  std::vector<int8_t> bytes(count);
  for (int8_t& b : bytes) b = static_cast<int8_t>(values(random));
  return bytes;
}

}  // namespace qrt::test
