// ShapeOf: the dimensions of its input, as integers of both types, also when they change.
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using rt::DType;

template <class T>
void check(DType type) {
  graph::Graph g;
  const int in = g.add_tensor("in", DType::F32, {-1, 3, -1});
  const int out = g.add_tensor("out", type, {3});
  g.add_node("shape", fb::ShapeOfT(), {in}, {out});
  g.inputs = {in};
  g.outputs = {out};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  for (const rt::Shape& shape : {rt::Shape{1, 3, 1}, rt::Shape{7, 3, 5}, rt::Shape{2, 3, 0}}) {
    ASSERT_TRUE(loaded.session->resize_input(0, shape).ok());
    loaded.run();
    EXPECT_EQ(loaded.get<T>(), std::vector<T>(shape.begin(), shape.end()));
  }
}

TEST(ShapeOf, S32) { check<int32_t>(DType::S32); }
TEST(ShapeOf, S64) { check<int64_t>(DType::S64); }

}  // namespace
}  // namespace qrt::test
