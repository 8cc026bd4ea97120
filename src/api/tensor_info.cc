#include "src/api/tensor_info.h"

#include <algorithm>
#include <cstring>

#include "src/api/boundary.h"

namespace qrt::api {
namespace {

static_assert(QRT_MAX_RANK == rt::kMaxRank);
static_assert(QRT_F32 == static_cast<int>(rt::DType::F32));
static_assert(QRT_F16 == static_cast<int>(rt::DType::F16));
static_assert(QRT_S8 == static_cast<int>(rt::DType::S8));
static_assert(QRT_U8 == static_cast<int>(rt::DType::U8));
static_assert(QRT_S16 == static_cast<int>(rt::DType::S16));
static_assert(QRT_S32 == static_cast<int>(rt::DType::S32));
static_assert(QRT_S64 == static_cast<int>(rt::DType::S64));
static_assert(QRT_BOOL == static_cast<int>(rt::DType::Bool));
static_assert(QRT_S4 == static_cast<int>(rt::DType::S4));
static_assert(QRT_F64 == static_cast<int>(rt::DType::F64));
static_assert(QRT_BF16 == static_cast<int>(rt::DType::BF16));
static_assert(static_cast<int>(fb::DType::MAX) == QRT_BF16, "qrt.h lacks an element type");

const char* text_of(const flatbuffers::String* text) {
  return text != nullptr ? text->c_str() : "";
}

void set_quantization(const rt::Quantization& q, qrt_tensor_info* info) {
  info->axis = -1;
  // A constant with scales in f16 shows none: it is an input of operators, hardly ever an output.
  if (q.scales.empty()) return;
  info->scale_count = q.scales.size();
  info->scales = q.scales.data();
  if (!q.zero_points.empty()) info->zero_points = q.zero_points.data();
  if (q.per_tensor()) {
    info->scale = q.scale();
    info->zero_point = q.zero_point();
    return;
  }
  info->axis = q.axis;
  info->block = q.block;
}

qrt_tensor_info facts_of(const rt::Tensor& tensor, const rt::Shape& shape) {
  qrt_tensor_info facts = {};
  facts.name = tensor.name;
  facts.type = static_cast<uint32_t>(tensor.type);
  facts.rank = shape.rank();
  std::copy(shape.begin(), shape.end(), facts.dims);
  const bool open = std::any_of(shape.begin(), shape.end(), [](int32_t dim) { return dim < 0; });
  if (!open) {
    const auto elements = static_cast<uint64_t>(shape.elements());
    facts.bytes = static_cast<size_t>((elements * rt::dtype_bits(tensor.type) + 7) / 8);
  }
  set_quantization(tensor.quantization, &facts);
  return facts;
}

}  // namespace

Status write_tensor_info(const rt::Tensor& tensor, const rt::Shape& shape, qrt_tensor_info* info) {
  return write_struct(facts_of(tensor, shape), info, "tensor info");
}

Status write_tensor_info(const fb::Tensor& tensor, const rt::Shape& shape, uint32_t bound,
                         qrt_tensor_info* info) {
  qrt_tensor_info facts = facts_of(rt::declared_tensor(tensor), shape);
  // Names of dimensions that the model leaves open.
  if (const auto* names = tensor.dim_names()) {
    for (unsigned i = 0; i < names->size() && i < QRT_MAX_RANK; ++i) {
      if (names->Get(i)->size() > 0) facts.dim_names[i] = names->Get(i)->c_str();
    }
  }
  facts.bound = bound;
  return write_struct(facts, info, "tensor info");
}

int32_t find_tensor(const fb::Subgraph& graph, const flatbuffers::Vector<int32_t>& indices,
                    const char* name) {
  for (unsigned i = 0; name != nullptr && i < indices.size(); ++i) {
    const fb::Tensor& tensor = *graph.tensors()->Get(static_cast<unsigned>(indices.Get(i)));
    if (std::strcmp(text_of(tensor.name()), name) == 0) return static_cast<int32_t>(i);
  }
  return -1;
}

}  // namespace qrt::api
