// Writes fixtures: models of this version of the format with inputs and outputs. README.md beside
// this file says when; those of a released version are never made again.
#include <cstdio>
#include <filesystem>

#include "src/base/memory.h"
#include "src/graph/writer.h"
#include "src/import/import.h"
#include "tests/data/fixture.h"
#include "tests/data/runs.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

// Each unknown dimension becomes 2 in the first run, 3 in the second.
rt::Status resize(rt::Session& session, int run) {
  for (size_t i = 0; i < session.inputs(); ++i) {
    rt::Shape shape = session.input(i).shape;
    bool unknown = false;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (shape[axis] != -1) continue;
      shape[axis] = 2 + run;
      unknown = true;
    }
    if (unknown) QRT_RETURN_IF_ERROR(session.resize_input(i, shape));
  }
  return {};
}

rt::Status write(const Fixture& fixture, const fs::path& folder) {
  const std::string path = (folder / fixture.graph.name).string();
  QRT_ASSIGN_OR_RETURN(const graph::Bytes file, graph::serialize(fixture.graph));
  const rt::AlignedBuffer buffer = rt::allocate_aligned(file.size());
  std::memcpy(buffer.get(), file.data(), file.size());
  QRT_ASSIGN_OR_RETURN(auto model, rt::Model::from_buffer(buffer.get(), file.size(), path));
  rt::ProgramOptions options;
  options.isa = "scalar";
  QRT_ASSIGN_OR_RETURN(auto program, rt::Program::build(model, options));
  QRT_ASSIGN_OR_RETURN(auto session, rt::Session::create(program));

  std::mt19937 random(2);
  std::vector<cli::NpyArray> inputs, outputs;
  for (int run = 0; run < fixture.runs; ++run) {
    QRT_RETURN_IF_ERROR(resize(*session, run));
    for (size_t i = 0; i < session->inputs(); ++i) {
      const graph::Bytes elements =
          random_elements(session->input(i).type, session->input_bytes(i), random);
      std::memcpy(session->input_data(i), elements.data(), elements.size());
      inputs.push_back(array_of(session->input(i).type, session->input_shape(i), elements.data(),
                                elements.size()));
    }
    QRT_RETURN_IF_ERROR(session->run());
    for (size_t i = 0; i < session->outputs(); ++i) {
      outputs.push_back(array_of(session->output(i).type, session->output_shape(i),
                                 session->output_data(i), session->output_bytes(i)));
    }
  }
  QRT_RETURN_IF_ERROR(graph::write_file(path + ".qrt", file));
  QRT_RETURN_IF_ERROR(graph::write_file(path + ".in.npy", format_arrays(inputs)));
  QRT_RETURN_IF_ERROR(graph::write_file(path + ".out.npy", format_arrays(outputs)));
  std::printf("%s.qrt: %zu bytes, %zu operators\n", path.c_str(), file.size(),
              fixture.graph.nodes.size());
  return {};
}

rt::Status write_all(const fs::path& folder, const fs::path& digits) {
  for (auto make : {weighted_fixtures, elementwise_fixtures, window_fixtures, move_fixtures}) {
    for (const Fixture& fixture : make()) QRT_RETURN_IF_ERROR(write(fixture, folder));
  }
  for (const char* name : {"digits_int8.qdq", "digits_float"}) {
    Fixture fixture(name);
    QRT_ASSIGN_OR_RETURN(fixture.graph,
                         import::import_file((digits / (std::string(name) + ".onnx")).string()));
    fixture.graph.name = name;
    QRT_RETURN_IF_ERROR(write(fixture, folder));
  }
  return {};
}

}  // namespace
}  // namespace qrt::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(
        stderr,
        "usage: qrt_make_fixtures FOLDER DIGITS\n\n"
        "Writes fixtures into FOLDER, which must not exist yet; DIGITS is examples/digits.\n");
    return 2;
  }
  if (!std::filesystem::create_directory(argv[1])) {
    std::fprintf(stderr, "%s exists: fixtures are made once\n", argv[1]);
    return 1;
  }
  const qrt::rt::Status status = qrt::test::write_all(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
