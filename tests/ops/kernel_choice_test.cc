// Which row of a family runs on which CPU.
#include "src/ops/kernel_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "kernels/arg_x8.h"
#include "kernels/binary_s8.h"
#include "kernels/convert_s8.h"
#include "kernels/dwconv_s8.h"
#include "kernels/function_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/lstm_s8.h"
#include "kernels/lut.h"
#include "kernels/pool_s8.h"
#include "kernels/reduce_s8.h"
#include "kernels/resize_bilinear.h"
#include "kernels/softmax_s8.h"
#include "kernels/winograd_s8.h"

namespace qrt::test {
namespace {

using rt::CpuFeatures;

struct Row {
  const char* name;
  QrtFeatures needs;
  int preference;
};

// A family as its table would be: `kRows` of a structure that holds them.
template <class Family>
const Row* const* rows_of(size_t* count) {
  static const auto pointers = [] {
    std::vector<const Row*> all;
    for (const Row& row : Family::kRows) all.push_back(&row);
    return all;
  }();
  *count = pointers.size();
  return pointers.data();
}

template <class Family>
std::string chosen(CpuFeatures features) {
  return rt::choose_kernel(rows_of<Family>, features).name;
}

struct WithoutAvx512 {
  static constexpr Row kRows[] = {
      {"scalar", QRT_SET_SCALAR, 0}, {"avx2", QRT_SET_AVX2, 10}, {"avxvnni", QRT_SET_AVXVNNI, 20}};
};
struct WithoutAvxVnni {
  static constexpr Row kRows[] = {{"scalar", QRT_SET_SCALAR, 0},
                                  {"avx512vnni", QRT_SET_AVX512VNNI, 30},
                                  {"avx2", QRT_SET_AVX2, 10}};
};
struct Slow512 {
  static constexpr Row kRows[] = {{"scalar", QRT_SET_SCALAR, 0},
                                  {"avx512vnni", QRT_SET_AVX512VNNI, 5},
                                  {"avx2", QRT_SET_AVX2, 10}};
};
struct Arm {
  static constexpr Row kRows[] = {
      {"scalar", QRT_SET_SCALAR, 0}, {"neondot", QRT_SET_NEONDOT, 20}, {"neon", QRT_SET_NEON, 10}};
};

TEST(KernelChoice, ARowIsNeverRunWithoutItsFeatures) {
  // AVX-512 VNNI does not imply AVX-VNNI,
  EXPECT_EQ(chosen<WithoutAvx512>(QRT_SET_AVX512VNNI), "avx2");
  EXPECT_EQ(chosen<WithoutAvx512>(QRT_SET_AVX512VNNI | QRT_SET_AVXVNNI), "avxvnni");
  // nor the reverse, and half of what a row needs is not enough.
  EXPECT_EQ(chosen<WithoutAvxVnni>(QRT_SET_AVXVNNI), "avx2");
  EXPECT_EQ(chosen<WithoutAvxVnni>(QRT_SET_AVX2 | QRT_CPU_AVX512), "avx2");
  EXPECT_EQ(chosen<WithoutAvxVnni>(QRT_SET_AVX2 | QRT_CPU_AVX512VNNI), "avx2");
  EXPECT_EQ(chosen<WithoutAvxVnni>(QRT_SET_AVX512VNNI & ~QRT_CPU_BMI2), "avx2");
  EXPECT_EQ(chosen<WithoutAvxVnni>(QRT_SET_AVX512VNNI), "avx512vnni");
  EXPECT_EQ(chosen<WithoutAvxVnni>(QRT_CPU_AVX512 | QRT_CPU_AVX512VNNI), "scalar");
  EXPECT_EQ(chosen<Arm>(QRT_SET_NEON), "neon");
  EXPECT_EQ(chosen<Arm>(QRT_SET_NEONI8MM), "neondot");
  EXPECT_EQ(chosen<Arm>(QRT_SET_AVX512VNNI), "scalar");
}

TEST(KernelChoice, TheHighestPreferenceWinsWhateverTheOrder) {
  EXPECT_EQ(chosen<Slow512>(QRT_SET_AVX512VNNI), "avx2");
  EXPECT_EQ(chosen<Slow512>(QRT_SET_SCALAR), "scalar");
}

// What must hold for every family's table, and the instruction sets of the rows that it gives:
// x86 by the four sets of features that exist there.
template <class Kernel>
void check_family(const Kernel* const* (*rows)(size_t*), std::vector<std::string> expected) {
  size_t count = 0;
  const Kernel* const* table = rows(&count);
  ASSERT_GE(count, 1u);
  SCOPED_TRACE(table[0]->name);
  EXPECT_EQ(table[0]->needs, 0u);
  std::set<std::string> names, sets;
  std::set<int> preferences;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = table[i]->name;
    const std::string set = name.substr(name.rfind("__") + 2);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(preferences.insert(table[i]->preference).second) << name;
    EXPECT_TRUE(sets.insert(set).second) << name;
    // A row needs what the instruction set of its name stands for.
    const auto all = rt::instruction_sets();
    const auto* named =
        std::find_if(all.begin(), all.end(), [&](const auto& s) { return set == s.name; });
    ASSERT_NE(named, all.end()) << name;
    EXPECT_EQ(table[i]->needs, named->features) << name;
  }
  const CpuFeatures cpus[] = {QRT_SET_SCALAR, QRT_SET_AVX2, QRT_SET_AVXVNNI, QRT_SET_AVX512VNNI,
                              QRT_SET_AVXVNNI | QRT_SET_AVX512VNNI};
  expected.push_back(expected.back());
  ASSERT_EQ(expected.size(), std::size(cpus));
  for (size_t i = 0; i < expected.size(); ++i) {
    if (sets.count(expected[i]) == 0) continue;  // not of this build
    const std::string name = rt::choose_kernel(rows, cpus[i]).name;
    EXPECT_EQ(name.substr(name.rfind("__") + 2), expected[i]) << "CPU " << i;
  }
}

TEST(KernelChoice, RowsOfEveryFamily) {
  const std::vector<std::string> avx2 = {"scalar", "avx2", "avx2", "avx2"};
  const std::vector<std::string> avx512 = {"scalar", "avx2", "avx2", "avx512vnni"};
  check_family(kernels::gemm_s8_kernels, {"scalar", "avx2", "avxvnni", "avx512vnni"});
  check_family(kernels::winograd_s8_kernels, avx512);
  check_family(kernels::dwconv_s8_kernels, avx512);
  check_family(kernels::binary_s8_kernels, avx512);
  check_family(kernels::lut_kernels, avx512);
  check_family(kernels::function_f32_kernels, avx512);
  check_family(kernels::resize_bilinear_kernels, avx512);
  check_family(kernels::pool_s8_kernels, avx2);
  check_family(kernels::softmax_s8_kernels, avx2);
  check_family(kernels::convert_s8_kernels, avx2);
  check_family(kernels::lstm_s8_kernels, avx2);
  check_family(kernels::reduce_s8_kernels, avx2);
  check_family(kernels::arg_x8_kernels, avx2);
}

}  // namespace
}  // namespace qrt::test
