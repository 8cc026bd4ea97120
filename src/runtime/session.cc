#include "src/runtime/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "src/base/checked.h"
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
      pool_(options.pool != nullptr ? ThreadPool(options.pool) : ThreadPool(options.threads)),
      profile_ns_(program_->nodes().size(), 0) {
  options_.input_shapes = {};
}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const Program> program,
                                                 const SessionOptions& options) {
  if (reinterpret_cast<uintptr_t>(options.arena) % kAlignment != 0) {
    return error(Code::InvalidArgument, "the arena must be aligned to %zu bytes", kAlignment);
  }
  std::unique_ptr<Session> session(new Session(std::move(program), options));
  QRT_ASSIGN_OR_RETURN(Shapes shapes, session->first_shapes(options.input_shapes));
  QRT_RETURN_IF_ERROR(session->plan(std::move(shapes)));
  return session;
}

Result<size_t> Session::required_arena(std::shared_ptr<const Program> program,
                                       const SessionOptions& options) {
  const Session session(std::move(program), options);
  const AllocatorScope scope(session.allocator());
  QRT_ASSIGN_OR_RETURN(Shapes shapes, session.first_shapes(options.input_shapes));
  QRT_ASSIGN_OR_RETURN(const Layout layout, session.lay_out(std::move(shapes)));
  return layout.memory.arena;
}

// A session holds all its tensors: their sizes fit.
size_t Session::bytes(int index) const {
  return static_cast<size_t>(bytes_of(tensor(index), shape(index)));
}

