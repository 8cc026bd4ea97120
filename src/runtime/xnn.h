// XNNPACK's float convolution, transposed convolution and fully connected operators. XNNPACK
// changed the interface of its operators several times since 2022; here is one for all of them:
//
// - create describes the layer and packs its weights;
// - shape fixes sizes, and says how much working memory a run needs;
// - bind fixes addresses;
// - run computes.
//
// Since 2024 packed weights can be kept outside of the operator, in XnnWeights. Operators are cheap
// then: a session makes new ones for each of its shapes. Before, an operator owned its weights, and
// a session has to keep the one it has: kXnnSharesWeights tells which.
// (A transposed convolution is packed whenever one is made; what was there already is kept.)
#pragma once

#include <cstdint>
#include <memory>

#include "src/base/status.h"

struct xnn_operator;
struct xnn_weights_cache_provider;
struct pthreadpool;

namespace qrt::rt {

// Whether this build has XNNPACK and it accepts this CPU.
bool xnn_available();

// Whether operators that are made with the same XnnWeights pack once.
extern const bool kXnnSharesWeights;

// Weights that XNNPACK packed for one layer. Operators may be made with it by several threads at
// once; it must outlive them.
//
// One for each layer: XNNPACK asks by the address of the weights and a hash of some numbers, and
// two layers of different size could agree in both if somebody wrote a model to that end.
class XnnWeights {
 public:
  XnnWeights();
  ~XnnWeights();
  XnnWeights(const XnnWeights&) = delete;
  XnnWeights& operator=(const XnnWeights&) = delete;

  size_t bytes() const;
  // What XNNPACK calls; null if it has no such interface.
  xnn_weights_cache_provider* provider() const;

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

// What XNNPACK may read behind the end of an input (its XNN_EXTRA_BYTES).
inline constexpr size_t kXnnReadsPast = 16;

struct XnnLayer {
  // A fully connected layer has the attributes of a convolution of one pixel by one.
  enum Kind { Convolution, TransposedConvolution, FullyConnected } kind = Convolution;
  // Of a transposed convolution: what its output loses.
  uint32_t pad_top = 0, pad_right = 0, pad_bottom = 0, pad_left = 0;
  uint32_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  // What the output of a transposed convolution gets at its bottom and right: less than the stride.
  uint32_t more_h = 0, more_w = 0;
  uint32_t groups = 1;
  size_t group_inputs = 0, group_outputs = 0;
  const float* weights = nullptr;  // [O,KH,KW,I/groups]
  const float* bias = nullptr;     // [O] or null
  float min = 0, max = 0;
};
bool same_padding(const XnnLayer& a, const XnnLayer& b);

// Of the input. A fully connected layer has rows for its batch.
struct XnnSizes {
  size_t batch = 1, height = 1, width = 1;
};

// Used by one thread at a time.
class XnnOperator {
 public:
  static Result<XnnOperator> create(const XnnLayer& layer, const XnnWeights& weights);
  const XnnLayer& layer() const { return layer_; }

  // `threads` is bind's, too, and run's unless that is to share nothing; null is the calling thread
  // alone.
  Status shape(const XnnSizes& sizes, pthreadpool* threads, size_t* workspace_bytes);

  // `input` must be readable kXnnReadsPast bytes past its end.
  Status bind(const XnnSizes& sizes, void* workspace, const float* input, float* output,
              pthreadpool* threads);

  void run(pthreadpool* threads);

  // Memory that the operator allocates for itself, about: XNNPACK does not tell. Packed weights are
  // counted as for kernels of 16 columns.
  uint64_t indirection_bytes(const XnnSizes& sizes) const;
  uint64_t packed_bytes() const;

 private:
  struct Delete {
    void operator()(xnn_operator* op) const;
  };
  std::unique_ptr<xnn_operator, Delete> op_;
  XnnLayer layer_;
};

}  // namespace qrt::rt
