#include "tests/support/cli.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "src/graph/writer.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

std::string little_endian(uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

CliTest::CliTest() {
  std::string pattern = ::testing::TempDir() + "qrt_cli_XXXXXX";
  if (mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
}

CliTest::~CliTest() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Ran CliTest::qrt(const std::string& arguments, const std::string& environment) const {
  // What the tool prints goes beside the folder's own files, and is taken away at once.
  const std::string out = path(".out"), err = path(".err");
  const std::string command = "cd '" + folder_ + "' && env -u QRT_ISA -u FORCE_COLOR NO_COLOR=1 " +
                              "LC_ALL=C.UTF-8 " + environment + " " + kCliEmulator + " '" + kCli +
                              "' " + arguments + " >'" + out + "' 2>'" + err + "' </dev/null";
  const int status = std::system(command.c_str());
  Ran ran;
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.out = read_file(out);
  ran.err = read_file(err);
  fs::remove(out);
  fs::remove(err);
  return ran;
}

void CliTest::expect_failure(const std::string& arguments, int exit_code,
                             const std::vector<std::string>& parts) const {
  SCOPED_TRACE("qrt " + arguments);
  const Ran ran = qrt(arguments);
  EXPECT_EQ(ran.exit_code, exit_code) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err.substr(0, 5), "qrt: ");
  EXPECT_FALSE(contains(ran.err, "terminate called")) << ran.err;
  for (const std::string& part : parts) EXPECT_PRED2(contains, ran.err, part);
}

void CliTest::write(const std::string& name, const std::string& bytes) const {
  std::ofstream(path(name), std::ios::binary) << bytes;
  written_.push_back(name);
}

std::string CliTest::read(const std::string& name) const { return read_file(path(name)); }

bool CliTest::exists(const std::string& name) const { return fs::exists(path(name)); }

std::vector<std::string> CliTest::surprises() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    if (std::find(written_.begin(), written_.end(), name) == written_.end()) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void CliTest::write_model(const std::string& name, const graph::Graph& graph) const {
  const auto bytes = graph::serialize(graph);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  write(name, std::string(bytes->begin(), bytes->end()));
}

void CliTest::write_classifier(const std::string& name) const {
  graph::Graph graph;
  using rt::DType;
  const graph::Quantization pixels{{1.0F}, {-128}, -1, 0};
  graph.inputs = {graph.add_tensor("image", DType::S8, {1, 2, 2, 3}, pixels)};
  const int flat = graph.add_tensor("flat", DType::S8, {1, 12}, pixels);
  const int sums = graph.add_tensor("sums", DType::S8, {1, 3}, {{0.5F}, {-128}, -1, 0});
  graph.outputs = {graph.add_tensor("scores", DType::S8, {1, 3}, {{1.0F / 256}, {-128}, -1, 0})};
  std::vector<int8_t> weights(36, 0);
  for (size_t i = 0; i < 12; ++i) weights[(i % 3) * 12 + i] = 1;
  const int kernel = graph.add_constant("weights", {3, 12}, weights, {{1.0F / 64}, {}, -1, 0});
  fb::ReshapeT reshape;
  reshape.shape = {1, 12};
  graph.add_node("flatten", std::move(reshape), graph.inputs, {flat});
  graph.add_node("dense", fb::FullyConnectedT(), {flat, kernel}, {sums});
  graph.add_node("softmax", fb::SoftmaxT(), {sums}, graph.outputs);
  graph.metadata = {{"description", "the brightest colour"}};
  write_model(name, graph);
}

void CliTest::write_adder(const std::string& name) const {
  graph::Graph graph;
  graph.inputs = {graph.add_tensor("a", rt::DType::F32, {2, 3}),
                  graph.add_tensor("b", rt::DType::F32, {2, 3})};
  graph.outputs = {graph.add_tensor("sum", rt::DType::F32, {2, 3})};
  graph.add_node("add", fb::BinaryT(), graph.inputs, graph.outputs);
  write_model(name, graph);
}

void CliTest::write_bmp(const std::string& name, int width, int height, int r, int g, int b) const {
  std::string row;
  for (int x = 0; x < width; ++x) {
    row += {static_cast<char>(b), static_cast<char>(g), static_cast<char>(r)};
  }
  row.resize((row.size() + 3) / 4 * 4);
  const auto pixels = static_cast<uint32_t>(row.size()) * static_cast<uint32_t>(height);
  std::string file = "BM" + little_endian(54 + pixels, 4) + little_endian(0, 4) +
                     little_endian(54, 4) + little_endian(40, 4) +
                     little_endian(static_cast<uint32_t>(width), 4) +
                     little_endian(static_cast<uint32_t>(height), 4) + little_endian(1, 2) +
                     little_endian(24, 2) + std::string(24, '\0');
  for (int y = 0; y < height; ++y) file += row;
  write(name, file);
}

std::string CliTest::npy_header(const std::string& descr, const std::string& shape) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\x00", 8) +
         little_endian(static_cast<uint32_t>(header.size()), 2) + header;
}

}  // namespace qrt::test
