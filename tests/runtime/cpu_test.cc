// Names of instruction sets, and the features that they stand for.
#include "src/runtime/cpu.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace qrt::test {
namespace {

TEST(Cpu, EveryNameStandsForItsFeatures) {
  ASSERT_STREQ(rt::instruction_sets()[0].name, "scalar");
  std::set<std::string> names;
  for (const rt::NamedFeatures& set : rt::instruction_sets()) {
    SCOPED_TRACE(set.name);
    EXPECT_TRUE(names.insert(set.name).second);
    EXPECT_STREQ(rt::isa_name(set.features), set.name);
    const auto chosen = rt::choose_isa(set.name);
    if (rt::cpu_facts().has(set.features)) {
      ASSERT_TRUE(chosen.ok()) << chosen.status().message();
      EXPECT_EQ(*chosen, set.features);
    } else {
      ASSERT_FALSE(chosen.ok());
      EXPECT_EQ(chosen.status().code(), rt::Code::Unsupported);
      EXPECT_EQ(std::string(chosen.status().message()),
                "this CPU cannot run instruction set '" + std::string(set.name) + "'");
    }
  }
}

TEST(Cpu, WithoutANameAllThatTheCpuHas) {
  for (const char* name : {static_cast<const char*>(nullptr), ""}) {
    const auto chosen = rt::choose_isa(name);
    ASSERT_TRUE(chosen.ok());
    EXPECT_EQ(*chosen, rt::cpu_facts().features);
  }
}

TEST(Cpu, AnUnknownNameIsToldTheKnownOnes) {
  for (const char* name : {"sse1", "AVX2", "avx", "avx2 ", "avx512"}) {
    const auto chosen = rt::choose_isa(name);
    ASSERT_FALSE(chosen.ok()) << name;
    EXPECT_EQ(chosen.status().code(), rt::Code::InvalidArgument);
    const std::string message = chosen.status().message();
    for (const rt::NamedFeatures& set : rt::instruction_sets()) {
      EXPECT_NE(message.find(set.name), std::string::npos) << message;
    }
  }
}

// Sets are made of features that have names, each of one bit.
TEST(Cpu, EveryFeatureHasAName) {
  rt::CpuFeatures named = 0, used = 0;
  for (const rt::NamedFeatures& feature : rt::cpu_feature_names()) {
    EXPECT_EQ(feature.features & (feature.features - 1), 0u) << feature.name;
    EXPECT_EQ(named & feature.features, 0u) << feature.name;
    named |= feature.features;
  }
  for (const rt::NamedFeatures& set : rt::instruction_sets()) used |= set.features;
  EXPECT_EQ(named, used);
  EXPECT_TRUE(rt::includes(named, rt::cpu_facts().features));
}

}  // namespace
}  // namespace qrt::test
