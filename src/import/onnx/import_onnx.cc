// Reads an ONNX model node by node into a graph, and collects what it cannot read.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <set>

#include "src/base/dtype.h"
#include "src/graph/subgraphs.h"
#include "src/import/import.h"
#include "src/import/onnx/branch.h"
#include "src/import/onnx/control.h"
#include "src/import/onnx/custom.h"
#include "src/import/onnx/functions.h"
#include "src/import/onnx/model_graph.h"
#include "src/import/onnx/ops.h"
#include "src/import/onnx/rewrite.h"
#include "src/import/onnx/tensor_proto.h"
#include "src/import/open_dims.h"
#include "src/import/problems.h"

namespace qrt::import {
namespace onnx_import {
namespace {

using rt::Code;
using rt::Status;

// Before 7, operators did not broadcast; behind the newest, they may have other meanings.
constexpr int64_t kOldestOpset = 7, kNewestOpset = 26;
// What a model may make of constants: room for every layout of all of its own, and then some.
constexpr uint64_t kBudgetPerByte = 8, kBudget = 64 << 20;

std::string label(const ::onnx::NodeProto& node) {
  if (!node.name().empty()) return "node '" + node.name() + "'";
  return "the node that makes '" + (node.output_size() > 0 ? node.output(0) : "") + "'";
}

// Operators of integers alone, which quantizers write instead of QuantizeLinear and
// DequantizeLinear.
bool has_qdq_form(const std::string& op) { return op.rfind("QLinear", 0) == 0; }

class Importer {
 public:
  Importer(::onnx::ModelProto& model, uint64_t model_bytes, const std::string& path,
           const ImportOptions& options, OpenDims& open_dims)
      : model_(model),
        options_(options),
        open_dims_(open_dims),
        builder_(kBudget + kBudgetPerByte * model_bytes) {
    context_.folder = std::filesystem::path(path).parent_path().string();
    if (options.customs.empty()) return;
    for (const auto& info : model.graph().value_info()) context_.declared[info.name()] = &info;
    for (const auto& info : model.graph().output()) {
      if (info.has_type()) context_.declared[info.name()] = &info;
    }
  }

  // Throws Invalid.
  rt::Result<graph::Graph> run() {
    if (!model_.has_graph()) invalid("a model without a graph");
    inline_functions(model_, options_.customs, builder_);
    if (!read_opset()) {
      // Rules would misread its nodes; that an operator has none is true of every set.
      for (const auto& node : model_.graph().node()) {
        if (find_rule(node.domain(), node.op_type()) == nullptr) report_no_rule(node);
      }
      return problems_.status();
    }
    builder_.graph.name = model_.graph().name();
    describe();
    upgrade_nodes(*model_.mutable_graph(), context_.opset, builder_);
    split_integer_nodes(*model_.mutable_graph(), context_.opset, builder_);
    source_ = sorted_graph(*model_.mutable_graph());
    read_initializers();
    if (const Status status = learn_inputs(); !status.ok()) return status;
    read_inputs();
    for (::onnx::NodeProto* node : source_.nodes) import_node(*node);
    if (model_.graph().output_size() == 0) invalid("a graph without outputs");
    for (int k = 0; k < model_.graph().output_size(); ++k) {
      try {
        add_output(k);
      } catch (const Unsupported& reason) {
        problems_.add("graph output", reason.what(), "'" + model_.graph().output(k).name() + "'");
      }
    }
    if (!problems_.empty()) return problems_.status();
    return std::move(builder_.graph);
  }

 private:
  // Whether it is one that the rules know.
  bool read_opset() {
    std::optional<int64_t> opset;
    std::string others;
    for (const auto& entry : model_.opset_import()) {
      if (is_standard(entry.domain())) {
        opset = entry.version();
      } else {
        others += (others.empty() ? "" : ", ") + entry.domain();
      }
    }
    const auto& nodes = model_.graph().node();
    const bool needed = std::any_of(nodes.begin(), nodes.end(),
                                    [](const auto& node) { return is_standard(node.domain()); });
    const std::string supported = "operator sets " + std::to_string(kOldestOpset) + " to " +
                                  std::to_string(kNewestOpset) + " are supported";
    if (!opset && needed) {
      problems_.add(
          "opset",
          "the model does not say which of ONNX's operator sets its nodes are of; " + supported,
          others.empty() ? "it imports none" : "it imports those of " + others + " only");
    } else if (opset && (*opset < kOldestOpset || *opset > kNewestOpset)) {
      problems_.add("opset " + std::to_string(*opset), supported,
                    "convert the model with onnx.version_converter, or export it with another "
                    "opset_version");
    }
    context_.opset =
        static_cast<int>(std::clamp(opset.value_or(kNewestOpset), kOldestOpset, kNewestOpset));
    return problems_.empty();
  }

