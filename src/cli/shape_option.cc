#include "src/cli/shape_option.h"

#include <algorithm>
#include <cstdlib>

#include "src/cli/machine_options.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

using import::InputDim;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "224", "?" or a word without 'x', which stands between dimensions. Moves `at` behind it.
bool parse_dim(const char*& at, std::vector<InputDim>* dims) {
  const char* begin = at;
  if (*at == '?') {
    ++at;
    dims->emplace_back(std::string());
    return true;
  }
  if (is_digit(*at)) {
    char* end = nullptr;
    const long long dim = std::strtoll(at, &end, 10);
    if (dim > INT32_MAX) return false;
    at = end;
    dims->emplace_back(static_cast<int32_t>(dim));
    return true;
  }
  while (*at != 'x' && (is_letter(*at) || (is_digit(*at) && at > begin))) ++at;
  dims->emplace_back(std::string(begin, at));
  return at > begin;
}

// "1x3x224x224" or "batchx3x?x?"; false if it is no such thing.
bool parse_dims(const std::string& text, std::vector<InputDim>* dims) {
  const char* at = text.c_str();
  do {
    if (dims->size() == static_cast<size_t>(rt::kMaxRank) || !parse_dim(at, dims)) return false;
  } while (*at++ == 'x');
  return at[-1] == '\0';
}

// Names may have a '=' in them.
bool parse(const std::string& text, std::string* name, std::vector<InputDim>* dims) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return false;
  *name = text.substr(0, equals);
  return parse_dims(text.substr(equals + 1), dims);
}

}  // namespace

CLI::Option* add_shape_option(CLI::App* command, std::vector<std::string>* texts,
                              const std::string& what, bool may_open) {
  CLI::Option* option = named(command->add_option("--shape", *texts, what), "NAME=1x3x224x224...");
  return option->check([may_open](const std::string& text) {
    std::string name;
    std::vector<InputDim> dims;
    bool fits = parse(text, &name, &dims);
    for (const InputDim& dim : dims) fits = fits && (may_open || dim.size != -1);
    if (fits) return std::string();
    return format("'%s' is not NAME=1x3x224x224: an input's name and up to %d sizes%s",
                  text.c_str(), rt::kMaxRank, may_open ? ", or '?' or words for open ones" : "");
  });
}

rt::Result<std::map<std::string, std::vector<InputDim>>> read_shapes(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::vector<InputDim>> shapes;
  for (const std::string& text : texts) {
    std::string name;
    std::vector<InputDim> dims;
    (void)parse(text, &name, &dims);
    if (shapes.insert({name, dims}).second) continue;
    return rt::error(rt::Code::InvalidArgument, "--shape names the input '%s' twice", name.c_str());
  }
  return shapes;
}

rt::Status apply_shapes(const std::vector<std::string>& texts, Session* session) {
  QRT_ASSIGN_OR_RETURN(const auto shapes, read_shapes(texts));
  std::vector<InputShape> inputs;
  for (const auto& [name, dims] : shapes) {
    size_t i = 0;
    while (i < session->inputs() && name != session->input_info(i).name) ++i;
    if (i == session->inputs()) {
      return rt::error(rt::Code::InvalidArgument, "--shape names '%s', which is no input",
                       name.c_str());
    }
    inputs.push_back({static_cast<uint32_t>(i), static_cast<int32_t>(dims.size()), {}});
    std::transform(dims.begin(), dims.end(), inputs.back().dims,
                   [](const InputDim& dim) { return dim.size; });
  }
  if (inputs.empty()) return {};
  return status_of(session->resize_inputs(inputs.data(), inputs.size()));
}

}  // namespace qrt::cli
