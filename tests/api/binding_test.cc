// Inputs and outputs in the caller's own memory: whatever its alignment and size, the results are
// those of the session's own, and nothing outside of it is touched.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/api/api_models.h"
#include "tests/support/guarded.h"

namespace qrt::test {
namespace {

std::vector<float> picture() {
  std::vector<float> x(5 * 5 * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 31 % 23) * 0.1f - 1;
  return x;
}

// The network's answer without anything bound.
std::vector<int8_t> expected_answer(const ModelBytes& bytes) {
  auto session = session_of(bytes);
  EXPECT_TRUE(session.ok()) << session.status().message();
  EXPECT_TRUE(session->set_input(0, picture()).ok());
  EXPECT_TRUE(session->run().ok());
  const auto* y = session->output<int8_t>(0);
  return {y, y + session->output_info(0).bytes};
}

TEST(Binding, EveryOffsetAndRoomGivesTheSame) {
  const ModelBytes bytes(network());
  const std::vector<int8_t> expected = expected_answer(bytes);
  const std::vector<float> x = picture();
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok());
  const size_t in_bytes = x.size() * sizeof(float);
  for (size_t offset : {0, 1, 2, 4, 16}) {
    for (size_t room : {0, 8, 16, 64}) {
      SCOPED_TRACE(testing::Message() << "offset " << offset << ", " << room << " bytes behind");
      // No byte behind the room may be read or written.
      const Guarded<uint8_t> in(in_bytes + room + offset, Guard::Behind);
      const Guarded<uint8_t> out(expected.size() + offset, Guard::Behind);
      std::memcpy(in.data() + offset, x.data(), in_bytes);
      ASSERT_TRUE(session->bind_input(0, in.data() + offset, in_bytes + room).ok());
      ASSERT_TRUE(session->bind_output(0, out.data() + offset, expected.size()).ok());
      EXPECT_EQ(session->output<uint8_t>(0), out.data() + offset);
      EXPECT_EQ(session->input<uint8_t>(0), nullptr);
      for (int run = 0; run < 2; ++run) {
        std::memset(out.data() + offset, 0x55, expected.size());
        ASSERT_TRUE(session->run().ok());
        EXPECT_EQ(std::memcmp(out.data() + offset, expected.data(), expected.size()), 0);
        EXPECT_EQ(std::memcmp(in.data() + offset, x.data(), in_bytes), 0);
      }
      // A run reads what is there then.
      const float first = 100;
      std::memcpy(in.data() + offset, &first, sizeof first);
      ASSERT_TRUE(session->run().ok());
      EXPECT_NE(std::memcmp(out.data() + offset, expected.data(), expected.size()), 0);
      ASSERT_TRUE(session->bind_input(0, nullptr, 0).ok());
      ASSERT_TRUE(session->bind_output(0, nullptr, 0).ok());
    }
  }
  // Unbound again, all is in the session's memory.
  ASSERT_TRUE(session->set_input(0, x).ok());
  ASSERT_TRUE(session->run().ok());
  EXPECT_EQ(std::memcmp(session->output<int8_t>(0), expected.data(), expected.size()), 0);
}

TEST(Binding, AlignedMemoryWithRoomIsNotCopied) {
  const ModelBytes bytes(network());
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session->input_info(0).bound, static_cast<uint32_t>(QRT_NOT_BOUND));
  const size_t in_bytes = session->input_info(0).bytes;
  const auto in = rt::allocate_aligned(in_bytes + 16), out = rt::allocate_aligned(150);
  ASSERT_TRUE(session->bind_input(0, in.get(), in_bytes + 16).ok());
  ASSERT_TRUE(session->bind_output(0, out.get(), 150).ok());
  EXPECT_EQ(session->input_info(0).bound, static_cast<uint32_t>(QRT_BOUND_DIRECTLY));
  EXPECT_EQ(session->output_info(0).bound, static_cast<uint32_t>(QRT_BOUND_DIRECTLY));
  ASSERT_TRUE(session->bind_input(0, in.get() + 1, in_bytes).ok());
  EXPECT_EQ(session->input_info(0).bound, static_cast<uint32_t>(QRT_BOUND_BY_COPY));
}

