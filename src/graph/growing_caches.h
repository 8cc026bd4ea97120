// The caches of a graph that are to grow (grow_state.h): which nodes they are made of, and whether
// all others can do with a part of them.
#pragma once

#include <string>
#include <vector>

#include "src/graph/keep_state.h"
#include "src/graph/shape_inference.h"

namespace qrt::graph {

struct GrowingCache {
  KeptState names;
  int past, present;           // values
  size_t join;                 // the node that puts what is new behind
  std::vector<int32_t> order;  // of the past in the join: that of its axes there
  int axis;                    // of the past that grows
  int32_t length;              // of the past, a symbol
  int32_t added, total;        // of what is new, and both
};

class GrowingCaches {
 public:
  explicit GrowingCaches(Graph& graph) : graph_(graph), shapes_(graph) {}

  // Those of `states` that grow. An error if one does not, or if a node would read of it, or of
  // what is as long, what does not count.
  rt::Status find(const std::vector<KeptState>& states);

  const std::vector<GrowingCache>& all() const { return caches_; }
  // Of a value that was there when the caches were found.
  const rt::Shape& shape(int value) { return shapes_.shape(value); }
  std::string described(int value) { return shapes_.dims().text(shapes_.shape(value)); }
  std::string described_dim(int32_t dim) { return shapes_.dims().text(dim); }
  // Whether a dimension depends on the length of a cache.
  bool grows(int32_t dim);
  // The cache that is as long, before a run adds to it or behind; null: none.
  const GrowingCache* whose_length(int32_t dim) const;
  const GrowingCache* whose_total(int32_t dim) const;

 private:
  rt::Status infer();
  rt::Status find(const KeptState& names);
  bool find_join(GrowingCache* c);
  bool gives(size_t n, const std::vector<int32_t>& order, const GrowingCache& c);
  bool counts(int v);
  bool goes(const Node& one) const;
  rt::Status check(const Node& one);
  bool may_read(const Node& one, size_t input, int axis);
  rt::Status check_outputs();
  const Node& node(size_t n) const { return graph_.nodes[n]; }

  Graph& graph_;
  ShapeInference shapes_;
  std::vector<GrowingCache> caches_;
};

// The order of a Transpose of `v`; empty: it is none.
std::vector<int32_t> order_of(const Node& node, int v);
// Whether a node gives `joined`, which has this order, its first order again.
bool restores(const Node& node, int joined, const std::vector<int32_t>& order);
rt::Status refuse(const Node& one, const std::string& why);

}  // namespace qrt::graph
