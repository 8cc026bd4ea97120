// Element types as the .qrt format writes them.
#pragma once

#include "qrt_generated.h"
#include "src/base/dtype.h"

namespace qrt::rt {

static_assert(static_cast<int>(fb::DType::F32) == static_cast<int>(DType::F32));
static_assert(static_cast<int>(fb::DType::F16) == static_cast<int>(DType::F16));
static_assert(static_cast<int>(fb::DType::S8) == static_cast<int>(DType::S8));
static_assert(static_cast<int>(fb::DType::U8) == static_cast<int>(DType::U8));
static_assert(static_cast<int>(fb::DType::S16) == static_cast<int>(DType::S16));
static_assert(static_cast<int>(fb::DType::S32) == static_cast<int>(DType::S32));
static_assert(static_cast<int>(fb::DType::S64) == static_cast<int>(DType::S64));
static_assert(static_cast<int>(fb::DType::Bool) == static_cast<int>(DType::Bool));
static_assert(static_cast<int>(fb::DType::S4) == static_cast<int>(DType::S4));
static_assert(static_cast<int>(fb::DType::F64) == static_cast<int>(DType::F64));
static_assert(static_cast<int>(fb::DType::BF16) == static_cast<int>(DType::BF16));
static_assert(fb::DType::MAX == fb::DType::BF16, "DType lacks an element type");

inline DType dtype_of(fb::DType type) { return static_cast<DType>(type); }
inline fb::DType written_dtype(DType type) { return static_cast<fb::DType>(type); }

}  // namespace qrt::rt
