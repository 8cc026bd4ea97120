// A model that can do several things, chosen by name through the API.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/api/api_models.h"

namespace qrt::test {
namespace {

// y = x + x, and as the entry "square" z = w * w of four elements.
graph::Graph two_entries() {
  const auto of = [](const char* name, fb::BinaryKind kind, const char* in, const char* out,
                     int32_t size) {
    graph::Graph g;
    g.name = name;
    const int x = g.add_tensor(in, rt::DType::F32, {size});
    const int y = g.add_tensor(out, rt::DType::F32, {size});
    fb::BinaryT options;
    options.kind = kind;
    g.add_node("node", std::move(options), {x, x}, {y});
    g.inputs = {x};
    g.outputs = {y};
    return g;
  };
  graph::Graph main = of("twice", fb::BinaryKind::Add, "x", "y", 2);
  main.subgraphs.push_back(of("square", fb::BinaryKind::Mul, "w", "z", 4));
  main.subgraphs.back().entry = true;
  main.metadata.emplace_back("labels:z", "a\nb\nc\nd\n");
  return main;
}

TEST(Entries, AModelListsThemWithTheirInputsAndOutputs) {
  const ModelBytes bytes(two_entries());
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_EQ(model->entries(), 2u);
  EXPECT_STREQ(model->entry_name(0), "twice");
  EXPECT_STREQ(model->entry_name(1), "square");
  EXPECT_EQ(model->entry_name(2), nullptr);
  EXPECT_STREQ(model->input_info(0, 0).name, "x");
  EXPECT_STREQ(model->input_info(0, 1).name, "w");
  EXPECT_EQ(model->output_info(0, 1).dims[0], 4);
  EXPECT_EQ(model->find_output("z", 1), 0);
  EXPECT_EQ(model->find_output("z", 0), -1);
  EXPECT_STREQ(model->output_labels(0, 1), "a\nb\nc\nd\n");
  EXPECT_EQ(model->output_labels(0, 0), nullptr);
}

TEST(Entries, AProgramRunsTheOneThatIsChosen) {
  const ModelBytes bytes(two_entries());
  ProgramOptions options;
  options.entry = "square";
  auto square = session_of(bytes, options);
  ASSERT_TRUE(square.ok()) << square.status().message();
  EXPECT_EQ(square->find_input("w"), 0);
  EXPECT_EQ(square->find_input("x"), -1);
  EXPECT_STREQ(square->output_info(0).name, "z");
  ASSERT_TRUE(square->set_input(0, std::vector<float>{1, 2, 3, 4}).ok());
  ASSERT_TRUE(square->run().ok());
  const float* z = square->output<float>(0);
  EXPECT_EQ(std::vector<float>(z, z + 4), (std::vector<float>{1, 4, 9, 16}));

  auto twice = session_of(bytes);
  ASSERT_TRUE(twice.ok()) << twice.status().message();
  ASSERT_TRUE(twice->set_input(0, std::vector<float>{5, 6}).ok());
  ASSERT_TRUE(twice->run().ok());
  EXPECT_EQ(twice->output<float>(0)[1], 12);
}

TEST(Entries, AnUnknownOneIsRefusedWithTheNamesThereAre) {
  const ModelBytes bytes(two_entries());
  ProgramOptions options;
  options.entry = "cube";
  const auto session = session_of(bytes, options);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.status().code(), QRT_INVALID_ARGUMENT);
  EXPECT_NE(std::string(session.status().message())
                .find("the model has no entry 'cube'; it has 'twice', 'square'"),
            std::string::npos)
      << session.status().message();
}

}  // namespace
}  // namespace qrt::test
