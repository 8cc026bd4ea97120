#include "tests/export/for_judge.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const void* bytes, size_t count) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  EXPECT_TRUE(file.good()) << path;
}

// {"type": "s8", "quantized": true, "shape": [1, 2], "file": "0.1.in0"}, and the file.
std::string written(const fs::path& path, const rt::Tensor& tensor, const rt::Shape& shape,
                    const void* data, size_t bytes) {
  write_file(path, data, bytes);
  std::string text = std::string(R"({"type": ")") + rt::dtype_name(tensor.type) +
                     R"(", "quantized": )" + (tensor.quantization.present() ? "true" : "false") +
                     R"(, "shape": [)";
  for (int i = 0; i < shape.rank(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + R"(], "file": ")" + path.filename().string() + R"("})";
}

void write_run(rt::Session& session, const fs::path& folder, const std::string& name,
               const std::string& model, const Allowance& allowance) {
  std::string inputs, outputs;
  for (size_t i = 0; i < session.inputs(); ++i) {
    inputs += (i == 0 ? "" : ", ") + written(folder / (name + ".in" + std::to_string(i)),
                                             session.input(i), session.input_shape(i),
                                             session.input_data(i), session.input_bytes(i));
  }
  must_run(session);
  for (size_t k = 0; k < session.outputs(); ++k) {
    outputs += (k == 0 ? "" : ", ") + written(folder / (name + ".out" + std::to_string(k)),
                                              session.output(k), session.output_shape(k),
                                              session.output_data(k), session.output_bytes(k));
  }
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const std::string text =
      std::string(R"({"test": ")") + test.test_suite_name() + "." + test.name() +
      R"(", "model": ")" + model + R"(", "steps": )" + std::to_string(allowance.steps) +
      R"(, "share": )" + std::to_string(allowance.share) + R"(, "tolerance": )" +
      std::to_string(allowance.tolerance) + R"(, "others": )" + std::to_string(allowance.others) +
      R"(, "inputs": [)" + inputs + R"(], "outputs": [)" + outputs + "]}\n";
  write_file(folder / (name + ".json"), text.data(), text.size());
}

// All open dimensions of all inputs with this size.
std::vector<rt::InputShape> shapes_of(const rt::Session& session, int32_t open) {
  std::vector<rt::InputShape> shapes;
  for (size_t i = 0; i < session.inputs(); ++i) {
    rt::Shape shape = session.input_shape(i);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (session.input(i).shape[axis] < 0) shape[axis] = open;
    }
    shapes.emplace_back(i, std::move(shape));
  }
  return shapes;
}

template <class T>
void fill_small(void* data, size_t bytes, int32_t limit, std::mt19937& random) {
  auto* elements = static_cast<T*>(data);
  for (size_t k = 0; k < bytes / sizeof(T); ++k) {
    elements[k] = static_cast<T>(static_cast<int32_t>(random() % 4096) % limit);
    if (limit > 2 && random() % 2 == 0) elements[k] = static_cast<T>(-elements[k]);
  }
}

// What overflows, and a Bool that is neither 0 nor 1, means nothing in ONNX.
void fill_meaningful(rt::Session& session, std::mt19937& random) {
  fill_inputs(session, random);
  for (size_t i = 0; i < session.inputs(); ++i) {
    const rt::DType type = session.input(i).type;
    void* data = session.input_data(i);
    const size_t bytes = session.input_bytes(i);
    if (type == rt::DType::Bool) fill_small<uint8_t>(data, bytes, 2, random);
    if (type == rt::DType::S32) fill_small<int32_t>(data, bytes, 100, random);
    if (type == rt::DType::S64) fill_small<int64_t>(data, bytes, 100, random);
  }
}

}  // namespace

void fill_inputs(rt::Session& session, std::mt19937& random) {
  for (size_t i = 0; i < session.inputs(); ++i) {
    auto* bytes = static_cast<uint8_t*>(session.input_data(i));
    const size_t count = session.input_bytes(i);
    if (session.input(i).type == rt::DType::F32) {
      for (size_t k = 0; k < count; k += sizeof(float)) {
        const float number = static_cast<float>(random() % 1024) / 128.0f - 4.0f;
        std::memcpy(bytes + k, &number, sizeof(float));
      }
    } else {
      for (size_t k = 0; k < count; ++k) bytes[k] = static_cast<uint8_t>(random());
    }
  }
}

void write_for_judge(const graph::Graph& graph, const graph::Bytes& file,
                     const Allowance& allowance, const std::vector<graph::Bytes>& inputs) {
  const char* folder = std::getenv("QRT_EXPORT_CASES");
  if (folder == nullptr) return;
  static int cases = 0;
  const std::string name = std::to_string(cases++);
  write_file(fs::path(folder) / (name + ".onnx"), file.data(), file.size());
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return;
  std::mt19937 random(11);
  bool open = false;
  for (size_t i = 0; i < loaded.session->inputs(); ++i) {
    for (int32_t dim : loaded.session->input(i).shape) open |= dim < 0;
  }
  for (int32_t size : open ? std::vector<int32_t>{1, 3} : std::vector<int32_t>{1}) {
    if (open) {
      const std::vector<rt::InputShape> shapes = shapes_of(*loaded.session, size);
      const rt::Status status = loaded.session->resize_inputs(shapes);
      EXPECT_TRUE(status.ok()) << status.message();
    }
    fill_meaningful(*loaded.session, random);
    for (size_t i = 0; i < inputs.size() && size == 1; ++i) loaded.set(i, inputs[i]);
    write_run(*loaded.session, folder, name + "." + std::to_string(size), name + ".onnx",
              allowance);
  }
}

}  // namespace qrt::test
