// --data: what a model is calibrated, evaluated and compared on. From folders, lists, files and
// stacks of arrays to samples by number. Files are read when a sample is asked for; stacks are
// mapped; so memory does not grow with the data.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "src/cli/picture_options.h"
#include "src/model/mapped_file.h"
#include "src/quantize/samples.h"

namespace qrt::cli {

// The files that a path stands for: all usable ones of a folder and its subfolders, by name; those
// of a list (.txt, a path a line, from its own folder); or the file itself.
rt::Result<std::vector<std::string>> list_data_files(const std::string& path);

// What one input of a model is fed with, by sample.
class InputData {
 public:
  // `tensor` and what it points to must outlive this.
  InputData(const rt::Tensor& tensor, PictureOptions pictures)
      : tensor_(tensor), pictures_(std::move(pictures)) {}

  // The samples of list_data_files. May be called again: others come behind those that are there.
  rt::Status add(const std::string& path);

  size_t size() const { return items_.size(); }
  // "digits.npy[17]"
  std::string name(size_t i) const;
  const std::string& file(size_t i) const { return files_[items_[i].file].path; }
  rt::Result<TensorInput> load(size_t i) const;

 private:
  struct Mapped;  // an array of samples
  struct File {
    std::string path;
    std::shared_ptr<const Mapped> stack;  // null: the file is one sample
  };
  struct Item {
    size_t file, at;  // `at`: in the stack
  };

  rt::Status add_file(const std::string& path);

  rt::Tensor tensor_;
  PictureOptions pictures_;
  std::vector<File> files_;
  std::vector<Item> items_;
};

class Dataset : public quantize::SampleSource {
 public:
  explicit Dataset(std::vector<InputData> inputs);

  size_t size() const override { return size_; }
  rt::Result<quantize::Sample> load(size_t i) const override;
  // The file that a sample comes from; of several inputs, the first with a file of its own for it.
  const std::string& file(size_t i) const { return inputs_[leading_].file(i); }

 private:
  size_t of(size_t input, size_t i) const { return inputs_[input].size() == 1 ? 0 : i; }

  std::vector<InputData> inputs_;
  size_t size_ = 0, leading_ = 0;
};

struct DataArguments {
  std::vector<std::string> data;  // PATH or NAME=PATH
  PictureArguments pictures;
};

// --data and how pictures become numbers; returns the former.
CLI::Option* add_data_options(CLI::App* command, DataArguments* arguments);

// Samples for tensors, which must outlive them: `data` has PATH or NAME=PATH, `option` is what
// messages call it. The first is read at once, so that an error shows before long work. Says in
// notes what a user may not expect.
rt::Result<std::unique_ptr<Dataset>> open_dataset(const std::vector<rt::Tensor>& tensors,
                                                  std::vector<PictureOptions> pictures,
                                                  const std::vector<std::string>& data,
                                                  const char* option);

// Samples for the model's inputs.
rt::Result<std::unique_ptr<Dataset>> open_dataset(const OpenModel& open,
                                                  const DataArguments& arguments);

}  // namespace qrt::cli
