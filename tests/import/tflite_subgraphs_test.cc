// TensorFlow Lite's subgraphs: IF, WHILE, STABLEHLO_COMPOSITE, and signatures as entries.
#include <gtest/gtest.h>

#include <filesystem>

#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"
#include "tests/import/tflite_builder.h"
#include "tests/support/import_file.h"
#include "tests/support/paths.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;

// x (op) y in a subgraph of its own.
void add_binary(TfliteBuilder& b, Builtin code) {
  b.add_subgraph(tfl::EnumNameBuiltin(code));
  const int x = b.add_input("x", {2}), y = b.add_input("y", {2});
  const int out = b.add_output("out", {2});
  b.add_op(code, {x, y}, {out});
}

Floats run(graph::Graph graph, const std::vector<Floats>& inputs) {
  EXPECT_TRUE(graph::optimize(graph).ok());
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return {};
  for (size_t i = 0; i < inputs.size(); ++i) loaded.set(i, inputs[i]);
  loaded.run();
  return loaded.get<float>();
}

void expect_refusal(const TfliteBuilder& b, const std::string& words) {
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find(words), std::string::npos) << graph.status().message();
}

TEST(TfliteSubgraphs, AnIfRunsOneOfTwo) {
  TfliteBuilder b;
  const int x = b.add_input("x", {2}), y = b.add_input("y", {2}), limit = b.add_input("l", {1});
  const int less = b.add("less", {1}, TensorType::BOOL);
  b.add_op(Builtin::LESS, {limit, b.add_floats("zero", {1}, 0)}, {less});
  const int out = b.add_output("out", {2});
  tfl::IfOptionsT options;
  options.then_subgraph = 1;
  options.else_subgraph = 2;
  b.add_op(Builtin::IF, {less, x, y}, {out}, std::move(options));
  add_binary(b, Builtin::MINIMUM);
  add_binary(b, Builtin::MAXIMUM);
  const auto graph = b.import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(run(*graph, {{1, 4}, {3, 2}, {-1}}), (Floats{1, 2}));
  EXPECT_EQ(run(*graph, {{1, 4}, {3, 2}, {1}}), (Floats{3, 4}));
}

// x doubles as long as it is below the limit.
TfliteBuilder doubling() {
  TfliteBuilder b;
  const int x = b.add_input("x", {1}), limit = b.add_input("limit", {1});
  const int out = b.add_output("out", {1}), same = b.add("same", {1});
  tfl::WhileOptionsT options;
  options.cond_subgraph = 1;
  options.body_subgraph = 2;
  b.add_op(Builtin::WHILE, {x, limit}, {out, same}, std::move(options));
  b.add_subgraph("condition");
  const int a = b.add_input("a", {1}), most = b.add_input("most", {1});
  b.add_op(Builtin::LESS, {a, most}, {b.add_output("less", {1}, TensorType::BOOL)});
  b.add_subgraph("body");
  const int c = b.add_input("c", {1}), d = b.add_input("d", {1});
  b.add_op(Builtin::ADD, {c, c}, {b.add_output("twice", {1})}, tfl::AddOptionsT());
  b.graph().outputs.push_back(d);
  return b;
}

TEST(TfliteSubgraphs, AWhileGoesOnUntilItsConditionIsFalse) {
  const auto graph = doubling().import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(run(*graph, {{3}, {100}}), (Floats{192}));
  EXPECT_EQ(run(*graph, {{3}, {2}}), (Floats{3}));
}

TfliteBuilder composite() {
  TfliteBuilder b;
  const int x = b.add_input("x", {2}), y = b.add_input("y", {2});
  const int inner = b.add("inner", {2}), out = b.add_output("out", {2});
  for (const auto& [from, to] : {std::make_pair(x, inner), std::make_pair(inner, out)}) {
    tfl::OperatorT& op = b.add_op(Builtin::STABLEHLO_COMPOSITE, {from, y}, {to});
    tfl::CompositeOptionsT options;
    options.name = "odml.minimum";
    options.decomposition_subgraph_index = 1;
    op.options2.Set(std::move(options));
  }
  add_binary(b, Builtin::MINIMUM);
  return b;
}

TEST(TfliteSubgraphs, ACompositeIsWhatItConsistsOf) {
  auto graph = composite().import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(run(*graph, {{1, 4}, {3, 2}}), (Floats{1, 2}));
  ASSERT_TRUE(graph::optimize(*graph).ok());
  EXPECT_TRUE(graph->subgraphs.empty());
  EXPECT_EQ(graph->nodes.size(), 2u);
}

