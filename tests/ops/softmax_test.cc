// Softmax of two values far apart, in such small steps that the smaller one's exponential shows,
// which is a whole number of 2^-23 (schema/README.md).
#include <algorithm>
#include <cmath>

#include "tests/support/instruction_sets.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

TEST(Softmax, SmallExponentialsAreRounded) {
  const float in_scale = 0.07f, out_scale = std::ldexp(1.0f, -23);
  graph::Graph g;
  const int in = g.add_tensor("in", rt::DType::S8, {256, 2}, {{in_scale}, {0}, -1, 0});
  const int out = g.add_tensor("out", rt::DType::S8, {256, 2}, {{out_scale}, {-128}, -1, 0});
  g.add_node("softmax", fb::SoftmaxT(), {in}, {out});
  g.inputs = {in};
  g.outputs = {out};
  std::vector<int8_t> numbers;
  for (int d = 0; d < 256; ++d) {
    numbers.push_back(127);
    numbers.push_back(static_cast<int8_t>(127 - d));
  }
  for (const std::string& isa : runnable_instruction_sets()) {
    SCOPED_TRACE(isa);
    Loaded loaded = must_load(g, {}, isa.c_str());
    ASSERT_NE(loaded.session, nullptr);
    loaded.set(0, numbers);
    loaded.run();
    const std::vector<int8_t> result = loaded.get<int8_t>();
    for (int d = 0; d < 256; ++d) {
      const double largest = 8388608;
      const double smaller = std::nearbyint(std::exp(-static_cast<double>(in_scale) * d) * largest);
      const double q = std::nearbyint(smaller * largest / (largest + smaller)) - 128;
      EXPECT_EQ(result[static_cast<size_t>(2 * d + 1)], std::min(q, 127.0)) << "distance " << d;
    }
  }
}

}  // namespace
}  // namespace qrt::test
