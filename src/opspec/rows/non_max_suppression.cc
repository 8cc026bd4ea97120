// NonMaxSuppression: see schema/qrt.fbs.
#include <algorithm>
#include <cmath>

#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

Status check(const Node& node) {
  const auto& options = node.options<fb::NonMaxSuppression>();
  if (options.most_per_class() < 0) {
    return node.fail(Code::InvalidModel, "gives %d boxes of a class", options.most_per_class());
  }
  if (std::isnan(options.iou_threshold()) || std::isnan(options.score_threshold())) {
    return node.fail(Code::InvalidModel, "has a threshold that is no number");
  }
  return {};
}

Status infer(Inference& x) {
  const Node& node = x.node();
  const Shape &boxes = x.in(0), &scores = x.in(1);
  Dims& dims = x.dims();
  if (boxes.rank() != 3 || scores.rank() != 3 || dims.differ(boxes[2], 4) ||
      dims.differ(boxes[0], scores[0]) || dims.differ(boxes[1], scores[2])) {
    return node.fail(Code::InvalidModel, "cannot choose among boxes %s by scores %s",
                     x.text(boxes).c_str(), x.text(scores).c_str());
  }
  for (size_t i = 2; i < 5; ++i) {
    if (!node.has_input(i)) continue;
    for (int32_t dim : x.in(i)) {
      if (!dims.differ(dim, 1)) continue;
      return node.fail(Code::InvalidModel, "input %zu is %s, not one number", i,
                       x.text_in(i).c_str());
    }
  }
  int32_t most = node.options<fb::NonMaxSuppression>().most_per_class();
  if (node.has_input(2)) {
    Integers given;
    const bool known = x.integers(2, &given) && given.size() == 1 && is_number(given[0]);
    most = known ? std::max(given[0], 0) : INT32_MAX;
  }
  const int32_t of_class = most == INT32_MAX ? boxes[1] : dims.min(most, boxes[1]);
  x.out(0, {x.decided_by_run(dims.mul(dims.mul(scores[0], scores[1]), of_class)), 3});
  return {};
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::NonMaxSuppression;
  row.signatures = "f32, f32, [index], [f32], [f32] -> index";
  row.check = check;
  row.infer = infer;
  return row;
}

}  // namespace

extern const OpSpec kNonMaxSuppressionSpec;
const OpSpec kNonMaxSuppressionSpec = row();

}  // namespace qrt::rt
