// Custom: what the app gives under this name.
#include "src/runtime/custom_operator.h"

#include "src/ops/common.h"

namespace qrt::rt {
namespace {

struct Planned final : OpState {
  bool scratch = false;
};

class CustomKernel final : public OpKernel {
 public:
  explicit CustomKernel(const CustomOperator& custom) : custom_(custom) {}
  const char* name() const override { return custom_.name(); }

  Status plan(const Node& node, PlanContext& context) const override {
    QRT_ASSIGN_OR_RETURN(context.scratch_bytes, custom_.scratch_bytes(node, context.shapes));
    context.make<Planned>().scratch = context.scratch_bytes > 0;
    return {};
  }
  void run(const RunContext& context) const override {
    custom_.run(context, context.planned<Planned>().scratch ? context.scratch : nullptr);
  }

 private:
  const CustomOperator& custom_;
};

Choice choose(const Node& node, const ChooseContext& context) {
  const char* name = node.options<fb::Custom>().name()->c_str();
  const CustomOperator* custom =
      context.customs != nullptr ? find_custom(*context.customs, name) : nullptr;
  if (custom != nullptr) return make_kernel<CustomKernel>(*custom);
  return node.fail(
      Code::Unsupported,
      "the app gives no operator '%s'; it can, by qrt_program_options.custom_operators", name);
}

}  // namespace

const OpDef kCustomOp = {choose};

}  // namespace qrt::rt
