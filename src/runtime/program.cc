#include "src/runtime/program.h"

#include <cstdlib>

namespace qrt::rt {
namespace {

// Larger than any activation; the arena's own limit is a session option.
constexpr uint64_t kMaxActivationBytes = uint64_t{1} << 40;

Tensor decode(const fb::Tensor& from, const Model& model) {
  Tensor tensor;
  if (from.name() != nullptr) tensor.name = from.name()->c_str();
  tensor.type = from.type();
  tensor.shape = Shape(from.shape()->data(), from.shape()->size());
  tensor.constant = from.is_constant();
  tensor.variable = from.is_variable();
  tensor.unpadded = tensor.constant;
  if (tensor.constant) tensor.data = model.weights().data() + from.data_offset();
  if (const fb::Quantization* q = from.quantization()) {
    tensor.quantization.scales = {q->scales()->data(), q->scales()->size()};
    if (const auto* zero_points = q->zero_points()) {
      tensor.quantization.zero_points = {zero_points->data(), zero_points->size()};
    }
    tensor.quantization.axis = q->axis();
    tensor.quantization.block = q->block();
  }
  return tensor;
}

// Whether `actual` is what the model declared, where it declared anything.
bool agrees(const Shape& declared, const Shape& actual) {
  if (declared.rank() != actual.rank()) return false;
  for (int i = 0; i < declared.rank(); ++i) {
    if (declared[i] != -1 && declared[i] != actual[i]) return false;
  }
  return true;
}

// Whether a tensor of this shape has a scale for each of its elements.
bool scales_fit(const Quantization& q, const Shape& shape) {
  if (q.axis < 0) return true;
  const int64_t scales = q.block == 0 ? shape[q.axis] : shape.elements() / q.block;
  return scales == static_cast<int64_t>(q.scales.size());
}

}  // namespace

Result<std::shared_ptr<const Program>> Program::build(std::shared_ptr<const Model> model,
                                                      const ProgramOptions& options) {
  std::shared_ptr<Program> program(new Program);
  program->model_ = std::move(model);
  BuildContext context;
  const char* isa = options.isa != nullptr ? options.isa : std::getenv("QRT_ISA");
  QRT_ASSIGN_OR_RETURN(context.features, choose_isa(isa));
  context.reference = context.features == 0 && isa != nullptr && *isa != '\0';
  program->features_ = context.features;
  Status status = program->decode_tensors();
  if (status.ok()) status = program->decode_nodes(context);
  if (!status.ok()) return status.within(program->model_->name());
  return std::shared_ptr<const Program>(std::move(program));
}

Status Program::decode_tensors() {
  const fb::Subgraph& graph = model_->main();
  tensors_.reserve(graph.tensors()->size());
  for (const fb::Tensor* tensor : *graph.tensors()) {
    tensors_.push_back(decode(*tensor, *model_));
    Shape shape = tensors_.back().shape;
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] == -1) shape[i] = 1;
    }
    shapes_.push_back(shape);
  }
  inputs_ = {graph.inputs()->data(), graph.inputs()->size()};
  outputs_ = {graph.outputs()->data(), graph.outputs()->size()};
  return {};
}

Status Program::decode_nodes(const BuildContext& context) {
  const auto& operators = *model_->main().operators();
  for (unsigned i = 0; i < operators.size(); ++i) {
    nodes_.emplace_back(static_cast<int>(i), operators.Get(i), &tensors_);
    const OpDef* op = find_op(nodes_.back().type());
    if (op == nullptr) {
      return nodes_.back().fail(Code::Unsupported, "this build of libqrt lacks the operator");
    }
    ops_.push_back(op);
    mark_alias(nodes_.back(), *op);
  }
  QRT_RETURN_IF_ERROR(infer_shapes(shapes_));
  for (const Node& node : nodes_) {
    for (size_t i = 0; i < node.outputs(); ++i) {
      const Shape& actual = node.shape_out(shapes_, i);
      if (!agrees(node.output(i).shape, actual)) {
        return node.fail(Code::InvalidModel, "computes %s for output %zu, the model declares %s",
                         actual.str().c_str(), i, node.output(i).shape.str().c_str());
      }
    }
  }
  kernels_.resize(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!ops_[i]->alias) QRT_RETURN_IF_ERROR(ops_[i]->prepare(nodes_[i], context, &kernels_[i]));
  }
  return {};
}

void Program::mark_alias(const Node& node, const OpDef& op) {
  if (!op.alias || !node.has_input(0) || node.outputs() == 0) return;
  tensors_[static_cast<size_t>(node.output_index(0))].unpadded = node.input(0).unpadded;
}

Status Program::infer_shapes(Shapes& shapes) const {
  for (int32_t input : inputs_) {
    const auto t = static_cast<size_t>(input);
    if (!scales_fit(tensors_[t].quantization, shapes[t])) {
      return error(Code::InvalidArgument, "input '%s' of shape %s does not fit its scales",
                   tensors_[t].name, shapes[t].str().c_str());
    }
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    QRT_RETURN_IF_ERROR(ops_[i]->infer(node, shapes));
    for (size_t k = 0; k < node.outputs(); ++k) {
      uint64_t bytes;
      const Shape& shape = node.shape_out(shapes, k);
      if (!checked_bytes(shape, dtype_bits(node.output(k).type), kMaxActivationBytes, &bytes)) {
        return node.fail(Code::InvalidModel, "output %zu has an impossible shape, %s", k,
                         shape.str().c_str());
      }
      if (!scales_fit(node.output(k).quantization, shape)) {
        return node.fail(Code::InvalidModel, "output %zu of shape %s does not fit its scales", k,
                         shape.str().c_str());
      }
    }
  }
  return {};
}

size_t Program::packed_bytes() const {
  size_t bytes = 0;
  for (const auto& kernel : kernels_) {
    if (kernel != nullptr) bytes += kernel->packed_bytes();
  }
  return bytes;
}

}  // namespace qrt::rt
