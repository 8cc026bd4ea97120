#include "src/cli/model_source.h"

#include <chrono>
#include <cstring>

#include "src/cli/terminal.h"
#include "src/graph/writer.h"
#include "src/import/runnable.h"
#include "src/import/stand_in.h"
#include "src/model/mapped_file.h"

namespace qrt::cli {
namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void set_model(Model model, OpenModel* open) {
  open->model = records_of(model);
  open->api = std::move(model);
}

// Loads a .qrt that is in memory, under the name of the file it was made from.
rt::Status load_bytes(const graph::Bytes& file, OpenModel* open) {
  open->bytes = rt::allocate_aligned(file.size());
  if (open->bytes == nullptr) {
    return rt::error(rt::Code::OutOfMemory, "%s: no memory for a model of %zu bytes",
                     open->path.c_str(), file.size());
  }
  std::memcpy(open->bytes.get(), file.data(), file.size());
  ModelOptions options;
  options.name = open->path.c_str();
  auto model = Model::load_buffer(open->bytes.get(), file.size(), options);
  if (!model.ok()) return status_of(model.status()).within(open->path);
  set_model(std::move(*model), open);
  return {};
}

}  // namespace

const char* format_name(import::Format format) {
  switch (format) {
    case import::Format::Qrt:
      return "libqrt";
    case import::Format::Tflite:
      return "TensorFlow Lite";
    case import::Format::Onnx:
      return "ONNX";
    case import::Format::Unknown:
      break;
  }
  return "unknown";
}

rt::Result<import::Format> identify(const std::string& path, size_t* bytes) {
  QRT_ASSIGN_OR_RETURN(rt::MappedFile file, rt::MappedFile::open(path));
  *bytes = file.size();
  const import::Format format = import::detect_format(file.data(), file.size());
  if (format == import::Format::Unknown) {
    return rt::error(rt::Code::InvalidModel,
                     "'%s' is not a model: its content is neither .qrt, .tflite nor .onnx%s",
                     path.c_str(), file.size() == 0 ? " (the file is empty)" : "");
  }
  return format;
}

rt::Result<OpenModel> open_model(const std::string& path, const std::string& signature,
                                 import::ImportOptions options) {
  options.signature = signature;
  OpenModel open;
  open.path = path;
  QRT_ASSIGN_OR_RETURN(open.format, identify(path, &open.source_bytes));
  const auto start = Clock::now();
  if (open.converted()) {
    QRT_ASSIGN_OR_RETURN(graph::Graph graph, import::import_file(path, options));
    QRT_ASSIGN_OR_RETURN(graph::Bytes file, graph::serialize(graph));
    QRT_RETURN_IF_ERROR(load_bytes(file, &open));
  } else {
    QRT_ASSIGN_OR_RETURN(Model model, result_of(Model::load_file(path.c_str())));
    set_model(std::move(model), &open);
    if (!signature.empty()) {
      auto entry = open.model->find_entry(signature.c_str());
      if (!entry.ok()) return entry.status().within(path);
      open.entry = *entry;
    }
  }
  open.load_us = us_since(start);
  return open;
}

rt::Result<Converted> convert_model(const std::string& path, const CompleteGraph& complete,
                                    const std::string& signature, import::ImportOptions options) {
  options.signature = signature;
  Converted converted;
  converted.open.path = path;
  QRT_ASSIGN_OR_RETURN(converted.open.format, identify(path, &converted.open.source_bytes));
  QRT_ASSIGN_OR_RETURN(graph::Graph graph, import::import_file(path, options));
  QRT_RETURN_IF_ERROR(complete(&graph));
  QRT_ASSIGN_OR_RETURN(converted.file, graph::serialize(graph));
  QRT_RETURN_IF_ERROR(load_bytes(converted.file, &converted.open));
  for (uint32_t entry = converted.open.model->entries(); entry-- > 0;) {
    rt::ProgramOptions wishes;
    wishes.entry = converted.open.model->entry_name(entry);
    wishes.customs = import::stand_ins(*converted.open.model);
    QRT_ASSIGN_OR_RETURN(converted.program, import::build_program(converted.open.model, wishes));
  }
  return converted;
}

std::string entry_list(const rt::Model& model) {
  std::string text;
  for (uint32_t i = 0; model.entries() > 1 && i < model.entries(); ++i) {
    text += (i == 0 ? "'" : ", '") + printable(model.entry_name(i)) + "'";
  }
  return text;
}

std::string describe(const rt::Tensor& tensor) {
  std::string text =
      format("'%s' %s %s", tensor.name, rt::dtype_name(tensor.type), tensor.shape.str().c_str());
  const rt::Quantization& q = tensor.quantization;
  if (q.present() && q.per_tensor()) {
    text += format(", scale %.6g, zero point %d", static_cast<double>(q.scale()), q.zero_point());
  }
  return text;
}

}  // namespace qrt::cli
