// A decoder run step by step: a cache that grows in the session costs no allocation (of the
// process, in whatever library), and so no planning and no packing, and a step takes longer only by
// what Attention reads. Prints the time of a step by length, beside the same model with the past
// handed over. usage: growing_steps [LENGTH]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "qrt/qrt.hpp"
#include "src/base/memory.h"
#include "src/graph/graph.h"
#include "src/graph/grow_state.h"
#include "src/graph/writer.h"
#include "tests/support/count_allocations.h"

namespace {

namespace fb = qrt::fb;
using qrt::graph::Graph;
using qrt::rt::DType;

constexpr int32_t kHeads = 8, kDepth = 64, kWidth = kHeads * kDepth;

// One layer of attention over a token: y = output(attention(query(x), key(x), value(x))).
struct Decoder {
  Graph g;
  std::mt19937 random{1};

  int linear(const std::string& name, int x) {
    std::uniform_real_distribution<float> numbers(-0.05f, 0.05f);
    std::vector<float> weights(static_cast<size_t>(kWidth) * kWidth);
    for (float& weight : weights) weight = numbers(random);
    const int constant = g.add_constant<float>(name + "/w", {kWidth, kWidth}, weights);
    const int y = g.add_tensor(name, DType::F32, {1, 1, kWidth});
    g.add_node(name, fb::FullyConnectedT(), {x, constant}, {y});
    return y;
  }
  int reshaped(const std::string& name, int x, std::vector<int32_t> shape) {
    fb::ReshapeT options;
    options.shape = shape;
    const int y = g.add_tensor(name, DType::F32, std::move(shape));
    g.add_node(name, std::move(options), {x}, {y});
    return y;
  }
  int heads(const std::string& name, int x) {
    return reshaped(name + "/heads", linear(name, x), {1, kHeads, 1, kDepth});
  }
  int cached(const std::string& name, int x) {
    const int past = g.add_tensor("past." + name, DType::F32, {1, kHeads, -1, kDepth});
    g.value(past).dim_names = {"", "", "past", ""};
    g.inputs.push_back(past);
    fb::ConcatT join;
    join.axis = 2;
    const int present = g.add_tensor("present." + name, DType::F32, {1, kHeads, -1, kDepth});
    g.add_node("present." + name, join, {past, heads(name, x)}, {present});
    return present;
  }
  Decoder() {
    const int x = g.add_tensor("x", DType::F32, {1, 1, kWidth});
    g.inputs = {x};
    const int query = heads("query", x);
    const int key = cached("key", x), value = cached("value", x);
    fb::AttentionT attention;
    attention.scale = 0.125f;
    const int mixed = g.add_tensor("mixed", DType::F32, {1, kHeads, 1, kDepth});
    g.add_node("attention", attention, {query, key, value}, {mixed});
    g.outputs = {linear("y", reshaped("flat", mixed, {1, 1, kWidth})), key, value};
  }
};

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

// `memory` gets the model's bytes, and outlives the session.
qrt::Session load(const Graph& g, qrt::rt::AlignedBuffer* memory) {
  const auto file = qrt::graph::serialize(g);
  if (!file.ok()) stop(file.status().message());
  *memory = qrt::rt::allocate_aligned(file->size());
  std::memcpy(memory->get(), file->data(), file->size());
  auto model = qrt::Model::load_buffer(memory->get(), file->size());
  if (!model.ok()) stop(model.status().message());
  auto session = qrt::Session::create(*model);
  if (!session.ok()) stop(session.status().message());
  return std::move(*session);
}

double microseconds(const std::chrono::steady_clock::time_point& from) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count();
}

}  // namespace

int main(int argc, char** argv) {
  const int most = argc > 1 ? std::max(2, std::atoi(argv[1])) : 64;
  // The counter counts: else it would prove nothing.
  counting = true;
  void* volatile probe = std::malloc(10);
  std::free(probe);
  counting = false;
  if (allocations != 1) stop("allocations are not counted");

  Graph grown = Decoder().g;
  const auto status = qrt::graph::grow_states(
      grown, {{"past.key", "present.key", most}, {"past.value", "present.value", most}});
  if (!status.ok()) stop(status.message());
  qrt::rt::AlignedBuffer kept_memory, whole_memory;
  qrt::Session kept = load(grown, &kept_memory), whole = load(Decoder().g, &whole_memory);

  std::vector<float> past_key, past_value;
  std::mt19937 random(2);
  std::uniform_real_distribution<float> numbers(-1, 1);
  std::vector<float> x(kWidth);
  bool ok = true;
  std::printf("length   kept: us, allocations   handed over: us, allocations\n");
  for (int length = 0; length < most; ++length) {
    for (float& number : x) number = numbers(random);
    std::copy(x.begin(), x.end(), kept.input<float>(0));
    allocations = 0;
    counting = true;
    auto start = std::chrono::steady_clock::now();
    ok = kept.run().ok() && ok;
    const double kept_us = microseconds(start);
    counting = false;
    const int kept_allocations = allocations;

    allocations = 0;
    counting = true;
    start = std::chrono::steady_clock::now();
    const qrt_input_shape shapes[] = {{1, 4, {1, kHeads, length, kDepth}},
                                      {2, 4, {1, kHeads, length, kDepth}}};
    ok = whole.resize_inputs(shapes, 2).ok() && ok;
    std::copy(x.begin(), x.end(), whole.input<float>(0));
    std::copy(past_key.begin(), past_key.end(), whole.input<float>(1));
    std::copy(past_value.begin(), past_value.end(), whole.input<float>(2));
    ok = whole.run().ok() && ok;
    const size_t elements = static_cast<size_t>(kHeads) * kDepth * static_cast<size_t>(length + 1);
    past_key.assign(whole.output<float>(1), whole.output<float>(1) + elements);
    past_value.assign(whole.output<float>(2), whole.output<float>(2) + elements);
    const double whole_us = microseconds(start);
    counting = false;

    if ((length & (length - 1)) == 0 || length + 1 == most) {
      std::printf("%6d   %8.0f, %d   %8.0f, %d\n", length, kept_us, kept_allocations, whole_us,
                  allocations.load());
    }
    ok = ok && kept_allocations == 0 &&
         std::memcmp(kept.output<float>(0), whole.output<float>(0), kWidth * sizeof(float)) == 0;
    if (!ok) stop("a step failed, allocated, or gave other bits than with the past handed over");
  }
  if (kept.run().ok()) stop("there was room for one more");
  return 0;
}
