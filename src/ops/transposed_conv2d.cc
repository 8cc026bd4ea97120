// TransposedConv2D, as ordinary convolutions of stride 1: output pixels at one position within the
// stride (a phase) all meet the same taps of the kernel, in input pixels next to each other.
// Packing sorts the weights by phase; a run takes each row of the output phase by phase.
//
// XNNPACK, which runs most float layers, does it in the same way.
#include <algorithm>
#include <cstring>

#include "kernels/f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/requantize.h"
#include "src/ops/kernel_choice.h"
#include "src/ops/quantized_weights.h"
#include "src/ops/sums_s16.h"
#include "src/ops/transposed_conv2d.h"
#include "src/runtime/weight_store.h"

namespace qrt::rt {
namespace {

// Output pixels computed at once.
constexpr size_t kPixelBlock = 64;

// The taps of one axis that an output pixel meets: tap `index` reads the input pixel at (out +
// before - phase) / stride - offset.
struct Tap {
  size_t index;
  int64_t offset;
};
struct AxisPhase {
  int64_t phase;  // (out + before) mod stride
  std::vector<Tap> taps;
};

struct Axis {
  int64_t stride, before;
  std::vector<AxisPhase> phases;  // those with taps, at most as many as the kernel has

  Axis(int32_t kernel, int32_t axis_stride, int32_t dilation, int32_t padding)
      : stride(axis_stride), before(padding) {
    for (int64_t tap = 0; tap < kernel; ++tap) {
      const int64_t reach = tap * dilation, phase = reach % stride;
      auto it = std::find_if(phases.begin(), phases.end(),
                             [=](const AxisPhase& p) { return p.phase == phase; });
      if (it == phases.end()) it = phases.insert(it, {phase, {}});
      it->taps.push_back({static_cast<size_t>(tap), reach / stride});
    }
  }
  // The phase of an output pixel; null if it meets no tap.
  const AxisPhase* phase_at(int64_t out) const {
    const int64_t phase = (out + before) % stride;
    const auto it = std::find_if(phases.begin(), phases.end(),
                                 [=](const AxisPhase& p) { return p.phase == phase; });
    return it != phases.end() ? &*it : nullptr;
  }
  // The first output pixel of a phase.
  int64_t first(const AxisPhase& p) const {
    const int64_t out = (p.phase - before) % stride;
    return out < 0 ? out + stride : out;
  }
};

// Version of how phases are laid out in a block of the store.
constexpr uint32_t kPhases = 1;

class TransposedConv : public OpKernel {
 public:
  Status plan(const Node& node, PlanContext& context) const final {
    State& state = context.make<State>();
    state.in = node.shape_in(context.shapes, 0);
    state.out = node.shape_out(context.shapes, 0);
    // Every input pixel meets every weight; the output's rows share that.
    const uint64_t macs = size_product(state.in.elements(0, 3), outputs_, all_taps_, depth_);
    const auto rows = static_cast<uint64_t>(state.out.elements(0, 2));
    state.cost = cost_of(macs / std::max<uint64_t>(rows, 1) + outputs_);
    state.padding_bytes = align_up(size_product(padding_bytes()), kAlignment);
    state.range_bytes = size_product(kPixelBlock, most_taps_, sizeof(void*));
    context.scratch_bytes =
        state.padding_bytes + size_product(context.max_ranges, state.range_bytes);
    return {};
  }

  void run(const RunContext& context) const final {
    const State& state = context.planned<State>();
    std::memset(context.scratch, padding_byte(), static_cast<size_t>(state.padding_bytes));
    const auto rows = static_cast<size_t>(state.out.elements(0, 2));
    context.pool.parallel_for(rows, state.cost, [&](size_t begin, size_t end, size_t range) {
      for (size_t row = begin; row < end; ++row) run_row(context, state, row, range);
    });
  }

