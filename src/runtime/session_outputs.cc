// Outputs whose sizes a run decides: src/opspec/counts.h says how.
#include <algorithm>
#include <cstring>

#include "src/runtime/session.h"
#include "src/runtime/storage.h"

namespace qrt::rt {

size_t Session::output_bytes(size_t i) const {
  return static_cast<size_t>(bytes_of(output(i), output_shape(i)));
}

void Session::close_up_outputs() {
  const std::vector<CountedOutput>& counted = program_->graph().counted_outputs();
  for (size_t c = 0; c < counted.size(); ++c) {
    const auto [output, axis, node] = counted[c];
    const int t = program_->outputs()[output];
    const Shape& planned = shape(t);
    counted_shapes_[output] = planned;
    int32_t& count = counted_shapes_[output][axis];
    count = static_cast<int32_t>(std::min<int64_t>(counts_[static_cast<size_t>(node)], count));
    // One that has the same memory under another name has been closed up with it.
    auto* data = static_cast<uint8_t*>(layout_.data[static_cast<size_t>(t)]);
    const bool done = std::any_of(counted.begin(), counted.begin() + static_cast<std::ptrdiff_t>(c),
                                  [&](const CountedOutput& other) {
                                    const int one = program_->outputs()[other.output];
                                    return layout_.data[static_cast<size_t>(one)] == data;
                                  });
    if (done) continue;
    const auto inner = static_cast<size_t>(planned.elements(axis + 1, planned.rank())) *
                       dtype_bytes(tensor(t).type);
    const auto rows = static_cast<size_t>(planned.elements(0, axis));
    const size_t from = static_cast<size_t>(planned[axis]) * inner;
    const size_t to = static_cast<size_t>(count) * inner;
    for (size_t row = 1; row < rows; ++row) std::memmove(data + row * to, data + row * from, to);
  }
}

}  // namespace qrt::rt
