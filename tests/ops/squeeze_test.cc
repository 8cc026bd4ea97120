// Squeeze: another size than 1 is found in a run, not before.
#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

TEST(Squeeze, DropsAnAxisOfOneElement) {
  std::mt19937 random(1);
  for (int32_t axis : {1, -2}) {
    const Array in = random_array(DType::S16, {2, 1, 3}, random);
    Array out = in;
    out.shape = {2, 3};
    fb::SqueezeT options;
    options.axis = axis;
    expect_node(options, {in}, {out});
  }
}

TEST(Squeeze, ARunThatFindsMoreFails) {
  graph::Graph g;
  const int in = g.add_tensor("in", DType::F32, {2, -1});
  const int out = g.add_tensor("out", DType::F32, {2});
  fb::SqueezeT options;
  options.axis = 1;
  g.add_node("drop", std::move(options), {in}, {out});
  g.inputs = {in};
  g.outputs = {out};
  Loaded loaded = must_load(g);
  ASSERT_NE(loaded.session, nullptr);
  ASSERT_TRUE(loaded.session->resize_input(0, {2, 3}).ok());
  const rt::Status status = loaded.session->run();
  EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
  EXPECT_NE(status.message().find("axis 1 of 2x3 is to be dropped, and has not one element"),
            std::string::npos)
      << status.message();
  ASSERT_TRUE(loaded.session->resize_input(0, {2, 1}).ok());
  loaded.set(0, std::vector<float>{5, 6});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{5, 6}));
}

TEST(Squeeze, RefusesAnAxisThatIsNotThere) {
  const Array in = empty_array(DType::F32, {1, 3}), out = empty_array(DType::F32, {3});
  fb::SqueezeT options;
  options.axis = 2;
  expect_refused(options, {in}, {out}, "axis 2 does not exist in 1x3");
}

}  // namespace
}  // namespace qrt::test
