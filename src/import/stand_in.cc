#include "src/import/stand_in.h"

#include <algorithm>
#include <utility>

namespace qrt::import {
namespace {

class StandIn final : public rt::CustomOperator {
 public:
  explicit StandIn(std::string name) : name_(std::move(name)) {}
  const char* name() const override { return name_.c_str(); }

  rt::Status infer(rt::Inference& x) const override {
    for (size_t i = 0; i < x.node().outputs(); ++i) {
      rt::Shape shape = x.given(i);
      for (int k = 0; k < shape.rank(); ++k) {
        if (!rt::is_number(shape[k])) shape[k] = 1;
      }
      x.out(i, shape);
    }
    return {};
  }
  rt::Result<uint64_t> scratch_bytes(const rt::Node&, const rt::Shapes&) const override {
    return uint64_t{0};
  }
  void run(const rt::RunContext& context, uint8_t*) const override {
    context.fail(context.node.fail(rt::Code::Unsupported, "only an app can compute it"));
  }

 private:
  std::string name_;
};

}  // namespace

std::vector<std::string> custom_names(const rt::Model& model) {
  std::vector<std::string> names;
  for (const fb::Subgraph* graph : *model.root().subgraphs()) {
    for (const fb::Operator* op : *graph->operators()) {
      const fb::Custom* custom = op->options_as_Custom();
      if (custom == nullptr) continue;
      std::string name = custom->name()->str();
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return names;
}

rt::CustomOperators stand_ins(const rt::Model& model) {
  rt::CustomOperators all;
  for (std::string& name : custom_names(model)) {
    all.push_back(std::make_shared<StandIn>(std::move(name)));
  }
  return all;
}

}  // namespace qrt::import
