// Which dimensions of a model's inputs are open. All that the file leaves open are, except those
// that the caller fixes, and except the batch where an importer cannot do without: then it is 1,
// and the graph's metadata say so and why. And those that the caller opens.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/import/import.h"

namespace qrt::import {

class OpenDims {
 public:
  OpenDims(const ImportOptions& options, bool fix_batch)
      : options_(options), fix_batch_(fix_batch) {}

  // To be called for every input, before any fix(). -1 is an open dimension; `names` are those of
  // open dimensions, by axis, and may be empty. The error is a contradiction to the caller's shape.
  rt::Status learn(const std::string& input, const std::vector<int32_t>& shape,
                   const std::vector<std::string>& names);
  // Replaces dimensions that are not to stay open; `names` loses their names.
  void fix(const std::string& input, std::vector<int32_t>* shape, std::vector<std::string>* names);
  // An error if the caller gave a shape for an input that there is not.
  rt::Status check_all_used() const;

  // Whether a batch stayed open.
  bool open_batch() const { return open_batch_; }
  // "assumed x[0] ('batch')", one for each dimension taken for 1.
  const std::vector<std::string>& assumed() const { return assumed_; }

 private:
  const ImportOptions& options_;
  bool fix_batch_, open_batch_ = false;
  std::map<std::string, int32_t> by_name_;  // the size of a name
  std::set<std::string> batch_names_, inputs_;
  std::vector<std::string> assumed_;
};

// Imports with all dimensions open that may be; if that fails, with a batch of 1.
rt::Result<graph::Graph> import_open(
    const ImportOptions& options,
    const std::function<rt::Result<graph::Graph>(OpenDims& dims)>& import);

}  // namespace qrt::import
