// Finds an operator's implementation by its number in the model format.
#include "src/ops/list.h"

namespace qrt::rt {

const OpDef* find_op(fb::OpOptions type) {
  switch (type) {
#define QRT_CASE(name)      \
  case fb::OpOptions::name: \
    return &k##name##Op;
    QRT_OPS(QRT_CASE)
#undef QRT_CASE
    default:
      return nullptr;
  }
}

}  // namespace qrt::rt
