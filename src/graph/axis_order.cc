#include "src/graph/axis_order.h"

#include <algorithm>
#include <cstring>

namespace qrt::graph {
namespace {

// Axes of a reshape that correspond to each other: the same elements, split differently.
struct AxisGroup {
  std::vector<int> from, to;
};

// Without axes of one element.
std::vector<AxisGroup> axis_groups(const Sizes& from, const Sizes& to) {
  std::vector<AxisGroup> groups;
  size_t i = 0, j = 0;
  const auto skip_ones = [](const Sizes& shape, size_t* k) {
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

Order channels_first(size_t rank) {
  Order order = plain_order(rank);
  if (rank > 2) std::rotate(order.begin() + 1, order.end() - 1, order.end());
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

std::optional<Order> reshaped_order(const Sizes& from, const Order& order, const Sizes& to) {
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

Order reshapable_order(const Sizes& from, const Order& order, const Sizes& to) {
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

Bytes transpose_bytes(const Value& value, const std::vector<int32_t>& perm) {
  const size_t rank = value.shape.size();
  const size_t size = rt::dtype_bytes(value.type);
  std::vector<size_t> strides(rank, size);  // in bytes, of the source
  for (size_t i = rank; i-- > 1;) {
    strides[i - 1] = strides[i] * static_cast<size_t>(value.shape[i]);
  }
  std::vector<size_t> dims, steps;
  for (int32_t axis : perm) {
    dims.push_back(static_cast<size_t>(value.shape[static_cast<size_t>(axis)]));
    steps.push_back(strides[static_cast<size_t>(axis)]);
  }
  Bytes result(value.data->size());
  std::vector<size_t> index(rank, 0);
  size_t from = 0;
  for (size_t to = 0; to < result.size(); to += size) {
    std::memcpy(result.data() + to, value.data->data() + from, size);
    for (size_t axis = rank; axis-- > 0;) {
      from += steps[axis];
      if (++index[axis] < dims[axis]) break;
      from -= steps[axis] * dims[axis];
      index[axis] = 0;
    }
  }
  return result;
}

}  // namespace qrt::graph