 protected:
  TransposedConv(const Node& node, size_t element_bytes)
      : element_bytes_(element_bytes),
        groups_(static_cast<size_t>(options(node).groups())),
        outputs_(static_cast<size_t>(node.input(1).shape[0])),
        depth_(static_cast<size_t>(node.input(1).shape[3])),
        all_taps_(static_cast<size_t>(node.input(1).shape.elements(1, 3))),
        columns_of_kernel_(static_cast<size_t>(node.input(1).shape[2])),
        y_(node.input(1).shape[1], window(node).stride_h(), window(node).dilation_h(),
           window(node).pad_top()),
        x_(node.input(1).shape[2], window(node).stride_w(), window(node).dilation_w(),
           window(node).pad_left()) {
    for (const AxisPhase& y : y_.phases) {
      for (const AxisPhase& x : x_.phases) most_taps_ = std::max(most_taps_, taps_of(y, x));
    }
  }

  static const fb::TransposedConv2D& options(const Node& node) {
    return node.options<fb::TransposedConv2D>();
  }
  static const fb::Window2D& window(const Node& node) { return *options(node).window(); }
  static size_t taps_of(const AxisPhase& y, const AxisPhase& x) {
    return y.taps.size() * x.taps.size();
  }

  // Weights as they are, by phase: [O][taps][depth] from offsets[phase] on, in elements.
  template <class T>
  Status pack_phases(const Node& node, const char* row, WeightStore& store,
                     std::vector<size_t>* offsets, const uint8_t** packed) const {
    const T* w = node.input(1).as<T>();
    PackKey key = {row, kPhases, w};
    add_to(key.variant, node);
    size_t offset = 0;
    for (const AxisPhase& y : y_.phases) {
      for (const AxisPhase& x : x_.phases) {
        offsets->push_back(offset);
        offset += outputs_ * taps_of(y, x) * depth_;
      }
    }
    const auto write = [&](uint8_t* to) {
      for_each_phase(w, [&](size_t phase, size_t taps, const T* sorted) {
        std::memcpy(to + (*offsets)[phase] * sizeof(T), sorted,
                    outputs_ * taps * depth_ * sizeof(T));
      });
    };
    const uint64_t bytes = size_product(outputs_, all_taps_, depth_, sizeof(T));
    QRT_ASSIGN_OR_RETURN(*packed, store.get(node, key, bytes, write));
    return {};
  }

  // Calls visit(phase, taps, weights) for each pair of phases, in order; weights are
  // [O][taps][depth].
  template <class T, class Visit>
  void for_each_phase(const T* w, const Visit& visit) const {
    std::vector<T> sorted;
    size_t phase = 0;
    for (const AxisPhase& y : y_.phases) {
      for (const AxisPhase& x : x_.phases) {
        sorted.clear();
        for (size_t o = 0; o < outputs_; ++o) {
          for (const Tap& ty : y.taps) {
            for (const Tap& tx : x.taps) {
              const T* from =
                  w + (o * all_taps_ + ty.index * columns_of_kernel_ + tx.index) * depth_;
              sorted.insert(sorted.end(), from, from + depth_);
            }
          }
        }
        visit(phase++, taps_of(y, x), sorted.data());
      }
    }
  }
  // What the phases depend on.
  void add_to(Fingerprint& variant, const Node& node) const {
    for (const int32_t number :
         {window(node).stride_h(), window(node).stride_w(), window(node).dilation_h(),
          window(node).dilation_w(), options(node).groups(), node.input(1).shape[1],
          node.input(1).shape[2]}) {
      variant.add(number);
    }
  }

  // Bytes of `padding_byte` that stand for an input pixel outside of the feature map; 0: none, a
  // null pointer does.
  virtual size_t padding_bytes() const = 0;
  virtual uint8_t padding_byte() const = 0;
  virtual uint64_t cost_of(uint64_t macs) const = 0;
  // All groups of `pixels` pixels of one phase, `stride` elements apart. Changes the indirection
  // pointers, [pixels][taps].
  virtual void run_phase(size_t phase, size_t taps, const void** indirection, size_t pixels,
                         size_t stride, uint8_t* out) const = 0;

  const size_t element_bytes_, groups_, outputs_, depth_, all_taps_, columns_of_kernel_;
  const Axis y_, x_;
  size_t most_taps_ = 0;
  std::vector<uint8_t> background_;  // an output pixel that meets no tap

 private:
  struct State : OpState {
    Shape in, out;
    uint64_t cost = 0;  // of a row
    uint64_t padding_bytes = 0, range_bytes = 0;
  };

