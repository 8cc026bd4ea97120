// Reading a .qrt back: the graph is the one that was written.
#include "src/graph/reader.h"

#include <cstring>

#include "tests/model/damageable_graphs.h"

namespace qrt::test {
namespace {

graph::Graph read_back(const Bytes& file) {
  const rt::AlignedBuffer aligned = rt::allocate_aligned(file.size());
  std::memcpy(aligned.get(), file.data(), file.size());
  const auto model = rt::Model::from_buffer(aligned.get(), file.size());
  EXPECT_TRUE(model.ok()) << model.status().message();
  return model.ok() ? graph::read_model(**model) : graph::Graph{};
}

TEST(Reader, GivesWhatWasWritten) {
  for (auto& [name, graph] : damageable_graphs()) {
    SCOPED_TRACE(name);
    graph.name = name;
    graph.metadata = {{"author", "somebody"}, {"labels", "a b"}};
    const Bytes file = serialized(graph);
    EXPECT_EQ(serialized(read_back(file)), file);
  }
}

TEST(Reader, ConstantsOfSharedBytesShareThem) {
  graph::Graph g;
  const std::vector<float> same = {1, 2, 3, 4};
  const int a = g.add_constant("a", {4}, same), b = g.add_constant("b", {2, 2}, same);
  const int x = g.add_tensor("x", rt::DType::F32, {2, 4});
  const int y = g.add_tensor("y", rt::DType::F32, {2, 4});
  const int z = g.add_tensor("z", rt::DType::F32, {2, 2});
  g.add_node("add", fb::BinaryT(), {x, a}, {y});
  g.add_node("multiply", fb::FullyConnectedT(), {b, b}, {z});
  g.inputs = {x};
  g.outputs = {y, z};
  const graph::Graph back = read_back(serialized(g));
  EXPECT_EQ(back.value(a).data, back.value(b).data);
  EXPECT_EQ(back.value(b).shape, (std::vector<int32_t>{2, 2}));
}

}  // namespace
}  // namespace qrt::test
