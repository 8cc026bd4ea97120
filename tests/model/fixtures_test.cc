// Files that released versions wrote load, and give what they gave (tests/data/README.md).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "tests/data/runs.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> fixtures_of(const std::string& version) {
  std::vector<std::string> fixtures;
  for (const auto& entry : fs::directory_iterator(fs::path(kSourceDir) / "tests/data" / version)) {
    if (entry.path().extension() == ".qrt") fixtures.push_back(entry.path().string());
  }
  return fixtures;
}

// A model's inputs and outputs, of all runs.
struct Recorded {
  std::vector<cli::NpyArray> inputs, outputs;
};

Recorded recorded_of(const std::string& model) {
  const auto arrays = [&](const char* ending) {
    return parse_arrays(read_bytes(fs::path(model).replace_extension(ending).string()));
  };
  return {arrays(".in.npy"), arrays(".out.npy")};
}

void expect_same_floats(const cli::NpyArray& actual, const cli::NpyArray& expected) {
  const size_t count = expected.data.size() / sizeof(float);
  std::vector<float> a(count), e(count);
  std::memcpy(a.data(), actual.data.data(), actual.data.size());
  std::memcpy(e.data(), expected.data.data(), expected.data.size());
  double largest = 0;
  for (float x : e) {
    if (std::isfinite(x)) largest = std::max(largest, std::fabs(static_cast<double>(x)));
  }
  for (size_t i = 0; i < count; ++i) {
    if (a[i] == e[i] || (std::isnan(a[i]) && std::isnan(e[i]))) continue;
    ASSERT_LE(std::fabs(static_cast<double>(a[i]) - e[i]), 1e-6 * largest)
        << a[i] << " at " << i << ", was " << e[i];
  }
}

void expect_same(const cli::NpyArray& actual, const cli::NpyArray& expected) {
  ASSERT_EQ(actual.type, expected.type);
  ASSERT_EQ(actual.shape, expected.shape);
  ASSERT_EQ(actual.data.size(), expected.data.size());
  if (expected.type == rt::DType::F32) return expect_same_floats(actual, expected);
  ASSERT_TRUE(actual.data == expected.data) << "integers differ";
}

void set_inputs(rt::Session& session, const cli::NpyArray* arrays) {
  // All sizes first: a new one loses the contents of all inputs.
  for (size_t i = 0; i < session.inputs(); ++i) {
    if (session.input(i).type == rt::DType::S4) continue;  // its array is one of bytes
    const std::vector<int32_t> dims(arrays[i].shape.begin(), arrays[i].shape.end());
    const rt::Shape shape(dims.data(), dims.size());
    if (shape == session.input_shape(i)) continue;
    const rt::Status status = session.resize_input(i, shape);
    ASSERT_TRUE(status.ok()) << status.message();
  }
  for (size_t i = 0; i < session.inputs(); ++i) {
    ASSERT_EQ(arrays[i].data.size(), session.input_bytes(i));
    std::memcpy(session.input_data(i), arrays[i].data.data(), arrays[i].data.size());
  }
}

void expect_outputs(const rt::Session& session, const cli::NpyArray* arrays) {
  for (size_t i = 0; i < session.outputs(); ++i) {
    SCOPED_TRACE(testing::Message() << "output " << i << " '" << session.output(i).name << "'");
    expect_same(array_of(session.output(i).type, session.output_shape(i), session.output_data(i),
                         session.output_bytes(i)),
                arrays[i]);
  }
}

