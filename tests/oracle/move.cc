#include "tests/oracle/move.h"

#include "tests/oracle/matrix.h"

namespace oracle {
namespace {

// Each element of the result is the one of `in` at source(its index).
Tensor rearrange(const Tensor& in, const Dims& shape,
                 const std::function<Dims(const Dims&)>& source) {
  Tensor out(shape);
  for_each_index(shape, [&](const Dims& index) { out.at(index) = in.at(source(index)); });
  return out;
}

int32_t from_end(double index, int32_t dim) {
  return static_cast<int32_t>(index < 0 ? index + dim : index);
}

}  // namespace

Tensor transpose(const Tensor& in, const Dims& perm) {
  Dims shape;
  for (int32_t axis : perm) shape.push_back(in.shape[static_cast<size_t>(axis)]);
  return rearrange(in, shape, [&](const Dims& index) {
    Dims from(index.size());
    for (size_t i = 0; i < perm.size(); ++i) from[static_cast<size_t>(perm[i])] = index[i];
    return from;
  });
}

Tensor concat(const std::vector<Tensor>& inputs, size_t axis) {
  Dims shape = inputs[0].shape;
  shape[axis] = 0;
  for (const Tensor& input : inputs) shape[axis] += input.shape[axis];
  Tensor out(shape);
  int32_t begin = 0;
  for (const Tensor& input : inputs) {
    for_each_index(input.shape, [&](const Dims& index) {
      Dims to = index;
      to[axis] += begin;
      out.at(to) = input.at(index);
    });
    begin += input.shape[axis];
  }
  return out;
}

Tensor part(const Tensor& in, size_t axis, int32_t begin, int32_t size) {
  Dims shape = in.shape;
  shape[axis] = size;
  return rearrange(in, shape, [&](Dims index) {
    index[axis] += begin;
    return index;
  });
}

Dims python_range(int32_t n, int32_t begin, int32_t end, int32_t stride, bool no_begin,
                  bool no_end) {
  const int64_t from = begin < 0 ? int64_t{begin} + n : begin;
  const int64_t to = end < 0 ? int64_t{end} + n : end;
  Dims taken;
  // Goes through all places in order: an element is taken if it lies between begin and end, and a
  // multiple of the stride from the first of those.
  int64_t first = -1;
  for (int64_t k = 0; k < n; ++k) {
    const int64_t i = stride > 0 ? k : n - 1 - k;
    const bool begun = no_begin || (stride > 0 ? i >= from : i <= from);
    const bool ended = !no_end && (stride > 0 ? i >= to : i <= to);
    if (!begun || ended) continue;
    if (first < 0) first = i;
    if ((i - first) % stride == 0) taken.push_back(static_cast<int32_t>(i));
  }
  return taken;
}

Tensor pick_elements(const Tensor& in, const std::vector<Dims>& elements) {
  Dims shape;
  for (const Dims& axis : elements) shape.push_back(static_cast<int32_t>(axis.size()));
  return rearrange(in, shape, [&](Dims index) {
    for (size_t i = 0; i < index.size(); ++i) index[i] = elements[i][static_cast<size_t>(index[i])];
    return index;
  });
}

Tensor pad(const Tensor& in, const Dims& before, const Dims& after, PadMode mode, double value) {
  Dims shape = in.shape;
  for (size_t i = 0; i < shape.size(); ++i) shape[i] += before[i] + after[i];
  Tensor out(shape);
  for_each_index(shape, [&](const Dims& index) {
    Dims from = index;
    bool inside = true;
    for (size_t i = 0; i < from.size(); ++i) {
      const int32_t n = in.shape[i];
      from[i] -= before[i];
      if (from[i] >= 0 && from[i] < n) continue;
      inside = inside && mode != PadMode::Constant;
      // Reflect: the edge is the mirror; Symmetric: it is repeated.
      const int32_t repeat = mode == PadMode::Symmetric ? 1 : 0;
      from[i] = from[i] < 0 ? -from[i] - repeat : 2 * (n - 1) - from[i] + repeat;
    }
    out.at(index) = inside ? in.at(from) : value;
  });
  return out;
}

Tensor gather(const Tensor& data, const Tensor& indices, size_t axis, size_t batch) {
  const auto begin = data.shape.begin();
  Dims shape(begin, begin + static_cast<std::ptrdiff_t>(axis));
  const size_t index_rank = indices.shape.size();
  shape.insert(shape.end(), indices.shape.begin() + static_cast<std::ptrdiff_t>(batch),
               indices.shape.end());
  shape.insert(shape.end(), begin + static_cast<std::ptrdiff_t>(axis) + 1, data.shape.end());
  return rearrange(data, shape, [&](const Dims& o) {
    Dims at(o.begin(), o.begin() + static_cast<std::ptrdiff_t>(batch));
    for (size_t i = 0; i < index_rank - batch; ++i) at.push_back(o[axis + i]);
    Dims from(o.begin(), o.begin() + static_cast<std::ptrdiff_t>(axis));
    from.push_back(from_end(indices.at(at), data.shape[axis]));
    from.insert(from.end(), o.begin() + static_cast<std::ptrdiff_t>(axis + index_rank - batch),
                o.end());
    return from;
  });
}

Tensor gather_nd(const Tensor& data, const Tensor& indices, size_t batch) {
  const auto tuple = static_cast<size_t>(indices.shape.back());
  const size_t outer = indices.shape.size() - 1;
  Dims shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.insert(shape.end(), data.shape.begin() + static_cast<std::ptrdiff_t>(batch + tuple),
               data.shape.end());
  return rearrange(data, shape, [&](const Dims& o) {
    Dims from(o.begin(), o.begin() + static_cast<std::ptrdiff_t>(batch));
    Dims at(o.begin(), o.begin() + static_cast<std::ptrdiff_t>(outer));
    at.push_back(0);
    for (size_t k = 0; k < tuple; ++k) {
      at.back() = static_cast<int32_t>(k);
      from.push_back(from_end(indices.at(at), data.shape[batch + k]));
    }
    from.insert(from.end(), o.begin() + static_cast<std::ptrdiff_t>(outer), o.end());
    return from;
  });
}

Tensor broadcast_to(const Tensor& in, const Dims& shape) {
  return rearrange(in, broadcast_shapes(in.shape, shape),
                   [&](const Dims& index) { return broadcast_index(index, in.shape); });
}

Tensor tile(const Tensor& in, const Dims& multiples) {
  Dims shape = in.shape;
  for (size_t i = 0; i < shape.size(); ++i) shape[i] *= multiples[i];
  return rearrange(in, shape, [&](Dims index) {
    for (size_t i = 0; i < index.size(); ++i) index[i] %= in.shape[i];
    return index;
  });
}

Tensor depth_to_space(const Tensor& in, int32_t block, bool depth_first) {
  const int32_t channels = in.dim(3) / (block * block);
  return rearrange(in, {in.dim(0), in.dim(1) * block, in.dim(2) * block, channels},
                   [&](const Dims& o) {
                     const int32_t place = o[1] % block * block + o[2] % block;
                     const int32_t channel =
                         depth_first ? place * channels + o[3] : o[3] * block * block + place;
                     return Dims{o[0], o[1] / block, o[2] / block, channel};
                   });
}

Tensor space_to_depth(const Tensor& in, int32_t block) {
  const int32_t channels = in.dim(3);
  return rearrange(in, {in.dim(0), in.dim(1) / block, in.dim(2) / block, channels * block * block},
                   [&](const Dims& o) {
                     const int32_t place = o[3] / channels;
                     return Dims{o[0], o[1] * block + place / block, o[2] * block + place % block,
                                 o[3] % channels};
                   });
}

}  // namespace oracle
