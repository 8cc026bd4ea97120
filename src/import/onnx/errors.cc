#include "src/import/onnx/errors.h"

#include <cstdarg>
#include <cstdio>

namespace qrt::import::onnx_import {
namespace {

std::string formatted(const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  return text;
}

}  // namespace

void unsupported(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = formatted(format, arguments);
  va_end(arguments);
  throw Unsupported(text);
}

void invalid(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = formatted(format, arguments);
  va_end(arguments);
  throw Invalid(text);
}

}  // namespace qrt::import::onnx_import
