#include "src/runtime/op.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace qrt::rt {

bool same_quantization(const Quantization& a, const Quantization& b) {
  if (a.scales.size() != b.scales.size() || a.axis != b.axis || a.block != b.block) return false;
  for (size_t i = 0; i < a.scales.size(); ++i) {
    if (a.scales[i] != b.scales[i] || a.zero_point(i) != b.zero_point(i)) return false;
  }
  return true;
}

Status Node::fail(Code code, const char* format, ...) const {
  char message[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return error(code, "operator %d '%s' (%s): %s", index_, name(), fb::EnumNameOpOptions(type()),
               message);
}

Status Node::check_arity(size_t min_inputs, size_t max_inputs, size_t output_count) const {
  if (inputs() < min_inputs || inputs() > max_inputs) {
    return fail(Code::InvalidModel, "has %zu inputs, takes %zu to %zu", inputs(), min_inputs,
                max_inputs);
  }
  for (size_t i = 0; i < min_inputs; ++i) {
    if (!has_input(i)) return fail(Code::InvalidModel, "input %zu is absent", i);
  }
  if (outputs() != output_count) {
    return fail(Code::InvalidModel, "has %zu outputs, gives %zu", outputs(), output_count);
  }
  return {};
}

}  // namespace qrt::rt