TEST(TfliteSubgraphs, WhatIsWrongIsSaid) {
  TfliteBuilder missing = composite();
  missing.model.subgraphs.pop_back();
  expect_refusal(missing, "subgraph 1 does not exist; there are 1");

  TfliteBuilder recursive = composite();
  tfl::OperatorT& op = recursive.add_op(Builtin::STABLEHLO_COMPOSITE, {0, 1}, {});
  tfl::CompositeOptionsT options;
  options.decomposition_subgraph_index = 1;
  op.options2.Set(std::move(options));
  expect_refusal(recursive, "runs subgraph 1, which it is within");

  TfliteBuilder no_options = composite();
  no_options.model.subgraphs[0]->operators[0]->options2.Reset();
  expect_refusal(no_options, "has no options");

  TfliteBuilder unknown = composite();
  unknown.model.operator_codes.back()->builtin_code = static_cast<int>(Builtin::UNIQUE);
  unknown.model.operator_codes.back()->deprecated_builtin_code =
      static_cast<int8_t>(Builtin::UNIQUE);
  expect_refusal(unknown, "subgraph 1 operator 0 UNIQUE 'out'");
}

// Two signatures: 'sum' of subgraph 0, 'least' of subgraph 1.
TfliteBuilder two_signatures() {
  TfliteBuilder b;
  const int x = b.add_input("x", {2}), y = b.add_input("y", {2});
  b.add_op(Builtin::ADD, {x, y}, {b.add_output("out", {2})}, tfl::AddOptionsT());
  add_binary(b, Builtin::MINIMUM);
  for (const auto& [name, subgraph] : {std::make_pair("least", 1u), std::make_pair("sum", 0u)}) {
    auto signature = std::make_unique<tfl::SignatureDefT>();
    signature->signature_key = name;
    signature->subgraph_index = subgraph;
    b.model.signature_defs.push_back(std::move(signature));
  }
  return b;
}

TEST(TfliteSubgraphs, SignaturesAreEntries) {
  const TfliteBuilder b = two_signatures();
  auto graph = b.import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph::entry_names(*graph), (std::vector<std::string>{"sum", "least"}));
  EXPECT_EQ(run(*graph, {{1, 4}, {3, 2}}), (Floats{4, 6}));
  const std::vector<uint8_t> file = b.bytes();
  auto least = import::import_tflite(file.data(), file.size(), "f.tflite", {"least", {}});
  ASSERT_TRUE(least.ok()) << least.status().message();
  EXPECT_EQ(graph::entry_names(*least), std::vector<std::string>{"least"});
  EXPECT_EQ(run(*least, {{1, 4}, {3, 2}}), (Floats{1, 2}));
  ASSERT_TRUE(graph::keep_entry(*graph, "least").ok());
  EXPECT_TRUE(graph->subgraphs.empty());
  EXPECT_EQ(run(*graph, {{1, 4}, {3, 2}}), (Floats{1, 2}));
}

TEST(TfliteSubgraphs, WhatNothingRunsIsLeftOutAndSaid) {
  const auto left_out = [](const graph::Graph& graph) {
    std::string all;
    for (const auto& [key, value] : graph.metadata) {
      if (key.find("subgraph") != std::string::npos) all += key + " is " + value;
    }
    return all;
  };
  TfliteBuilder b = two_signatures();
  auto whole = b.import();
  ASSERT_TRUE(whole.ok()) << whole.status().message();
  EXPECT_EQ(left_out(*whole), "");
  b.model.signature_defs.erase(b.model.signature_defs.begin());  // 'least', of subgraph 1
  b.model.subgraphs[1]->name = "spare";
  auto part = b.import();
  ASSERT_TRUE(part.ok()) << part.status().message();
  EXPECT_EQ(left_out(*part),
            "assumed subgraph 1 ('spare') is left out: no signature and no operator runs it");
  auto called = composite().import();
  ASSERT_TRUE(called.ok()) << called.status().message();
  EXPECT_EQ(left_out(*called), "");
}

TEST(TfliteSubgraphs, ASignatureThatIsNotThereIsSaid) {
  const std::vector<uint8_t> file = two_signatures().bytes();
  const auto none = import::import_tflite(file.data(), file.size(), "f.tflite", {"most", {}});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().message(),
            "f.tflite: the file has no signature 'most'; it has 'least', 'sum'");
}

TEST(TfliteSubgraphs, TheCaseOfTwoSignaturesAnswersBoth) {
  const auto path = std::filesystem::path(kTestModels).parent_path() /
                    "cases/tflite_two_signatures/twosig.tflite";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model at " << path;
  auto built = import_and_build(path.string());
  ASSERT_TRUE(built.ok()) << built.status().message();
  const auto model =
      rt::Model::from_buffer(built->bytes.get(), built->program->model().file_bytes());
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_EQ((*model)->entries(), 2u);
  const std::pair<const char*, Floats> answers[] = {{"encode", {6, 8}}, {"decode", {10, 14}}};
  for (const auto& [entry, expected] : answers) {
    SCOPED_TRACE(entry);
    rt::ProgramOptions options;
    options.entry = entry;
    const auto program = rt::Program::build(*model, options);
    ASSERT_TRUE(program.ok()) << program.status().message();
    auto session = rt::Session::create(*program);
    ASSERT_TRUE(session.ok()) << session.status().message();
    const float x[] = {5, 7};
    std::memcpy((*session)->input_data(0), x, sizeof x);
    must_run(**session);
    const auto* out = static_cast<const float*>((*session)->output_data(0));
    EXPECT_EQ(Floats(out, out + 2), expected);
  }
}

}  // namespace
}  // namespace qrt::test