  // Row `row` of the output, counted over the batch.
  void run_row(const RunContext& context, const State& state, size_t row, size_t range) const {
    const auto out_h = static_cast<size_t>(state.out[1]), out_w = static_cast<size_t>(state.out[2]);
    const size_t pixel_bytes = outputs_ * element_bytes_;
    uint8_t* out = context.out<uint8_t>() + row * out_w * pixel_bytes;
    const size_t image = row / out_h;
    const auto oy = static_cast<int64_t>(row % out_h);
    const AxisPhase* y = y_.phase_at(oy);
    if (y == nullptr || x_.phases.size() < static_cast<size_t>(x_.stride)) {
      for (size_t p = 0; p < out_w; ++p) {
        std::memcpy(out + p * pixel_bytes, background_.data(), pixel_bytes);
      }
    }
    if (y == nullptr) return;
    const size_t y_phase = static_cast<size_t>(y - y_.phases.data());
    for (size_t i = 0; i < x_.phases.size(); ++i) {
      const AxisPhase& x = x_.phases[i];
      const size_t taps = taps_of(*y, x), phase = y_phase * x_.phases.size() + i;
      auto** indirection = reinterpret_cast<const void**>(context.scratch + state.padding_bytes +
                                                          range * state.range_bytes);
      const auto stride = static_cast<size_t>(x_.stride);
      for (auto ox = static_cast<size_t>(x_.first(x)); ox < out_w;) {
        const size_t pixels = std::min(ceil_div(out_w - ox, stride), kPixelBlock);
        for (size_t p = 0; p < pixels; ++p) {
          point_at(context, state, image, (oy + y_.before - y->phase) / y_.stride,
                   (static_cast<int64_t>(ox + p * stride) + x_.before - x.phase) / x_.stride, *y, x,
                   indirection + p * taps);
        }
        run_phase(phase, taps, indirection, pixels, stride * outputs_, out + ox * pixel_bytes);
        ox += pixels * stride;
      }
    }
  }

  // The input pixels that the taps of one output pixel read.
  void point_at(const RunContext& context, const State& state, size_t image, int64_t row,
                int64_t column, const AxisPhase& y, const AxisPhase& x,
                const void** indirection) const {
    const int64_t in_h = state.in[1], in_w = state.in[2];
    const size_t pixel_bytes = groups_ * depth_ * element_bytes_;
    const auto* in =
        context.in<uint8_t>(0) + image * static_cast<size_t>(in_h * in_w) * pixel_bytes;
    const void* padding = state.padding_bytes > 0 ? context.scratch : nullptr;
    for (const Tap& ty : y.taps) {
      const int64_t iy = row - ty.offset;
      for (const Tap& tx : x.taps) {
        const int64_t ix = column - tx.offset;
        const bool inside = iy >= 0 && iy < in_h && ix >= 0 && ix < in_w;
        *indirection++ = inside ? in + static_cast<size_t>(iy * in_w + ix) * pixel_bytes : padding;
      }
    }
  }
};

class TransposedConvS8 final : public TransposedConv {
 public:
  TransposedConvS8(const Node& node, const kernels::GemmS8Kernel& row)
      : TransposedConv(node, 1),
        row_(row),
        in_zero_point_(node.input(0).quantization.zero_point()),
        out_(quantized_output(options(node).clamp(), node.output(0))) {}

  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

  Status pack(const Node& node, WeightStore& store) override {
    QRT_ASSIGN_OR_RETURN(const QuantizedWeights weights, QuantizedWeights::collect(node));
    const size_t n = outputs_ / groups_;
    uint64_t bytes = 0;
    const auto add = [&](size_t taps) {
      offsets_.push_back(bytes);
      const uint64_t group = align_up(row_.packed_bytes(n, taps, depth_), kAlignment);
      group_bytes_.push_back(group);
      bytes = std::min(bytes + size_product(group, groups_), kTooMuch);
    };
    for (const AxisPhase& y : y_.phases) {
      for (const AxisPhase& x : x_.phases) add(taps_of(y, x));
    }
    PackKey key = weights.key(row_.name, kernels::kGemmS8Layout);
    key.variant.add(kPhases);
    add_to(key.variant, node);
    const auto write = [&](uint8_t* to) {
      for_each_phase(weights.from(0).w, [&](size_t phase, size_t taps, const int8_t* w) {
        pack_phase(weights, taps, w, to + offsets_[phase], group_bytes_[phase]);
      });
    };
    QRT_ASSIGN_OR_RETURN(packed_, store.get(node, key, bytes, write));
    return make_background(node, weights);
  }

