#include "src/runtime/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "src/base/checked.h"
#include "src/runtime/storage.h"

namespace qrt::rt {
namespace {

// Library kernels may read a few elements past the end of an activation.
constexpr size_t kArenaSlack = 128;

// Plans of shapes that a session had before.
constexpr size_t kKeptPlans = 3;

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
      counts_(program_->nodes().size(), 0),
      profile_ns_(program_->nodes().size(), 0) {
  options_.input_shapes = {};
  kept_.reserve(kKeptPlans + 1);  // so that keeping one allocates nothing
  contexts_.reserve(program_->nodes().size());
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
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int32_t fixed = declared.shape[axis];
    if (fixed == -1 || fixed == shape[axis]) continue;
    return error(
        Code::InvalidArgument,
        "input '%s' cannot have the shape %s: the model fixes dimension %d at %d (qrt convert "
        "--shape can leave it open)",
        declared.name, shape.str().c_str(), axis, fixed);
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
  graph.planned = true;
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
  for (const auto& [i, shape] : wanted) QRT_RETURN_IF_ERROR(check_input_shape(i, shape));
  const AllocatorScope scope(allocator());
  if (is_for(layout_, wanted)) {
    layout_.data = layout_.home;
    QRT_RETURN_IF_ERROR(bind_kernels());
    start_afresh();
    return {};
  }
  for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
    if (!is_for(*kept, wanted)) continue;
    QRT_RETURN_IF_ERROR(switch_to(&*kept));
    std::rotate(kept_.begin(), kept, kept + 1);
    forget_plans();
    return {};
  }
  QRT_ASSIGN_OR_RETURN(Shapes shapes, shapes_with(layout_.shapes, wanted));
  return plan(std::move(shapes));
}

bool Session::is_for(const Layout& plan, Span<const InputShape> wanted) const {
  for (size_t i = 0; i < inputs(); ++i) {
    const auto t = static_cast<size_t>(program_->inputs()[i]);
    const Shape* shape = &layout_.shapes[t];
    for (const InputShape& input : wanted) {
      if (input.first == i) shape = &input.second;
    }
    if (plan.shapes[t] != *shape) return false;
  }
  return true;
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
  if (n.outputs() == 0) return program_->kernel(node);
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
    const uint64_t bytes = uint64_t{plan_context.state_size} + layout->states[n]->bytes();
    if (bytes > limit - state_bytes) {
      return program_->nodes()[n].fail(Code::OutOfMemory,
                                       "needs %llu bytes beside its tensors, the limit is %llu",
                                       static_cast<unsigned long long>(bytes),
                                       static_cast<unsigned long long>(options_.max_arena_bytes));
    }
    state_bytes += bytes;
    if (layout->states[n]->packed() != nullptr) {
      layout->memory.packed += layout->states[n]->packed_bytes();
    }
  }
  layout->memory.beside = static_cast<size_t>(state_bytes);
  return {};
}

Result<Session::Layout> Session::lay_out(Shapes shapes) const {
  const size_t count = program_->nodes().size();
  Layout layout;
  layout.shapes = std::move(shapes);
  layout.sharing = Sharing(pool_.threads() > 1);
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

  // One block: the variables, at the same place for all shapes, then the planned buffers.
  const std::vector<Tensor>& tensors = program_->tensors();
  uint64_t end = 0;
  layout.offset.resize(tensors.size(), 0);
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (!tensors[t].variable) continue;
    layout.offset[t] = static_cast<size_t>(end);
    end += align_up(bytes_of(tensors[t], layout.shapes[t]), kAlignment) + kArenaSlack;
  }
  const auto buffers = static_cast<size_t>(end);
  layout.variables_end = buffers;
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (storage.buffer[t] == kNotInArena) continue;
    layout.offset[t] = buffers + plan.offsets[static_cast<size_t>(storage.buffer[t])];
  }
  end += uint64_t{plan.bytes} + kArenaSlack;
  if (end > kMaxBlockBytes) {
    return error(Code::OutOfMemory, "no memory for an arena of %llu bytes",
                 static_cast<unsigned long long>(end));
  }
  layout.memory.arena = static_cast<size_t>(end);
  for (size_t n = 0; n < count; ++n) {
    if (storage.scratch[n] == kNotInArena) continue;
    layout.scratch[n] = buffers + plan.offsets[static_cast<size_t>(storage.scratch[n])];
    // The plan holds it: its size fits.
    layout.memory.scratch = std::max(layout.memory.scratch, static_cast<size_t>(scratch_bytes[n]));
  }
  layout.buffer = std::move(storage.buffer);
  layout.root = std::move(storage.root);
  return layout;
}

Status Session::take_arena(Layout* layout, AlignedBuffer* larger) const {
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
  layout->arena = arena_.get();
  if (wanted <= arena_size_) return {};
  *larger = allocate_aligned(wanted);
  if (*larger == nullptr) {
    return error(Code::OutOfMemory, "no memory for an arena of %zu bytes", wanted);
  }
  layout->arena = larger->get();
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
  QRT_ASSIGN_OR_RETURN(Layout next, lay_out(std::move(shapes)));
  QRT_RETURN_IF_ERROR(switch_to(&next));
  if (!next.kernels.empty()) kept_.insert(kept_.begin(), std::move(next));
  forget_plans();
  return {};
}

