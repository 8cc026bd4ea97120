// How many products an operator sums, by which work is shared out and models are described.
#include <cstring>

#include "src/runtime/program.h"
#include "tests/model/one_node.h"

namespace qrt::test {
namespace {

uint64_t macs_of(const graph::Graph& graph) {
  const Bytes file = serialized(graph);
  const rt::AlignedBuffer buffer = rt::allocate_aligned(file.size());
  std::memcpy(buffer.get(), file.data(), file.size());
  const auto model = rt::Model::from_buffer(buffer.get(), file.size());
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok()) return 0;
  const auto program = rt::Program::build(*model);
  EXPECT_TRUE(program.ok()) << program.status().message();
  if (!program.ok()) return 0;
  const rt::Program& built = **program;
  return built.spec(0).macs(built.nodes()[0], *built.default_shapes());
}

TEST(Macs, ConvolutionsCountTheirGroups) {
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.groups = 2;
  EXPECT_EQ(macs_of(one_node(std::move(conv), {s8({1, 6, 5, 4}), weights({6, 3, 3, 2}), bias(6)},
                             s8({1, 4, 3, 6}))),
            uint64_t{4 * 3 * 6} * (3 * 3 * 2));
  fb::TransposedConv2DT transposed;
  transposed.window = std::make_unique<fb::Window2DT>();
  transposed.groups = 2;
  EXPECT_EQ(macs_of(one_node(std::move(transposed),
                             {s8({1, 5, 4, 4}), weights({6, 3, 3, 2}), bias(6)}, s8({1, 7, 6, 6}))),
            uint64_t{5 * 4} * (6 * 3 * 3 * 2));
}

TEST(Macs, Products) {
  EXPECT_EQ(
      macs_of(one_node(fb::FullyConnectedT(), {s8({2, 8}), weights({6, 8}), bias(6)}, s8({2, 6}))),
      uint64_t{2 * 6 * 8});
  EXPECT_EQ(macs_of(one_node(fb::MatMulT(), {s8({2, 3, 4}), s8({4, 5})}, s8({2, 3, 5}))),
            uint64_t{2 * 3 * 5 * 4});
  fb::MatMulT turned;
  turned.transpose_a = true;
  EXPECT_EQ(macs_of(one_node(std::move(turned), {s8({2, 4, 3}), s8({4, 5})}, s8({2, 3, 5}))),
            uint64_t{2 * 3 * 5 * 4});
}

TEST(Macs, LstmMultipliesAtEachStep) {
  const auto f32 = [](Dims shape) { return tensor(rt::DType::F32, std::move(shape)); };
  EXPECT_EQ(macs_of(one_node(fb::LstmT(),
                             {f32({1, 5, 3}), constant(f32({8, 3})), constant(f32({8, 2})),
                              constant(f32({8})), variable(f32({1, 2})), variable(f32({1, 2}))},
                             f32({1, 5, 2}))),
            uint64_t{5} * (8 * 3 + 8 * 2));
}

}  // namespace
}  // namespace qrt::test
