#include "src/import/onnx/layout.h"

#include <algorithm>

#include "src/base/checked.h"
#include "src/base/shape.h"
#include "src/import/onnx/errors.h"

namespace qrt::import::onnx_import {
namespace {

// Indices and sizes of tensors are 32-bit numbers in the kernels.
constexpr int64_t kMaxElements = INT32_MAX;

// Axes of a reshape that correspond to each other: the same elements, split differently.
struct AxisGroup {
  std::vector<int> from, to;
};

// Without axes of one element.
std::vector<AxisGroup> axis_groups(const Shape& from, const Shape& to) {
  std::vector<AxisGroup> groups;
  size_t i = 0, j = 0;
  const auto skip_ones = [](const Shape& shape, size_t* k) {
    while (*k < shape.size() && shape[*k] == 1) ++*k;
  };
  for (;;) {
    skip_ones(from, &i);
    skip_ones(to, &j);
    if (i == from.size() || j == to.size()) return groups;
    AxisGroup group;
    int64_t a = 1, b = 1;
    do {
      if (a <= b) {
        a *= from[i];
        group.from.push_back(static_cast<int>(i++));
        skip_ones(from, &i);
      } else {
        b *= to[j];
        group.to.push_back(static_cast<int>(j++));
        skip_ones(to, &j);
      }
    } while (a != b && (a < b ? i < from.size() : j < to.size()));
    groups.push_back(std::move(group));
  }
}

}  // namespace

Order plain_order(size_t rank) {
  Order order(rank);
  for (size_t i = 0; i < rank; ++i) order[i] = static_cast<int>(i);
  return order;
}

Order channels_last(size_t rank) {
  Order order = plain_order(rank);
  if (rank > 2) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

Shape arranged(const Shape& shape, const Order& order) {
  Shape result;
  for (int axis : order) result.push_back(shape[static_cast<size_t>(axis)]);
  return result;
}

int position(const Order& order, int axis) {
  return static_cast<int>(std::find(order.begin(), order.end(), axis) - order.begin());
}

std::vector<int32_t> transposition(const Order& from, const Order& to) {
  std::vector<int32_t> perm;
  for (int axis : to) perm.push_back(position(from, axis));
  return perm;
}

bool same_elements(const Shape& shape, const Order& a, const Order& b) {
  const auto moving = [&](const Order& order) {
    Order axes;
    for (int axis : order) {
      if (shape[static_cast<size_t>(axis)] != 1) axes.push_back(axis);
    }
    return axes;
  };
  return moving(a) == moving(b);
}

Order without_axes(const Order& order, const std::vector<int>& axes) {
  Order result;
  for (int axis : order) {
    const auto next = std::lower_bound(axes.begin(), axes.end(), axis);
    if (next != axes.end() && *next == axis) continue;
    result.push_back(axis - static_cast<int>(next - axes.begin()));
  }
  return result;
}

std::optional<Order> reshaped_order(const Shape& from, const Order& order, const Shape& to) {
  const std::vector<AxisGroup> groups = axis_groups(from, to);
  std::vector<int> moving;
  for (int axis : order) {
    if (from[static_cast<size_t>(axis)] != 1) moving.push_back(axis);
  }
  Order result;
  for (size_t i = 0; i < moving.size();) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const AxisGroup& g) {
      return g.from.front() == moving[i];
    });
    if (group == groups.end()) return std::nullopt;  // a group that begins in its middle
    if (group->from.size() > moving.size() - i ||
        !std::equal(group->from.begin(), group->from.end(), moving.begin() + static_cast<long>(i)))
      return std::nullopt;
    result.insert(result.end(), group->to.begin(), group->to.end());
    i += group->from.size();
  }
  // Axes of one element may lie anywhere: behind the axis before them.
  for (int axis = 0; axis < static_cast<int>(to.size()); ++axis) {
    if (to[static_cast<size_t>(axis)] != 1) continue;
    const auto at =
        axis == 0 ? result.begin() : std::find(result.begin(), result.end(), axis - 1) + 1;
    result.insert(at, axis);
  }
  return result;
}

Order reshapable_order(const Shape& from, const Order& order, const Shape& to) {
  Order result;  // from the innermost axis
  std::vector<bool> placed(from.size(), false);
  const std::vector<AxisGroup> groups = axis_groups(from, to);
  for (auto axis = order.rbegin(); axis != order.rend(); ++axis) {
    if (placed[static_cast<size_t>(*axis)]) continue;
    // Axes that correspond to others together must lie side by side: where the innermost of them
    // lies, for the shorter a run of elements, the dearer it is to move.
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const AxisGroup& g) {
      return std::find(g.from.begin(), g.from.end(), *axis) != g.from.end();
    });
    const std::vector<int> members = group == groups.end() ? std::vector<int>{*axis} : group->from;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      placed[static_cast<size_t>(*member)] = true;
      result.push_back(*member);
    }
  }
  std::reverse(result.begin(), result.end());
  return result;
}

int64_t checked_elements(const Shape& shape) {
  if (shape.size() > static_cast<size_t>(rt::kMaxRank)) {
    unsupported("a tensor of %zu dimensions, more than %d", shape.size(), rt::kMaxRank);
  }
  int64_t elements = 1;
  for (int32_t dim : shape) {
    if (dim < 0) invalid("a tensor of shape %s", text(shape).c_str());
    if (dim == 0) unsupported("a tensor without elements: %s", text(shape).c_str());
    elements *= dim;
    if (elements > kMaxElements) unsupported("a tensor too large: %s", text(shape).c_str());
  }
  return elements;
}

Shape checked_shape(const std::vector<int64_t>& dims) {
  Shape shape;
  for (int64_t dim : dims) {
    if (dim < 0) invalid("a dimension of %lld", static_cast<long long>(dim));
    if (dim > kMaxElements) unsupported("a dimension of %lld", static_cast<long long>(dim));
    shape.push_back(static_cast<int32_t>(dim));
  }
  checked_elements(shape);
  return shape;
}

Shape checked_constant_shape(std::vector<int64_t> dims) {
  const std::vector<int64_t> given = dims;
  std::replace(dims.begin(), dims.end(), int64_t{0}, int64_t{1});
  Shape shape = checked_shape(dims);
  for (size_t i = 0; i < shape.size(); ++i) {
    if (given[i] == 0) shape[i] = 0;
  }
  return shape;
}

int checked_axis(int64_t axis, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) {
    invalid("axis %lld of a tensor of %zu dimensions", static_cast<long long>(axis), rank);
  }
  return static_cast<int>(axis < 0 ? axis + r : axis);
}

std::vector<int> checked_axes(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<int> result;
  for (int64_t axis : axes) result.push_back(checked_axis(axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    invalid("an axis is given twice");
  }
  return result;
}

Shape broadcast(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape result(rank);
  for (size_t i = 0; i < rank; ++i) {  // from the last axis
    const int32_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int32_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1) {
      invalid("shapes %s and %s cannot be broadcast", text(a).c_str(), text(b).c_str());
    }
    result[rank - 1 - i] = std::max(da, db);
  }
  checked_elements(result);
  return result;
}

std::string text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string result;
  for (int32_t dim : shape) result += (result.empty() ? "" : "x") + std::to_string(dim);
  return result;
}

}  // namespace qrt::import::onnx_import
