#include "src/cli/labels.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "src/cli/elements.h"
#include "src/cli/model_output.h"
#include "src/cli/npy.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;
using quantize::Label;
using quantize::LabelKind;
using rt::Code;
using rt::error;

class Numbers : public Labels {
 public:
  explicit Numbers(std::vector<int64_t> numbers) : numbers_(std::move(numbers)) {}
  size_t size() const override { return numbers_.size(); }
  rt::Result<Label> load(size_t i) const override {
    Label label;
    label.number = numbers_[i];
    return label;
  }

 private:
  std::vector<int64_t> numbers_;
};

class Texts : public Labels {
 public:
  explicit Texts(std::vector<std::string> texts) : texts_(std::move(texts)) {}
  size_t size() const override { return texts_.size(); }
  rt::Result<Label> load(size_t i) const override {
    Label label;
    label.text = texts_[i];
    return label;
  }

 private:
  std::vector<std::string> texts_;
};

// Lines without their ends. The last may lack its own.
rt::Result<std::vector<std::string>> read_lines(const std::string& path) {
  QRT_ASSIGN_OR_RETURN(const rt::MappedFile file, rt::MappedFile::open(path));
  std::vector<std::string> lines;
  std::string line;
  for (size_t i = 0; i < file.size(); ++i) {
    const auto c = static_cast<char>(file.data()[i]);
    if (c != '\n') line += c;
    if (c != '\n' && i + 1 < file.size()) continue;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::exchange(line, {}));
  }
  return lines;
}

