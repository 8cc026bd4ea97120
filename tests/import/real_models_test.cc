// Third-party files that libqrt once refused, against the outputs of LiteRT and ONNX Runtime.
// real_models.txt beside this file lists those that must match; one that matches and is not listed
// fails, too, so that the list stays true. The rest is printed, grouped by reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/import_file.h"
#include "tests/support/npy_file.h"
#include "tests/support/paths.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

// Of the largest element of a float output; integers may be one step off.
constexpr double kTolerance = 1e-3;

struct Answer {
  bool matches;
  std::string reason;  // if not
};

Answer no(std::string reason) { return {false, std::move(reason)}; }

rt::Shape shape_of(const cli::NpyArray& array) {
  const std::vector<int32_t> dims(array.shape.begin(), array.shape.end());
  return {dims.data(), dims.size()};
}

// The index of the tensor of this name; `position` if none has it.
template <class Tensor>
size_t find_tensor(size_t count, size_t position, const std::string& name, const Tensor& tensor) {
  for (size_t i = 0; i < count; ++i) {
    if (name == tensor(i).name) return i;
  }
  return position;
}

Answer compare(const rt::Session& session, size_t i, const cli::NpyArray& want) {
  const std::string who = "output '" + std::string(session.output(i).name) + "'";
  const rt::DType type = session.output(i).type;
  if (type != want.type) return no("gives other types than the reference: " + who);
  if (!(session.output_shape(i) == shape_of(want))) {
    return no("gives other shapes than the reference: " + who + " is " +
              session.output_shape(i).str() + ", not " + want.shape_str());
  }
  const auto ours = numbers(type, session.output_data(i), session.output_bytes(i));
  const auto theirs = numbers(want);
  double largest = 0, off = 0;
  for (size_t k = 0; k < theirs.size(); ++k) {
    largest = std::max(largest, std::fabs(theirs[k]));
    const double d = std::fabs(ours[k] - theirs[k]);
    if (!(d <= off)) off = d;
  }
  const double allowed = type == rt::DType::F32 ? kTolerance * largest : 1;
  if (off <= allowed) return {true, ""};
  return no("differs from the reference: " + who + " by " + std::to_string(off) + ", " +
            std::to_string(allowed) + " allowed");
}

Answer run(const fs::path& path, const nlohmann::json& entry) {
  auto built = import_and_build(path.string());
  if (!built.ok()) return no(built.status().message());
  if (entry.at("reference").is_null()) return no("the reference does not run it either");
  const rt::Program& program = *built->program;
  const auto array = [&](const char* what, size_t k) {
    fs::path file = path;
    return read_npy(file.replace_extension(what + std::to_string(k) + ".npy"));
  };
  const auto& inputs = entry.at("inputs");
  if (inputs.size() != program.inputs().size()) return no("has another number of inputs");
  std::vector<cli::NpyArray> arrays;
  std::vector<size_t> places;
  std::vector<rt::InputShape> shapes;
  for (size_t k = 0; k < inputs.size(); ++k) {
    arrays.push_back(array("in", k));
    places.push_back(find_tensor(
        inputs.size(), k, inputs[k].get<std::string>(), [&](size_t i) -> auto& {
          return program.tensors()[static_cast<size_t>(program.inputs()[i])];
        }));
    shapes.emplace_back(places[k], shape_of(arrays[k]));
  }
  rt::SessionOptions options;
  options.input_shapes = {shapes.data(), shapes.size()};
  auto session = rt::Session::create(built->program, options);
  if (!session.ok()) return no(session.status().message());
  for (size_t k = 0; k < inputs.size(); ++k) {
    if ((*session)->input(places[k]).type != arrays[k].type) return no("has inputs of other types");
    std::memcpy((*session)->input_data(places[k]), arrays[k].data.data(), arrays[k].data.size());
  }
  if (const rt::Status status = (*session)->run(); !status.ok()) return no(status.message());
  const auto& outputs = entry.at("outputs");
  if (outputs.size() != (*session)->outputs()) return no("has another number of outputs");
  for (size_t k = 0; k < outputs.size(); ++k) {
    const size_t i = find_tensor(
        outputs.size(), k,
        outputs[k].get<std::string>(), [&](size_t o) -> auto& { return (*session)->output(o); });
    if (const Answer answer = compare(**session, i, array("out", k)); !answer.matches) {
      return answer;
    }
  }
  return {true, ""};
}

// The reason without what differs from file to file: the path, and the nodes, a line each.
std::string without_names(std::string reason, const std::string& path) {
  if (const size_t at = reason.find(path); at != std::string::npos) reason.erase(at, path.size());
  std::string kept;
  std::istringstream lines(reason);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, 4, "    ") != 0) kept += (kept.empty() ? "" : "\n") + line;
  }
  return kept;
}

std::set<std::string> listed_files() {
  std::ifstream stream(fs::path(kSourceDir) / "tests/import/real_models.txt");
  std::set<std::string> names;
  for (std::string line; std::getline(stream, line);) names.insert(line);
  return names;
}

TEST(RealModels, MatchTheReferenceIfListed) {
  const fs::path folder = fs::path(kTestModels) / "real";
  if (!fs::exists(folder / "manifest.json")) {
    GTEST_SKIP() << "no models at " << folder << " (set QRT_TEST_MODELS)";
  }
  std::ifstream stream(folder / "manifest.json");
  const nlohmann::json manifest = nlohmann::json::parse(stream);
  std::set<std::string> missing = listed_files();
  size_t matching = 0;
  std::map<std::string, std::vector<std::string>> others;
  for (const auto& entry : manifest) {
    const auto name = entry.at("file").get<std::string>();
    const Answer answer = run(folder / name, entry);
    const bool listed = missing.erase(name) != 0;
    matching += answer.matches;
    if (answer.matches) {
      EXPECT_TRUE(listed) << name << " matches: add it to tests/import/real_models.txt";
      continue;
    }
    EXPECT_FALSE(listed) << name << ": " << answer.reason;
    const std::string reason = without_names(answer.reason, (folder / name).string() + ": ");
    others[reason].push_back(name);
  }
  for (const std::string& name : missing) ADD_FAILURE() << name << " is listed, but there is none";
  std::printf("  %zu of %zu files match; the others:\n", matching, manifest.size());
  for (const auto& [reason, names] : others) {
    std::printf("  %s\n", reason.c_str());
    for (const std::string& name : names) std::printf("      %s\n", name.c_str());
  }
}

}  // namespace
}  // namespace qrt::test
