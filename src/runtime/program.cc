#include "src/runtime/program.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "src/runtime/op_def.h"

namespace qrt::rt {
namespace {

// Kernels are chosen by the sizes that a model fixes. Where it leaves some open, as if these were
// of a feature map of middling size.
constexpr int32_t kTypicalSize = 32;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

Result<std::shared_ptr<const Program>> Program::build(std::shared_ptr<const Model> model,
                                                      const ProgramOptions& options) {
  std::shared_ptr<Program> program(new Program);
  program->model_ = std::move(model);
  program->allocator_ = options.allocator;
  program->customs_ = options.customs;
  const AllocatorScope scope(options.allocator);
  const char* isa = options.isa != nullptr ? options.isa : std::getenv("QRT_ISA");
  QRT_ASSIGN_OR_RETURN(program->features_, choose_isa(isa));
  const bool reference = program->features_ == 0 && isa != nullptr && *isa != '\0';
  QRT_ASSIGN_OR_RETURN(program->entry_, program->model_->find_entry(options.entry));
  CustomSpecs specs;
  for (const auto& custom : program->customs_) specs.push_back(custom.get());
  Status status = program->graph_.build(
      *program->model_, program->model_->entry_subgraph(program->entry_), std::move(specs));
  if (status.ok()) status = program->choose_kernels(reference);
  if (status.ok()) status = program->pack_weights();
  if (!status.ok()) return status.within(program->model_->name());
  if (options.log.write != nullptr) program->log_choices(options.log);
  return std::shared_ptr<const Program>(std::move(program));
}

Status Program::choose_kernels(bool reference) {
  default_shapes_ = graph_.default_shapes();
  Result<Shapes> typical = graph_.shapes_with(kTypicalSize);
  if (!typical.ok()) typical = default_shapes_;
  if (!typical.ok()) return typical.status();
  ChooseContext context{*typical};
  context.features = features_;
  context.library = !reference && xnn_available();
  context.l2_bytes = l2_cache_bytes();
  context.l3_bytes = cpu_facts().l3_bytes;
  context.customs = &customs_;
  kernels_.resize(nodes().size());
  const auto choose = [&](bool custom) -> Status {
    for (size_t i = 0; i < nodes().size(); ++i) {
      if (spec(i).alias || custom != (nodes()[i].type() == fb::OpOptions::Custom)) continue;
      QRT_ASSIGN_OR_RETURN(kernels_[i], find_op(nodes()[i].type())->choose(nodes()[i], context));
    }
    return {};
  };
  // First those that the app must give: without them, sizes may not be known.
  QRT_RETURN_IF_ERROR(choose(true));
  return choose(false);
}

Status Program::pack_weights() {
  for (size_t i = 0; i < nodes().size(); ++i) {
    if (kernels_[i] != nullptr) QRT_RETURN_IF_ERROR(kernels_[i]->pack(nodes()[i], weights_));
  }
  return {};
}

void Program::log_choices(const LogSink& log) const {
  const bool quantized = std::any_of(tensors().begin(), tensors().end(), [](const Tensor& t) {
    return !t.constant && t.type != DType::F32 && t.quantization.present();
  });
  for (size_t n = 0; n < nodes().size(); ++n) {
    const Node& node = nodes()[n];
    if (kernels_[n] == nullptr) continue;
    const std::string kernel = kernels_[n]->name();
    const auto write = [&](LogLevel level, const std::string& words) {
      // Named as errors name it.
      const Status sentence = node.fail(Code::Ok, "%s", words.c_str());
      log.write(log.user, level, sentence.message().c_str());
    };
    write(LogLevel::Info, "kernel " + kernel);
    if (quantized && node.has_input(0) && node.input(0).type == DType::F32 && node.outputs() > 0 &&
        node.output(0).type == DType::F32) {
      write(LogLevel::Warning, "computes in float");
    }
    if (features_ != 0 && ends_with(kernel, "__scalar")) {
      write(LogLevel::Warning, "portable kernel, for there is no faster one");
    }
  }
}

}  // namespace qrt::rt
