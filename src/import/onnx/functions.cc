#include "src/import/onnx/functions.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/import/onnx/call.h"
#include "src/import/onnx/errors.h"
#include "src/import/onnx/ops.h"

namespace qrt::import::onnx_import {
namespace {

using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;
using Message = google::protobuf::Message;
using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

constexpr int kMaxDepth = 32;

// The bytes of a field that ONNX's package may be too old to know by its name.
std::vector<std::string> newer_field(const Message& message, const char* name, int number) {
  std::vector<std::string> result;
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  const auto& reflection = *message.GetReflection();
  if (field == nullptr) {
    const auto& unknown = reflection.GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      const auto& one = unknown.field(i);
      const bool bytes = one.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
      if (one.number() == number && bytes) result.push_back(one.length_delimited());
    }
  } else if (!field->is_repeated()) {
    result.push_back(reflection.GetString(message, field));
  } else {
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      result.push_back(reflection.GetRepeatedMessage(message, field, i).SerializeAsString());
    }
  }
  return result;
}

std::string overload(const Message& message, int number) {
  const auto given = newer_field(message, "overload", number);
  return given.empty() ? "" : given[0];
}

std::vector<AttributeProto> default_attributes(const FunctionProto& function) {
  std::vector<AttributeProto> result;
  for (const std::string& bytes : newer_field(function, "attribute_proto", 11)) {
    result.emplace_back();
    if (!result.back().ParseFromString(bytes)) {
      invalid("function '%s' has a damaged attribute", function.name().c_str());
    }
  }
  return result;
}

struct Function {
  const FunctionProto* proto;
  std::vector<AttributeProto> defaults;
};

// Its domain, name and overload.
using Key = std::pair<std::string, std::pair<std::string, std::string>>;

std::string domain_of(const std::string& domain) { return is_standard(domain) ? "" : domain; }
Key key_of(const NodeProto& node) {
  return {domain_of(node.domain()), {node.op_type(), overload(node, 8)}};
}
Key key_of(const FunctionProto& function) {
  return {domain_of(function.domain()), {function.name(), overload(function, 13)}};
}

// One call of a function: what its names and attributes stand for.
class Substitution {
 public:
  Substitution(const NodeProto& call, const Function& function, std::string prefix)
      : call_(call), function_(function), prefix_(std::move(prefix)) {
    const FunctionProto& proto = *function.proto;
    if (call.input_size() > proto.input_size() || call.output_size() > proto.output_size()) {
      invalid("%d inputs and %d outputs for the function '%s', which has %d and %d",
              call.input_size(), call.output_size(), proto.name().c_str(), proto.input_size(),
              proto.output_size());
    }
    for (int i = 0; i < proto.input_size(); ++i) {
      names_[proto.input(i)] = i < call.input_size() ? call.input(i) : "";
    }
    for (int k = 0; k < call.output_size(); ++k) {
      if (!call.output(k).empty()) names_.insert({proto.output(k), call.output(k)});
    }
  }

  void apply(NodeProto& node) const {
    if (!node.name().empty()) node.set_name(prefix_ + node.name());
    for (std::string& name : *node.mutable_input()) name = renamed(name);
    for (std::string& name : *node.mutable_output()) name = renamed(name);
    for (int i = node.attribute_size(); i-- > 0;) {
      AttributeProto& attribute = *node.mutable_attribute(i);
      if (attribute.has_g()) apply(*attribute.mutable_g());
      if (!attribute.ref_attr_name().empty() && !resolve(attribute)) {
        node.mutable_attribute()->DeleteSubrange(i, 1);
      }
    }
  }

 private:
  void apply(GraphProto& graph) const {
    for (auto& input : *graph.mutable_input()) input.set_name(renamed(input.name()));
    for (auto& tensor : *graph.mutable_initializer()) tensor.set_name(renamed(tensor.name()));
    for (auto& output : *graph.mutable_output()) output.set_name(renamed(output.name()));
    for (auto& node : *graph.mutable_node()) apply(node);
  }

  std::string renamed(const std::string& name) const {
    if (name.empty()) return name;
    const auto known = names_.find(name);
    return known != names_.end() ? known->second : prefix_ + name;
  }

