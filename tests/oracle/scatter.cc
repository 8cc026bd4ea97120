#include "tests/oracle/scatter.h"

namespace oracle {
namespace {

int32_t from_end(double index, int32_t dim) {
  return static_cast<int32_t>(index < 0 ? index + dim : index);
}

// The same index with `at` along the axis.
Dims moved(Dims index, size_t axis, int32_t at) {
  index[axis] = at;
  return index;
}

int32_t inside(int32_t begin, int32_t size, int32_t dim) {
  if (begin < 0) return 0;
  return begin + size > dim ? dim - size : begin;
}

}  // namespace

Tensor gather_elements(const Tensor& data, const Tensor& indices, size_t axis) {
  Tensor out(indices.shape);
  for_each_index(indices.shape, [&](const Dims& index) {
    out.at(index) = data.at(moved(index, axis, from_end(indices.at(index), data.shape[axis])));
  });
  return out;
}

Tensor scatter_elements(Tensor data, const Tensor& indices, const Tensor& updates, size_t axis,
                        const Combine& combine) {
  for_each_index(indices.shape, [&](const Dims& index) {
    double& element = data.at(moved(index, axis, from_end(indices.at(index), data.shape[axis])));
    element = combine(element, updates.at(index));
  });
  return data;
}

Tensor scatter_nd(Tensor data, const Tensor& indices, const Tensor& updates,
                  const Combine& combine) {
  const auto tuple = static_cast<size_t>(indices.shape.back());
  const size_t named = indices.shape.size() - 1;
  for_each_index(updates.shape, [&](const Dims& index) {
    Dims at(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(named)), to;
    at.push_back(0);
    for (size_t k = 0; k < tuple; ++k) {
      at.back() = static_cast<int32_t>(k);
      to.push_back(from_end(indices.at(at), data.shape[k]));
    }
    to.insert(to.end(), index.begin() + static_cast<std::ptrdiff_t>(named), index.end());
    data.at(to) = combine(data.at(to), updates.at(index));
  });
  return data;
}

Tensor slice_at(const Tensor& data, const Dims& begins, const Dims& shape) {
  Tensor out(shape);
  for_each_index(shape, [&](const Dims& index) {
    Dims from = index;
    for (size_t i = 0; i < from.size(); ++i) {
      from[i] += inside(begins[i], shape[i], data.shape[i]);
    }
    out.at(index) = data.at(from);
  });
  return out;
}

Tensor update_at(Tensor data, const Tensor& part, const Dims& begins) {
  for_each_index(part.shape, [&](const Dims& index) {
    Dims to = index;
    for (size_t i = 0; i < to.size(); ++i) to[i] += inside(begins[i], part.shape[i], data.shape[i]);
    data.at(to) = part.at(index);
  });
  return data;
}

Ranked top_k(const Tensor& in, size_t axis, int32_t k, bool smallest) {
  Dims shape = in.shape;
  shape[axis] = k;
  Ranked ranked{Tensor(shape), Tensor(shape)};
  // An element's rank is how many come before it.
  for_each_index(in.shape, [&](const Dims& index) {
    const double own = in.at(index);
    int32_t rank = 0;
    for (int32_t i = 0; i < in.shape[axis]; ++i) {
      const double other = in.at(moved(index, axis, i));
      const bool better = smallest ? other < own : other > own;
      if (better || (other == own && i < index[axis])) ++rank;
    }
    if (rank >= k) return;
    ranked.values.at(moved(index, axis, rank)) = own;
    ranked.indices.at(moved(index, axis, rank)) = index[axis];
  });
  return ranked;
}

Tensor cum_sum(const Tensor& in, size_t axis, bool exclusive, bool reverse) {
  Tensor out(in.shape);
  for_each_index(in.shape, [&](const Dims& index) {
    for (int32_t i = 0; i < in.shape[axis]; ++i) {
      const int32_t own = index[axis];
      const bool counts = i == own ? !exclusive : reverse ? i > own : i < own;
      if (counts) out.at(index) += in.at(moved(index, axis, i));
    }
  });
  return out;
}

}  // namespace oracle
