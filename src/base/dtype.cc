#include "src/base/dtype.h"

namespace qrt::rt {

const char* dtype_name(DType type) {
  switch (type) {
    case DType::F32:
      return "f32";
    case DType::F16:
      return "f16";
    case DType::S8:
      return "s8";
    case DType::U8:
      return "u8";
    case DType::S16:
      return "s16";
    case DType::S32:
      return "s32";
    case DType::S64:
      return "s64";
    case DType::Bool:
      return "bool";
    case DType::S4:
      return "s4";
    case DType::F64:
      return "f64";
    case DType::BF16:
      return "bf16";
  }
  return "unknown";
}

}  // namespace qrt::rt
