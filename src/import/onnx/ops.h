// The importer's rules, one function per ONNX operator or family; ops.cc has the table. To add an
// operator: write its rule in the file of its family, declare it here, add its row.
#pragma once

#include <string>

#include "src/import/onnx/call.h"

namespace qrt::import::onnx_import {

struct Row {
  const char* op;
  size_t min_inputs, max_inputs;
  void (*import)(Call&);
  int variant = 0;
};

// Null if there is no rule.
const Row* find_rule(const std::string& domain, const std::string& op);

// ops_elementwise.cc; variant: fb::BinaryKind or fb::UnaryKind
void import_binary(Call& c);
void import_pow(Call& c);
void import_mod(Call& c);
void import_unary(Call& c);
void import_relu(Call& c);
void import_clip(Call& c);
void import_prelu(Call& c);
void import_where(Call& c);
void import_cast(Call& c);

// ops_conv.cc
void import_conv(Call& c);

// ops_pool.cc
void import_max_pool(Call& c);
void import_average_pool(Call& c);

// ops_matmul.cc
void import_gemm(Call& c);
void import_matmul(Call& c);

// ops_normalize.cc; variant of softmax: 1 for its logarithm
void import_softmax(Call& c);
void import_batch_normalization(Call& c);

// ops_reduce.cc; variant: fb::ReduceKind; of arg_reduce: 1 for the minimum
void import_reduce(Call& c);
void import_reduce_l2(Call& c);
void import_global_pool(Call& c);
void import_arg_reduce(Call& c);

// ops_shape.cc
void import_identity(Call& c);
void import_dropout(Call& c);
void import_reshape(Call& c);
void import_flatten(Call& c);
void import_squeeze(Call& c);
void import_unsqueeze(Call& c);
void import_transpose(Call& c);
void import_shape(Call& c);
void import_size(Call& c);

// ops_constant.cc
void import_constant(Call& c);
void import_constant_of_shape(Call& c);
void import_range(Call& c);
void import_expand(Call& c);
void import_tile(Call& c);

// ops_move.cc
void import_concat(Call& c);
void import_split(Call& c);
void import_slice(Call& c);
void import_gather(Call& c);
void import_gather_nd(Call& c);
void import_depth_to_space(Call& c);
void import_space_to_depth(Call& c);

// ops_pad.cc
void import_pad(Call& c);

// ops_resize.cc
void import_resize(Call& c);
void import_upsample(Call& c);

// ops_quantize.cc
void import_quantize_linear(Call& c);
void import_dequantize_linear(Call& c);

// --- What rules of several files need ------------------------------------------------------------

// The order in which an operator on several tensors of up to `rank` dimensions works: that of the
// largest, so that it is the small ones that are rearranged.
Order common_order(const std::vector<Tensor*>& tensors, size_t rank);

// Emits `a kind b` and returns its value, called `name`. It lies in `order`, which has as many
// axes as a and b broadcast to.
int emit_binary(Call& c, fb::BinaryKind kind, Tensor& a, Tensor& b, const Order& order,
                const std::string& name);

// Emits a Gather of constant indices along one axis; returns the value, which lies in `order`.
int emit_gather(Call& c, int value, int position, const std::vector<int32_t>& indices,
                const std::string& name);

// Invalid unless all of them are of one type.
void check_same_type(const std::vector<Tensor*>& tensors);
// Unsupported if an input holds quantized integers: the rule would compute with real numbers.
void check_not_quantized(Call& c);

}  // namespace qrt::import::onnx_import