 private:
  size_t padding_bytes() const override { return groups_ * depth_; }
  uint8_t padding_byte() const override { return static_cast<uint8_t>(in_zero_point_); }
  uint64_t cost_of(uint64_t macs) const override { return mac_cost(macs, row_.throughput); }

  // `w` in place of the weights that were collected, [O][taps][depth].
  void pack_phase(const QuantizedWeights& weights, size_t taps, const int8_t* w, uint8_t* packed,
                  uint64_t group_bytes) const {
    const size_t n = outputs_ / groups_;
    for (size_t g = 0; g < groups_; ++g) {
      const WeightArrays arrays = weights.from(g * n);
      row_.pack({n, taps, depth_, w + g * n * taps * depth_, arrays.bias, arrays.a_zero_point,
                 arrays.w_zero_points, arrays.multipliers},
                packed + g * group_bytes);
    }
  }

  // What the bias alone gives: the kernel's own answer to an input of zeros.
  Status make_background(const Node& node, const QuantizedWeights& weights) {
    background_.resize(outputs_);
    const size_t n = outputs_ / groups_;
    const uint64_t group = align_up(row_.packed_bytes(n, 1, depth_), kAlignment);
    const AlignedBuffer packed = allocate_aligned(size_product(group, groups_));
    if (packed == nullptr) {
      return node.fail(Code::OutOfMemory, "no memory for %llu bytes of packed weights",
                       static_cast<unsigned long long>(size_product(group, groups_)));
    }
    const std::vector<int8_t> none(outputs_ * depth_, 0);
    const std::vector<int8_t> zeros(depth_, static_cast<int8_t>(in_zero_point_));
    pack_phase(weights, 1, none.data(), packed.get(), group);
    for (size_t g = 0; g < groups_; ++g) {
      const kernels::GemmS8Args args = {
          packed.get() + g * group, n, 1, depth_, nullptr, zeros.data(), depth_, n, out_};
      row_.run(args, 0, 1, 0, n, reinterpret_cast<int8_t*>(background_.data()) + g * n);
    }
    return {};
  }

  void run_phase(size_t phase, size_t taps, const void** indirection, size_t pixels, size_t stride,
                 uint8_t* out) const override {
    const size_t n = outputs_ / groups_;
    auto** pointers = reinterpret_cast<const int8_t**>(indirection);
    for (size_t g = 0; g < groups_; ++g) {
      if (g > 0) {
        for (size_t i = 0; i < pixels * taps; ++i) pointers[i] += depth_;
      }
      const kernels::GemmS8Args args = {packed_ + offsets_[phase] + g * group_bytes_[phase],
                                        n,
                                        taps,
                                        depth_,
                                        pointers,
                                        nullptr,
                                        0,
                                        stride,
                                        out_};
      row_.run(args, 0, pixels, 0, n, reinterpret_cast<int8_t*>(out) + g * n);
    }
  }

  const kernels::GemmS8Kernel& row_;
  const uint8_t* packed_ = nullptr;
  const int32_t in_zero_point_;
  const kernels::Output out_;
  std::vector<uint64_t> offsets_, group_bytes_;  // by phase, in packed_
};

class TransposedConvS16 final : public TransposedConv {
 public:
  TransposedConvS16(const Node& node, const kernels::GemmS16Kernel& row)
      : TransposedConv(node, sizeof(int16_t)), row_(row), sums_(node, row, options(node).clamp()) {}

  const char* name() const override { return row_.name; }
  CpuFeatures needs() const override { return row_.needs; }

  Status pack(const Node& node, WeightStore& store) override {
    QRT_RETURN_IF_ERROR(sums_.collect(node));
    QRT_RETURN_IF_ERROR(pack_phases<int8_t>(node, row_.name, store, &offsets_, &packed_));
    background_.resize(outputs_ * sizeof(int16_t));
    for (size_t o = 0; o < outputs_; ++o) {
      int64_t sum;
      int16_t q;
      sums_.begin(o, 1, &sum);
      sums_.finish(&sum, o, 1, &q);
      std::memcpy(&background_[o * sizeof q], &q, sizeof q);
    }
    return {};
  }