// All runs that the fixture's files hold; the session keeps its state between them.
void run_fixture(const std::string& path, const Recorded& recorded, const char* isa,
                 size_t threads) {
  SCOPED_TRACE(testing::Message() << path << ", " << isa << ", " << threads << " thread(s)");
  auto model = rt::Model::open(path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  rt::ProgramOptions program_options;
  program_options.isa = isa;
  auto program = rt::Program::build(*model, program_options);
  ASSERT_TRUE(program.ok()) << program.status().message();
  rt::SessionOptions options;
  options.threads = threads;
  auto session = rt::Session::create(*program, options);
  ASSERT_TRUE(session.ok()) << session.status().message();

  const auto &inputs = recorded.inputs, &outputs = recorded.outputs;
  ASSERT_GT((*session)->inputs(), 0u);
  const size_t runs = inputs.size() / (*session)->inputs();
  ASSERT_GE(runs, 2u);
  ASSERT_EQ(inputs.size(), runs * (*session)->inputs());
  ASSERT_EQ(outputs.size(), runs * (*session)->outputs());
  for (size_t run = 0; run < runs; ++run) {
    SCOPED_TRACE(testing::Message() << "run " << run);
    set_inputs(**session, &inputs[run * (*session)->inputs()]);
    EXPECT_TRUE((*session)->run().ok());
    expect_outputs(**session, &outputs[run * (*session)->outputs()]);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Fixtures, GiveWhatTheyGave) {
  size_t count = 0;
  for (const auto& version : fs::directory_iterator(fs::path(kSourceDir) / "tests/data")) {
    if (!version.is_directory()) continue;
    for (const std::string& path : fixtures_of(version.path().filename().string())) {
      const Recorded recorded = recorded_of(path);
      for (const std::string& isa : runnable_instruction_sets()) {
        run_fixture(path, recorded, isa.c_str(), 1);
      }
      run_fixture(path, recorded, runnable_instruction_sets().back().c_str(), 3);
      ++count;
    }
  }
  EXPECT_GE(count, 17u);
}

// What the files hold altogether, by names of the schema.
std::set<std::string> contents_of(const std::string& version) {
  std::set<std::string> found;
  const auto add = [&](const std::string& kind, const char* name) { found.insert(kind + name); };
  for (const std::string& path : fixtures_of(version)) {
    auto model = rt::Model::open(path);
    EXPECT_TRUE(model.ok()) << model.status().message();
    if (!model.ok()) continue;
    if ((*model)->root().metadata() != nullptr) found.insert("metadata");
    const fb::Subgraph& graph = (*model)->entry(0);
    for (const fb::Tensor* tensor : *graph.tensors()) {
      add("DType.", fb::EnumNameDType(tensor->type()));
      if (tensor->is_variable()) found.insert("variable");
      for (int32_t dim : *tensor->shape()) {
        if (dim == -1) found.insert("unknown dimension");
      }
      if (const fb::Quantization* q = tensor->quantization()) {
        found.insert(q->axis() >= 0 ? "scales along an axis" : "one scale");
      }
    }
    for (const fb::Operator* op : *graph.operators()) {
      add("", fb::EnumNameOpOptions(op->options_type()));
      for (int32_t input : *op->inputs()) {
        if (input == -1) found.insert("absent input");
      }
      if (const auto* binary = op->options_as_Binary()) {
        add("Binary.", fb::EnumNameBinaryKind(binary->kind()));
      } else if (const auto* unary = op->options_as_Unary()) {
        add("Unary.", fb::EnumNameUnaryKind(unary->kind()));
      } else if (const auto* pool = op->options_as_Pool2D()) {
        add("Pool2D.", fb::EnumNamePoolKind(pool->kind()));
        add("Padding.", fb::EnumNamePadding(pool->window()->padding()));
      } else if (const auto* reduce = op->options_as_Reduce()) {
        add("Reduce.", fb::EnumNameReduceKind(reduce->kind()));
      } else if (const auto* pad = op->options_as_Pad()) {
        add("Pad.", fb::EnumNamePadMode(pad->mode()));
      } else if (const auto* resize = op->options_as_Resize()) {
        add("Resize.", fb::EnumNameResizeMode(resize->mode()));
      } else if (const auto* spread = op->options_as_DepthToSpace()) {
        add("DepthOrder.", fb::EnumNameDepthOrder(spread->order()));
      }
    }
  }
  return found;
}

TEST(Fixtures, OfVersion01HoldEverythingItsFormatCanSay) {
  const std::set<std::string> found = contents_of("v0.1");
  std::set<std::string> expected = {
      "metadata",    "variable", "unknown dimension", "one scale", "scales along an axis",
      "absent input"};
  // By the last member that version 0.1 had: newer ones are in newer files.
  const auto expect_all = [&](const std::string& kind, auto last, const auto& name_of, int first) {
    for (int i = first; i <= static_cast<int>(last); ++i) {
      expected.insert(kind + name_of(static_cast<decltype(last)>(i)));
    }
  };
  expect_all("", fb::OpOptions::Lstm, fb::EnumNameOpOptions, 1);
  expect_all("DType.", fb::DType::S4, fb::EnumNameDType, 0);
  expect_all("Binary.", fb::BinaryKind::Or, fb::EnumNameBinaryKind, 0);
  expect_all("Unary.", fb::UnaryKind::Reciprocal, fb::EnumNameUnaryKind, 0);
  expect_all("Pool2D.", fb::PoolKind::Average, fb::EnumNamePoolKind, 0);
  expect_all("Padding.", fb::Padding::SameLower, fb::EnumNamePadding, 0);
  expect_all("Reduce.", fb::ReduceKind::Prod, fb::EnumNameReduceKind, 0);
  expect_all("Pad.", fb::PadMode::Symmetric, fb::EnumNamePadMode, 0);
  expect_all("Resize.", fb::ResizeMode::Nearest, fb::EnumNameResizeMode, 0);
  expect_all("DepthOrder.", fb::DepthOrder::ColumnFirst, fb::EnumNameDepthOrder, 0);
  for (const std::string& name : expected)
    EXPECT_TRUE(found.count(name) > 0) << "missing: " << name;
}

}  // namespace
}  // namespace qrt::test
