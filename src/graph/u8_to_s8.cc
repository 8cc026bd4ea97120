// libqrt's integer operators work on s8. A quantized u8 value is the s8 value q - 128 with its zero
// point moved along: the same real numbers, bit for bit.
//
// Most values simply become s8. Some must stay u8, because somebody sees their bytes: graph inputs
// and outputs, what goes to other graphs or comes from them, what Cast reads or writes (it takes
// integers as they are), and what an operator
// moves to or from a u8 value that has no quantization. Such a pinned value has an s8 twin, joined
// to it by a Quantize.
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/graph/passes.h"
#include "src/graph/subgraphs.h"

namespace qrt::graph {
namespace {

constexpr int32_t kOffset = 128;

bool quantized_u8(const Value& value) {
  return value.type == DType::U8 && !value.quantization.empty();
}

// Operators that read u8 as well as s8.
bool reads_u8(const Node& node) {
  return node.type() == fb::OpOptions::Quantize || node.type() == fb::OpOptions::Dequantize ||
         node.type() == fb::OpOptions::Cast || runs_graphs(node);
}
bool writes_u8(const Node& node) {
  return node.type() == fb::OpOptions::Quantize || node.type() == fb::OpOptions::Cast ||
         runs_graphs(node);
}

class U8ToS8 {
 public:
  explicit U8ToS8(Graph& graph) : graph_(graph) {}

  void run() {
    mixed_.resize(graph_.nodes.size());
    for (size_t n = 0; n < graph_.nodes.size(); ++n) mixed_[n] = moves_plain_u8(graph_.nodes[n]);
    find_pinned();
    const size_t count = graph_.values.size();
    for (size_t v = 0; v < count; ++v) {
      if (quantized_u8(graph_.values[v]) && !pinned_[v]) become_s8(graph_.values[v]);
    }
    twins_.assign(count, kAbsent);
    rewrite_nodes();
  }

 private:
  // Quantized and other u8 values meet at an operator that can only move bytes between them.
  bool moves_plain_u8(const Node& node) const {
    if (reads_u8(node)) return false;
    bool plain = false, quantized = false;
    for (const auto* side : {&node.inputs, &node.outputs}) {
      for (int v : *side) {
        if (v == kAbsent) continue;
        if (quantized_u8(graph_.value(v))) {
          quantized = true;
        } else if (graph_.value(v).type == DType::U8) {
          plain = true;
        }
      }
    }
    return plain && quantized;
  }

  void find_pinned() {
    pinned_.assign(graph_.values.size(), false);
    for (int v : graph_.inputs) pin(v);
    for (int v : graph_.outputs) pin(v);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!mixed_[n] && node.type() != fb::OpOptions::Cast && !runs_graphs(node)) continue;
      for (int v : node.inputs) pin(v);
      for (int v : node.outputs) pin(v);
    }
  }

  void become_s8(Value& value) {
    Quantization& q = value.quantization;
    if (q.zero_points.empty()) q.zero_points.assign(q.scales.size(), 0);
    bool all_zero = true;
    for (int32_t& zero_point : q.zero_points) {
      zero_point -= kOffset;
      all_zero = all_zero && zero_point == 0;
    }
    if (all_zero) q.zero_points.clear();
    value.type = DType::S8;
    if (value.data != nullptr) value.data = signed_bytes(value.data);
  }

  // Constants that shared their bytes still do.
  std::shared_ptr<const Bytes> signed_bytes(const std::shared_ptr<const Bytes>& data) {
    Converted& converted = converted_[data.get()];
    if (converted.result == nullptr) {
      Bytes bytes = *data;
      for (uint8_t& byte : bytes) byte ^= 0x80;
      converted = {data, std::make_shared<const Bytes>(std::move(bytes))};
    }
    return converted.result;
  }

  void pin(int v) {
    if (v != kAbsent) pinned_[static_cast<size_t>(v)] = true;
  }

  bool is_pinned(int v) const {
    return v != kAbsent && static_cast<size_t>(v) < pinned_.size() &&
           pinned_[static_cast<size_t>(v)] && quantized_u8(graph_.value(v));
  }

  // The s8 value that stands for pinned `v`, without anything that computes it. A constant needs
  // nothing that does.
  int make_twin(int v) {
    Value twin = graph_.value(v);
    twin.name += "/s8";
    become_s8(twin);
    const int index = graph_.add_value(std::move(twin));
    twins_[static_cast<size_t>(v)] = index;
    return index;
  }

  int twin_to_read(int v) {
    int& twin = twins_[static_cast<size_t>(v)];
    if (twin != kAbsent) return twin;
    const int made = make_twin(v);
    if (!graph_.value(made).constant()) {
      const std::string name = graph_.value(made).name;
      nodes_.push_back(Graph::make_node(name, fb::QuantizeT(), {v}, {made}));
    }
    return made;
  }

  void rewrite_nodes() {
    std::vector<Node> old = std::move(graph_.nodes);
    for (size_t n = 0; n < old.size(); ++n) {
      Node& node = old[n];
      if (!reads_u8(node) && !mixed_[n]) {
        for (int& v : node.inputs) {
          if (is_pinned(v)) v = twin_to_read(v);
        }
      }
      std::vector<std::pair<int, int>> written;  // twin, pinned value
      if (!writes_u8(node) && !mixed_[n]) {
        for (int& v : node.outputs) {
          if (!is_pinned(v)) continue;
          const int twin = make_twin(v);
          written.emplace_back(twin, v);
          v = twin;
        }
      }
      nodes_.push_back(std::move(node));
      for (const auto& [twin, v] : written) {
        nodes_.push_back(Graph::make_node(graph_.value(v).name, fb::QuantizeT(), {twin}, {v}));
      }
    }
    graph_.nodes = std::move(nodes_);
  }

  struct Converted {
    std::shared_ptr<const Bytes> source;  // held, so that its address stays its own
    std::shared_ptr<const Bytes> result;
  };

  Graph& graph_;
  std::vector<Node> nodes_;
  std::unordered_map<const Bytes*, Converted> converted_;
  std::vector<bool> mixed_;   // by node
  std::vector<bool> pinned_;  // by value
  std::vector<int> twins_;    // by value
};

}  // namespace

rt::Status u8_to_s8(Graph& graph) {
  U8ToS8(graph).run();
  return {};
}

}  // namespace qrt::graph
