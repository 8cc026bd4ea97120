// Finds an operator's implementation by its number in the model format.
#include "src/ops/list.h"

namespace qrt::rt {

const OpDef* find_op(fb::OpOptions type) {
  switch (type) {
#define QRT_OPERATOR(name)  \
  case fb::OpOptions::name: \
    return &k##name##Op;
#include "qrt_operators.inc"
#undef QRT_OPERATOR
    default:
      return nullptr;
  }
}

}  // namespace qrt::rt
