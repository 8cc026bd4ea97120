#include "src/import/open_dims.h"

#include <sstream>

#include "src/base/shape.h"

namespace qrt::import {
namespace {

using rt::Code;
using rt::Status;

std::string text(const std::vector<int32_t>& shape) {
  if (shape.size() > static_cast<size_t>(rt::kMaxRank)) return "more than 8 dimensions";
  return rt::Shape(shape.data(), shape.size()).str();
}

// "?x3", or "Nx3".
std::string text(const std::vector<InputDim>& dims) {
  std::string all;
  for (const InputDim& dim : dims) {
    if (!all.empty()) all += "x";
    all += dim.size != -1 ? std::to_string(dim.size) : dim.name.empty() ? "?" : dim.name;
  }
  return all;
}

std::string name_at(const std::vector<std::string>& names, size_t axis) {
  return axis < names.size() ? names[axis] : "";
}

// The first reason in a list of problems, in one line.
std::string first_reason(const std::string& message) {
  std::istringstream lines(message);
  std::string line, reason;
  while (std::getline(lines, line)) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin == 2 && reason.empty()) reason = line.substr(begin);
    if (begin == 4 && !reason.empty()) return reason + " (" + line.substr(begin) + ")";
  }
  return reason.empty() ? message : reason;
}

}  // namespace

Status OpenDims::learn(const std::string& input, const std::vector<int32_t>& shape,
                       const std::vector<std::string>& names) {
  inputs_.insert(input);
  if (!shape.empty() && !name_at(names, 0).empty()) batch_names_.insert(names[0]);
  const auto given = options_.input_shapes.find(input);
  if (given == options_.input_shapes.end()) return {};
  bool fits = given->second.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    const int32_t size = given->second[i].size;
    if (size == -1) continue;
    fits = size >= 1 && (shape[i] == -1 || shape[i] == size);
    if (!fits || shape[i] != -1 || name_at(names, i).empty()) continue;
    const auto [known, added] = by_name_.insert({names[i], size});
    if (added || known->second == size) continue;
    return rt::error(Code::InvalidArgument, "the shapes given make '%s' both %d and %d",
                     names[i].c_str(), known->second, size);
  }
  if (fits) return {};
  return rt::error(Code::InvalidArgument, "input '%s' is %s and cannot be given the shape %s",
                   input.c_str(), text(shape).c_str(), text(given->second).c_str());
}

void OpenDims::fix(const std::string& input, std::vector<int32_t>* shape,
                   std::vector<std::string>* names) {
  const auto given = options_.input_shapes.find(input);
  names->resize(shape->size());
  for (size_t i = 0; i < shape->size(); ++i) {
    int32_t& dim = (*shape)[i];
    std::string& name = (*names)[i];
    const InputDim* wanted = given != options_.input_shapes.end() ? &given->second[i] : nullptr;
    if (wanted != nullptr && wanted->size == -1) {
      if (dim != -1 || !wanted->name.empty()) name = wanted->name;
      dim = -1;
      continue;
    }
    if (dim != -1) {
      name.clear();
      continue;
    }
    const auto known = by_name_.find(name);
    const bool batch = i == 0 || batch_names_.count(name) != 0;
    if (wanted != nullptr) {
      dim = wanted->size;
    } else if (!name.empty() && known != by_name_.end()) {
      dim = known->second;
    } else if (batch && fix_batch_) {
      assumed_.push_back("assumed " + input + "[" + std::to_string(i) + "]" +
                         (name.empty() ? "" : " ('" + name + "')"));
      dim = 1;
    }
    open_batch_ = open_batch_ || (batch && dim == -1);
    if (dim != -1) name.clear();
  }
  bool named = false;
  for (const std::string& name : *names) named = named || !name.empty();
  if (!named) names->clear();
}

Status OpenDims::check_all_used() const {
  for (const auto& [name, shape] : options_.input_shapes) {
    if (inputs_.count(name) != 0) continue;
    return rt::error(Code::InvalidArgument, "a shape is given for '%s', which is no input",
                     name.c_str());
  }
  return {};
}

rt::Result<graph::Graph> import_open(
    const ImportOptions& options,
    const std::function<rt::Result<graph::Graph>(OpenDims& dims)>& import) {
  OpenDims all_open(options, false);
  auto graph = import(all_open);
  if (graph.ok() || !all_open.open_batch()) return graph;
  const std::string reason = first_reason(graph.status().message());
  OpenDims batch_of_1(options, true);
  graph = import(batch_of_1);
  if (!graph.ok()) return graph;
  for (const std::string& dim : batch_of_1.assumed()) {
    graph->metadata.emplace_back(dim, "1, because of " + reason);
  }
  return graph;
}

}  // namespace qrt::import
