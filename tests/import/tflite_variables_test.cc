// TensorFlow Lite's resource variables: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE.
#include <gtest/gtest.h>

#include <filesystem>

#include "src/graph/passes.h"
#include "tests/import/tflite_builder.h"
#include "tests/support/import_file.h"
#include "tests/support/paths.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

int var_handle(TfliteBuilder& b, const std::string& name) {
  const int handle = b.add("handle", {}, TensorType::RESOURCE);
  tfl::VarHandleOptionsT options;
  options.shared_name = name;
  b.add_op(Builtin::VAR_HANDLE, {}, {handle}, std::move(options));
  return handle;
}

void call_once(TfliteBuilder& b, int subgraph) {
  tfl::CallOnceOptionsT options;
  options.init_subgraph_index = subgraph;
  b.add_op(Builtin::CALL_ONCE, {}, {}, std::move(options));
}

// out = total; total += in. The total starts as {1, 2, ...}.
struct Accumulator : TfliteBuilder {
  explicit Accumulator(std::vector<int32_t> start_shape = {2}) {
    call_once(*this, 1);
    const int in = add_input("in", {2});
    const int handle = var_handle(*this, "total");
    const int out = add_output("out", {2});
    add_op(Builtin::READ_VARIABLE, {handle}, {out});
    const int sum = add("sum", {2});
    add_op(Builtin::ADD, {out, in}, {sum}, tfl::AddOptionsT());
    add_op(Builtin::ASSIGN_VARIABLE, {handle, sum}, {});
    add_subgraph("start");
    const int start_handle = var_handle(*this, "total");
    const int start = add_floats("start", std::move(start_shape));
    add_op(Builtin::ASSIGN_VARIABLE, {start_handle, start}, {});
  }
};

void expect_refusal(const TfliteBuilder& b, const std::string& words) {
  const auto graph = b.import();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find(words), std::string::npos) << graph.status().message();
}

TEST(TfliteVariables, StartAsCallOnceAssignsAndGoOnFromRunToRun) {
  auto graph = Accumulator().import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_TRUE(graph::optimize(*graph).ok());
  Loaded loaded = must_load(*graph);
  ASSERT_NE(loaded.session, nullptr);
  using Floats = std::vector<float>;
  loaded.set<float>(0, {10, 20});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (Floats{1, 2}));
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (Floats{11, 22}));
  loaded.session->reset_state();
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (Floats{1, 2}));
}

TEST(TfliteVariables, CallOnceMayComputeFromConstants) {
  Accumulator b;
  const int doubled = b.add("doubled", {2});
  b.add_op(Builtin::ADD, {1, 1}, {doubled}, tfl::AddOptionsT());
  b.add_op(Builtin::ASSIGN_VARIABLE, {0, doubled}, {});
  auto graph = b.import();
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  Loaded loaded = must_load(*graph);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {0, 0});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (std::vector<float>{2, 4}));
}

TEST(TfliteVariables, WhatCannotBeKeptIsSaid) {
  expect_refusal(Accumulator({3}), "variable 'total' holds f32 of 3 and then f32 of 2");

  Accumulator reads;
  const int old = reads.add("old", {2});
  reads.add_op(Builtin::READ_VARIABLE, {0}, {old});
  expect_refusal(
      reads, "it does more at the start than assign constants to variables: ReadVariable 'old'");

  Accumulator missing;
  missing.model.subgraphs.pop_back();
  expect_refusal(missing, "subgraph 1 does not exist; there are 1");

  Accumulator nested;
  call_once(nested, 0);
  expect_refusal(nested, "stands within another");

  TfliteBuilder passed;
  const int handle = passed.add_input("handle", {}, TensorType::RESOURCE);
  const int out = passed.add_output("out", {2});
  passed.add_op(Builtin::READ_VARIABLE, {handle}, {out});
  expect_refusal(passed, "its variable is not given by a VAR_HANDLE");
}

// 100 calls, loud and quiet, one after the other: LiteRT 2.5.3's answers to the same bytes.
struct Listener {
  const char* file;
  size_t bytes;  // of a call's input
  std::vector<int> answers;
};

std::vector<Listener> listeners() {
  return {
      {"micro-wake-word-models-v2_vad",
       120,
       {5, 4, 3, 2, 1, 2, 1, 2, 2, 11, 11, 3, 2, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1,
        1, 1, 1, 0, 0, 0, 0, 0, 0, 0,  0,  0, 0, 0, 0, 1, 1, 1, 2, 1, 1, 0, 0, 1, 1,
        0, 1, 1, 1, 1, 1, 1, 2, 2, 1,  1,  0, 0, 0, 1, 1, 1, 1, 1, 1, 3, 3, 3, 6, 7,
        3, 1, 1, 1, 1, 1, 1, 1, 1, 2,  1,  2, 1, 2, 3, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"micro-wake-word-models-models_alexa",
       40,
       {102, 90, 78, 78, 68, 58, 50, 50, 42, 35, 29, 25, 25, 20, 14, 11, 8, 6, 5, 3,
        2,   2,  2,  1,  1,  1,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0,
        0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0,
        0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0,
        0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  1,  1, 1, 1, 1}},
      {"micro-wake-word-models-v2_okay_nabu", 120, {5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  };
}

TEST(TfliteVariables, WakeWordsHearAsLiteRtDoes) {
  const std::string folder = std::string(kTestModels) + "/real/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no models in " << folder;
  for (const Listener& listener : listeners()) {
    SCOPED_TRACE(listener.file);
    auto built = import_and_build(folder + listener.file + ".tflite");
    ASSERT_TRUE(built.ok()) << built.status().message();
    auto session = rt::Session::create(built->program);
    ASSERT_TRUE(session.ok()) << session.status().message();
    ASSERT_EQ((*session)->input_bytes(0), listener.bytes);
    for (int round = 0; round < 2; ++round) {
      uint32_t random = 1;
      for (size_t call = 0; call < listener.answers.size(); ++call) {
        auto* input = static_cast<int8_t*>((*session)->input_data(0));
        for (size_t i = 0; i < listener.bytes; ++i) {
          random = random * 1664525u + 1013904223u;
          const auto loud = static_cast<int>(random >> 24);
          input[i] = static_cast<int8_t>((call / 8 % 2 == 0 ? loud : loud / 4) - 128);
        }
        must_run(**session);
        const int answer = *static_cast<const uint8_t*>((*session)->output_data(0));
        EXPECT_NEAR(answer, listener.answers[call], 1) << "call " << call;
      }
      (*session)->reset_state();
    }
  }
}

}  // namespace
}  // namespace qrt::test