const Allocator& Session::allocator() const {
  return options_.allocator ? *options_.allocator : program_->allocator();
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

Result<Shapes> Session::shapes_with(Shapes present, Span<const InputShape> wanted) const {
  GraphShapes graph;
  graph.shapes = std::move(present);
  for (const auto& [i, shape] : wanted) {
    QRT_RETURN_IF_ERROR(check_input_shape(i, shape));
    graph.shapes[static_cast<size_t>(program_->inputs()[i])] = shape;
  }
  // The model is sound: what an operator refuses is the caller's shape.
  if (Status status = program_->graph().infer(graph); !status.ok()) {
    return Status(Code::InvalidArgument, status.message());
  }
  return std::move(graph.shapes);
}

Result<Shapes> Session::first_shapes(Span<const InputShape> wanted) const {
  const Result<Shapes>& shapes = program_->default_shapes();
  if (!shapes.ok() || wanted.empty()) return shapes;
  return shapes_with(*shapes, wanted);
}

Status Session::resize_input(size_t i, const Shape& shape) {
  const InputShape one(i, shape);
  return resize_inputs({&one, 1});
}

Status Session::resize_inputs(Span<const InputShape> wanted) {
  QRT_ASSIGN_OR_RETURN(Shapes shapes, shapes_with(layout_.shapes, wanted));
  return plan(std::move(shapes));
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

Status Session::plan_operators(uint64_t limit, Layout* layout,
                               std::vector<uint64_t>* scratch_bytes) const {
  const size_t count = program_->nodes().size();
  uint64_t state_bytes = 0;
  layout->kernels.resize(count, nullptr);
  layout->states.resize(count);
  for (size_t n = 0; n < count; ++n) {
    layout->kernels[n] = kernel_to_run(n, layout->shapes);
    if (layout->kernels[n] == nullptr) continue;
    PlanContext plan_context{layout->shapes, pool_.max_ranges(), &pool_};
    if (!layout_.states.empty()) plan_context.previous = layout_.states[n].get();
    QRT_RETURN_IF_ERROR(layout->kernels[n]->plan(program_->nodes()[n], plan_context));
    (*scratch_bytes)[n] = plan_context.scratch_bytes;
    layout->states[n] = std::move(plan_context.state);
    if (layout->states[n] == nullptr) continue;
    const uint64_t bytes = layout->states[n]->bytes();
    if (bytes > limit - state_bytes) {
      return program_->nodes()[n].fail(Code::OutOfMemory,
                                       "needs %llu bytes beside its tensors, the limit is %llu",
                                       static_cast<unsigned long long>(bytes),
                                       static_cast<unsigned long long>(options_.max_arena_bytes));
    }
    state_bytes += bytes;
    layout->memory.packed += layout->states[n]->packed_bytes();
  }
  layout->memory.beside = static_cast<size_t>(state_bytes);
  return {};
}

Result<Session::Layout> Session::lay_out(Shapes shapes) const {
  const size_t count = program_->nodes().size();
  Layout layout;
  layout.shapes = std::move(shapes);
  // Before anything is made whose size follows from a shape.
  QRT_ASSIGN_OR_RETURN(const uint64_t variable_bytes, check_sizes(layout.shapes));
  const uint64_t limit = options_.max_arena_bytes - variable_bytes;
  std::vector<uint64_t> scratch_bytes(count, 0);
  QRT_RETURN_IF_ERROR(plan_operators(limit, &layout, &scratch_bytes));
  Storage storage = assign_storage(*program_, layout.shapes, scratch_bytes);
  QRT_ASSIGN_OR_RETURN(const MemoryPlan plan,
                       plan_memory(storage.requests, limit - layout.memory.beside));
  layout.memory.activations = plan.bytes;
  layout.memory.variables = static_cast<size_t>(variable_bytes);
  layout.scratch.resize(count, 0);

  // One block: the planned buffers, then the variables.
  const std::vector<Tensor>& tensors = program_->tensors();
  uint64_t end = uint64_t{plan.bytes} + kArenaSlack;
  layout.offset.resize(tensors.size(), 0);
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (storage.buffer[t] != kNotInArena) {
      layout.offset[t] = plan.offsets[static_cast<size_t>(storage.buffer[t])];
    } else if (tensors[t].variable) {
      layout.offset[t] = static_cast<size_t>(end);
      end += align_up(bytes_of(tensors[t], layout.shapes[t]), kAlignment) + kArenaSlack;
    }
  }
  if (end > kMaxBlockBytes) {
    return error(Code::OutOfMemory, "no memory for an arena of %llu bytes",
                 static_cast<unsigned long long>(end));
  }
  layout.memory.arena = static_cast<size_t>(end);
  for (size_t n = 0; n < count; ++n) {
    if (storage.scratch[n] == kNotInArena) continue;
    layout.scratch[n] = plan.offsets[static_cast<size_t>(storage.scratch[n])];
    // The plan holds it: its size fits.
    layout.memory.scratch = std::max(layout.memory.scratch, static_cast<size_t>(scratch_bytes[n]));
  }
  layout.buffer = std::move(storage.buffer);
  layout.root = std::move(storage.root);
  return layout;
}

Status Session::take_arena(Layout* layout) const {
  const size_t wanted = layout->memory.arena;
  if (options_.arena != nullptr) {
    if (options_.arena_bytes < wanted) {
      return error(Code::OutOfMemory,
                   "the model needs an arena of %zu bytes, the one given has %zu", wanted,
                   options_.arena_bytes);
    }
    layout->arena = static_cast<uint8_t*>(options_.arena);
    return {};
  }
  layout->owned = allocate_aligned(wanted);
  if (layout->owned == nullptr) {
    return error(Code::OutOfMemory, "no memory for an arena of %zu bytes", wanted);
  }
  layout->arena = layout->owned.get();
  return {};
}

void Session::set_homes(Layout* layout) const {
  const std::vector<Tensor>& tensors = program_->tensors();
  layout->home.resize(tensors.size(), nullptr);
  for (size_t t = 0; t < tensors.size(); ++t) {
    // What is no buffer of the arena is a constant or a variable, or one under another name.
    const auto root = layout->buffer[t] != kNotInArena ? t : static_cast<size_t>(layout->root[t]);
    layout->home[t] = tensors[root].constant ? const_cast<void*>(tensors[root].data)
                                             : layout->arena + layout->offset[root];
  }
  layout->data = layout->home;
}

Status Session::plan(Shapes shapes) {
  const AllocatorScope scope(allocator());
  // Everything is made beside the present state, and takes its place only when nothing can fail.
  QRT_ASSIGN_OR_RETURN(Layout next, lay_out(std::move(shapes)));
  QRT_RETURN_IF_ERROR(take_arena(&next));
  set_homes(&next);
  std::swap(layout_, next);
  if (Status status = bind_kernels(); !status.ok()) {
    std::swap(layout_, next);
    // What both layouts share has the other's addresses now.
    QRT_RETURN_IF_ERROR(bind_kernels());
    return status;
  }
  std::memset(layout_.arena, 0, layout_.memory.arena);
  inputs_bound_.assign(inputs(), {});
  outputs_bound_.assign(outputs(), {});
  copies_in_.clear();
  copies_out_.clear();
  reset_state();
  return {};
}

RunContext Session::context(size_t node) {
  return {program_->nodes()[node],    layout_.shapes,
          layout_.data.data(),        layout_.arena + layout_.scratch[node],
          layout_.states[node].get(), pool_};
}

Status Session::bind_kernels() {
  for (size_t n = 0; n < program_->nodes().size(); ++n) {
    if (layout_.kernels[n] == nullptr) continue;
    QRT_RETURN_IF_ERROR(layout_.kernels[n]->bind(context(n)));
  }
  return {};
}

Status Session::run() {
  cancelled_.store(false, std::memory_order_relaxed);
  const bool profiling = profiling_;
  for (const Copy& copy : copies_in_) std::memcpy(copy.to, copy.from, copy.bytes);
  for (size_t n = 0; n < program_->nodes().size(); ++n) {
    if (cancelled_.load(std::memory_order_relaxed)) return {Code::Cancelled, "run cancelled"};
    const OpKernel* kernel = layout_.kernels[n];
    if (kernel == nullptr) continue;
    const uint64_t start = profiling ? now_ns() : 0;
    kernel->run(context(n));
    if (profiling) profile_ns_[n] += now_ns() - start;
  }
  for (const Copy& copy : copies_out_) std::memcpy(copy.to, copy.from, copy.bytes);
  if (profiling) ++profiled_runs_;
  return {};
}

void Session::set_profiling(bool on) {
  profiling_ = on;
  if (!on) return;
  std::fill(profile_ns_.begin(), profile_ns_.end(), 0);
  profiled_runs_ = 0;
}

}  // namespace qrt::rt
