// Descriptions of tensors for the caller, from the model's own records.
#pragma once

#include "qrt/qrt.h"
#include "qrt_generated.h"
#include "src/base/status.h"
#include "src/opspec/tensor.h"

namespace qrt::api {

// `shape` is the declared one of a model, or the present one of a session. Writes no more than
// info->struct_size says.
rt::Status write_tensor_info(const fb::Tensor& tensor, const rt::Shape& shape, uint32_t bound,
                             qrt_tensor_info* info);

// The same of a tensor within a program: without names of dimensions.
rt::Status write_tensor_info(const rt::Tensor& tensor, const rt::Shape& shape,
                             qrt_tensor_info* info);

// The first tensor of this name among those that `indices` names; -1 if there is none.
int32_t find_tensor(const fb::Subgraph& graph, const flatbuffers::Vector<int32_t>& indices,
                    const char* name);

}  // namespace qrt::api
