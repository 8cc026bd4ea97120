// A causal convolution over time, run a few frames at a time with its last frames kept as state (a
// buffer that exporters join with what is new, and cut), against the whole sequence at once.
#include "src/graph/keep_state.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;

struct Form {
  DType type;
  int32_t taps, dilation, frames;  // frames of a run

  int32_t kept() const { return (taps - 1) * dilation; }
};
constexpr int32_t kIn = 3, kOut = 4;

graph::Quantization scale(DType type, float step, int32_t zero_point) {
  if (type == DType::F32) return {};
  return {{step}, {zero_point}, -1, 0};
}

// Over [1,T,1,C] with `pad` frames of real zero before them.
int convolved(Graph& g, const Form& f, int x, int32_t frames, int32_t pad) {
  std::vector<int> inputs = {x};
  const std::vector<int32_t> shape = {kOut, f.taps, 1, kIn};
  const auto count = static_cast<size_t>(kOut * f.taps * kIn);
  if (f.type == DType::F32) {
    std::vector<float> weights(count);
    for (size_t i = 0; i < count; ++i) weights[i] = static_cast<float>(i * 7 % 11) / 4 - 1;
    inputs.push_back(g.add_constant<float>("w", shape, weights));
  } else {
    std::vector<int8_t> weights(count);
    for (size_t i = 0; i < count; ++i) weights[i] = static_cast<int8_t>(i * 37 % 256);
    inputs.push_back(g.add_constant<int8_t>("w", shape, weights, {{0.01f}, {}, -1, 0}));
  }
  const int y = g.add_tensor("y", f.type, {1, frames, 1, kOut}, scale(f.type, 0.25f, -3));
  fb::Conv2DT conv;
  conv.window = std::make_unique<fb::Window2DT>();
  conv.window->dilation_h = f.dilation;
  conv.window->pad_top = pad;
  g.add_node("conv", std::move(conv), std::move(inputs), {y});
  return y;
}

int frames_of(Graph& g, const Form& f, const char* name, int32_t frames) {
  return g.add_tensor(name, f.type, {1, frames, 1, kIn}, scale(f.type, 0.5f, 5));
}

Graph whole(const Form& f, int32_t frames) {
  Graph g;
  g.inputs = {frames_of(g, f, "x", frames)};
  g.outputs = {convolved(g, f, g.inputs[0], frames, f.kept())};
  return g;
}

Graph stream(const Form& f) {
  Graph g;
  const int x = frames_of(g, f, "x", f.frames), buffer = frames_of(g, f, "buffer", f.kept());
  const int all = frames_of(g, f, "all", f.kept() + f.frames);
  fb::ConcatT join;
  join.axis = 1;
  g.add_node("join", join, {buffer, x}, {all});
  const int y = convolved(g, f, all, f.frames, 0);
  const int next = frames_of(g, f, "next", f.kept());
  fb::SliceT last;
  last.begins = {0, f.frames, 0, 0};
  last.ends = {1, f.kept() + f.frames, 1, kIn};
  last.strides = {1, 1, 1, 1};
  g.add_node("cut", std::move(last), {all}, {next});
  g.inputs = {x, buffer};
  g.outputs = {y, next};
  return g;
}

TEST(Streaming, FrameByFrameIsTheWholeRun) {
  constexpr int32_t kFrames = 24;
  for (const DType type : {DType::F32, DType::S8}) {
    for (const int32_t taps : {2, 3, 5}) {
      for (const int32_t dilation : {1, 2}) {
        for (const int32_t frames : {1, 2, 3, 8, 12}) {
          const Form f = {type, taps, dilation, frames};
          SCOPED_TRACE(testing::Message() << taps << " taps, " << dilation << ", by " << frames);
          Loaded at_once = must_load(whole(f, kFrames), {}, "scalar");
          Graph g = stream(f);
          ASSERT_TRUE(graph::keep_state(g, "buffer", "next").ok());
          const int buffer = 1, next = 5;
          ASSERT_EQ(g.value(next).name, "next");
          Loaded running = must_load(g, {}, "scalar");
          ASSERT_TRUE(at_once.session != nullptr && running.session != nullptr);
          // The buffer is read where it is, and its next frames are written there.
          EXPECT_EQ(running.session->tensor_data(next), running.session->tensor_data(buffer));
          const auto x = random_elements(type, at_once.session->input_bytes(0), 1);
          at_once.set(0, x);
          at_once.run();
          for (int turn = 0; turn < 2; ++turn) {
            std::vector<uint8_t> y;
            const size_t bytes = running.session->input_bytes(0);
            for (size_t from = 0; from < x.size(); from += bytes) {
              running.set(0, std::vector<uint8_t>(x.data() + from, x.data() + from + bytes));
              running.run();
              const auto part = running.get<uint8_t>();
              y.insert(y.end(), part.begin(), part.end());
            }
            EXPECT_EQ(y, at_once.get<uint8_t>());
            running.session->reset_state();
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace qrt::test
