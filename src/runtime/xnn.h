// XNNPACK's float convolution and fully connected operators, in both forms of its operator API
// (create/setup/run until 2023, create/reshape/setup/run since), behind one.
#pragma once

#include <memory>

#include "src/base/memory.h"
#include "src/base/status.h"

struct xnn_operator;
struct pthreadpool;

namespace qrt::rt {

// Whether this build has XNNPACK and it accepts this CPU.
bool xnn_available();

struct XnnConvolution {
  unsigned pad_top, pad_right, pad_bottom, pad_left;
  unsigned kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  unsigned groups;
  size_t group_inputs, group_outputs;
  const float* weights;  // [O,KH,KW,I/groups]
  const float* bias;     // [O] or null
  float min, max;
};

struct XnnFullyConnected {
  size_t inputs, outputs;
  const float* weights;  // [O,I]
  const float* bias;     // [O] or null
  float min, max;
};

// An operator with its packed weights. Not shared between sessions: bind and run change it.
class XnnOperator {
 public:
  static Result<XnnOperator> create(const XnnConvolution& convolution);
  static Result<XnnOperator> create(const XnnFullyConnected& fully_connected);

  // Fixes sizes and addresses. `input` must be readable 16 bytes past its end.
  Status bind_convolution(size_t batch, size_t height, size_t width, const float* input,
                          float* output, pthreadpool* threads);
  Status bind_fully_connected(size_t rows, const float* input, float* output, pthreadpool* threads);

  void run(pthreadpool* threads);

 private:
  struct Delete {
    void operator()(xnn_operator* op) const;
  };
  std::unique_ptr<xnn_operator, Delete> op_;
  AlignedBuffer workspace_;
};

}  // namespace qrt::rt
