#include "src/cli/model_output.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "src/cli/elements.h"
#include "src/cli/npy.h"
#include "src/cli/terminal.h"
#include "src/graph/writer.h"
#include "src/model/mapped_file.h"

namespace qrt::cli {
namespace {

using rt::Code;
using rt::DType;

constexpr size_t kFirstValues = 8;

size_t elements_of(const RunningModel& model, size_t output) {
  return model.session.output_info(output).elements();
}

std::vector<double> values_of(const RunningModel& model, size_t output) {
  return decode(model.output(output), model.session.output<void>(output),
                elements_of(model, output));
}

// Lines without their ends, as a terminal may show them; those at the end that are empty are none.
std::vector<std::string> lines_of(const char* text, size_t bytes) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < bytes; ++i) {
    if (text[i] == '\n') {
      lines.emplace_back();
    } else if (text[i] != '\r') {
      lines.back() += text[i];
    }
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (std::string& line : lines) line = printable(line);
  return lines;
}

}  // namespace

rt::Result<std::vector<std::string>> read_labels(const std::string& path) {
  QRT_ASSIGN_OR_RETURN(const rt::MappedFile file, rt::MappedFile::open(path));
  std::vector<std::string> labels =
      lines_of(reinterpret_cast<const char*>(file.data()), file.size());
  if (labels.empty()) {
    return rt::error(Code::InvalidArgument, "'%s' holds no labels; it should have one a line",
                     path.c_str());
  }
  return labels;
}

std::vector<std::string> model_labels(const Model& model, size_t output) {
  const char* text = model.output_labels(output);
  return text != nullptr ? lines_of(text, std::strlen(text)) : std::vector<std::string>();
}

std::vector<size_t> score_outputs(const RunningModel& model,
                                  const std::vector<std::string>& labels) {
  std::vector<size_t> found;
  for (size_t i = 0; i < model.session.outputs(); ++i) {
    const rt::Shape shape = shape_of(model.session.output_info(i));
    const auto dims = std::count_if(shape.begin(), shape.end(), [](int d) { return d > 1; });
    const size_t elements = elements_of(model, i);
    if (dims != 1 && !(elements == 1 && labels.size() == 1)) continue;
    if (labels.empty() || labels.size() == elements) found.push_back(i);
  }
  return found;
}

std::vector<Best> top(const RunningModel& model, size_t output, size_t k) {
  const std::vector<double> values = values_of(model, output);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  k = std::min(k, order.size());
  // A NaN compares like the lowest value, for the order must be a strict one.
  const auto key = [&](size_t i) { return std::isnan(values[i]) ? -HUGE_VAL : values[i]; };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    [&](size_t a, size_t b) { return key(a) != key(b) ? key(a) > key(b) : a < b; });
  std::vector<Best> best;
  for (size_t i = 0; i < k; ++i) best.push_back({order[i], values[order[i]]});
  return best;
}

bool gives_probabilities(const RunningModel& model, size_t output) {
  const fb::Subgraph& graph = model.open.record();
  int32_t wanted = graph.outputs()->Get(static_cast<unsigned>(output));
  const auto& operators = *graph.operators();
  for (unsigned i = operators.size(); i-- > 0;) {
    const fb::Operator& op = *operators.Get(i);
    if (std::find(op.outputs()->begin(), op.outputs()->end(), wanted) == op.outputs()->end()) {
      continue;
    }
    switch (op.options_type()) {
      case fb::OpOptions::Softmax:
        return !op.options_as_Softmax()->log();
      case fb::OpOptions::Unary:
        return op.options_as_Unary()->kind() == fb::UnaryKind::Logistic;
      case fb::OpOptions::Quantize:  // these hand values on
      case fb::OpOptions::Dequantize:
      case fb::OpOptions::Reshape:
      case fb::OpOptions::Transpose:
        wanted = op.inputs()->Get(0);
        break;
      default:
        return false;
    }
  }
  return false;
}

std::string score_text(double value, bool probability) {
  return probability ? format("%.1f %%", 100 * value) : human_real(value);
}

std::string label_of(const std::vector<std::string>& labels, size_t index) {
  return index < labels.size() ? labels[index] : "class " + std::to_string(index);
}

OutputSummary summary_of(const RunningModel& model, size_t output) {
  const std::vector<double> values = values_of(model, output);
  if (values.empty()) return {0, 0, {}};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto few = static_cast<std::ptrdiff_t>(std::min(values.size(), kFirstValues));
  return {*low, *high, {values.begin(), values.begin() + few}};
}

std::string summarize_output(const RunningModel& model, size_t output) {
  const rt::Tensor tensor = model.output(output);
  const OutputSummary summary = summary_of(model, output);
  std::string text = format("output %zu  %s  %s %s", output, bold(printable(tensor.name)).c_str(),
                            rt::dtype_name(tensor.type), tensor.shape.str().c_str());
  const rt::Quantization& q = tensor.quantization;
  if (q.present() && q.per_tensor()) {
    text += format(", scale %.6g, zero point %d", static_cast<double>(q.scale()), q.zero_point());
  }
  if (summary.first.empty()) return text + "\n  no elements";
  text += format("\n  from %s to %s; first", human_real(summary.low).c_str(),
                 human_real(summary.high).c_str());
  for (double value : summary.first) text += " " + human_real(value);
  return text + (elements_of(model, output) > summary.first.size() ? " …" : "");
}

std::string output_path(const std::string& prefix, size_t output) {
  return prefix + "." + std::to_string(output) + ".npy";
}

rt::Status write_outputs(const RunningModel& model, const std::string& prefix) {
  for (size_t i = 0; i < model.session.outputs(); ++i) {
    const rt::Tensor tensor = model.output(i);
    DType type = tensor.type;
    const void* data = model.session.output<void>(i);
    size_t bytes = model.session.output_info(i).bytes;
    std::vector<uint8_t> unpacked;
    if (type == DType::S4 || type == DType::BF16) {  // .npy has no such type: the next larger one
      rt::Tensor plain;
      plain.type = type;
      type = type == DType::S4 ? DType::S8 : DType::F32;
      for (double v : decode(plain, data, elements_of(model, i))) {
        if (type == DType::S8) {
          unpacked.push_back(static_cast<uint8_t>(static_cast<int>(v)));
          continue;
        }
        const auto value = static_cast<float>(v);
        const auto* first = reinterpret_cast<const uint8_t*>(&value);
        unpacked.insert(unpacked.end(), first, first + sizeof value);
      }
      data = unpacked.data();
      bytes = unpacked.size();
    }
    const std::vector<int64_t> dims(tensor.shape.begin(), tensor.shape.end());
    const rt::Status status =
        graph::write_file(output_path(prefix, i), format_npy(type, dims, data, bytes));
    if (status.ok()) continue;
    std::error_code ignored;
    for (size_t k = 0; k < i; ++k) std::filesystem::remove(output_path(prefix, k), ignored);
    return status;
  }
  return {};
}

rt::Status check_prefix(const std::string& prefix) {
  const std::filesystem::path folder = std::filesystem::path(prefix).parent_path();
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return {};
  return rt::error(Code::Io, "the folder '%s' does not exist; create it first", folder.c_str());
}

}  // namespace qrt::cli
