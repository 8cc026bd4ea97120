#include "src/cli/picture_options.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "src/cli/machine_options.h"
#include "src/cli/picture_input.h"

namespace qrt::cli {
namespace {

using rt::Code;
using rt::error;

// "0.5" or "1/255".
bool parse_number(const std::string& text, float* number) {
  const char* begin = text.c_str();
  char* end = nullptr;
  double value = std::strtod(begin, &end);
  if (end == begin) return false;
  if (*end == '/') {
    begin = end + 1;
    value /= std::strtod(begin, &end);
    if (end == begin) return false;
  }
  *number = static_cast<float>(value);
  return *end == '\0' && std::isfinite(*number);
}

// Numbers with commas between; nothing gives no numbers.
rt::Result<std::vector<float>> parse_numbers(const char* option, const std::string& list) {
  std::vector<float> numbers;
  std::istringstream parts(list);
  for (std::string text; std::getline(parts, text, ',');) {
    numbers.push_back(0);
    if (!parse_number(text, &numbers.back())) {
      return error(Code::InvalidArgument, "%s takes numbers such as 127.5 or 1/255, '%s' is none",
                   option, text.c_str());
    }
  }
  return numbers;
}

}  // namespace

void add_picture_options(CLI::App* command, PictureArguments* arguments) {
  named(
      command->add_option("--mean", arguments->mean, "Pictures: subtracted; one, or one a channel"),
      "M[,M,M]");
  named(command->add_option("--scale", arguments->scale,
                            "Pictures: then multiplied by; 1/255 is fine"),
        "S[,S,S]");
  command->add_flag("--resize", arguments->resize,
                    "Pictures: resize to the model's size, bilinear");
}

rt::Result<PictureOptions> read_picture_options(const PictureArguments& arguments) {
  PictureOptions options;
  QRT_ASSIGN_OR_RETURN(options.mean, parse_numbers("--mean", arguments.mean));
  QRT_ASSIGN_OR_RETURN(options.scale, parse_numbers("--scale", arguments.scale));
  for (float value : options.scale) {
    if (value == 0) {
      return error(Code::InvalidArgument, "--scale 0 would make every pixel the same");
    }
  }
  options.resize = arguments.resize;
  return options;
}

std::string kept_text(const PictureArguments& arguments) {
  std::string text;
  if (!arguments.mean.empty()) text += "mean=" + arguments.mean;
  if (!arguments.scale.empty()) text += (text.empty() ? "scale=" : ";scale=") + arguments.scale;
  if (arguments.resize) text += text.empty() ? "resize" : ";resize";
  return text;
}

rt::Result<PictureArguments> read_kept_text(const std::string& text) {
  PictureArguments arguments;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    const size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (name == "mean" && !value.empty()) {
      arguments.mean = value;
    } else if (name == "scale" && !value.empty()) {
      arguments.scale = value;
    } else if (part == "resize") {
      arguments.resize = true;
    } else {
      return error(
          Code::InvalidModel,
          "'%s' is none of mean=NUMBERS, scale=NUMBERS and resize, which tell how pictures "
          "become numbers",
          part.c_str());
    }
  }
  return arguments;
}

rt::Status keep_picture_options(const PictureArguments& arguments, graph::Graph* graph) {
  if (!arguments.given()) return {};
  bool taken = false;
  for (int input : graph->inputs) {
    const graph::Value& value = graph->value(input);
    if (value.shape.size() > static_cast<size_t>(rt::kMaxRank)) continue;
    rt::Tensor tensor;
    tensor.type = value.type;
    tensor.shape = rt::Shape(value.shape.data(), value.shape.size());
    tensor.quantization = value.quantization.view();
    if (!takes_pictures(tensor)) continue;
    taken = true;
    const std::string key = "input:" + value.name;
    auto& metadata = graph->metadata;
    metadata.erase(std::remove_if(metadata.begin(), metadata.end(),
                                  [&](const auto& entry) { return entry.first == key; }),
                   metadata.end());
    metadata.emplace_back(key, kept_text(arguments));
  }
  if (taken) return {};
  return error(Code::InvalidArgument,
               "--mean, --scale and --resize tell how pictures become numbers, but no input takes "
               "pictures");
}

rt::Result<std::vector<PictureOptions>> picture_options_of(const OpenModel& open,
                                                           const PictureOptions& given) {
  const size_t count = open.api->inputs(open.entry);
  std::vector<PictureOptions> all(count, given);
  for (size_t i = 0; i < count; ++i) {
    const std::string key = std::string("input:") + open.api->input_info(i, open.entry).name;
    const char* text = open.api->find_metadata(key.c_str());
    if (text == nullptr) continue;
    auto kept = read_kept_text(text);
    auto options = kept.ok() ? read_picture_options(*kept) : kept.status();
    if (!options.ok()) return options.status().within(open.path + ", metadata '" + key + "'");
    if (given.mean.empty() && given.scale.empty()) {
      all[i].mean = options->mean;
      all[i].scale = options->scale;
      all[i].kept = text;
    } else if (options->resize && !given.resize) {
      all[i].kept = "resize";
    }
    all[i].resize = given.resize || options->resize;
  }
  return all;
}

}  // namespace qrt::cli