TEST(Binding, RefusesWhatDoesNotFit) {
  const ModelBytes bytes(adder());
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok());
  alignas(64) float memory[16] = {};
  EXPECT_EQ(session->bind_input(0, memory, 11).code(), QRT_INVALID_ARGUMENT);
  EXPECT_EQ(session->bind_input(2, memory, 64).code(), QRT_INVALID_ARGUMENT);
  EXPECT_EQ(session->bind_output(0, memory, 11).code(), QRT_INVALID_ARGUMENT);
  ASSERT_TRUE(session->bind_input(0, memory, 12).ok());
  EXPECT_EQ(session->bind_output(0, memory + 2, 12).code(), QRT_INVALID_ARGUMENT) << "overlap";
  EXPECT_EQ(session->output_info(0).bound, static_cast<uint32_t>(QRT_NOT_BOUND));
  EXPECT_EQ(session->set_input(0, memory, 3).code(), QRT_INVALID_ARGUMENT) << "bound";
  // Both inputs may be the same.
  ASSERT_TRUE(session->bind_input(1, memory, 12).ok());
  ASSERT_TRUE(session->bind_output(0, memory + 3, 12).ok());
  memory[0] = 5;
  ASSERT_TRUE(session->run().ok());
  EXPECT_EQ(memory[3], 10);

  const int32_t dims[] = {2, 3};
  const InputShape shapes[] = {{0, 2, {2, 3}}, {1, 2, {2, 3}}};
  ASSERT_TRUE(session->resize_inputs(shapes, 2).ok());
  EXPECT_EQ(session->input_info(0).bound, static_cast<uint32_t>(QRT_NOT_BOUND)) << dims[0];
}

// Outputs that no operator computes for themselves: an input, its reshape, a constant, one tensor
// twice, and a tensor with its reshape.
TEST(Binding, OutputsThatShareMemoryAreCopied) {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {2, 2});
  const int flat = g.add_tensor("flat", rt::DType::F32, {4});
  const int negative = g.add_tensor("negative", rt::DType::F32, {2, 2});
  const int twice = g.add_tensor("twice", rt::DType::F32, {2, 2});
  const int flat_twice = g.add_tensor("flat twice", rt::DType::F32, {4});
  const int constant = g.add_constant<float>("k", {4}, {7, 8, 9, 10});
  fb::ReshapeT reshape;
  reshape.shape = {4};
  g.add_node("", reshape, {x}, {flat});
  fb::UnaryT neg;
  neg.kind = fb::UnaryKind::Neg;
  g.add_node("", neg, {x}, {negative});
  g.add_node("", neg, {negative}, {twice});  // may be computed in place
  g.add_node("", reshape, {twice}, {flat_twice});
  g.inputs = {x};
  g.outputs = {x, flat, constant, twice, flat_twice};
  const ModelBytes bytes(g);
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok()) << session.status().message();
  ASSERT_EQ(session->outputs(), 5u);

  // With the input bound and not, and every set of outputs bound.
  const std::vector<float> numbers = {1, -2, 3, -4}, constants = {7, 8, 9, 10};
  for (unsigned bound = 0; bound < 64; ++bound) {
    SCOPED_TRACE(bound);
    alignas(64) float memory[6][16] = {};
    std::memcpy(memory[5], numbers.data(), 16);
    const bool bind_input = (bound & 32) != 0;
    ASSERT_TRUE(session->bind_input(0, bind_input ? memory[5] : nullptr, 32).ok());
    for (size_t o = 0; o < 5; ++o) {
      ASSERT_TRUE(session->bind_output(o, (bound >> o & 1) != 0 ? memory[o] : nullptr, 32).ok());
    }
    if (!bind_input) {
      ASSERT_TRUE(session->set_input(0, numbers).ok());
    }
    ASSERT_TRUE(session->run().ok());
    for (size_t o = 0; o < 5; ++o) {
      const float* y = session->output<float>(o);
      if ((bound >> o & 1) != 0) {
        EXPECT_EQ(y, memory[o]);
      }
      EXPECT_EQ(std::vector<float>(y, y + 4), o == 2 ? constants : numbers) << "output " << o;
    }
  }
}

}  // namespace
}  // namespace qrt::test
