#include "src/opspec/node.h"

#include <cstdarg>
#include <cstdio>

#include "src/opspec/spec.h"

namespace qrt::rt {

Status Node::fail(Code code, const char* format, ...) const {
  char message[600];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return error(code, "operator %d '%s' (%s): %s", index_, name(),
               operator_name(type(), raw_options()).c_str(), message);
}

}  // namespace qrt::rt
