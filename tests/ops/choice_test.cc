// Which kernels operators choose, for CPUs of any features: not only those of this machine, for a
// choice is computed and nothing is run.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "src/graph/writer.h"
#include "src/runtime/op_def.h"
#include "src/runtime/program.h"
#include "tests/support/paths.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;
using rt::CpuFeatures;

// Every mask of the features that there are.
std::vector<CpuFeatures> all_cpus() {
  CpuFeatures known = 0;
  for (const rt::NamedFeatures& feature : rt::cpu_feature_names()) known |= feature.features;
  std::vector<CpuFeatures> masks;
  for (CpuFeatures mask = 0; mask <= known; ++mask) {
    if (rt::includes(known, mask)) masks.push_back(mask);
  }
  return masks;
}

// The instruction set in a kernel's name; "" if it names none.
std::string isa_of(const std::string& kernel) {
  const size_t at = kernel.rfind("__");
  return at == std::string::npos ? "" : kernel.substr(at + 2);
}

void expect_allowed(const rt::OpKernel& kernel, const rt::ChooseContext& context) {
  const std::string name = kernel.name(), isa = isa_of(name);
  EXPECT_TRUE(rt::includes(context.features, kernel.needs()))
      << name << " needs " << kernel.needs() << ", the CPU has " << context.features;
  if (isa == "" || isa == "scalar" || isa == "xnnpack") {
    EXPECT_EQ(kernel.needs(), 0u) << name;
    EXPECT_TRUE(isa != "xnnpack" || context.library) << name;
    return;
  }
  const auto sets = rt::instruction_sets();
  const auto* set =
      std::find_if(sets.begin(), sets.end(), [&](const auto& s) { return isa == s.name; });
  ASSERT_NE(set, sets.end()) << name;
  EXPECT_TRUE(rt::includes(kernel.needs(), set->features)) << name;
}

// What all nodes choose; both calls must agree.
std::vector<std::string> choose(const rt::GraphView& graph, const rt::ChooseContext& context) {
  std::vector<std::string> names;
  for (size_t n = 0; n < graph.nodes().size(); ++n) {
    if (graph.spec(n).alias) continue;
    const rt::Node& node = graph.nodes()[n];
    const rt::OpDef* op = rt::find_op(node.type());
    const rt::Choice once = op->choose(node, context), again = op->choose(node, context);
    EXPECT_TRUE(once.ok() && again.ok()) << once.status().message();
    if (!once.ok() || !again.ok()) continue;
    expect_allowed(**once, context);
    EXPECT_STREQ((*once)->name(), (*again)->name());
    names.emplace_back((*once)->name());
  }
  return names;
}

TEST(Choice, AKernelNeedsOnlyWhatTheCpuHas) {
  std::set<std::string> isas;
  size_t models = 0;
  const fs::path fixtures = fs::path(kSourceDir) / "tests/data/v0.1";
  for (const auto& entry : fs::directory_iterator(fixtures)) {
    if (entry.path().extension() != ".qrt") continue;
    SCOPED_TRACE(entry.path());
    const auto model = rt::Model::open(entry.path().string());
    ASSERT_TRUE(model.ok()) << model.status().message();
    rt::GraphView graph;
    ASSERT_TRUE(graph.build(**model, 0).ok());
    const rt::Result<rt::Shapes> shapes = graph.shapes_with(32);
    const rt::Result<rt::Shapes> chosen_by = shapes.ok() ? shapes : graph.default_shapes();
    ASSERT_TRUE(chosen_by.ok()) << chosen_by.status().message();
    ++models;
    for (const CpuFeatures features : all_cpus()) {
      for (const bool library : {false, true}) {
        rt::ChooseContext context{*chosen_by};
        context.features = features;
        context.library = library;
        for (const std::string& name : choose(graph, context)) isas.insert(isa_of(name));
      }
    }
  }
  EXPECT_GE(models, 15u);
  EXPECT_EQ(isas.count("scalar"), 1u);
  EXPECT_EQ(isas.count("xnnpack"), 1u);
  EXPECT_GE(isas.size(), 3u) << "no instruction set was ever chosen";
}

