#include "src/graph/node_spec.h"

namespace qrt::graph {
namespace {

// The node's attributes as rows read them: as they stand in a file.
class PackedOptions {
 public:
  explicit PackedOptions(const Node& node) {
    const auto options = node.options.Pack(builder_);
    builder_.Finish(flatbuffers::Offset<void>(options));
  }
  const void* get() const {
    return flatbuffers::GetRoot<flatbuffers::Table>(builder_.GetBufferPointer());
  }

 private:
  flatbuffers::FlatBufferBuilder builder_{256};
};

// An operator has a clamp if its table has a field of that name.
template <class Options>
auto clamp_field(Options* options, int) -> decltype(&options->clamp) {
  return &options->clamp;
}
template <class Options>
std::unique_ptr<fb::ClampT>* clamp_field(Options*, long) {
  return nullptr;
}

}  // namespace

const rt::OpSpec& spec_of(const Node& node) { return *rt::find_spec(node.type()); }

QuantizedAs quantized_as(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == kAbsent) return QuantizedAs::Float;
  const QuantizedAs kind = rt::quantized_as(spec_of(node), PackedOptions(node).get());
  const bool numbers = graph.value(node.inputs[0]).type == DType::F32;
  return kind == QuantizedAs::Moves && !numbers ? QuantizedAs::Float : kind;
}

Facts facts_of(const Node& node) {
  const rt::OpSpec& spec = spec_of(node);
  const PackedOptions options(node);
  const char* kind = spec.kind_name != nullptr ? spec.kind_name(options.get()) : "";
  return {kind, rt::signatures_of(spec, options.get()), rt::quantized_as(spec, options.get())};
}

InputRange quantized_inputs(const Node& node) {
  return {spec_of(node).first_quantized_input, node.inputs.size()};
}

ClampPolicy clamp_policy(const Node& node) {
  return rt::clamp_of(spec_of(node), PackedOptions(node).get());
}

std::unique_ptr<fb::ClampT>* clamp_of(Node& node) {
  if (clamp_policy(node) == ClampPolicy::None) return nullptr;
  switch (node.type()) {
#define QRT_OPERATOR(name)  \
  case fb::OpOptions::name: \
    return clamp_field(node.options.As##name(), 0);
#include "qrt_operators.inc"
#undef QRT_OPERATOR
    default:
      return nullptr;
  }
}

std::string node_kind(const Node& node) {
  return rt::operator_name(node.type(), PackedOptions(node).get());
}

}  // namespace qrt::graph
