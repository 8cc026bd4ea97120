#include "src/export/onnx/model_writer.h"

#include <limits>

namespace qrt::onnx_export {
namespace {

// The first version with all operators that are written here (HardSwish is the newest), so that
// older runtimes read the models, too; and the version of the file format that came with it.
constexpr int kOpset = 14, kIrVersion = 7;

// Scales, shapes and the like repeat; weights do not, and comparing them would cost memory.
constexpr size_t kMostBytesCompared = 256;

void set_attribute(const Attribute& from, ::onnx::AttributeProto* to) {
  to->set_name(from.name);
  if (const auto* integer = std::get_if<int64_t>(&from.value)) {
    to->set_type(::onnx::AttributeProto::INT);
    to->set_i(*integer);
  } else if (const auto* number = std::get_if<float>(&from.value)) {
    to->set_type(::onnx::AttributeProto::FLOAT);
    to->set_f(*number);
  } else if (const auto* word = std::get_if<std::string>(&from.value)) {
    to->set_type(::onnx::AttributeProto::STRING);
    to->set_s(*word);
  } else {
    to->set_type(::onnx::AttributeProto::INTS);
    for (int64_t i : std::get<std::vector<int64_t>>(from.value)) to->add_ints(i);
  }
}

}  // namespace

ModelWriter::ModelWriter(const std::string& graph_name) : graph_(*model_.mutable_graph()) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("libqrt");
  auto* opset = model_.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  graph_.set_name(graph_name.empty() ? "main" : graph_name);
}

std::string ModelWriter::fresh(const std::string& wanted) {
  const std::string base = wanted.empty() ? "value" : wanted;
  std::string name = base;
  for (int i = 1; !used_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

std::string ModelWriter::node(const char* op, Names inputs, const std::string& wanted,
                              const Attributes& attributes) {
  return node(op, std::move(inputs), Names{wanted}, attributes)[0];
}

Names ModelWriter::node(const char* op, Names inputs, const Names& wanted,
                        const Attributes& attributes) {
  ::onnx::NodeProto* node = graph_.add_node();
  node->set_op_type(op);
  node->set_name(node_name_ + "/" + op + std::to_string(graph_.node_size()));
  for (std::string& input : inputs) node->add_input(std::move(input));
  Names outputs;
  for (const std::string& name : wanted) {
    outputs.push_back(fresh(name));
    node->add_output(outputs.back());
  }
  for (const Attribute& attribute : attributes) set_attribute(attribute, node->add_attribute());
  return outputs;
}

std::string ModelWriter::constant(const std::string& wanted, DType type,
                                  const std::vector<int64_t>& dims, const uint8_t* bytes,
                                  size_t count) {
  std::string key;
  if (count <= kMostBytesCompared) {
    key = std::to_string(static_cast<int>(type));
    for (int64_t dim : dims) key += "x" + std::to_string(dim);
    key += ":";
    key.append(reinterpret_cast<const char*>(bytes), count);
    const auto found = small_ones_.find(key);
    if (found != small_ones_.end()) return found->second;
  }
  const std::string name = fresh(wanted);
  ::onnx::TensorProto* tensor = graph_.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx_type(type));
  for (int64_t dim : dims) tensor->add_dims(dim);
  tensor->set_raw_data(bytes, count);
  fixed_.insert(name);
  if (!key.empty()) small_ones_[key] = name;
  return name;
}

void ModelWriter::describe(::onnx::ValueInfoProto* info, const std::string& name, DType type,
                           const std::vector<int32_t>& shape,
                           const std::vector<std::string>& dim_names) {
  info->set_name(name);
  auto* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx_type(type));
  auto* dims = tensor->mutable_shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    auto* dim = dims->add_dim();
    if (shape[i] >= 0) {
      dim->set_dim_value(shape[i]);
    } else if (i < dim_names.size() && !dim_names[i].empty()) {
      dim->set_dim_param(dim_names[i]);
    }
  }
  fixed_.insert(name);
}

void ModelWriter::input(const std::string& name, DType type, const std::vector<int32_t>& shape,
                        const std::vector<std::string>& dim_names) {
  describe(graph_.add_input(), name, type, shape, dim_names);
}

void ModelWriter::output(const std::string& name, DType type, const std::vector<int32_t>& shape,
                         const std::string& made_as) {
  const auto renamed = renamed_.find(made_as);
  const std::string& tensor = renamed == renamed_.end() ? made_as : renamed->second;
  if (fixed_.count(tensor) != 0) {
    // An input, a constant, or another output.
    auto* node = graph_.add_node();
    node->set_op_type("Identity");
    node->set_name(name + "/Identity");
    node->add_input(tensor);
    node->add_output(name);
  } else {
    const auto rename = [&](std::string* used) {
      if (*used == tensor) *used = name;
    };
    for (auto& node : *graph_.mutable_node()) {
      for (std::string& input : *node.mutable_input()) rename(&input);
      for (std::string& output : *node.mutable_output()) rename(&output);
    }
    renamed_[made_as] = name;
  }
  describe(graph_.add_output(), name, type, shape, {});
}

void ModelWriter::metadata(const std::string& key, const std::string& value) {
  auto* entry = model_.add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

rt::Result<graph::Bytes> ModelWriter::finish() {
  const size_t bytes = model_.ByteSizeLong();
  if (bytes > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return rt::error(rt::Code::Unsupported, "an ONNX file of %zu bytes; they end at 2 GiB", bytes);
  }
  graph::Bytes file(bytes);
  if (!model_.SerializeToArray(file.data(), static_cast<int>(bytes))) {
    return rt::error(rt::Code::InvalidModel, "the ONNX model could not be finished");
  }
  return file;
}

}  // namespace qrt::onnx_export
