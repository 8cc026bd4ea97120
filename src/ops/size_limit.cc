// SizeLimit: a value that is no more than what was planned for.
#include "src/ops/indices.h"
#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

class SizeLimitKernel final : public OpKernel {
 public:
  const char* name() const override { return "size_limit"; }

  void run(const RunContext& ctx) const override {
    with_index_type(ctx.node.input(0), [&](auto zero) { limit<decltype(zero)>(ctx); });
  }

 private:
  template <class Index>
  static void limit(const RunContext& ctx) {
    const Index *value = ctx.in<Index>(0), *most = ctx.in<Index>(1);
    const int64_t count = ctx.shape_out().elements();
    for (int64_t i = 0; i < count; ++i) {
      if (value[i] > most[i]) {
        ctx.fail(ctx.node.fail(Code::InvalidArgument, "is %lld, there is room for %lld at most",
                               static_cast<long long>(value[i]), static_cast<long long>(most[i])));
        return;
      }
      ctx.out<Index>()[i] = value[i];
    }
  }
};

}  // namespace

const OpDef kSizeLimitOp = {choose_only<SizeLimitKernel>};

}  // namespace qrt::rt
