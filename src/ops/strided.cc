#include "src/ops/strided.h"

#include <algorithm>
#include <cstring>

namespace qrt::rt {
namespace {

// A piece of work for one thread: enough to be worth handing out, small enough for the first cache.
constexpr int64_t kBlockBytes = 16384;

using Plane = CopyPlane;

template <size_t kBytes>
void copy_short_rows(const Plane& p, const uint8_t* from, uint8_t* to, int64_t element) {
  for (int64_t r = 0; r < p.rows; ++r) {
    std::memcpy(to + r * p.to_row * element, from + r * p.from_row * element, kBytes);
  }
}

// Both sides contiguous along the columns.
template <class T>
void copy_rows(const Plane& p, const uint8_t* from, uint8_t* to) {
  constexpr auto kElement = static_cast<int64_t>(sizeof(T));
  const auto bytes = static_cast<size_t>(p.columns) * sizeof(T);
  switch (bytes) {  // a call of memcpy costs more than a copy of so little
    case 1:
      return copy_short_rows<1>(p, from, to, kElement);
    case 2:
      return copy_short_rows<2>(p, from, to, kElement);
    case 3:
      return copy_short_rows<3>(p, from, to, kElement);
    case 4:
      return copy_short_rows<4>(p, from, to, kElement);
    case 8:
      return copy_short_rows<8>(p, from, to, kElement);
    case 12:
      return copy_short_rows<12>(p, from, to, kElement);
    case 16:
      return copy_short_rows<16>(p, from, to, kElement);
    case 32:
      return copy_short_rows<32>(p, from, to, kElement);
    default:
      break;
  }
  for (int64_t r = 0; r < p.rows; ++r) {
    std::memcpy(to + r * p.to_row * kElement, from + r * p.from_row * kElement, bytes);
  }
}

// A plane with a side of a constant kShort: pixels of a few channels. The plane is passed by value,
// because bytes that are written could alias a reference: its members would be read anew each time.
template <class T, int kShort>
void transpose_few_columns(const Plane p, const T* from, T* to) {
  for (int64_t r = 0; r < p.rows; ++r) {
    for (int c = 0; c < kShort; ++c) to[r * p.to_row + c] = from[r + c * p.from_column];
  }
}
template <class T, int kShort>
void transpose_few_rows(const Plane p, const T* from, T* to) {
  for (int64_t c = 0; c < p.columns; ++c) {
    for (int r = 0; r < kShort; ++r) to[r * p.to_row + c] = from[r + c * p.from_column];
  }
}

// Swaps rows and columns of kSide x kSide elements.
template <class T>
struct Tile {
  static constexpr int64_t kSide = 16;
  static void transpose(const T* from, int64_t from_column, T* to, int64_t to_row) {
    for (int64_t r = 0; r < kSide; ++r) {
      for (int64_t c = 0; c < kSide; ++c) to[r * to_row + c] = from[r + c * from_column];
    }
  }
};

// Bytes: eight at a time in a 64-bit word. Exchanges the off-diagonal quarters of 2 x 2, then of
// 4 x 4 and 8 x 8 elements (Warren, "Hacker's Delight", 7-3). Little-endian.
template <>
struct Tile<uint8_t> {
  static constexpr int64_t kSide = 8;
  static void transpose(const uint8_t* from, int64_t from_column, uint8_t* to, int64_t to_row) {
    uint64_t words[kSide];
    for (int64_t c = 0; c < kSide; ++c) std::memcpy(&words[c], from + c * from_column, kSide);
    exchange<1>(words, 0x00ff00ff00ff00ff);
    exchange<2>(words, 0x0000ffff0000ffff);
    exchange<4>(words, 0x00000000ffffffff);
    for (int64_t r = 0; r < kSide; ++r) std::memcpy(to + r * to_row, &words[r], kSide);
  }

 private:
  template <int kDistance>
  static void exchange(uint64_t* words, uint64_t low) {
    for (int i = 0; i < kSide; ++i) {
      if ((i & kDistance) != 0) continue;
      const uint64_t swapped = ((words[i] >> (8 * kDistance)) ^ words[i + kDistance]) & low;
      words[i + kDistance] ^= swapped;
      words[i] ^= swapped << (8 * kDistance);
    }
  }
};

// Source contiguous along the rows, destination along the columns. In tiles, so that a cache line
// is used up before it leaves the cache.
template <class T>
void transpose(const Plane& p, const uint8_t* from_bytes, uint8_t* to_bytes) {
  const T* from = reinterpret_cast<const T*>(from_bytes);
  T* to = reinterpret_cast<T*>(to_bytes);
  switch (p.columns) {
    case 2:
      return transpose_few_columns<T, 2>(p, from, to);
    case 3:
      return transpose_few_columns<T, 3>(p, from, to);
    case 4:
      return transpose_few_columns<T, 4>(p, from, to);
    default:
      break;
  }
  switch (p.rows) {
    case 2:
      return transpose_few_rows<T, 2>(p, from, to);
    case 3:
      return transpose_few_rows<T, 3>(p, from, to);
    case 4:
      return transpose_few_rows<T, 4>(p, from, to);
    default:
      break;
  }
  constexpr int64_t kSide = Tile<T>::kSide;
  for (int64_t r0 = 0; r0 < p.rows; r0 += kSide) {
    const int64_t rows = std::min(kSide, p.rows - r0);
    for (int64_t c0 = 0; c0 < p.columns; c0 += kSide) {
      const int64_t columns = std::min(kSide, p.columns - c0);
      const T* in = from + r0 + c0 * p.from_column;
      T* out = to + r0 * p.to_row + c0;
      if (rows == kSide && columns == kSide) {
        Tile<T>::transpose(in, p.from_column, out, p.to_row);
        continue;
      }
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) out[r * p.to_row + c] = in[r + c * p.from_column];
      }
    }
  }
}