  void describe() {
    auto& metadata = builder_.graph.metadata;
    metadata.emplace_back("source_format", "onnx");
    metadata.emplace_back("source_opset", std::to_string(context_.opset));
    if (!model_.producer_name().empty()) {
      metadata.emplace_back(
          "source_producer",
          model_.producer_name() +
              (model_.producer_version().empty() ? "" : " " + model_.producer_version()));
    }
  }

  void read_initializers() {
    for (auto& proto : *model_.mutable_graph()->mutable_initializer()) {
      TensorPtr& tensor = tensors_[proto.name()];
      try {
        Constant constant = read_tensor(proto, context_.folder);
        tensor =
            builder_.constant(proto.name(), constant.type, checked_constant_shape(constant.dims),
                              std::move(constant.bytes));
      } catch (const Unsupported& reason) {
        unreadable_[proto.name()] = reason.what();
      } catch (const Invalid& reason) {
        throw Invalid("constant '" + proto.name() + "': " + reason.what());
      }
    }
    for (const auto& sparse : model_.graph().sparse_initializer()) {
      tensors_[sparse.values().name()] = nullptr;
      unreadable_[sparse.values().name()] = "a sparse constant";
    }
  }

  Status learn_inputs() {
    for (const auto& input : model_.graph().input()) {
      if (tensors_.count(input.name()) != 0) continue;
      const Declared declared = declared_shape(input);
      QRT_RETURN_IF_ERROR(open_dims_.learn(input.name(), declared.shape, declared.names));
    }
    return open_dims_.check_all_used();
  }

  void read_inputs() {
    for (const auto& input : model_.graph().input()) {
      if (tensors_.count(input.name()) != 0) continue;  // has an initializer: a constant
      TensorPtr& tensor = tensors_[input.name()];
      try {
        tensor = read_input(input);
      } catch (const Unsupported& reason) {
        problems_.add("graph input", reason.what(), "'" + input.name() + "'");
      } catch (const Invalid& reason) {
        throw Invalid("graph input '" + input.name() + "': " + reason.what());
      }
    }
  }

  TensorPtr read_input(const ::onnx::ValueInfoProto& input) {
    if (!input.type().has_tensor_type()) unsupported("a value that is no tensor");
    const auto& type = input.type().tensor_type();
    const DType element = element_type(type.elem_type());
    if (!type.has_shape()) unsupported("no shape is given; export the model with a fixed one");
    for (const auto& dim : type.shape().dim()) {
      if (dim.has_dim_value() && dim.dim_value() < -1) {
        invalid("a dimension of %lld", static_cast<long long>(dim.dim_value()));
      }
      if (dim.dim_value() > 0) checked_shape({dim.dim_value()});
    }
    Declared declared = declared_shape(input);
    open_dims_.fix(input.name(), &declared.shape, &declared.names);
    check_size(from_declared(declared.shape));
    TensorPtr tensor =
        builder_.input(input.name(), element, declared.shape, std::move(declared.names));
    if (computed_in_f32(element)) tensor = converted(*tensor, DType::F32, input.name() + "/f32");
    return tensor;
  }

  TensorPtr converted(Tensor& tensor, DType type, const std::string& name) {
    const Order order = tensor.order();
    const int value = builder_.value(name, type);
    builder_.node(name, fb::CastT{}, {builder_.form(tensor, order)}, {value});
    auto result = std::make_shared<Tensor>();
    result->name = name;
    result->type = type;
    result->forms = {{order, value}};
    builder_.update_shape(*result);
    return result;
  }

  struct Declared {
    std::vector<int32_t> shape;  // -1: open
    std::vector<std::string> names;
  };
  static Declared declared_shape(const ::onnx::ValueInfoProto& input) {
    Declared declared;
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      const int64_t size = dim.dim_value();
      declared.shape.push_back(size > 0 && size <= INT32_MAX ? static_cast<int32_t>(size) : -1);
      declared.names.push_back(dim.dim_param());
    }
    return declared;
  }
  static Shape from_declared(const std::vector<int32_t>& shape) {
    Shape result;
    for (int32_t dim : shape) result.emplace_back(dim == -1 ? 1 : dim);
    return result;
  }