  // The call's attribute, or the function's own; false if neither has one.
  bool resolve(AttributeProto& attribute) const {
    const std::string name = attribute.name(), wanted = attribute.ref_attr_name();
    const auto take = [&](const auto& attributes) {
      for (const AttributeProto& given : attributes) {
        if (given.name() != wanted) continue;
        attribute = AttributeProto(given);
        attribute.set_name(name);
        return true;
      }
      return false;
    };
    return take(call_.attribute()) || take(function_.defaults);
  }

  const NodeProto& call_;
  const Function& function_;
  const std::string prefix_;
  std::unordered_map<std::string, std::string> names_;
};

class Inliner {
 public:
  Inliner(const ::onnx::ModelProto& model, const std::set<std::string>& kept, Builder& builder)
      : kept_(kept), builder_(builder) {
    for (const auto& entry : model.opset_import()) {
      if (is_standard(entry.domain())) opset_ = entry.version();
    }
    for (const FunctionProto& function : model.functions()) {
      if (!functions_.insert({key_of(function), {&function, default_attributes(function)}})
               .second) {
        invalid("the function '%s' is given twice", function.name().c_str());
      }
    }
  }

  void expand(GraphProto& graph, int depth = 0) {
    Nodes nodes;
    nodes.Swap(graph.mutable_node());
    for (NodeProto& node : nodes) expand(node, depth, graph.mutable_node());
  }

 private:
  void expand(NodeProto& node, int depth, Nodes* result) {
    for (AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) expand(*attribute.mutable_g(), depth);
    }
    const auto found = functions_.find(key_of(node));
    if (found == functions_.end() || kept_.count(kind_of(node)) != 0) {
      result->Add(std::move(node));
      return;
    }
    if (depth == kMaxDepth) {
      invalid("the function '%s' calls itself, or calls are more than %d deep",
              node.op_type().c_str(), kMaxDepth);
    }
    instantiate(node, found->second, depth, result);
  }

  void instantiate(const NodeProto& call, const Function& function, int depth, Nodes* result) {
    const FunctionProto& proto = *function.proto;
    check_opset(proto);
    builder_.charge(proto.ByteSizeLong());
    const std::string prefix = call.op_type() + "/" + std::to_string(count_++) + "/";
    const Substitution substitution(call, function, prefix);
    for (NodeProto node : proto.node()) {
      substitution.apply(node);
      expand(node, depth + 1, result);
    }
    // An output that is an input, as it is.
    for (int k = 0; k < call.output_size(); ++k) {
      for (int i = 0; i < proto.input_size(); ++i) {
        if (proto.output(k) != proto.input(i) || call.output(k).empty()) continue;
        NodeProto& same = *result->Add();
        same.set_op_type("Identity");
        same.add_input(i < call.input_size() ? call.input(i) : "");
        same.add_output(call.output(k));
      }
    }
  }

  void check_opset(const FunctionProto& function) const {
    for (const auto& entry : function.opset_import()) {
      if (!is_standard(entry.domain()) || entry.version() == opset_) continue;
      unsupported("the function '%s' is of operator set %lld, and the model of %lld",
                  function.name().c_str(), static_cast<long long>(entry.version()),
                  static_cast<long long>(opset_));
    }
  }

  const std::set<std::string>& kept_;
  Builder& builder_;
  int64_t opset_ = 0;
  std::map<Key, Function> functions_;
  size_t count_ = 0;
};

}  // namespace

void inline_functions(::onnx::ModelProto& model, const std::set<std::string>& kept,
                      Builder& builder) {
  if (model.functions_size() == 0) return;
  // A model of calls alone says no operator set of its own.
  bool known = false;
  for (const auto& entry : model.opset_import()) known = known || is_standard(entry.domain());
  for (const FunctionProto& function : model.functions()) {
    for (const auto& entry : function.opset_import()) {
      if (known || !is_standard(entry.domain())) continue;
      *model.add_opset_import() = entry;
      known = true;
    }
  }
  Inliner(model, kept, builder).expand(*model.mutable_graph());
}

}  // namespace qrt::import::onnx_import
