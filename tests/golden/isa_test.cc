// One answer on every CPU: each real model gives the same bytes with the kernels of every
// instruction set that can run here, on one thread and on two.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "src/cli/model_source.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/paths.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

// Whether all arithmetic is in integers: float operators differ in the last bits between libraries.
bool integers_only(const rt::Program& program) {
  for (const rt::Node& node : program.nodes()) {
    const bool converts =
        node.type() == fb::OpOptions::Quantize || node.type() == fb::OpOptions::Dequantize;
    if (!converts && node.outputs() > 0 && node.output(0).type == rt::DType::F32) return false;
  }
  return true;
}

std::vector<uint8_t> run(const cli::OpenModel& model, const std::string& isa, size_t threads) {
  rt::ProgramOptions options;
  options.isa = isa.c_str();
  auto program = rt::Program::build(model.model, options);
  EXPECT_TRUE(program.ok()) << program.status().message();
  rt::SessionOptions session_options;
  session_options.threads = threads;
  auto session = rt::Session::create(*program, session_options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  std::mt19937 random(7);
  for (size_t i = 0; i < (*session)->inputs(); ++i) {
    auto* bytes = static_cast<uint8_t*>((*session)->input_data(i));
    for (size_t b = 0; b < (*session)->input_bytes(i); ++b)
      bytes[b] = static_cast<uint8_t>(random());
  }
  must_run(**session);
  const auto* out = static_cast<const uint8_t*>((*session)->output_data(0));
  return {out, out + (*session)->output_bytes(0)};
}

TEST(InstructionSets, AllGiveTheSameBits) {
  const fs::path folder = fs::path(kTestModels) / "tflite";
  if (!fs::exists(folder)) GTEST_SKIP() << "no models at " << folder << " (set QRT_TEST_MODELS)";
  size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    auto model = cli::open_model(entry.path().string());
    ASSERT_TRUE(model.ok()) << model.status().message();
    auto program = rt::Program::build(model->model);
    ASSERT_TRUE(program.ok()) << program.status().message();
    if (!integers_only(**program)) continue;
    const auto reference = run(*model, "scalar", 1);
    for (const std::string& isa : runnable_instruction_sets()) {
      for (size_t threads = 1; threads <= 2; ++threads) {
        EXPECT_EQ(run(*model, isa, threads), reference) << isa << ", " << threads << " thread(s)";
        ++compared;
      }
    }
  }
  std::printf("  %zu comparisons\n", compared);
  EXPECT_GT(compared, 0u);
}

}  // namespace
}  // namespace qrt::test
