#include "src/runtime/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "src/base/checked.h"
#include "src/runtime/real_zero.h"
#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

// Library kernels may read a few elements past the end of an activation.
constexpr size_t kArenaSlack = 128;

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

}  // namespace

Session::Session(std::shared_ptr<const Program> program, const SessionOptions& options)
    : program_(std::move(program)),
      options_(options),
      pool_(options.pool != nullptr ? ThreadPool(options.pool) : ThreadPool(options.threads)) {}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const Program> program,
                                                 const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session(std::move(program), options));
  const Result<Shapes>& shapes = session->program_->default_shapes();
  if (!shapes.ok()) return shapes.status();
  QRT_RETURN_IF_ERROR(session->plan(*shapes));
  return session;
}

// A session holds all its tensors: their sizes fit.
size_t Session::bytes(int index) const {
  return static_cast<size_t>(bytes_of(tensor(index), shape(index)));
}

Status Session::resize_input(size_t i, const Shape& shape) {
  const InputShape one(i, shape);
  return resize_inputs({&one, 1});
}

Status Session::check_input_shape(size_t i, const Shape& shape) const {
  if (i >= inputs()) {
    return error(Code::InvalidArgument, "input %zu does not exist, the model has %zu", i, inputs());
  }
  const Tensor& declared = input(i);
  if (shape.rank() != declared.shape.rank()) {
    return error(Code::InvalidArgument, "input '%s' has %d dimensions, not %d", declared.name,
                 declared.shape.rank(), shape.rank());
  }
  uint64_t size;
  if (!checked_bytes(shape, dtype_bits(declared.type), options_.max_arena_bytes, &size)) {
    return error(Code::InvalidArgument, "input '%s' cannot have the shape %s", declared.name,
                 shape.str().c_str());
  }
  return {};
}

Status Session::resize_inputs(Span<const InputShape> wanted) {
  GraphShapes graph;
  graph.shapes = layout_.shapes;
  for (const auto& [i, shape] : wanted) {
    QRT_RETURN_IF_ERROR(check_input_shape(i, shape));
    graph.shapes[static_cast<size_t>(program_->inputs()[i])] = shape;
  }
  // The model is sound: what an operator refuses is the caller's shape.
  if (Status status = program_->graph().infer(graph); !status.ok()) {
    return {Code::InvalidArgument, status.message()};
  }
  return plan(std::move(graph.shapes));
}

Result<uint64_t> Session::check_sizes(const Shapes& shapes) const {
  // On a CPU of 32 bits no more can be had, whatever the caller allows.
  const uint64_t limit = std::min(options_.max_arena_bytes, kMaxBlockBytes);
  uint64_t variable_bytes = 0;
  for (size_t t = 0; t < shapes.size(); ++t) {
    const Tensor& tensor = program_->tensors()[t];
    if (tensor.constant) continue;
    const uint64_t size = bytes_of(tensor, shapes[t]);
    if (size > limit - variable_bytes) {
      return error(Code::OutOfMemory,
                   "tensor '%s' needs %llu bytes of working memory, the limit is %llu", tensor.name,
                   static_cast<unsigned long long>(size), static_cast<unsigned long long>(limit));
    }
    if (tensor.variable) variable_bytes += size;
  }
  return variable_bytes;
}

const OpKernel* Session::kernel_to_run(size_t node, const Shapes& shapes) const {
  const Node& n = program_->nodes()[node];
  for (size_t i = 0; i < n.outputs(); ++i) {
    if (n.shape_out(shapes, i).elements() > 0) return program_->kernel(node);
  }
  return nullptr;
}