Status Session::switch_to(Layout* next) {
  // Everything is made beside the present plan, and takes its place only when nothing can fail.
  AlignedBuffer larger;
  QRT_RETURN_IF_ERROR(take_arena(next, &larger));
  const bool first = layout_.arena == nullptr;
  set_homes(next);
  std::swap(layout_, *next);
  if (Status status = bind_kernels(); !status.ok()) {
    std::swap(layout_, *next);
    // What both plans share has the other's addresses now.
    QRT_RETURN_IF_ERROR(bind_kernels());
    return status;
  }
  if (larger != nullptr) {
    // Variables have the same shapes in all plans.
    if (!first) std::memcpy(larger.get(), arena_.get(), layout_.variables_end);
    arena_ = std::move(larger);
    arena_size_ = layout_.memory.arena;
  }
  pool_.share_from(layout_.sharing.limit());
  start_afresh();
  if (first) {
    std::memset(layout_.arena, 0, layout_.variables_end);
    reset_state();
  }
  return {};
}

void Session::start_afresh() {
  std::memset(layout_.arena + layout_.variables_end, 0,
              layout_.memory.arena - layout_.variables_end);
  inputs_bound_.assign(inputs(), {});
  outputs_bound_.assign(outputs(), {});
  copies_in_.clear();
  copies_out_.clear();
  counted_shapes_.clear();
  if (!program_->graph().counted_outputs().empty()) {
    for (int32_t output : program_->outputs()) counted_shapes_.push_back(shape(output));
  }
}

// Keeps those plans that all together are within the limit, and cost no second copy of weights.
void Session::forget_plans() {
  kept_.erase(
      std::remove_if(kept_.begin(), kept_.end(),
                     [&](const Layout& plan) { return !plan.shares_packed_weights(layout_); }),
      kept_.end());
  const auto too_many = [&] {
    const MemoryFigures held = memory();
    return kept_.size() > kKeptPlans ||
           uint64_t{held.arena} + held.beside > options_.max_arena_bytes;
  };
  while (!kept_.empty() && too_many()) kept_.pop_back();
}

bool Session::Layout::shares_packed_weights(const Layout& other) const {
  for (size_t n = 0; n < states.size(); ++n) {
    const void* packed = states[n] != nullptr ? states[n]->packed() : nullptr;
    if (packed != nullptr && (other.states[n] == nullptr || other.states[n]->packed() != packed)) {
      return false;
    }
  }
  return true;
}

size_t Session::Layout::bytes() const {
  const auto of = [](const auto& list) { return list.capacity() * sizeof list[0]; };
  return memory.beside + of(shapes) + of(kernels) + of(states) + of(scratch) + of(buffer) +
         of(offset) + of(root) + of(home) + of(data);
}

MemoryFigures Session::memory() const {
  MemoryFigures figures = layout_.memory;
  if (options_.arena == nullptr) figures.arena = arena_size_;
  figures.beside = layout_.bytes();
  for (const Layout& plan : kept_) figures.beside += plan.bytes();
  return figures;
}

void Session::set_contexts() {
  contexts_.clear();
  for (size_t n = 0; n < layout_.kernels.size(); ++n) {
    contexts_.push_back({program_->nodes()[n], layout_.shapes, layout_.data.data(),
                         layout_.arena + layout_.scratch[n], layout_.states[n].get(), pool_,
                         outcome_, counts_[n]});
  }
}

Status Session::bind_kernels() {
  set_contexts();
  for (size_t n = 0; n < layout_.kernels.size(); ++n) {
    if (layout_.kernels[n] == nullptr) continue;
    QRT_RETURN_IF_ERROR(layout_.kernels[n]->bind(contexts_[n]));
  }
  return {};
}

inline Status Session::run_steps() {
  const bool profiling = profiling_;
  const std::vector<Step>& steps = program_->graph().steps();
  for (size_t s = 0; s < steps.size();) {
    if (cancelled_.load(std::memory_order_relaxed)) return {Code::Cancelled, "run cancelled"};
    const Step& step = steps[s++];
    const auto n = static_cast<size_t>(step.node);
    switch (step.kind) {
      case Step::Kind::Run: {
        const OpKernel* kernel = layout_.kernels[n];
        if (kernel != nullptr) {
          const uint64_t start = profiling ? now_ns() : 0;
          kernel->run(contexts_[n]);
          if (profiling) profile_ns_[n] += now_ns() - start;
          if (!outcome_.ok()) return std::exchange(outcome_, {});
        }
        if (watch_ != nullptr) watch_(watch_user_, n);
        break;
      }
      case Step::Kind::Copy:
        std::memmove(layout_.data[static_cast<size_t>(step.to)], tensor_data(step.from),
                     bytes(step.from));
        break;
      case Step::Kind::Branch:
        if (*static_cast<const uint8_t*>(tensor_data(step.from)) == 0) s = step.target;
        break;
      case Step::Kind::Jump:
        s = step.target;
        break;
    }
  }
  return {};
}

Status Session::run() {
  cancelled_.store(false, std::memory_order_relaxed);
  for (const Copy& copy : copies_in_) std::memcpy(copy.to, copy.from, copy.bytes);
  const bool trying = layout_.sharing.trying();
  const uint64_t start = trying ? now_ns() : 0;
  QRT_RETURN_IF_ERROR(run_steps());
  if (trying) {
    layout_.sharing.took(now_ns() - start);
    pool_.share_from(layout_.sharing.limit());
  }
  close_up_outputs();
  for (const Copy& copy : copies_out_) std::memcpy(copy.to, copy.from, copy.bytes);
  if (profiling_) ++profiled_runs_;
  return {};
}

void Session::set_profiling(bool on) {
  profiling_ = on;
  if (!on) return;
  std::fill(profile_ns_.begin(), profile_ns_.end(), 0);
  profiled_runs_ = 0;
}

}  // namespace qrt::rt
