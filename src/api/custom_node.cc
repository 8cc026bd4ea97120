#include "src/api/custom_node.h"

#include <utility>

#include "src/api/boundary.h"

namespace qrt::api {
namespace {

class AppOperator final : public rt::CustomOperator {
 public:
  explicit AppOperator(const qrt_custom_operator& from) : from_(from), name_(from.name) {}

  const char* name() const override { return name_.c_str(); }

  Status infer(rt::Inference& x) const override {
    if (from_.shape == nullptr) return {};
    qrt_custom_node view{x.node(), x.shapes()};
    view.inference = &x;
    return call(from_.shape, &view);
  }

  rt::Result<uint64_t> scratch_bytes(const rt::Node& node,
                                     const rt::Shapes& shapes) const override {
    if (from_.shape == nullptr) return uint64_t{0};
    qrt_custom_node view{node, shapes};
    QRT_RETURN_IF_ERROR(call(from_.shape, &view));
    return view.scratch_bytes;
  }

  void run(const rt::RunContext& context, uint8_t* scratch) const override {
    qrt_custom_node view{context.node, context.shapes, scratch, &context};
    if (Status status = call(from_.run, &view); !status.ok()) context.fail(std::move(status));
  }

 private:
  Status call(qrt_custom_function function, qrt_custom_node* view) const {
    const qrt_status status = function(from_.user_data, view);
    if (status == QRT_OK) return {};
    if (view->failure.empty()) {
      return view->node.fail(Code::OperatorFailed, "failed with status %d",
                             static_cast<int>(status));
    }
    return view->node.fail(Code::OperatorFailed, "%s", view->failure.c_str());
  }

  qrt_custom_operator from_;
  std::string name_;
};

}  // namespace

rt::Result<rt::CustomOperators> read_custom_operators(const qrt_custom_operator* list,
                                                      size_t count) {
  rt::CustomOperators result;
  if (count == 0) return result;
  if (list == nullptr) return null_argument();
  const size_t stride = list->struct_size;
  const auto* bytes = reinterpret_cast<const unsigned char*>(list);
  for (size_t i = 0; i < count; ++i) {
    const auto* from = reinterpret_cast<const qrt_custom_operator*>(bytes + i * stride);
    qrt_custom_operator wishes;
    QRT_RETURN_IF_ERROR(read_struct(from, &wishes, "custom operator"));
    if (from->struct_size != stride) {
      return rt::error(Code::InvalidArgument,
                       "custom operator %zu has a struct_size of %zu, the first one of %zu", i,
                       from->struct_size, stride);
    }
    if (wishes.name == nullptr || *wishes.name == '\0' || wishes.run == nullptr) {
      return rt::error(Code::InvalidArgument, "custom operator %zu lacks a name or its run", i);
    }
    if (rt::find_custom(result, wishes.name) != nullptr) {
      return rt::error(Code::InvalidArgument, "custom operator '%s' is given twice", wishes.name);
    }
    result.push_back(std::make_shared<AppOperator>(wishes));
  }
  return result;
}

}  // namespace qrt::api
