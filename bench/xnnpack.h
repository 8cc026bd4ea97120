// The peer: XNNPACK's quantized convolution for the same numbers, of 2022's interface or 2026's.
// Builds without XNNPACK, or with one in between, have none.
#pragma once

#include <pthreadpool.h>

#include <memory>
#include <vector>

#include "bench/convolution.h"
#include "src/base/memory.h"

struct xnn_operator;

namespace qrt::bench {

// Starts XNNPACK, once. With features it is kept from using others than those: on x86
// what cpuinfo found is taken back before XNNPACK looks at it (on other CPUs it uses what it
// likes). Nothing else in the process may have started XNNPACK. Less than SSE2 it does not have.
rt::Status start_xnnpack(const rt::CpuFeatures* at_most);

class XnnpackConvolution {
 public:
  // The pool is used by run, too. A null pool is one thread.
  static rt::Result<XnnpackConvolution> create(const ConvShape& shape, const ConvData& data,
                                               pthreadpool_t pool);
  void run();
  const int8_t* output() const { return output_.data(); }

 private:
  struct Delete {
    void operator()(xnn_operator* op) const;
  };
  std::vector<int8_t> input_, output_;
  rt::AlignedBuffer workspace_;
  std::unique_ptr<xnn_operator, Delete> op_;
  pthreadpool_t pool_ = nullptr;
};

}  // namespace qrt::bench
