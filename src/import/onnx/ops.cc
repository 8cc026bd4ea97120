#include "src/import/onnx/ops.h"

#include <unordered_map>

namespace qrt::import::onnx_import {
namespace {

using fb::BinaryKind;
using fb::ReduceKind;
using fb::UnaryKind;

constexpr size_t kAny = SIZE_MAX;

template <class Kind>
constexpr Row row(const char* op, size_t min_inputs, size_t max_inputs, void (*import)(Call&),
                  Kind kind) {
  return {op, min_inputs, max_inputs, import, static_cast<int>(kind)};
}
constexpr Row binary(const char* op, BinaryKind kind) { return row(op, 2, 2, import_binary, kind); }
constexpr Row unary(const char* op, UnaryKind kind) { return row(op, 1, 1, import_unary, kind); }
constexpr Row reduce(const char* op, ReduceKind kind) { return row(op, 1, 2, import_reduce, kind); }

// operator, fewest and most inputs, rule, variant
constexpr Row kRows[] = {
    unary("Abs", UnaryKind::Abs),
    binary("Add", BinaryKind::Add),
    binary("And", BinaryKind::And),
    {"ArgMax", 1, 1, import_arg_reduce, 0},
    {"ArgMin", 1, 1, import_arg_reduce, 1},
    {"AveragePool", 1, 1, import_average_pool},
    {"BatchNormalization", 5, 5, import_batch_normalization},
    {"Cast", 1, 1, import_cast},
    unary("Ceil", UnaryKind::Ceil),
    {"Clip", 1, 3, import_clip},
    {"Concat", 1, kAny, import_concat},
    {"Constant", 0, 0, import_constant},
    {"ConstantOfShape", 1, 1, import_constant_of_shape},
    {"Conv", 2, 3, import_conv},
    unary("Cos", UnaryKind::Cos),
    {"DepthToSpace", 1, 1, import_depth_to_space},
    {"DequantizeLinear", 2, 3, import_dequantize_linear},
    binary("Div", BinaryKind::Div),
    {"Dropout", 1, 3, import_dropout},
    unary("Elu", UnaryKind::Elu),
    binary("Equal", BinaryKind::Equal),
    unary("Erf", UnaryKind::Erf),
    unary("Exp", UnaryKind::Exp),
    {"Expand", 2, 2, import_expand},
    {"Flatten", 1, 1, import_flatten},
    unary("Floor", UnaryKind::Floor),
    {"Gather", 2, 2, import_gather},
    {"GatherND", 2, 2, import_gather_nd},
    unary("Gelu", UnaryKind::Gelu),
    {"Gemm", 2, 3, import_gemm},
    row("GlobalAveragePool", 1, 1, import_global_pool, ReduceKind::Mean),
    row("GlobalMaxPool", 1, 1, import_global_pool, ReduceKind::Max),
    binary("Greater", BinaryKind::Greater),
    binary("GreaterOrEqual", BinaryKind::GreaterEqual),
    unary("HardSigmoid", UnaryKind::HardSigmoid),
    unary("HardSwish", UnaryKind::HardSwish),
    {"Identity", 1, 1, import_identity},
    unary("LeakyRelu", UnaryKind::LeakyRelu),
    binary("Less", BinaryKind::Less),
    binary("LessOrEqual", BinaryKind::LessEqual),
    unary("Log", UnaryKind::Log),
    {"LogSoftmax", 1, 1, import_softmax, 1},
    {"MatMul", 2, 2, import_matmul},
    row("Max", 1, kAny, import_binary, BinaryKind::Max),
    {"MaxPool", 1, 1, import_max_pool},
    row("Min", 1, kAny, import_binary, BinaryKind::Min),
    row("Mod", 2, 2, import_mod, BinaryKind::FloorMod),
    binary("Mul", BinaryKind::Mul),
    unary("Neg", UnaryKind::Neg),
    unary("Not", UnaryKind::Not),
    binary("Or", BinaryKind::Or),
    {"PRelu", 2, 2, import_prelu},
    {"Pad", 2, 4, import_pad},
    row("Pow", 2, 2, import_pow, BinaryKind::Pow),
    {"QuantizeLinear", 2, 3, import_quantize_linear},
    {"Range", 3, 3, import_range},
    unary("Reciprocal", UnaryKind::Reciprocal),
    {"ReduceL2", 1, 2, import_reduce_l2},
    reduce("ReduceMax", ReduceKind::Max),
    reduce("ReduceMean", ReduceKind::Mean),
    reduce("ReduceMin", ReduceKind::Min),
    reduce("ReduceProd", ReduceKind::Prod),
    reduce("ReduceSum", ReduceKind::Sum),
    {"Relu", 1, 1, import_relu},
    {"Reshape", 2, 2, import_reshape},
    {"Resize", 1, 4, import_resize},
    unary("Round", UnaryKind::Round),
    {"Shape", 1, 1, import_shape},
    unary("Sigmoid", UnaryKind::Logistic),
    unary("Sign", UnaryKind::Sign),
    unary("Sin", UnaryKind::Sin),
    {"Size", 1, 1, import_size},
    {"Slice", 3, 5, import_slice},
    {"Softmax", 1, 1, import_softmax, 0},
    unary("Softplus", UnaryKind::Softplus),
    {"SpaceToDepth", 1, 1, import_space_to_depth},
    {"Split", 1, 2, import_split},
    unary("Sqrt", UnaryKind::Sqrt),
    {"Squeeze", 1, 2, import_squeeze},
    binary("Sub", BinaryKind::Sub),
    row("Sum", 1, kAny, import_binary, BinaryKind::Add),
    unary("Tanh", UnaryKind::Tanh),
    {"Tile", 2, 2, import_tile},
    {"Transpose", 1, 1, import_transpose},
    {"Unsqueeze", 1, 2, import_unsqueeze},
    {"Upsample", 2, 3, import_upsample},
    {"Where", 3, 3, import_where},
};

// ONNX Runtime's own domain, in which its quantizer writes these operators for 16-bit integers.
bool in_runtime_domain(const std::string& op) {
  return op == "QuantizeLinear" || op == "DequantizeLinear";
}

}  // namespace

const Row* find_rule(const std::string& domain, const std::string& op) {
  static const auto* const rules = [] {
    auto* map = new std::unordered_map<std::string, const Row*>;
    for (const Row& row : kRows) map->insert({row.op, &row});
    return map;
  }();
  const bool standard = domain.empty() || domain == "ai.onnx";
  if (!standard && !(domain == "com.microsoft" && in_runtime_domain(op))) return nullptr;
  const auto found = rules->find(op);
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace qrt::import::onnx_import