 private:
  size_t padding_bytes() const override { return 0; }
  uint8_t padding_byte() const override { return 0; }
  uint64_t cost_of(uint64_t macs) const override { return mac_cost(macs, row_.throughput); }

  void run_phase(size_t phase, size_t taps, const void** indirection, size_t pixels, size_t stride,
                 uint8_t* out) const override {
    const auto* weights = reinterpret_cast<const int8_t*>(packed_) + offsets_[phase];
    const auto* pointers = reinterpret_cast<const int16_t* const*>(indirection);
    const size_t n = outputs_ / groups_, filter = taps * depth_;
    int64_t sums[kSumsS16];
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t o = 0; o < outputs_;) {
        // Of one group.
        const size_t count = std::min(n - o % n, kSumsS16);
        sums_.begin(o, count, sums);
        for (size_t t = 0; t < taps; ++t) {
          const int16_t* pixel = pointers[p * taps + t];
          if (pixel == nullptr) continue;
          row_.add_rows(pixel + o / n * depth_, depth_, weights + o * filter + t * depth_, filter,
                        count, sums);
        }
        sums_.finish(sums, o, count, reinterpret_cast<int16_t*>(out) + p * stride + o);
        o += count;
      }
    }
  }

  const kernels::GemmS16Kernel& row_;
  SumsS16 sums_;
  const uint8_t* packed_ = nullptr;
  std::vector<size_t> offsets_;  // by phase
};

class TransposedConvF32 final : public TransposedConv {
 public:
  explicit TransposedConvF32(const Node& node)
      : TransposedConv(node, sizeof(float)),
        limits_(clamp_limits(options(node).clamp())),
        bias_(bias_data<float>(node)) {}

  const char* name() const override { return "f32_transposed_conv__scalar"; }

  Status pack(const Node& node, WeightStore& store) override {
    QRT_RETURN_IF_ERROR(pack_phases<float>(node, name(), store, &offsets_, &packed_));
    background_.resize(outputs_ * sizeof(float));
    kernels::conv_f32(
        {0, depth_, outputs_, weights(), bias_, nullptr, 0, outputs_, limits_.min, limits_.max}, 1,
        reinterpret_cast<float*>(background_.data()));
    return {};
  }

 private:
  const float* weights() const { return reinterpret_cast<const float*>(packed_); }
  size_t padding_bytes() const override { return 0; }
  uint8_t padding_byte() const override { return 0; }
  uint64_t cost_of(uint64_t macs) const override { return macs; }

  void run_phase(size_t phase, size_t taps, const void** indirection, size_t pixels, size_t stride,
                 uint8_t* out) const override {
    const size_t n = outputs_ / groups_;
    for (size_t g = 0; g < groups_; ++g) {
      kernels::conv_f32({taps, depth_, n, weights() + offsets_[phase] + g * n * taps * depth_,
                         bias_ != nullptr ? bias_ + g * n : nullptr,
                         reinterpret_cast<const float* const*>(indirection), g * depth_, stride,
                         limits_.min, limits_.max},
                        pixels, reinterpret_cast<float*>(out) + g * n);
    }
  }

  const Limits limits_;
  const float* const bias_;
  const uint8_t* packed_ = nullptr;
  std::vector<size_t> offsets_;  // by phase, of weights()
};

Choice choose(const Node& node, const ChooseContext& context) {
  if (weights_mode(node) == WeightsMode::Float) {
    Choice xnnpack = choose_transposed_conv2d_xnnpack(node, context);
    if (!xnnpack.ok() || *xnnpack != nullptr) return xnnpack;
    return make_kernel<TransposedConvF32>(node);
  }
  if (weights_mode(node) == WeightsMode::Wide) {
    return make_kernel<TransposedConvS16>(
        node, choose_kernel(kernels::gemm_s16_kernels, context.features));
  }
  return make_kernel<TransposedConvS8>(node,
                                       choose_kernel(kernels::gemm_s8_kernels, context.features));
}

}  // namespace

const OpDef kTransposedConv2DOp = {choose};

}  // namespace qrt::rt
