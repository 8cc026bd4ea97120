// The variables of a session: reset, saved and restored. Saved: a header, then the bytes of each
// variable in the order of the model's tensors, without gaps.
#include <cstring>

#include "src/base/fingerprint.h"
#include "src/runtime/real_zero.h"
#include "src/runtime/session.h"
#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

struct StateHeader {
  char magic[4];     // "QRTS"
  uint32_t version;  // of this layout
  uint64_t fingerprint;
};
constexpr StateHeader kHeader = {{'Q', 'R', 'T', 'S'}, 1, 0};

}  // namespace

template <class Body>
void Session::for_each_variable(const Body& body) const {
  for (size_t t = 0; t < layout_.shapes.size(); ++t) {
    const Tensor& variable = program_->tensors()[t];
    if (variable.variable) body(variable, layout_.shapes[t], layout_.home[t]);
  }
}

void Session::reset_state() {
  for_each_variable([](const Tensor& variable, const Shape& shape, void* data) {
    if (variable.data != nullptr) {
      std::memcpy(data, variable.data, static_cast<size_t>(bytes_of(variable, shape)));
    } else {
      fill_with_real_zero(variable, shape, data);
    }
  });
}

// Equal for sessions whose variables have the same names, types, shapes and quantization.
uint64_t Session::state_fingerprint() const {
  Fingerprint print;
  for_each_variable([&](const Tensor& variable, const Shape& shape, const void*) {
    print.add(variable.name, std::strlen(variable.name) + 1);
    print.add(static_cast<uint32_t>(variable.type));
    print.add(static_cast<uint32_t>(shape.rank()));
    for (int32_t dim : shape) print.add(dim);
    print.add(static_cast<uint32_t>(variable.quantization.scales.size()));
    for (float scale : variable.quantization.scales) print.add(scale);
    print.add(static_cast<uint32_t>(variable.quantization.zero_points.size()));
    for (int32_t zero_point : variable.quantization.zero_points) print.add(zero_point);
  });
  return print.value();
}

size_t Session::state_bytes() const {
  uint64_t bytes = 0;
  for_each_variable([&](const Tensor& variable, const Shape& shape, const void*) {
    bytes += bytes_of(variable, shape);
  });
  return bytes > 0 ? static_cast<size_t>(bytes) + sizeof(StateHeader) : 0;
}

Status Session::save_state(void* to, size_t bytes) const {
  if (bytes != state_bytes()) {
    return error(Code::InvalidArgument, "the state has %zu bytes, the memory for it %zu",
                 state_bytes(), bytes);
  }
  if (bytes == 0) return {};
  auto* next = static_cast<uint8_t*>(to);
  StateHeader header = kHeader;
  header.fingerprint = state_fingerprint();
  std::memcpy(next, &header, sizeof header);
  next += sizeof header;
  for_each_variable([&](const Tensor& variable, const Shape& shape, const void* data) {
    std::memcpy(next, data, static_cast<size_t>(bytes_of(variable, shape)));
    next += bytes_of(variable, shape);
  });
  return {};
}

Status Session::restore_state(const void* from, size_t bytes) {
  if (bytes != state_bytes()) {
    return error(Code::InvalidArgument, "the session's state has %zu bytes, the saved one %zu",
                 state_bytes(), bytes);
  }
  if (bytes == 0) return {};
  const auto* next = static_cast<const uint8_t*>(from);
  StateHeader header;
  std::memcpy(&header, next, sizeof header);
  if (std::memcmp(header.magic, kHeader.magic, sizeof header.magic) != 0 ||
      header.version != kHeader.version) {
    return error(Code::InvalidArgument, "these bytes are no state that this version saved");
  }
  if (header.fingerprint != state_fingerprint()) {
    return error(Code::InvalidArgument,
                 "the saved state is of other variables: names, types, shapes or scales differ");
  }
  next += sizeof header;
  for_each_variable([&](const Tensor& variable, const Shape& shape, void* data) {
    std::memcpy(data, next, static_cast<size_t>(bytes_of(variable, shape)));
    next += bytes_of(variable, shape);
  });
  return {};
}

}  // namespace qrt::rt
