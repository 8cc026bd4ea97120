// Converts and runs many small models in one process, for random_graphs.py.
//
// On stdin, a folder a line, with model.onnx and, for runs 0, 1, ..., the inputs RUN.in.0.npy,
// RUN.in.1.npy, ... Leaves the outputs beside them, RUN.qrt.0.npy, ..., and answers each line with
// one of its own: "ok", or "refused RUN why", where RUN is "-" if the model could not be converted.
// "--operators" prints the ONNX operators that are imported instead.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/cli/model_source.h"
#include "src/cli/npy.h"
#include "src/import/runnable.h"
#include "src/import/supported.h"
#include "src/runtime/session.h"

namespace {

using namespace qrt;

std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

rt::Result<std::vector<cli::NpyArray>> read_inputs(const std::string& begin, size_t count) {
  std::vector<cli::NpyArray> inputs;
  for (size_t i = 0; i < count; ++i) {
    const std::vector<uint8_t> file = read_file(begin + std::to_string(i) + ".npy");
    QRT_ASSIGN_OR_RETURN(cli::NpyArray array, cli::parse_npy(file.data(), file.size()));
    inputs.push_back(std::move(array));
  }
  return inputs;
}

std::vector<rt::InputShape> shapes_of(const std::vector<cli::NpyArray>& inputs) {
  std::vector<rt::InputShape> shapes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<int32_t> dims(inputs[i].shape.begin(), inputs[i].shape.end());
    shapes.emplace_back(i, rt::Shape(dims.data(), dims.size()));
  }
  return shapes;
}

void write_outputs(const rt::Session& session, const std::string& begin) {
  for (size_t k = 0; k < session.outputs(); ++k) {
    const rt::Shape& shape = session.output_shape(k);
    const auto file = cli::format_npy(session.output(k).type, {shape.begin(), shape.end()},
                                      session.output_data(k), session.output_bytes(k));
    std::ofstream stream(begin + std::to_string(k) + ".npy", std::ios::binary);
    stream.write(reinterpret_cast<const char*>(file.data()),
                 static_cast<std::streamsize>(file.size()));
  }
}

// A model as a session that is made for its first run and resized for others.
class Runs {
 public:
  explicit Runs(std::string folder) : folder_(std::move(folder)) {}

  rt::Status open() {
    QRT_ASSIGN_OR_RETURN(model_, cli::open_model(folder_ + "/model.onnx"));
    QRT_ASSIGN_OR_RETURN(program_, import::build_program(model_.model));
    return {};
  }
  bool has(int number) const {
    if (program_->inputs().empty()) return number == 0;
    return std::ifstream(begin(number) + ".in.0.npy").good();
  }
  rt::Status run(int number) {
    QRT_ASSIGN_OR_RETURN(const auto inputs,
                         read_inputs(begin(number) + ".in.", program_->inputs().size()));
    QRT_RETURN_IF_ERROR(take_shapes(shapes_of(inputs)));
    for (size_t i = 0; i < inputs.size(); ++i) {
      const cli::NpyArray& array = inputs[i];
      if (array.type != session_->input(i).type || array.data.size() != session_->input_bytes(i)) {
        return rt::error(rt::Code::InvalidArgument, "input %zu is not what the model declares", i);
      }
      std::copy(array.data.begin(), array.data.end(),
                static_cast<uint8_t*>(session_->input_data(i)));
    }
    QRT_RETURN_IF_ERROR(session_->run());
    write_outputs(*session_, begin(number) + ".qrt.");
    return {};
  }

 private:
  std::string begin(int number) const { return folder_ + "/" + std::to_string(number); }
  rt::Status take_shapes(const std::vector<rt::InputShape>& shapes) {
    if (session_ != nullptr) return session_->resize_inputs({shapes.data(), shapes.size()});
    rt::SessionOptions options;
    options.input_shapes = {shapes.data(), shapes.size()};
    QRT_ASSIGN_OR_RETURN(session_, rt::Session::create(program_, options));
    return {};
  }

  const std::string folder_;
  cli::OpenModel model_;
  std::shared_ptr<const rt::Program> program_;
  std::unique_ptr<rt::Session> session_;
};

std::string refused(const std::string& run, const rt::Status& status) {
  std::string why = status.message();
  for (char& c : why) c = c == '\n' ? ' ' : c;
  return "refused " + run + " " + why;
}

std::string answer(const std::string& folder) {
  Runs runs(folder);
  if (const rt::Status status = runs.open(); !status.ok()) return refused("-", status);
  for (int number = 0; runs.has(number); ++number) {
    const rt::Status status = runs.run(number);
    if (!status.ok()) return refused(std::to_string(number), status);
  }
  return "ok";
}

}  // namespace

int main(int count, char** words) {
  if (count > 1 && std::string(words[1]) == "--operators") {
    for (const std::string& op : import::supported_onnx()) std::cout << op << "\n";
    return 0;
  }
  for (std::string folder; std::getline(std::cin, folder);) {
    std::cout << answer(folder) << std::endl;
  }
}
