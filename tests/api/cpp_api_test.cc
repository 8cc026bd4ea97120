// The C++ API on models made here, as an app would use it.
#include "qrt/qrt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <type_traits>

#include "tests/api/api_models.h"

namespace qrt::test {
namespace {

// `if (session.run())` would read as success and mean failure, so it does not compile.
static_assert(!std::is_convertible_v<Status, bool> && !std::is_constructible_v<bool, Status>);
static_assert(!std::is_constructible_v<bool, Result<Model>>);
static_assert(std::is_nothrow_move_constructible_v<Result<Session>>);

using Dims = std::vector<int32_t>;
using Floats = std::vector<float>;

TEST(CppApi, RunsAndResizes) {
  const ModelBytes bytes(doubler());
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_EQ(session->input_info(0).dims[0], 1);
  ASSERT_TRUE(session->set_input(0, Floats{0.25f, -0.5f, 0.75f}).ok());
  ASSERT_TRUE(session->run().ok());
  Floats y(3);
  ASSERT_TRUE(session->get_output(0, y).ok());
  EXPECT_EQ(y, (Floats{0.5f, 0.0f, 127.0f / 128}));

  ASSERT_TRUE(session->resize_input(0, Dims{2, 3}).ok());
  EXPECT_EQ(session->get_output(0, y).code(), QRT_INVALID_ARGUMENT) << "3 elements of 6";
  ASSERT_TRUE(session->set_input(0, Floats{0.125f, 0, 0, 0, 0, 0.25f}).ok());
  ASSERT_TRUE(session->run().ok());
  y.resize(session->output_info(0).elements());
  ASSERT_TRUE(session->get_output(0, y).ok());
  EXPECT_EQ(y, (Floats{0.25f, 0, 0, 0, 0, 0.5f}));

  const Status status = session->resize_input(0, Dims{2, 4, 1});
  EXPECT_EQ(status.code(), QRT_INVALID_ARGUMENT);
  EXPECT_EQ(session->input_info(0).dims[0], 2) << "a refused resize changes nothing";
}

TEST(CppApi, ResizesSeveralInputsAtOnceOrFromTheStart) {
  const ModelBytes bytes(adder());
  const std::array<InputShape, 2> shapes = {{{0, 2, {4, 3}}, {1, 2, {4, 3}}}};
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok());
  EXPECT_FALSE(session->resize_input(0, Dims{4, 2}).ok());
  const Status status = session->resize_inputs(shapes.data(), shapes.size());
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(session->output_info(0).elements(), 12u);

