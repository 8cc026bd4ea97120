#include "src/graph/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "src/base/checked.h"
#include "src/graph/subgraphs.h"
#include "src/model/dtype.h"

namespace qrt::graph {
namespace {

using rt::align_up;
using rt::Code;
using rt::Status;

constexpr size_t kSegmentAlignment = 64;

// Lays constants out one after the other; equal bytes are kept once.
class Segment {
 public:
  uint64_t add(const std::shared_ptr<const Bytes>& data) {
    const size_t hash = std::hash<std::string_view>{}(
        std::string_view(reinterpret_cast<const char*>(data->data()), data->size()));
    const auto [begin, end] = by_hash_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      if (*it->second.data == *data) return it->second.offset;
    }
    const uint64_t offset = align_up(bytes_.size(), kSegmentAlignment);
    bytes_.resize(offset);
    bytes_.insert(bytes_.end(), data->begin(), data->end());
    by_hash_.insert({hash, {offset, data}});
    return offset;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  struct Entry {
    uint64_t offset;
    std::shared_ptr<const Bytes> data;
  };
  Bytes bytes_;
  std::unordered_multimap<size_t, Entry> by_hash_;
};

// New index of each value that something uses, in order; -1 for the others.
std::vector<int> number_used_values(const Graph& graph) {
  std::vector<bool> used(graph.values.size(), false);
  const auto mark = [&](const std::vector<int>& indices) {
    for (int index : indices) {
      if (index != kAbsent) used[static_cast<size_t>(index)] = true;
    }
  };
  mark(graph.inputs);
  mark(graph.outputs);
  for (const Node& node : graph.nodes) {
    mark(node.inputs);
    mark(node.outputs);
  }
  std::vector<int> number(graph.values.size(), -1);
  int next = 0;
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i]) number[i] = next++;
  }
  return number;
}

// Scales by block in 16 bits, if they are the same numbers, and zero points in bytes.
void narrow(fb::QuantizationT& q) {
  std::vector<uint16_t> halves;
  for (const float scale : q.scales) {
    const rt::Half half(static_cast<double>(scale));
    constexpr uint16_t kSmallestNormal = 0x0400;
    if (half.bits < kSmallestNormal || static_cast<float>(half) != scale) break;
    halves.push_back(half.bits);
  }
  if (halves.size() == q.scales.size()) {
    q.scales.clear();
    q.scales_f16 = std::move(halves);
  }
  const bool bytes = std::all_of(q.zero_points.begin(), q.zero_points.end(),
                                 [](int32_t z) { return z >= INT8_MIN && z <= INT8_MAX; });
  if (!bytes) return;
  q.zero_points_s8.assign(q.zero_points.begin(), q.zero_points.end());
  q.zero_points.clear();
}

std::unique_ptr<fb::TensorT> make_tensor(const Value& value, Segment& segment) {
  auto tensor = std::make_unique<fb::TensorT>();
  tensor->name = value.name;
  tensor->type = rt::written_dtype(value.type);
  tensor->shape = value.shape;
  tensor->dim_names = value.dim_names;
  tensor->is_variable = value.variable;
  tensor->variable_id = value.variable_id;
  if (!value.quantization.empty()) {
    tensor->quantization = std::make_unique<fb::QuantizationT>();
    tensor->quantization->scales = value.quantization.scales;
    tensor->quantization->zero_points = value.quantization.zero_points;
    tensor->quantization->axis = value.quantization.axis;
    tensor->quantization->block = value.quantization.block;
    if (value.quantization.block != 0 && value.constant()) narrow(*tensor->quantization);
  }
  tensor->is_constant = value.constant();
  if (value.data != nullptr) {
    tensor->data_offset = segment.add(value.data);
    tensor->data_bytes = value.data->size();
  }
  return tensor;
}

std::vector<int32_t> renumber(const std::vector<int>& indices, const std::vector<int>& number) {
  std::vector<int32_t> result;
  for (int index : indices) {
    result.push_back(index == kAbsent ? -1 : number[static_cast<size_t>(index)]);
  }
  return result;
}

std::unique_ptr<fb::SubgraphT> make_subgraph(const Graph& graph, Segment& segment) {
  const std::vector<int> number = number_used_values(graph);
  auto subgraph = std::make_unique<fb::SubgraphT>();
  subgraph->name = graph.name;
  subgraph->is_entry = graph.entry;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (number[i] >= 0) subgraph->tensors.push_back(make_tensor(graph.values[i], segment));
  }
  for (const Node& node : graph.nodes) {
    auto op = std::make_unique<fb::OperatorT>();
    op->name = node.name;
    op->options = node.options;
    op->inputs = renumber(node.inputs, number);
    op->outputs = renumber(node.outputs, number);
    subgraph->operators.push_back(std::move(op));
  }
  subgraph->inputs = renumber(graph.inputs, number);
  subgraph->outputs = renumber(graph.outputs, number);
  return subgraph;
}

}  // namespace

rt::Result<Bytes> serialize(const Graph& graph) {
  Segment segment;
  fb::ModelT model;
  for (int32_t g = 0; g < graph_count(graph); ++g) {
    model.subgraphs.push_back(make_subgraph(graph_at(graph, g), segment));
  }
  model.subgraphs[0]->is_entry = true;
  for (const auto& [key, value] : graph.metadata) {
    auto entry = std::make_unique<fb::KeyValueT>();
    entry->key = key;
    entry->value = value;
    model.metadata.push_back(std::move(entry));
  }
  std::sort(model.metadata.begin(), model.metadata.end(),
            [](const auto& a, const auto& b) { return a->key < b->key; });
  // Where the weights begin is known when the FlatBuffer is finished: a placeholder keeps the
  // place.
  model.weights_offset = 1;
  model.weights_bytes = 1;
  flatbuffers::FlatBufferBuilder builder;
  fb::FinishModelBuffer(builder, fb::Model::Pack(builder, &model));

  Bytes file(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  file.resize(align_up(file.size(), kSegmentAlignment));
  fb::Model* root = fb::GetMutableModel(file.data());
  if (!root->mutate_weights_offset(file.size()) ||
      !root->mutate_weights_bytes(segment.bytes().size())) {
    return rt::error(Code::InvalidModel, "the model could not be finished");
  }
  file.insert(file.end(), segment.bytes().begin(), segment.bytes().end());
  return file;
}

Status write_file(const std::string& path, const Bytes& bytes) {
  const std::string temporary = path + ".tmp" + std::to_string(getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    return rt::error(Code::Io, "cannot write '%s': %s", path.c_str(), std::strerror(errno));
  }
  const auto fail = [&](int reason) {
    close(fd);
    unlink(temporary.c_str());
    return rt::error(Code::Io, "cannot write '%s': %s", path.c_str(), std::strerror(reason));
  };
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(errno);
    done += static_cast<size_t>(written);
  }
  if (fsync(fd) != 0) return fail(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail(errno);
  close(fd);
  return {};
}

}  // namespace qrt::graph