  void import_node(::onnx::NodeProto& node) {
    if (node.output_size() == 0) invalid("%s makes nothing", label(node).c_str());
    try {
      apply_rule(node);
      return;
    } catch (const Unsupported& reason) {
      problems_.add(kind_of(node), reason.what(), label(node));
    } catch (const Invalid& reason) {
      throw Invalid(label(node) + " (" + kind_of(node) + "): " + reason.what());
    }
    forget_outputs(node);
  }

  // Its results are unknown, and so are those of the nodes that read them.
  void forget_outputs(const ::onnx::NodeProto& node) {
    for (const std::string& output : node.output()) tensors_[output] = nullptr;
  }

  void report_no_rule(const ::onnx::NodeProto& node) {
    problems_.add(
        kind_of(node),
        has_qdq_form(node.op_type())
            ? "the operator is not supported; quantize the model in the QDQ format"
        : is_standard(node.domain())
            ? "the operator is not supported"
            : "the operator is not supported; an app can compute it (qrt convert --custom)",
        label(node));
  }

  // A graph that is a node's attribute, as a graph of its own.
  graph::Graph import_graph(const ::onnx::GraphProto& graph, const char* what,
                            const std::vector<Captured>& around) {
    ::onnx::ModelProto model = branch_model(model_, graph, around, builder_);
    static const ImportOptions kNoWishes;
    OpenDims open_dims(kNoWishes, false);
    Importer inner(model, model.ByteSizeLong(), context_.folder + "/branch", options_, open_dims);
    inner.is_branch_ = true;
    auto imported = inner.run();
    if (!imported.ok()) unsupported("in its %s: %s", what, imported.status().message().c_str());
    return std::move(*imported);
  }

  using ImportControl = bool (*)(const ::onnx::NodeProto&, ControlScope&);
  void apply_rule(::onnx::NodeProto& node, ImportControl import) {
    ControlScope scope{
        builder_, tensors_,
        [this](const ::onnx::GraphProto& graph, const char* what,
               const std::vector<Captured>& around) { return import_graph(graph, what, around); }};
    if (!import(node, scope)) forget_outputs(node);
  }

  void apply_rule(::onnx::NodeProto& node) {
    const bool custom = options_.customs.count(kind_of(node)) != 0;
    if (!custom && is_standard(node.domain())) {
      if (node.op_type() == "If") return apply_rule(node, import_if);
      if (node.op_type() == "Loop") return apply_rule(node, import_loop);
    }
    const Row* row = custom ? &kCustomRow : find_rule(node.domain(), node.op_type());
    if (row == nullptr) {
      report_no_rule(node);
      return forget_outputs(node);
    }
    const auto count = static_cast<size_t>(node.input_size());
    if (count < row->min_inputs || count > row->max_inputs) {
      invalid("%zu inputs, needs %zu", count,
              count < row->min_inputs ? row->min_inputs : row->max_inputs);
    }
    for (size_t i = 0; i < row->min_inputs; ++i) {
      if (node.input(static_cast<int>(i)).empty()) invalid("input %zu is missing", i);
    }
    std::vector<TensorPtr> inputs;
    std::vector<bool> sole_use;
    bool behind = false;  // something that is not supported
    for (const std::string& name : node.input()) {
      inputs.push_back(name.empty() ? nullptr : tensors_.at(name));
      // What has two names, by an Identity, may be read by either.
      sole_use.push_back(!name.empty() && source_.uses.at(name) == 1 && inputs.back() != nullptr &&
                         inputs.back()->name == name);
      if (name.empty() || inputs.back() != nullptr) continue;
      const auto reason = unreadable_.find(name);
      if (reason != unreadable_.end()) unsupported("%s", reason->second.c_str());
      behind = true;
    }
    if (behind) return forget_outputs(node);
    std::vector<bool> read;
    for (const std::string& output : node.output()) read.push_back(source_.uses.count(output) != 0);
    Call call(builder_, context_, node, row->variant, std::move(inputs), std::move(sole_use),
              std::move(read));
    row->import(call);
    if (const auto unread = call.attributes.unread(); !unread.empty()) {
      unsupported("attribute '%s'", unread[0].c_str());
    }
    for (size_t k = 0; k < call.outputs(); ++k) {
      if (call.results[k] == nullptr && call.output_read(k)) invalid("it has no output %zu", k);
      if (call.output_name(k).empty()) continue;
      tensors_[call.output_name(k)] = call.results[k];
    }
  }

