// Which subgraphs an operator runs.
#pragma once

#include "qrt_generated.h"

namespace qrt::rt {

struct Calls {
  int count = 0;
  int32_t subgraphs[2] = {};
};

// The operator's options are there.
inline Calls calls_of(const fb::Operator& op) {
  switch (op.options_type()) {
    case fb::OpOptions::Call:
      return {1, {op.options_as_Call()->subgraph()}};
    case fb::OpOptions::If:
      return {2, {op.options_as_If()->then_subgraph(), op.options_as_If()->else_subgraph()}};
    case fb::OpOptions::While:
      return {
          2, {op.options_as_While()->condition_subgraph(), op.options_as_While()->body_subgraph()}};
    default:
      return {};
  }
}

}  // namespace qrt::rt