bool parse_class(const std::string& text, int64_t* number) {
  if (text.empty() || text.size() > 18 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  *number = std::stoll(text);
  return true;
}

// The number of a name; -1: it is none.
int64_t find_name(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : at - names.begin();
}

using Classes = rt::Result<std::vector<int64_t>>;

Classes classes_from_lines(const std::string& path, const std::vector<std::string>& names) {
  QRT_ASSIGN_OR_RETURN(const auto lines, read_lines(path));
  std::vector<int64_t> classes;
  for (const std::string& line : lines) {
    int64_t number = find_name(names, line);
    if (number >= 0 || parse_class(line, &number)) {
      classes.push_back(number);
      continue;
    }
    return error(Code::InvalidArgument,
                 "'%s', line %zu: '%s' is neither a class number nor one of the %zu names of "
                 "classes that are known%s",
                 path.c_str(), classes.size() + 1, printable(line).c_str(), names.size(),
                 names.empty() ? "; --names FILE gives them" : "");
  }
  return classes;
}

Classes classes_from_npy(const std::string& path, const rt::MappedFile& file) {
  auto array = view_npy(file.data(), file.size());
  if (!array.ok()) return array.status().within(path);
  const bool integers = array->type == rt::DType::S8 || array->type == rt::DType::U8 ||
                        array->type == rt::DType::S16 || array->type == rt::DType::S32 ||
                        array->type == rt::DType::S64 || array->type == rt::DType::Bool;
  const size_t longer = static_cast<size_t>(std::count_if(array->shape.begin(), array->shape.end(),
                                                          [](int64_t dim) { return dim != 1; }));
  if (!integers || longer > 1) {
    return error(Code::InvalidArgument,
                 "'%s' holds %s of shape %s; labels are integers, one a sample", path.c_str(),
                 rt::dtype_name(array->type), array->shape_str().c_str());
  }
  rt::Tensor plain;
  plain.type = array->type;
  const std::vector<uint8_t> elements = array->copy(0, array->bytes);
  std::vector<int64_t> classes;
  for (double v : decode(plain, elements.data(), elements.size() / rt::dtype_bytes(plain.type))) {
    classes.push_back(static_cast<int64_t>(v));
  }
  return classes;
}

// By the model's names, or without any in the order of the folders' names.
Classes classes_from_folders(const Dataset& dataset, const std::vector<std::string>& names) {
  std::vector<std::string> folders;
  for (size_t i = 0; i < dataset.size(); ++i) {
    std::error_code ignored;
    const fs::path file = fs::absolute(dataset.file(i), ignored);
    folders.push_back(file.lexically_normal().parent_path().filename());
  }
  std::vector<std::string> sorted = folders;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  if (names.empty() && sorted.size() == 1) {
    return error(Code::InvalidArgument,
                 "--labels folders: all samples lie in one folder, '%s', which would be their only "
                 "class",
                 sorted[0].c_str());
  }
  std::vector<int64_t> classes;
  for (const std::string& folder : folders) {
    classes.push_back(find_name(names.empty() ? sorted : names, folder));
    if (classes.back() >= 0) continue;
    return error(Code::InvalidArgument,
                 "--labels folders: the folder '%s' is none of the %zu names of classes",
                 folder.c_str(), names.size());
  }
  if (names.empty()) {
    std::string list;
    for (size_t i = 0; i < sorted.size() && i < 12; ++i) {
      list += format("%s%zu %s", i == 0 ? "" : ", ", i, sorted[i].c_str());
    }
    note("classes are the folders in order: " + list + (sorted.size() > 12 ? ", ..." : ""));
  }
  return classes;
}

rt::Result<std::unique_ptr<Labels>> open_numbers(const std::string& from,
                                                 const std::string& names_file,
                                                 const Dataset& dataset, const OpenModel& open,
                                                 size_t output) {
  std::vector<std::string> names = model_labels(*open.api, output);
  if (!names_file.empty()) {
    QRT_ASSIGN_OR_RETURN(names, read_labels(names_file));
  }
  std::vector<int64_t> classes;
  if (from == "folders") {
    QRT_ASSIGN_OR_RETURN(classes, classes_from_folders(dataset, names));
  } else {
    QRT_ASSIGN_OR_RETURN(const rt::MappedFile file, rt::MappedFile::open(from));
    const bool array = is_npy(file.data(), file.size());
    QRT_ASSIGN_OR_RETURN(classes,
                         array ? classes_from_npy(from, file) : classes_from_lines(from, names));
  }
  return std::unique_ptr<Labels>(std::make_unique<Numbers>(std::move(classes)));
}

// The outputs that are expected, as data that would be fed to inputs of floats.
class Tensors : public Labels {
 public:
  explicit Tensors(std::unique_ptr<Dataset> expected) : expected_(std::move(expected)) {}
  size_t size() const override { return expected_->size(); }
  rt::Result<Label> load(size_t i) const override {
    QRT_ASSIGN_OR_RETURN(const quantize::Sample sample, expected_->load(i));
    rt::Tensor plain;
    Label label;
    for (const quantize::SampleInput& input : sample.inputs) {
      label.expected.push_back(
          {input.shape, decode(plain, input.bytes.data(), input.bytes.size() / sizeof(float))});
    }
    return label;
  }

 private:
  std::unique_ptr<Dataset> expected_;
};

rt::Result<std::unique_ptr<Labels>> open_tensors(const std::vector<std::string>& labels,
                                                 const OpenModel& open) {
  std::vector<rt::Tensor> tensors;
  for (size_t i = 0; i < open.api->outputs(open.entry); ++i) {
    rt::Tensor tensor = tensor_of(open.api->output_info(i, open.entry));
    tensor.type = rt::DType::F32;
    tensor.quantization = {};
    tensors.push_back(tensor);
  }
  QRT_ASSIGN_OR_RETURN(
      auto expected,
      open_dataset(tensors, std::vector<PictureOptions>(tensors.size()), labels, "--labels"));
  return std::unique_ptr<Labels>(std::make_unique<Tensors>(std::move(expected)));
}

// Class numbers by pixel.
class Maps : public Labels {
 public:
  Maps(std::vector<std::string> files, size_t samples)
      : files_(std::move(files)),
        stacked_(files_.size() == 1 && samples > 1),
        size_(stacked_ ? samples : files_.size()) {}
  size_t size() const override { return size_; }

  rt::Result<Label> load(size_t i) const override {
    const std::string& path = files_[stacked_ ? 0 : i];
    QRT_ASSIGN_OR_RETURN(const rt::MappedFile file, rt::MappedFile::open(path));
    auto map = is_npy(file.data(), file.size()) ? from_array(file, i) : from_picture(file);
    if (!map.ok()) return map.status().within(path);
    Label label;
    label.expected.push_back(std::move(*map));
    return label;
  }

 private:
  static rt::Result<quantize::RealTensor> from_picture(const rt::MappedFile& file) {
    const std::vector<uint8_t> bytes(file.data(), file.data() + file.size());
    QRT_ASSIGN_OR_RETURN(const Picture picture, decode_picture(bytes, 0));
    if (picture.channels != 1) {
      return error(
          Code::InvalidArgument,
          "a map of classes is a picture in grey, whose pixels are class numbers; this one "
          "has %d channels",
          picture.channels);
    }
    return quantize::RealTensor{rt::Shape{picture.height, picture.width},
                                {picture.pixels.begin(), picture.pixels.end()}};
  }

  rt::Result<quantize::RealTensor> from_array(const rt::MappedFile& file, size_t i) const {
    QRT_ASSIGN_OR_RETURN(const NpyView array, view_npy(file.data(), file.size()));
    std::vector<int64_t> dims = array.shape;
    if (stacked_) {
      if (dims.empty() || dims[0] != static_cast<int64_t>(size_)) {
        return error(Code::InvalidArgument, "the array of shape %s does not hold %zu maps",
                     array.shape_str().c_str(), size_);
      }
      dims.erase(dims.begin());
    }
    rt::Shape shape;
    for (int64_t dim : dims) {
      if (shape.rank() == rt::kMaxRank || dim > INT32_MAX) {
        return error(Code::InvalidArgument, "an array of shape %s is no map of classes",
                     array.shape_str().c_str());
      }
      shape.push_back(static_cast<int32_t>(dim));
    }
    rt::Tensor plain;
    plain.type = array.type;
    const auto count = static_cast<size_t>(shape.elements());
    const size_t bytes = count * rt::dtype_bytes(array.type);
    const std::vector<uint8_t> part = array.copy(stacked_ ? i * bytes : 0, bytes);
    return quantize::RealTensor{shape, decode(plain, part.data(), count)};
  }

  std::vector<std::string> files_;
  bool stacked_;
  size_t size_;
};

rt::Result<std::unique_ptr<Labels>> open_any(LabelKind kind, const LabelArguments& arguments,
                                             const Dataset& dataset, const OpenModel& open,
                                             size_t output) {
  if (kind == LabelKind::Tensors) return open_tensors(arguments.labels, open);
  if (arguments.labels.size() != 1) {
    return error(Code::InvalidArgument, "--labels takes one file or folder here, not %zu",
                 arguments.labels.size());
  }
  const std::string& from = arguments.labels[0];
  switch (kind) {
    case LabelKind::Number:
      return open_numbers(from, arguments.names, dataset, open, output);
    case LabelKind::Text: {
      QRT_ASSIGN_OR_RETURN(auto lines, read_lines(from));
      return std::unique_ptr<Labels>(std::make_unique<Texts>(std::move(lines)));
    }
    default: {
      QRT_ASSIGN_OR_RETURN(auto files, list_data_files(from));
      return std::unique_ptr<Labels>(std::make_unique<Maps>(std::move(files), dataset.size()));
    }
  }
}

}  // namespace

rt::Result<std::unique_ptr<Labels>> open_labels(LabelKind kind, const LabelArguments& arguments,
                                                const Dataset& dataset, const OpenModel& open,
                                                size_t output) {
  QRT_ASSIGN_OR_RETURN(auto labels, open_any(kind, arguments, dataset, open, output));
  if (labels->size() == dataset.size()) return labels;
  return error(Code::InvalidArgument, "there are %zu labels for %zu samples", labels->size(),
               dataset.size());
}

}  // namespace qrt::cli