Status Session::plan(Shapes shapes) {
  const size_t count = program_->nodes().size();
  // Everything is made beside the present state, and takes its place only when nothing can fail.
  Layout next;
  next.shapes = std::move(shapes);
  // Before anything is made whose size follows from a shape.
  QRT_ASSIGN_OR_RETURN(const uint64_t variable_bytes, check_sizes(next.shapes));
  const uint64_t limit = options_.max_arena_bytes - variable_bytes;
  uint64_t state_bytes = 0;
  next.kernels.resize(count, nullptr);
  next.states.resize(count);
  next.scratch.resize(count, 0);
  std::vector<uint64_t> scratch_bytes(count, 0);
  for (size_t n = 0; n < count; ++n) {
    next.kernels[n] = kernel_to_run(n, next.shapes);
    if (next.kernels[n] == nullptr) continue;
    PlanContext plan_context{next.shapes, pool_.max_ranges(), &pool_};
    if (!layout_.states.empty()) plan_context.previous = layout_.states[n].get();
    QRT_RETURN_IF_ERROR(next.kernels[n]->plan(program_->nodes()[n], plan_context));
    scratch_bytes[n] = plan_context.scratch_bytes;
    next.states[n] = std::move(plan_context.state);
    if (next.states[n] == nullptr) continue;
    const uint64_t bytes = next.states[n]->bytes();
    if (bytes > limit - state_bytes) {
      return program_->nodes()[n].fail(Code::OutOfMemory,
                                       "needs %llu bytes beside its tensors, the limit is %llu",
                                       static_cast<unsigned long long>(bytes),
                                       static_cast<unsigned long long>(options_.max_arena_bytes));
    }
    state_bytes += bytes;
    next.packed_bytes += next.states[n]->packed_bytes();
  }
  const Storage storage = assign_storage(*program_, next.shapes, scratch_bytes);
  QRT_ASSIGN_OR_RETURN(MemoryPlan memory, plan_memory(storage.requests, limit - state_bytes));

  next.arena_bytes = memory.bytes + static_cast<size_t>(state_bytes);
  next.arena = allocate_aligned(uint64_t{memory.bytes} + kArenaSlack);
  if (next.arena == nullptr) {
    return error(Code::OutOfMemory, "no memory for an arena of %zu bytes", memory.bytes);
  }
  std::memset(next.arena.get(), 0, memory.bytes + kArenaSlack);

  const std::vector<Tensor>& tensors = program_->tensors();
  next.variables.resize(tensors.size());
  next.data.resize(tensors.size(), nullptr);
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (!tensors[t].variable) continue;
    next.variables[t] = allocate_aligned(bytes_of(tensors[t], next.shapes[t]) + kArenaSlack);
    if (next.variables[t] == nullptr) {
      return error(Code::OutOfMemory, "no memory for variable '%s'", tensors[t].name);
    }
  }
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (storage.buffer[t] != kNotInArena) {
      next.data[t] = next.arena.get() + memory.offsets[static_cast<size_t>(storage.buffer[t])];
    } else {
      const auto root = static_cast<size_t>(storage.root[t]);
      next.data[t] = tensors[root].variable ? next.variables[root].get()
                                            : const_cast<void*>(tensors[root].data);
    }
  }
  for (size_t n = 0; n < count; ++n) {
    if (storage.scratch[n] != kNotInArena) {
      next.scratch[n] = memory.offsets[static_cast<size_t>(storage.scratch[n])];
    }
  }

  std::swap(layout_, next);
  if (Status status = bind(); !status.ok()) {
    std::swap(layout_, next);
    // What both layouts share has the other's addresses now.
    QRT_RETURN_IF_ERROR(bind());
    return status;
  }
  reset_state();
  return {};
}

RunContext Session::context(size_t node) {
  return {program_->nodes()[node],    layout_.shapes,
          layout_.data.data(),        layout_.arena.get() + layout_.scratch[node],
          layout_.states[node].get(), pool_};
}

Status Session::bind() {
  for (size_t n = 0; n < program_->nodes().size(); ++n) {
    if (layout_.kernels[n] == nullptr) continue;
    QRT_RETURN_IF_ERROR(layout_.kernels[n]->bind(context(n)));
  }
  return {};
}

Status Session::run() {
  cancelled_.store(false, std::memory_order_relaxed);
  const bool profiling = !profile_ns_.empty();
  for (size_t n = 0; n < program_->nodes().size(); ++n) {
    if (cancelled_.load(std::memory_order_relaxed)) return {Code::Cancelled, "run cancelled"};
    const OpKernel* kernel = layout_.kernels[n];
    if (kernel == nullptr) continue;
    const uint64_t start = profiling ? now_ns() : 0;
    kernel->run(context(n));
    if (profiling) profile_ns_[n] += now_ns() - start;
  }
  return {};
}

void Session::reset_state() {
  for (size_t t = 0; t < layout_.variables.size(); ++t) {
    if (layout_.variables[t] == nullptr) continue;
    fill_with_real_zero(program_->tensors()[t], layout_.shapes[t], layout_.variables[t].get());
  }
}

void Session::set_profiling(bool on) { profile_ns_.assign(on ? program_->nodes().size() : 0, 0); }

}  // namespace qrt::rt
