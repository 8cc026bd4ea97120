#include "src/cli/dataset.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "src/cli/machine_options.h"
#include "src/cli/npy.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;
using rt::Code;
using rt::error;
using rt::Tensor;

constexpr const char* kEndings[] = {".png", ".jpg", ".jpeg", ".bmp",
                                    ".wav", ".npy", ".bin",  ".raw"};
constexpr const char* kLookedFor = ".png, .jpg, .bmp, .wav, .npy, .bin and .raw";

std::string ending(const fs::path& path) {
  std::string text = path.extension();
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool usable(const fs::path& path) {
  return std::find(std::begin(kEndings), std::end(kEndings), ending(path)) != std::end(kEndings);
}

rt::Status about(const rt::Status& status, const std::string& path, const Tensor& tensor) {
  return status.within(format("cannot feed '%s' to input '%s'", path.c_str(), tensor.name));
}

using Files = std::vector<std::string>;

rt::Result<Files> files_of_folder(const std::string& folder) {
  Files found, skipped;
  std::error_code code;
  for (fs::recursive_directory_iterator at(folder, code), end; !code && at != end;
       at.increment(code)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    (usable(at->path()) ? found : skipped).push_back(at->path().string());
  }
  if (code) {
    return error(Code::Io, "cannot list the folder '%s': %s", folder.c_str(),
                 code.message().c_str());
  }
  if (found.empty()) {
    return error(Code::InvalidArgument,
                 "the folder '%s' has no usable file: looked for %s, in its subfolders too, and "
                 "found %zu of other kinds",
                 folder.c_str(), kLookedFor, skipped.size());
  }
  std::sort(found.begin(), found.end());
  if (!skipped.empty()) {
    note(format("%zu file%s in '%s' skipped, such as '%s': data are %s", skipped.size(),
                skipped.size() == 1 ? "" : "s", folder.c_str(),
                fs::path(*std::min_element(skipped.begin(), skipped.end())).filename().c_str(),
                kLookedFor));
  }
  return found;
}

rt::Result<Files> files_of_list(const std::string& path) {
  std::ifstream list(path);
  if (!list) return error(Code::Io, "cannot read the list '%s'", path.c_str());
  const fs::path folder = fs::path(path).parent_path();
  Files files;
  size_t number = 0;
  for (std::string line; std::getline(list, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const fs::path file = folder / line;
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) {
      return error(Code::Io, "'%s', line %zu: there is no file '%s'", path.c_str(), number,
                   file.c_str());
    }
    files.push_back(file.string());
  }
  if (!files.empty()) return files;
  return error(Code::InvalidArgument,
               "the list '%s' names no files; it should have a path a line, from its own folder",
               path.c_str());
}

}  // namespace

struct InputData::Mapped {
  rt::MappedFile file;
  NpyView array;
  Stack stack;
};

rt::Result<std::vector<std::string>> list_data_files(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return files_of_folder(path);
  if (!fs::exists(path, ignored)) {
    return error(Code::Io, "there is no file or folder '%s'", path.c_str());
  }
  if (ending(path) == ".txt") return files_of_list(path);
  return std::vector<std::string>{path};
}

rt::Status InputData::add(const std::string& path) {
  QRT_ASSIGN_OR_RETURN(const std::vector<std::string> files, list_data_files(path));
  for (const std::string& file : files) QRT_RETURN_IF_ERROR(add_file(file));
  return {};
}

rt::Status InputData::add_file(const std::string& path) {
  const size_t number = files_.size();
  if (ending(path) != ".npy") {
    files_.push_back({path, nullptr});
    items_.push_back({number, 0});
    return {};
  }
  auto mapped = std::make_shared<Mapped>();
  QRT_ASSIGN_OR_RETURN(mapped->file, rt::MappedFile::open(path));
  auto array = view_npy(mapped->file.data(), mapped->file.size());
  if (!array.ok()) return about(array.status(), path, tensor_);
  auto stack = stack_of(tensor_, array->shape);
  if (!stack.ok()) return about(stack.status(), path, tensor_);
  if (stack->samples == 0) {
    return error(Code::InvalidArgument, "'%s' holds no samples: its shape is %s", path.c_str(),
                 array->shape_str().c_str());
  }
  const size_t samples = stack->samples;
  mapped->array = std::move(*array);
  mapped->stack = *stack;
  // Thousands of files of one sample each stay closed.
  files_.push_back({path, samples > 1 ? mapped : nullptr});
  for (size_t i = 0; i < samples; ++i) items_.push_back({number, i});
  return {};
}

std::string InputData::name(size_t i) const {
  const File& file = files_[items_[i].file];
  return file.stack == nullptr ? file.path : format("%s[%zu]", file.path.c_str(), items_[i].at);
}

rt::Result<TensorInput> InputData::load(size_t i) const {
  const File& file = files_[items_[i].file];
  if (file.stack == nullptr) return load_tensor_input(tensor_, file.path, pictures_);
  const NpyView& array = file.stack->array;
  const size_t bytes = array.bytes / file.stack->stack.samples;
  auto input = from_elements(tensor_, array.type, file.stack->stack.shape,
                             array.copy(items_[i].at * bytes, bytes), pictures_);
  return input.ok() ? std::move(input) : about(input.status(), name(i), tensor_);
}