  SessionOptions options;
  options.input_shapes = shapes.data();
  options.input_shape_count = 2;
  auto other = session_of(bytes, {}, options);
  ASSERT_TRUE(other.ok()) << other.status().message();
  EXPECT_EQ(other->output_info(0).dims[0], 4);
  // One of them alone: 4 rows and 1 row broadcast to the same.
  options.input_shape_count = 1;
  other = session_of(bytes, {}, options);
  ASSERT_TRUE(other.ok()) << other.status().message();
  EXPECT_EQ(other->input_info(1).dims[0], 1);
}

TEST(CppApi, DescribesAModelBeforeASessionExists) {
  graph::Graph g = doubler();
  g.name = "scoring";
  g.metadata = {{"source_format", "by hand"}, {"labels", "cat\ndog\nfox\n"}};
  const ModelBytes bytes(g);
  const auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_EQ(model->entries(), 1u);
  EXPECT_STREQ(model->entry_name(0), "scoring");
  EXPECT_EQ(model->entry_name(1), nullptr);
  EXPECT_EQ(model->inputs(), 1u);
  EXPECT_EQ(model->inputs(1), 0u);
  EXPECT_EQ(model->find_output("y"), 0);
  EXPECT_EQ(model->find_output("x"), -1);

  const TensorInfo x = model->input_info(0);
  EXPECT_STREQ(x.name, "x");
  EXPECT_EQ(x.type, static_cast<uint32_t>(QRT_S8));
  ASSERT_EQ(x.rank, 2);
  EXPECT_EQ(x.dims[0], -1);
  EXPECT_EQ(x.dims[1], 3);
  EXPECT_EQ(x.dim_names[0], nullptr);
  EXPECT_EQ(x.bytes, 0u) << "a dimension is open";
  EXPECT_EQ(x.scale, 1.0f / 128);
  EXPECT_EQ(x.scale_count, 1u);
  EXPECT_EQ(x.axis, -1);
  EXPECT_STREQ(model->find_metadata("source_format"), "by hand");
  EXPECT_EQ(model->find_metadata("author"), nullptr);
  ASSERT_EQ(model->metadata_count(), 2u);
  EXPECT_STREQ(model->metadata_key(0), "labels");
  EXPECT_STREQ(model->output_labels(0), "cat\ndog\nfox\n");
  EXPECT_EQ(model->output_labels(1), nullptr);
  qrt_tensor_info info = {};
  info.struct_size = sizeof info;
  Status status;
  EXPECT_EQ(qrt_model_input_info(model->handle(), 3, 0, &info, status.raw()), QRT_INVALID_ARGUMENT);
  EXPECT_NE(std::string(status.message()).find("entry 3"), std::string::npos) << status.message();
}

TEST(CppApi, LabelsOfOneOutputComeFirst) {
  graph::Graph g = doubler();
  g.metadata = {{"labels", "a\nb"}, {"labels:y", "c\nd"}};
  const ModelBytes bytes(g);
  const auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok());
  EXPECT_STREQ(model->output_labels(0), "c\nd");
}

TEST(CppApi, GivesAllScalesOfATensor) {
  graph::Graph g;
  const graph::Quantization q = {{0.5f, 0.25f, 0.125f}, {1, 2, 3}, 1, 0};
  const int x = g.add_tensor("x", rt::DType::S8, {1, 3}, q);
  const int y = g.add_tensor("y", rt::DType::F32, {1, 3});
  g.add_node("", fb::DequantizeT(), {x}, {y});
  g.inputs = {x};
  g.outputs = {y};
  const ModelBytes bytes(g);
  const auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const TensorInfo info = model->input_info(0);
  ASSERT_EQ(info.scale_count, 3u);
  EXPECT_EQ(Floats(info.scales, info.scales + 3), q.scales);
  EXPECT_EQ(Dims(info.zero_points, info.zero_points + 3), q.zero_points);
  EXPECT_EQ(info.axis, 1);
  EXPECT_EQ(info.scale, 0) << "no scale stands for all";
}

TEST(CppApi, RefusesAnUnalignedBuffer) {
  const ModelBytes bytes(doubler());
  std::vector<uint8_t> copy(bytes.size + 64);
  uint8_t* aligned = copy.data() + (64 - reinterpret_cast<uintptr_t>(copy.data()) % 64);
  std::memcpy(aligned + 1, bytes.memory.get(), bytes.size - 64);
  auto model = Model::load_buffer(aligned + 1, bytes.size - 64);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.status().code(), QRT_INVALID_ARGUMENT);
}

TEST(CppApi, MessagesUseTheNameGiven) {
  static const char text[32] = "this is no model at all";
  ModelOptions options;
  options.name = "assets/face";
  ASSERT_FALSE(Model::load_file("no/such/file.qrt").ok());
  ASSERT_FALSE(Model::load_buffer(text, sizeof text, options).ok());
  const ModelBytes bytes(doubler());
  const auto model = Model::load_buffer(bytes.memory.get(), bytes.size, options);
  ASSERT_TRUE(model.ok());
  ProgramOptions wrong;
  wrong.entry = "decode";
  const auto program = Program::create(*model, wrong);
  ASSERT_FALSE(program.ok());
  EXPECT_NE(std::string(program.status().message()).find("decode"), std::string::npos);
}

