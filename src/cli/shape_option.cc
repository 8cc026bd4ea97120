#include "src/cli/shape_option.h"

#include <cstdlib>

#include "src/cli/machine_options.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

// "1x3x224x224"; false if it is no such thing.
bool parse_dims(const std::string& text, std::vector<int32_t>* dims) {
  const char* at = text.c_str();
  do {
    if (*at < '0' || *at > '9') return false;
    char* end = nullptr;
    const long long dim = std::strtoll(at, &end, 10);
    if (dim > INT32_MAX || dims->size() == static_cast<size_t>(rt::kMaxRank)) return false;
    dims->push_back(static_cast<int32_t>(dim));
    at = end;
  } while (*at++ == 'x');
  return at[-1] == '\0';
}

// Names may have a '=' in them.
bool parse(const std::string& text, std::string* name, std::vector<int32_t>* dims) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return false;
  *name = text.substr(0, equals);
  return parse_dims(text.substr(equals + 1), dims);
}

}  // namespace

CLI::Option* add_shape_option(CLI::App* command, std::vector<std::string>* texts,
                              const std::string& what) {
  CLI::Option* option = named(command->add_option("--shape", *texts, what), "NAME=1x3x224x224...");
  return option->check([](const std::string& text) {
    std::string name;
    std::vector<int32_t> dims;
    return parse(text, &name, &dims)
               ? std::string()
               : format("'%s' is not NAME=1x3x224x224: an input's name and up to %d sizes",
                        text.c_str(), rt::kMaxRank);
  });
}

rt::Result<std::map<std::string, std::vector<int32_t>>> read_shapes(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::vector<int32_t>> shapes;
  for (const std::string& text : texts) {
    std::string name;
    std::vector<int32_t> dims;
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
    std::copy(dims.begin(), dims.end(), inputs.back().dims);
  }
  if (inputs.empty()) return {};
  return status_of(session->resize_inputs(inputs.data(), inputs.size()));
}

}  // namespace qrt::cli