template <class T>
void copy_any(const Plane& plane, const uint8_t* from_bytes, uint8_t* to_bytes) {
  const Plane p = plane;
  const T* from = reinterpret_cast<const T*>(from_bytes);
  T* to = reinterpret_cast<T*>(to_bytes);
  for (int64_t r = 0; r < p.rows; ++r, from += p.from_row, to += p.to_row) {
    if (p.from_column == 0 && p.to_column == 1) {
      std::fill_n(to, p.columns, *from);
      continue;
    }
    for (int64_t c = 0; c < p.columns; ++c) to[c * p.to_column] = from[c * p.from_column];
  }
}

class MoveKernel : public OpKernel {
 public:
  MoveKernel(const char* kernel_name, Move (*describe)(const Node&, const Shapes&))
      : name_(kernel_name), describe_(describe) {}

  const char* name() const override { return name_; }

  Status plan(const Node& node, PlanContext& context) const override {
    const Move move = describe_(node, context.shapes);
    const size_t element = dtype_bytes(node.input(0).type);
    State& state = context.make<State>();
    state.copy = CopyPlan(move.loop, element);
    state.first_byte = move.first * static_cast<int64_t>(element);
    return {};
  }

  void run(const RunContext& ctx) const override {
    const State& state = ctx.planned<State>();
    state.copy.run(ctx.in<uint8_t>(0) + state.first_byte, ctx.out<uint8_t>(), ctx.pool);
  }

  bool may_overwrite(const Node& node, const Shapes& shapes, size_t input) const override {
    if (input != 0) return false;
    const Move move = describe_(node, shapes);
    return move.first == 0 && is_plain_copy(move.loop);
  }

 private:
  struct State : OpState {
    CopyPlan copy;
    int64_t first_byte = 0;  // of the input that is copied
  };

  const char* name_;
  Move (*describe_)(const Node&, const Shapes&);
};

}  // namespace

bool is_plain_copy(const CopyLoop& loop) {
  if (loop.rank() == 0) return true;
  return loop.rank() == 1 && loop.axis(0).strides == CopyLoop::Strides{1, 1};
}

CopyPlan::CopyPlan(const CopyLoop& loop, size_t element_bytes)
    : outer_(loop), element_(static_cast<int64_t>(element_bytes)) {
  switch (element_bytes) {
    case 1:
      choose_plane<uint8_t>();
      break;
    case 2:
      choose_plane<uint16_t>();
      break;
    case 4:
      choose_plane<uint32_t>();
      break;
    default:
      choose_plane<uint64_t>();
  }
  side_ = by_rows_ ? plane_.rows : plane_.columns;
  line_bytes_ = (by_rows_ ? plane_.columns : plane_.rows) * element_;
  if (side_ * line_bytes_ == 0) {
    blocks_ = 0;  // nothing to copy
    return;
  }
  block_ = std::clamp<int64_t>(kBlockBytes / line_bytes_, 1, side_);
  blocks_ = ceil_div(side_, block_);
}

// Takes the two innermost axes out of the loop, with the axis along which the source is contiguous
// as the rows if it is not the columns.
template <class T>
void CopyPlan::choose_plane() {
  const CopyLoop::Axis columns = outer_.take(outer_.rank() - 1);
  int row = outer_.rank() - 1;
  bool whole_rows = false;
  kernel_ = copy_any<T>;
  if (columns.strides[1] == 1 || columns.size == 1) {
    if (columns.strides[0] == 1 || columns.size == 1) {
      kernel_ = copy_rows<T>;
      whole_rows = true;
    } else {
      for (int i = 0; i < outer_.rank(); ++i) {
        if (outer_.axis(i).strides[0] == 1) {
          row = i;
          kernel_ = transpose<T>;
        }
      }
    }
  }
  const CopyLoop::Axis rows = outer_.take(row);
  plane_ = {rows.size,          columns.size,    rows.strides[0],
            columns.strides[0], rows.strides[1], columns.strides[1]};
  by_rows_ = plane_.rows >= plane_.columns || (whole_rows && plane_.rows > 1);
}

void CopyPlan::run(const uint8_t* from, uint8_t* to, ThreadPool& pool) const {
  if (from == to) return;
  pool.parallel_for(
      static_cast<size_t>(outer_.count() * blocks_), static_cast<uint64_t>(block_ * line_bytes_),
      [&](size_t begin_item, size_t end_item, size_t) {
        const auto begin = static_cast<int64_t>(begin_item), end = static_cast<int64_t>(end_item);
        int64_t item = begin;
        outer_.walk(begin / blocks_, ceil_div(end, blocks_), [&](const CopyLoop::Strides& offsets) {
          const int64_t first_block = item % blocks_;
          const int64_t last_block = std::min(blocks_, first_block + end - item);
          item += last_block - first_block;
          const int64_t first = first_block * block_;
          const int64_t count = std::min(last_block * block_, side_) - first;
          Plane part = plane_;
          (by_rows_ ? part.rows : part.columns) = count;
          const int64_t in = offsets[0] + first * (by_rows_ ? plane_.from_row : plane_.from_column);
          const int64_t out = offsets[1] + first * (by_rows_ ? plane_.to_row : plane_.to_column);
          kernel_(part, from + in * element_, to + out * element_);
        });
      });
}

void dense_strides(const Shape& shape, int64_t* strides) {
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= shape[i];
  }
}

std::unique_ptr<OpKernel> make_move_kernel(const char* name,
                                           Move (*describe)(const Node&, const Shapes&)) {
  return std::make_unique<MoveKernel>(name, describe);
}

}  // namespace qrt::rt
