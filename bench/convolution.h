// One quantized convolution by itself: its geometry, random numbers to run it on, and our operator
// for it, reached as a user's model reaches it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/memory.h"
#include "src/ops/conv2d.h"
#include "src/runtime/session.h"

namespace qrt::bench {

using rt::ConvShape;

// Square, of one feature map, with "same" padding.
ConvShape square_convolution(size_t size, size_t inputs, size_t outputs, size_t kernel,
                             size_t stride, size_t dilation, size_t groups);

// "3x3/2 d2 112x112x32->64", "dw 3x3 112x112x32": all that distinguishes it.
std::string shape_name(const ConvShape& shape);
double shape_macs(const ConvShape& shape);
// The length of the dot products.
size_t shape_depth(const ConvShape& shape);

// What a convolution computes on: s8, weights per channel in -127..127.
struct ConvData {
  std::vector<int8_t> input, weights;  // [N,H,W,C], [O,KH,KW,C/groups]
  std::vector<int32_t> bias;
  float in_scale, out_scale;
  int8_t in_zero_point, out_zero_point;
  std::vector<float> weight_scales;
};
// The same numbers every time. Outputs spread over most of s8 and rarely reach its ends.
ConvData random_data(const ConvShape& shape);

// A session of a model of this one operator, which is serialized and loaded as any other.
class OurConvolution {
 public:
  // isa: as for ProgramOptions. A null pool is one thread.
  static rt::Result<OurConvolution> create(const ConvShape& shape, const ConvData& data,
                                           const char* isa, pthreadpool_t pool);
  rt::Status run() { return session_->run(); }
  const int8_t* output() const { return static_cast<const int8_t*>(session_->output_data(0)); }
  const char* kernel() const { return session_->program().kernel(0)->name(); }

 private:
  rt::AlignedBuffer model_;
  std::unique_ptr<rt::Session> session_;
};

}  // namespace qrt::bench