Dataset::Dataset(std::vector<InputData> inputs) : inputs_(std::move(inputs)) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].size() > size_) leading_ = i;
    size_ = std::max(size_, inputs_[i].size());
  }
}

rt::Result<quantize::Sample> Dataset::load(size_t i) const {
  quantize::Sample sample;
  sample.name = inputs_[leading_].name(i);
  for (size_t k = 0; k < inputs_.size(); ++k) {
    QRT_ASSIGN_OR_RETURN(TensorInput input, inputs_[k].load(of(k, i)));
    sample.inputs.push_back({input.shape, std::move(input.bytes)});
  }
  return sample;
}

namespace {

// "'a' f32 2x3, 'b' f32 2x3"
std::string list_tensors(const std::vector<Tensor>& tensors) {
  std::string text;
  for (const Tensor& tensor : tensors) text += (text.empty() ? "" : ", ") + describe(tensor);
  return text;
}

// The input that PATH or NAME=PATH is for; without a name, the first that has nothing yet, or the
// only one.
rt::Result<size_t> input_of(const std::string& argument, const char* option,
                            const std::vector<Tensor>& tensors,
                            const std::vector<InputData>& inputs, std::string* path) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string prefix = std::string(tensors[i].name) + "=";
    if (prefix.size() == 1 || argument.compare(0, prefix.size(), prefix) != 0) continue;
    *path = argument.substr(prefix.size());
    return i;
  }
  *path = argument;
  std::error_code ignored;
  if (argument.find('=') != std::string::npos && !fs::exists(argument, ignored)) {
    return error(Code::InvalidArgument, "%s '%s' names none of the model's: there are %s", option,
                 argument.c_str(), list_tensors(tensors).c_str());
  }
  if (inputs.size() == 1) return size_t{0};
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].size() == 0) return i;
  }
  return error(Code::InvalidArgument,
               "%s '%s' is one too many; say which one it is for, as in %s NAME=%s: there are %s",
               option, argument.c_str(), option, argument.c_str(), list_tensors(tensors).c_str());
}

// All have data, and equally many, but for one sample that serves for all.
rt::Status check_sizes(const std::vector<Tensor>& tensors, const std::vector<InputData>& inputs,
                       const char* option, size_t samples) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].size() == 0) {
      return error(Code::InvalidArgument,
                   "nothing for '%s': give %s %s=PATH (a folder, a list or a file); there are %s",
                   tensors[i].name, option, tensors[i].name, list_tensors(tensors).c_str());
    }
    if (inputs[i].size() == samples) continue;
    if (inputs[i].size() > 1) {
      size_t most = 0;
      while (inputs[most].size() != samples) ++most;
      return error(Code::InvalidArgument,
                   "'%s' has %zu samples, '%s' has %zu; they must be equally many, or 1",
                   tensors[i].name, inputs[i].size(), tensors[most].name, samples);
    }
    note(format("'%s' has one sample, which goes with each of the %zu others", tensors[i].name,
                samples));
  }
  return {};
}

}  // namespace

CLI::Option* add_data_options(CLI::App* command, DataArguments* arguments) {
  CLI::Option* data = named(
      command->add_option("--data,-d", arguments->data,
                          "Samples: folders, lists (.txt), pictures, sounds, arrays, stacks of "
                          "arrays (.npy); for several inputs NAME=PATH"),
      "PATH...");
  add_picture_options(command, &arguments->pictures);
  return data;
}

rt::Result<std::unique_ptr<Dataset>> open_dataset(const std::vector<Tensor>& tensors,
                                                  std::vector<PictureOptions> pictures,
                                                  const std::vector<std::string>& data,
                                                  const char* option) {
  std::vector<InputData> inputs;
  for (size_t i = 0; i < tensors.size(); ++i) {
    inputs.emplace_back(tensors[i], std::move(pictures[i]));
  }
  for (const std::string& argument : data) {
    std::string path;
    QRT_ASSIGN_OR_RETURN(const size_t input, input_of(argument, option, tensors, inputs, &path));
    QRT_RETURN_IF_ERROR(inputs[input].add(path));
  }
  size_t samples = 0;
  for (const InputData& input : inputs) samples = std::max(samples, input.size());
  QRT_RETURN_IF_ERROR(check_sizes(tensors, inputs, option, samples));
  for (const InputData& input : inputs) {
    QRT_ASSIGN_OR_RETURN(const TensorInput first, input.load(0));
    if (!first.note.empty()) note(input.name(0) + ": " + first.note);
  }
  return std::make_unique<Dataset>(std::move(inputs));
}

rt::Result<std::unique_ptr<Dataset>> open_dataset(const OpenModel& open,
                                                  const DataArguments& arguments) {
  QRT_ASSIGN_OR_RETURN(const PictureOptions given, read_picture_options(arguments.pictures));
  QRT_ASSIGN_OR_RETURN(auto pictures, picture_options_of(open, given));
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < pictures.size(); ++i) {
    tensors.push_back(tensor_of(open.api->input_info(i, open.entry)));
  }
  if (tensors.empty()) {
    return error(Code::InvalidArgument, "'%s' has no inputs that could be fed", open.path.c_str());
  }
  return open_dataset(tensors, std::move(pictures), arguments.data, "--data");
}

}  // namespace qrt::cli