  // Outputs have ONNX's shape and name, however the tensor lies inside.
  void add_output(int k) {
    const std::string& name = model_.graph().output(k).name();
    if (!outputs_.insert(name).second) invalid("'%s' is an output twice", name.c_str());
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) invalid("nothing makes the graph output '%s'", name.c_str());
    if (found->second == nullptr) {  // some node before it is not supported
      const auto reason = unreadable_.find(name);
      if (reason != unreadable_.end())
        problems_.add("graph output", reason->second, "'" + name + "'");
      return;
    }
    TensorPtr given = found->second;
    const int declared = model_.graph().output(k).type().tensor_type().elem_type();
    // Branches hand on what is computed.
    if (!is_branch_ && given->type == DType::F32 && computed_in_f32(declared_type(declared))) {
      given = converted(*given, element_type(declared), name + "/narrow");
    }
    Tensor& tensor = *given;
    check_size(tensor.shape);
    int value = builder_.plain(tensor);
    graph::Graph& g = builder_.graph;
    // Inputs and constants keep their names; a result may have one name as an output.
    if (builder_.producer(value) == nullptr || !output_values_.insert(value).second) {
      // Another name is a Reshape that changes nothing.
      const graph::Value same = g.value(value);
      const int copy = g.add_tensor(name, same.type, same.shape, same.quantization);
      fb::ReshapeT options;
      options.shape = same.shape;
      for (size_t i = 0; i < same.shape.size(); ++i) {
        if (same.shape[i] == -1) options.keep_mask |= 1u << i;
      }
      builder_.node_as_declared(name, std::move(options), {value}, {copy});
      value = copy;
      output_values_.insert(copy);
    }
    const int made = tensor.forms.front().value;
    if (made != value && g.value(made).name == name) g.value(made).name += "/inner";
    g.value(value).name = name;
    g.outputs.push_back(value);
  }

  // That of an output whose type the model leaves open is what is computed.
  static DType declared_type(int32_t type) {
    return type == ::onnx::TensorProto::UNDEFINED ? DType::F32 : element_type(type);
  }

  ::onnx::ModelProto& model_;
  const ImportOptions& options_;
  OpenDims& open_dims_;
  Builder builder_;
  ModelContext context_;
  ModelGraph source_;
  Tensors tensors_;                                // null: behind something not supported
  std::map<std::string, std::string> unreadable_;  // constants, and why: who reads them is told
  std::set<std::string> outputs_;
  std::set<int> output_values_;
  Problems problems_;
  bool is_branch_ = false;  // of an If, or a Loop's body
};

rt::Result<graph::Graph> import_model(const uint8_t* data, size_t bytes, const std::string& path,
                                      const ImportOptions& options, OpenDims& open_dims) {
  if (bytes > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return rt::error(Code::Unsupported, "a file of 2 GiB or more; use external data");
  }
  namespace io = google::protobuf::io;
  io::ArrayInputStream array(data, static_cast<int>(bytes));
  io::CodedInputStream stream(&array);
  ::onnx::ModelProto model;
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return rt::error(Code::InvalidModel, "no ONNX model, or a damaged one");
  }
  return Importer(model, bytes, path, options, open_dims).run();
}

}  // namespace
}  // namespace onnx_import

rt::Result<graph::Graph> import_onnx(const uint8_t* data, size_t bytes, const std::string& path,
                                     const ImportOptions& options) {
  auto graph = import_open(options, [&](OpenDims& open_dims) -> rt::Result<graph::Graph> {
    try {
      return onnx_import::import_model(data, bytes, path, options, open_dims);
    } catch (const std::bad_alloc&) {
      return rt::Status(rt::Code::OutOfMemory, "not enough memory");
    } catch (const Unsupported& reason) {
      return rt::Status(rt::Code::Unsupported, reason.what());
    } catch (const std::exception& reason) {
      return rt::Status(rt::Code::InvalidModel, reason.what());
    }
  });
  if (!graph.ok()) return graph.status().within(path);
  return graph;
}

}  // namespace qrt::import
