// Runs a model at several shapes in one session, as an app would: for onnxruntime.mjs.
//
//   qrt_run_shapes MODEL.qrt FOLDER...
//
// In each folder, names.txt has an input's name a line, and in.K.npy is what line K takes;
// out.K.npy are written there. The first folder's run is repeated at the end, and must give the
// same bytes.
#include <qrt/qrt.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "src/cli/npy.h"
#include "src/graph/writer.h"

namespace {

namespace fs = std::filesystem;
using qrt::cli::NpyArray;
using Bytes = std::vector<uint8_t>;

int fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return 1;
}

std::string read(const fs::path& path, Bytes* bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "cannot read " + path.string();
  bytes->assign(std::istreambuf_iterator<char>(file), {});
  return "";
}

bool has_shapes(const qrt::Session& session, const std::vector<qrt_input_shape>& shapes) {
  return std::all_of(shapes.begin(), shapes.end(), [&](const qrt_input_shape& shape) {
    const qrt::TensorInfo info = session.input_info(shape.index);
    return std::equal(info.dims, info.dims + info.rank, shape.dims, shape.dims + shape.rank);
  });
}

// Gives the inputs of a folder to the session, and it their shapes; an error in words.
std::string take_inputs(const fs::path& folder, qrt::Session* session) {
  std::ifstream names(folder / "names.txt");
  std::vector<NpyArray> arrays;
  std::vector<qrt_input_shape> shapes;
  std::vector<size_t> indices;
  size_t k = 0;
  for (std::string name; std::getline(names, name); ++k) {
    const int32_t index = session->find_input(name.c_str());
    if (index < 0) return "no input '" + name + "'";
    Bytes file;
    const fs::path path = folder / ("in." + std::to_string(k) + ".npy");
    if (std::string why = read(path, &file); !why.empty()) return why;
    auto array = qrt::cli::parse_npy(file.data(), file.size());
    if (!array.ok()) return path.string() + ": " + array.status().message();
    qrt_input_shape shape = {};
    shape.index = static_cast<uint32_t>(index);
    shape.rank = static_cast<int32_t>(array->shape.size());
    if (shape.rank > QRT_MAX_RANK) return path.string() + " has too many dimensions";
    for (size_t i = 0; i < array->shape.size(); ++i) {
      shape.dims[i] = static_cast<int32_t>(array->shape[i]);
    }
    shapes.push_back(shape);
    indices.push_back(shape.index);
    arrays.push_back(std::move(*array));
  }
  // State stays from run to run, whatever the shapes.
  if (!has_shapes(*session, shapes)) {
    const auto status = session->resize_inputs(shapes.data(), shapes.size());
    if (!status.ok()) return std::string("resize: ") + status.message();
  }
  for (size_t i = 0; i < arrays.size(); ++i) {
    const auto status =
        session->set_input_bytes(indices[i], arrays[i].data.data(), arrays[i].data.size());
    if (!status.ok()) return std::string("input: ") + status.message();
  }
  return "";
}

std::string run(const fs::path& folder, qrt::Session* session, std::vector<Bytes>* outputs) {
  if (std::string why = take_inputs(folder, session); !why.empty()) return why;
  if (const auto status = session->run(); !status.ok()) return status.message();
  for (size_t i = 0; i < session->outputs(); ++i) {
    const qrt::TensorInfo info = session->output_info(i);
    const auto* data = session->output<uint8_t>(i);
    outputs->push_back(qrt::cli::format_npy(static_cast<qrt::rt::DType>(info.type),
                                            {info.dims, info.dims + info.rank}, data, info.bytes));
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fail("usage: qrt_run_shapes MODEL.qrt FOLDER...");
  const auto model = qrt::Model::load_file(argv[1]);
  if (!model.ok()) return fail(model.status().message());
  auto session = qrt::Session::create(*model);
  if (!session.ok()) return fail(session.status().message());
  std::vector<Bytes> first;
  for (int i = 2; i < argc; ++i) {
    const fs::path folder = argv[i];
    std::vector<Bytes> outputs;
    if (std::string why = run(folder, &*session, &outputs); !why.empty()) {
      return fail(folder.filename().string() + ": " + why);
    }
    for (size_t k = 0; k < outputs.size(); ++k) {
      const fs::path path = folder / ("out." + std::to_string(k) + ".npy");
      const auto status = qrt::graph::write_file(path.string(), outputs[k]);
      if (!status.ok()) return fail(status.message());
    }
    if (i == 2) first = std::move(outputs);
  }
  session->reset_state();
  std::vector<Bytes> again;
  if (std::string why = run(argv[2], &*session, &again); !why.empty()) return fail(why);
  return again == first ? 0 : fail("back at its first shapes the session gives other results");
}