TEST(CppApi, SessionsOfOneProgramRunAtOnce) {
  const ModelBytes bytes(doubler());
  auto model = Model::load_buffer(bytes.memory.get(), bytes.size);
  ASSERT_TRUE(model.ok());
  auto program = Program::create(*model);
  ASSERT_TRUE(program.ok()) << program.status().message();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      auto session = Session::create(*program);
      if (!session.ok()) {
        ++wrong[t];
        return;
      }
      for (int i = 0; i < 200; ++i) {
        const auto x = static_cast<int8_t>((i + static_cast<int>(t)) % 60);
        for (int k = 0; k < 3; ++k) session->input<int8_t>(0)[k] = x;
        if (!session->run().ok() || session->output<int8_t>(0)[2] != 2 * x) ++wrong[t];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int w : wrong) EXPECT_EQ(w, 0);
}

TEST(CppApi, SaysWhatMemoryIsFor) {
  const ModelBytes bytes(network());
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok()) << session.status().message();
  const MemoryInfo memory = session->memory();
  EXPECT_GE(memory.activation_bytes, (5u * 5 * 3 + 5 * 5 * 4) * sizeof(float));
  EXPECT_GE(memory.arena_bytes, memory.activation_bytes + memory.variable_bytes);
  EXPECT_EQ(memory.variable_bytes, 0u);
  EXPECT_GT(memory.packed_bytes, 0u);
  EXPECT_GE(memory.weight_bytes, 4u * 27 * sizeof(float));

  const ModelBytes recurrent_bytes(recurrent());
  auto remembering = session_of(recurrent_bytes);
  ASSERT_TRUE(remembering.ok());
  EXPECT_EQ(remembering->memory().variable_bytes, 2 * sizeof(float));
}

TEST(CppApi, MeasuresOperators) {
  const ModelBytes bytes(network());
  auto session = session_of(bytes);
  ASSERT_TRUE(session.ok());
  ASSERT_EQ(session->operators(), 3u);
  session->set_profiling(true);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session->run().ok());
  session->set_profiling(false);
  ASSERT_TRUE(session->run().ok());
  const OpInfo conv = session->operator_info(0), layer = session->operator_info(2);
  EXPECT_STREQ(conv.name, "conv");
  EXPECT_STREQ(conv.kind, "Conv2D");
  EXPECT_EQ(conv.runs, 5u);
  EXPECT_GT(conv.time_ns, 0u);
  EXPECT_EQ(layer.rank, 4);
  EXPECT_EQ(layer.dims[3], 6);
  EXPECT_EQ(layer.type, static_cast<uint32_t>(QRT_S8));
  EXPECT_NE(std::string(layer.kernel).find("qs8_gemm"), std::string::npos) << layer.kernel;
  EXPECT_EQ(session->operator_info(3).kernel, nullptr);
}

TEST(CppApi, TellsTheLogWhichKernelsAreChosen) {
  const ModelBytes bytes(network());
  std::vector<std::string> info, warnings;
  struct Lists {
    std::vector<std::string>*info, *warnings;
  } lists{&info, &warnings};
  ProgramOptions options;
  options.log_user = &lists;
  options.log = [](void* user, uint32_t level, const char* message) {
    const auto* l = static_cast<Lists*>(user);
    (level == QRT_LOG_WARNING ? l->warnings : l->info)->push_back(message);
  };
  auto session = session_of(bytes, options);
  ASSERT_TRUE(session.ok());
  ASSERT_EQ(info.size(), 3u);
  EXPECT_NE(info[0].find("'conv' (Conv2D)"), std::string::npos) << info[0];
  EXPECT_NE(info[2].find(session->operator_info(2).kernel), std::string::npos) << info[2];
  const bool said = std::any_of(warnings.begin(), warnings.end(), [](const std::string& text) {
    return text.find("'conv' (Conv2D): computes in float") != std::string::npos;
  });
  EXPECT_TRUE(said) << "in a model that is otherwise quantized";
}

}  // namespace
}  // namespace qrt::test