TEST(Choice, TheReferenceIsScalar) {
  for (const auto& entry : fs::directory_iterator(fs::path(kSourceDir) / "tests/data/v0.1")) {
    if (entry.path().extension() != ".qrt") continue;
    const auto model = rt::Model::open(entry.path().string());
    ASSERT_TRUE(model.ok()) << model.status().message();
    rt::ProgramOptions options;
    options.isa = "scalar";
    const auto program = rt::Program::build(*model, options);
    ASSERT_TRUE(program.ok()) << program.status().message();
    for (size_t n = 0; n < (*program)->nodes().size(); ++n) {
      const rt::OpKernel* kernel = (*program)->kernel(n);
      if (kernel == nullptr) continue;
      EXPECT_EQ(kernel->needs(), 0u) << kernel->name();
      EXPECT_NE(isa_of(kernel->name()), "xnnpack") << kernel->name();
    }
  }
}

graph::Graph convolution(int32_t kernel, int32_t channels, int32_t outputs, int32_t groups) {
  graph::Graph g;
  const graph::Quantization q = {{0.05f}, {3}, -1, 0};
  const int in = g.add_tensor("in", rt::DType::S8, {1, -1, -1, channels}, q);
  const size_t count = static_cast<size_t>(outputs * kernel * kernel * (channels / groups));
  const int weights = g.add_constant("weights", {outputs, kernel, kernel, channels / groups},
                                     std::vector<int8_t>(count, 1), {{0.1f}, {}, -1, 0});
  const int out = g.add_tensor("out", rt::DType::S8, {1, -1, -1, outputs}, q);
  fb::Conv2DT options;
  options.window = std::make_unique<fb::Window2DT>();
  options.window->padding = fb::Padding::Same;
  options.groups = groups;
  g.add_node("conv", std::move(options), {in, weights}, {out});
  g.inputs = {in};
  g.outputs = {out};
  return g;
}

// Sizes, channels, groups and caches decide between methods; features alone decide between rows.
TEST(Choice, ConvolutionsOfAnyShape) {
  std::set<std::string> families;
  for (const int32_t kernel : {1, 3, 5}) {
    for (const int32_t channels : {1, 8, 64, 160}) {
      for (const int32_t groups : {1, channels}) {
        auto bytes = graph::serialize(convolution(kernel, channels, channels, groups));
        ASSERT_TRUE(bytes.ok()) << bytes.status().message();
        const rt::AlignedBuffer memory = rt::allocate_aligned(bytes->size());
        std::memcpy(memory.get(), bytes->data(), bytes->size());
        const auto model = rt::Model::from_buffer(memory.get(), bytes->size());
        ASSERT_TRUE(model.ok()) << model.status().message();
        rt::GraphView graph;
        ASSERT_TRUE(graph.build(**model, 0).ok());
        for (const int32_t size : {1, 7, 32, 224}) {
          const auto shapes = graph.shapes_with(size);
          ASSERT_TRUE(shapes.ok()) << shapes.status().message();
          for (const CpuFeatures features : all_cpus()) {
            for (const size_t cache : {size_t{0}, size_t{1} << 20}) {
              rt::ChooseContext context{*shapes};
              context.features = features;
              context.l2_bytes = cache;
              const std::string name = choose(graph, context).at(0);
              families.insert(name.substr(0, name.find('_', 4)));
              EXPECT_EQ(name.rfind("qs8_dwconv", 0) == 0, groups > 1) << name;
              EXPECT_TRUE(features != 0 || isa_of(name) == "scalar") << name;
            }
          }
        }
      }
    }
  }
  EXPECT_GE(families.size(), 2u);
}

}  // namespace
}  // namespace qrt::test
