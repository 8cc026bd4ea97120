#include "src/cli/inspect_json.h"

#include <cstdlib>

#include "src/cli/import_facts.h"
#include "src/cli/json_output.h"
#include "src/cli/model_facts.h"
#include "src/model/dtype.h"

namespace qrt::cli {
namespace {

// Numbers, and words for open dimensions.
Json dims_json(const std::vector<std::string>& dims, const fb::Tensor& tensor) {
  Json json = Json::array();
  for (unsigned i = 0; i < dims.size(); ++i) {
    const int32_t size = tensor.shape()->Get(i);
    if (size >= 0) {
      json.push_back(size);
    } else {
      json.push_back(dims[i]);
    }
  }
  return json;
}

Json tensor_json(const fb::Tensor& tensor, unsigned index, const std::vector<std::string>& dims) {
  Json json = {{"index", index},
               {"name", name_of(tensor.name())},
               {"type", rt::dtype_name(rt::dtype_of(tensor.type()))},
               {"shape", std::vector<int32_t>(tensor.shape()->begin(), tensor.shape()->end())},
               {"dims", dims_json(dims, tensor)},
               {"constant", tensor.is_constant()},
               {"variable", tensor.is_variable()}};
  if (tensor.is_constant()) json["bytes"] = tensor.data_bytes();
  if (const rt::Quantization q = rt::declared_tensor(tensor).quantization; q.present()) {
    std::vector<float> scales(q.count());
    std::vector<int32_t> zero_points(q.count());
    for (size_t i = 0; i < q.count(); ++i) {
      scales[i] = q.scale(i);
      zero_points[i] = q.zero_point(i);
    }
    json["quantization"] = {
        {"scales", scales}, {"zero_points", zero_points}, {"axis", q.axis}, {"block", q.block}};
  }
  return json;
}

// {"fused": {"Gelu": 6}, "folded": 12, "upgraded": {..}, "assumed": {..}}; without what there is
// none.
Json import_json(const fb::Model& model) {
  const ImportFacts import(model);
  const auto number = [](const std::string& text) { return std::atoi(text.c_str()); };
  Json json = Json::object();
  for (const auto& [what, count] : import.fused) json["fused"][what] = number(count);
  for (const auto& [what, count] : import.upgraded) json["upgraded"][what] = number(count);
  if (!import.folded.empty()) json["folded"] = number(import.folded);
  for (const auto& [what, why] : import.assumed) json["assumed"][what] = why;
  return json;
}

std::vector<int32_t> indices(const flatbuffers::Vector<int32_t>& list) {
  return {list.begin(), list.end()};
}

}  // namespace

std::string kernel_name(const char* kernel) {
  return kernel[0] != '\0' ? kernel : "(none: renames memory)";
}

std::string kernel_name(const rt::Program& program, const fb::Operator& op) {
  for (const rt::Node& node : program.nodes()) {
    if (&node.record() != &op) continue;
    const rt::OpKernel* kernel = program.kernel(static_cast<size_t>(node.index()));
    return kernel_name(kernel != nullptr ? kernel->name() : "");
  }
  return "(none: runs others)";
}

void print_inspect_json(const OpenModel& open, const rt::Program* program) {
  const rt::Model& model = *open.model;
  const fb::Subgraph& graph = open.record();
  const ModelFacts facts(model, open.entry);

  Json json = {{"model", open.path},
               {"source_format", format_name(open.format)},
               {"source_bytes", open.source_bytes},
               {"format_version", {model.root().version_major(), model.root().version_minor()}},
               {"file_bytes", model.file_bytes()},
               {"weight_bytes", model.weights().size()},
               {"weight_bytes_by_type", facts.weight_bytes},
               {"entry", model.entry_name(open.entry)},
               {"macs", facts.macs},
               {"float_macs", facts.float_macs},
               {"inputs", indices(*graph.inputs())},
               {"outputs", indices(*graph.outputs())}};

  json["entries"] = Json::array();
  for (uint32_t i = 0; i < model.entries(); ++i) json["entries"].push_back(model.entry_name(i));

  Json operators = Json::array(), in_float = Json::array();
  std::vector<std::vector<size_t>> islands(static_cast<size_t>(facts.islands));
  for (size_t i = 0; i < facts.ops.size(); ++i) {
    const OpFacts& op = facts.ops[i];
    Json entry = {{"index", i},
                  {"name", name_of(op.op->name())},
                  {"kind", op.kind},
                  {"subgraph", op.subgraph},
                  {"numeric", numeric_name(op.numeric)},
                  {"inputs", indices(*op.op->inputs())},
                  {"outputs", indices(*op.op->outputs())},
                  {"macs", op.macs}};
    if (program != nullptr) entry["kernel"] = kernel_name(*program, *op.op);
    if (op.island >= 0) {
      entry["why_float"] = op.why_float;
      islands[static_cast<size_t>(op.island)].push_back(i);
    }
    operators.push_back(entry);
    if (op.numeric == Numeric::Float) in_float.push_back(i);
  }
  json["operators"] = operators;
  json["float_operators"] = in_float;
  json["float_islands"] = islands;
  json["import"] = import_json(model.root());

  Json tensors = Json::array();
  for (unsigned i = 0; i < graph.tensors()->size(); ++i) {
    tensors.push_back(
        tensor_json(*graph.tensors()->Get(i), i, facts.dims[model.entry_subgraph(open.entry)][i]));
  }
  json["tensors"] = tensors;

  json["metadata"] = Json::object();
  if (const auto* metadata = model.root().metadata()) {
    for (const fb::KeyValue* entry : *metadata) {
      json["metadata"][entry->key()->str()] = entry->value()->str();
    }
  }
  json["sections"] = Json::object();
  if (const auto* sections = model.root().sections()) {
    for (const fb::Section* section : *sections) {
      json["sections"][section->name()->str()] = section->data_bytes();
    }
  }
  if (program != nullptr) {
    json["isa"] = rt::isa_name(program->features());
    json["packed_bytes"] = program->packed_bytes();
  }
  print_json(json);
}

}  // namespace qrt::cli
